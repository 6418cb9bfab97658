"""The stage of the whole past: meters with months of memory, and hours that pass in seconds."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
import contextlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
import queue

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from simulator import Message
from stack import (
    CommandError,
    FlowError,
    HomeAssistant,
    Mosquitto,
    SettableClock,
    eventually,
)
from stack.client import Json
from stack.ports import LOOPBACK

from .parts import require_faketime
from .past_household import HOUR, STEP
from .past_meter import SLOTS, RememberedMeter

#: The totals of the supply.
TOTALS = ("netted_energy_import", "netted_energy_export", "house_energy", "self_consumption")
_OPTIONS = {"power_interval": 30, "other_interval": 30, "production_ports": ["4"]}
#: The recorder's commit interval (s): with the default, it would commit after each reading.
_COMMIT = 120
#: A broker that waits with its answers until it has more to say, takes 40 ms for each reading.
_AT_ONCE = "set_tcp_nodelay true"
#: How often it is looked whether Home Assistant still works on the history (s).
_LOOK = 0.2

type Table = Mapping[tuple[str, int], Json]
"""The hourly rows by entity and hour."""


@dataclass
class Played:
    """A meter, its connection to a broker, its entry and its entities.

    The entities are those of the counters and of the voltage by what they count (`SLOTS`), the
    power of the first phase, and the totals by their names.
    """

    meter: RememberedMeter
    client: mqtt.Client
    heard: queue.SimpleQueue[bytes]
    entry_id: str = ""
    entities: dict[str, str] = field(default_factory=dict)

    def publish(self, messages: Sequence[Message]) -> None:
        """Publish, and wait until the broker has all of it."""
        told = [
            self.client.publish(message.topic, message.payload, 1, message.retain)
            for message in messages
        ]
        for each in told:
            each.wait_for_publish(30)


class Stage:
    """What runs. Times are Home Assistant's, in seconds since 1970."""

    def __init__(self, home: HomeAssistant, now: int) -> None:
        self.home = home
        self.meters: list[Played] = []
        self._clock = SettableClock(home, require_faketime(), now)
        self._began = self._next = now
        self._told = float(now)
        self._is_busy = False

    @property
    def now(self) -> float:
        """What time it is."""
        return self._clock.now

    async def run(self, until: float) -> None:
        """Let the time pass, reading by reading."""
        while self._next <= until or self._is_busy:
            await self._step()

    async def _step(self) -> None:
        """Go on to the next reading, or for a moment while the history is worked on."""
        if self._is_busy:
            await asyncio.sleep(_LOOK)
            self._say_due()
            self._is_busy = await self._clock.advance(0)
            return
        self._say(self._next)
        self._next += STEP
        self._is_busy = await self._clock.advance(self._next)
        await self._answer()

    async def until_imported(self, within: float) -> None:
        """Let the time pass until no import is running any more."""
        end = self.now + within
        while await self.are_importing():
            assert self.now < end, "the import has not ended"
            await self.run(self.now + 600)

    async def until_partly_imported(self, within: float) -> None:
        """Let the time pass until something is imported of each meter, but not all."""
        end = self.now + within
        while not (self._is_busy and await self.are_partly_imported()):
            assert self.now < end, "the import has not begun to write"
            await self._step()

    async def restart(self, away: float = 0) -> None:
        """Stop Home Assistant, and start it so many seconds later; what is said then is lost."""
        await self.home.stop()
        self._clock.skip(away)
        await self.home.start(300)
        self._told = self.now
        self._next = int(self.now) // STEP * STEP + STEP
        self._is_busy = False

    async def live(self, task: asyncio.Task[None]) -> None:
        """Let the meters go on while something is done, at the pace of the real time."""
        while not task.done():
            self._say_due()
            await asyncio.wait([task], timeout=0.2)
        await task

    def _say_due(self) -> None:
        while self._next <= self.now:
            self._say(self._next)
            self._next += STEP

    def _say(self, at: int) -> None:
        """Say what is to be said at a time, with the blocks that are over since the last time."""
        for played in self.meters:
            blocks = played.meter.closed(self._told, at)
            played.publish([*played.meter.second(at), *blocks])
        self._told = at

    async def _answer(self) -> None:
        """Answer the requests for blocks."""
        for played in self.meters:
            while not played.heard.empty():
                played.publish(played.meter.hear(played.heard.get(), self.now))

    async def table(self, played: Played) -> Table:
        """The hourly rows of a meter's entities."""
        names = {entity_id: what for what, entity_id in played.entities.items()}
        found = await self.home.client.call(
            "recorder/statistics_during_period",
            start_time=iso(played.meter.begin - 30 * 24 * HOUR),
            statistic_ids=sorted(names),
            period="hour",
            types=["state", "sum", "mean", "min", "max"],
            units={"energy": "Wh"},
        )
        return {
            (names[entity_id], int(row["start"] / 1000)): row
            for entity_id, rows in found.items()
            for row in rows
        }

    async def days(self, played: Played) -> Mapping[str, list[Json]]:
        """What the Energy dashboard shows of each day, in Wh."""
        found: Mapping[str, list[Json]] = await self.home.client.call(
            "recorder/statistics_during_period",
            start_time=iso(played.meter.begin - 30 * 24 * HOUR),
            statistic_ids=sorted(played.entities.values()),
            period="day",
            types=["change"],
            units={"energy": "Wh"},
        )
        return found

    async def act(self, played: Played, action: str, *, answers: bool = True, **data: str) -> Json:
        """Do an action of this integration on a meter; what it answers."""
        data |= {"config_entry_id": played.entry_id}
        return await self.home.client.act("flukso", action, answers=answers, **data)

    async def undo(self, played: Played) -> None:
        """Undo all that was filled and imported, the last first."""
        with contextlib.suppress(CommandError):  # there is nothing more
            while True:
                answer = await self.act(played, "restore_history")
                assert answer["left"] == []

    async def state(self, played: Played, what: str) -> Json:
        """The state of an entity."""
        return (await self.home.client.states())[played.entities[what]]

    async def are_importing(self) -> bool:
        """Whether an import is running."""
        states = [await self.state(played, "history_reaches_back") for played in self.meters]
        return any("import_progress" in state["attributes"] for state in states)

    async def are_partly_imported(self) -> bool:
        """Whether imports are running of which something is written."""
        states = [await self.state(played, "history_reaches_back") for played in self.meters]
        return all(
            "import_progress" in state["attributes"]
            and datetime.fromisoformat(state["state"]).timestamp() < self._began - HOUR
            for state in states
        )


def iso(moment: float) -> str:
    """A time (s since 1970) as Home Assistant takes it."""
    return datetime.fromtimestamp(moment, UTC).isoformat()


@contextlib.asynccontextmanager
async def set_up(
    folder: Path, now: int, direct: Sequence[RememberedMeter], bridged: Sequence[RememberedMeter]
) -> AsyncGenerator[Stage]:
    """Start Home Assistant, and add some meters directly and others over its broker.

    With each, what it remembers is to be brought in.
    """
    home = HomeAssistant(
        folder,
        commit_interval=_COMMIT,
        extra="settable_clock:",
        more=[SettableClock.INTEGRATION],
    )
    async with contextlib.AsyncExitStack() as parts:
        broker = await parts.enter_async_context(Mosquitto(folder, extra=_AT_ONCE))
        stage = Stage(home, now)
        remember = [
            asyncio.create_task(asyncio.to_thread(meter.remember, now))
            for meter in (*direct, *bridged)
        ]
        parts.push_async_callback(home.stop)
        await home.start(300)
        await home.client.add_mqtt(broker.port)
        for number, meter in enumerate(direct):
            own = Mosquitto(folder, extra=_AT_ONCE, name=f"meters-mosquitto-{number}")
            await parts.enter_async_context(own)
            stage.meters.append(_connect(parts, meter, own.port))
            entry = await _added(stage, own.port)
            stage.meters[-1].entry_id = entry["entry_id"]
        for meter in bridged:
            stage.meters.append(_connect(parts, meter, broker.port))
            [card] = await home.client.discovered("flukso")
            entry = await home.client.confirm(card["flow_id"], {"import_history": True})
            stage.meters[-1].entry_id = entry["entry_id"]
        for played in stage.meters:
            await _known(stage, played, TOTALS[:2])  # the ports are offered by then
            await home.client.set_options(played.entry_id, _OPTIONS)
            played.entities = await _known(stage, played, TOTALS)
        for task in remember:
            await stage.live(task)
        yield stage


async def _added(stage: Stage, port: int) -> Json:
    """Add a meter by its address; a busy machine may need several attempts."""

    async def added() -> Json:
        with contextlib.suppress(FlowError):
            return await stage.home.client.add_directly("flukso", port)
        return {}

    return await eventually(added, "the meter to answer", within=120)


def _connect(parts: contextlib.AsyncExitStack, meter: RememberedMeter, port: int) -> Played:
    """Connect a meter to a broker, which retains what it announces."""
    heard: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311)
    client.on_message = lambda _client, _data, message: heard.put(message.payload)
    client.max_inflight_messages_set(1000)
    client.connect(LOOPBACK, port)
    client.loop_start()
    parts.callback(client.loop_stop)
    parts.callback(client.disconnect)
    client.subscribe(meter.sync_topic)
    played = Played(meter, client, heard)
    played.publish(meter.announce())
    return played


async def _known(stage: Stage, played: Played, totals: Sequence[str]) -> dict[str, str]:
    """The entities of a meter, once Home Assistant has them."""
    meter = played.meter
    wanted = {f"{meter.sensor(what).id}_counter": what for what in SLOTS if what != "voltage"}
    wanted[f"{meter.sensor('import1').id}_gauge"] = "power"
    wanted[f"{meter.sensor('voltage').id}_gauge"] = "voltage"
    wanted |= {what: what for what in (*totals, "peak_demand", "history_reaches_back")}

    async def found() -> dict[str, str]:
        stage._say_due()
        entities = await stage.home.client.entities("flukso")
        ids = {
            wanted[end]: each["entity_id"]
            for each in entities
            if each["unique_id"].startswith(meter.device_id)
            and (end := each["unique_id"].partition("_")[2]) in wanted
        }
        return ids if len(ids) == len(wanted) else {}

    return await eventually(found, "the entities")

"""The stage of the history: Home Assistant with statistics of weeks, and a meter with a memory."""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
import contextlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
import queue
import re
import time

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from simulator import Message
from stack import CommandError, HomeAssistant, Mosquitto, eventually
from stack.client import Json
from stack.ports import LOOPBACK

from .books import Row, hourly
from .remembered import HOUR, Hole, Remembered

type Table = Mapping[tuple[str, int], Row]
"""The hourly rows by entity and hour."""

#: In which unit each counter's statistics are kept, and what 1 Wh is in it.
_KEPT_IN = (("kWh", 1e-3), ("Wh", 1.0), ("MWh", 1e-6))
#: What mosquitto writes down of a subscription, with its quality of service.
_SUBSCRIBED = re.compile(r"^[0-9]+: \S+ [0-2] (/sensor/\S+/tmpo/\S+)$", re.MULTILINE)
#: What Home Assistant showed last of a power, until it was up again (W).
_STUCK = 123.4


@dataclass(frozen=True, slots=True)
class Counter:
    """A counter's entity, its sensor, and what 1 Wh is in the unit of its statistics."""

    entity_id: str
    sensor_id: str
    unit: str
    scale: float


@dataclass
class Stage:
    """What runs: counters are import, export and solar; powers are those of the first two."""

    past: Remembered
    broker: Mosquitto
    home: HomeAssistant
    entry_id: str
    counters: Sequence[Counter]
    powers: Sequence[str]
    filled_until: str
    client: mqtt.Client

    def publish(self, messages: Sequence[Message]) -> None:
        """Publish as the bridge does."""
        for message in messages:
            self.client.publish(message.topic, message.payload, 0, message.retain)

    async def listening(self) -> None:
        """Wait until Home Assistant has subscribed to the blocks of the counters."""
        wanted = {
            f"/sensor/{counter.sensor_id}/tmpo/+/{level}/+/gz"
            for counter in self.counters
            for level in (12, 16, 20)
        }

        async def subscribed() -> bool:
            return wanted <= set(_SUBSCRIBED.findall(self.broker.log.read_text()))

        await eventually(subscribed, "the blocks to be subscribed to")

    def table(self) -> Table:
        """The statistics, without those of the hours in which the test itself runs."""
        return hourly(self.home, self.past.last)

    async def written(self, before: Table, entities: Sequence[str], hole: Hole) -> None:
        """Wait until entities have rows in all hours of a hole, other than before."""
        wanted = [(entity_id, hour) for entity_id in entities for hour in hole.hours]

        async def are() -> bool:
            table = self.table()
            return all(key in table and table[key] != before.get(key) for key in wanted)

        await eventually(are, f"rows of {', '.join(entities)} in {hole}")

    async def until(self, begin: float, end: float) -> float:
        """What "History complete until" tells, once it is between two moments (s since 1970)."""

        async def told() -> float:
            state = (await self.home.client.states())[self.filled_until]["state"]
            until = datetime.fromisoformat(state).timestamp()
            return until if begin <= until <= end else 0

        return await eventually(told, f"the history to be filled until {iso(begin)}")

    async def act(self, action: str, *, answers: bool = True, **data: str) -> Json:
        """Do an action of this integration on the meter; what it answers."""
        data |= {"config_entry_id": self.entry_id}
        return await self.home.client.act("flukso", action, answers=answers, **data)

    @property
    def audited_hours(self) -> tuple[int, int]:
        """From some hours before the holes to some hours after."""
        return self.past.block // HOUR * HOUR + 2 * HOUR, self.past.long.end + 3 * HOUR

    async def audit(self) -> dict[str, list[Json]]:
        """The hours that an audit tells of each counter."""
        begin, end = self.audited_hours
        told = await self.act("audit_history", start=iso(begin), end=iso(end))
        return {each["entity_id"]: each["hours"] for each in told["counters"]}

    async def take_back(self) -> list[Json]:
        """Restore until there is nothing left, and tell what the answers were."""
        answers = [await self.act("restore_history")]
        with contextlib.suppress(CommandError):
            while len(answers) < 20:
                answers.append(await self.act("restore_history"))
        return answers

    async def shown(self, period: str, kind: str) -> dict[str, list[Json]]:
        """What the pages show of the counters' statistics, in Wh."""
        shown: dict[str, list[Json]] = await self.home.client.call(
            "recorder/statistics_during_period",
            start_time=iso(self.past.begin),
            end_time=iso(self.past.last),
            statistic_ids=[counter.entity_id for counter in self.counters],
            period=period,
            types=[kind],
            units={"energy": "Wh"},
        )
        return shown

    async def activity(self, count: int) -> list[Json]:
        """The lines on the pages of the counters' devices that tell of fillings."""
        entities = await self.home.client.entities("flukso")
        ids = {counter.entity_id for counter in self.counters}
        devices = sorted({each["device_id"] for each in entities if each["entity_id"] in ids})

        async def lines() -> list[Json]:
            told = await self.home.client.call(
                "logbook/get_events", start_time=iso(self.past.last), device_ids=devices
            )
            told = [line for line in told if line["entity_id"] in ids and "domain" in line]
            return told if len(told) >= count else []

        return await eventually(lines, "the lines in the activity log")


def iso(moment: float) -> str:
    """A time (s since 1970) as Home Assistant takes it."""
    return datetime.fromtimestamp(moment, UTC).isoformat()


@contextlib.asynccontextmanager
async def set_up(folder: Path) -> AsyncGenerator[Stage]:
    """Add a meter that is live, and put into the statistics what was recorded of its past."""
    past = Remembered(int(time.time()))
    async with contextlib.AsyncExitStack() as parts:
        lived = asyncio.create_task(asyncio.to_thread(past.live))
        broker = Mosquitto(folder, extra="log_type error\nlog_type subscribe")
        await parts.enter_async_context(broker)
        home = HomeAssistant(folder, extra="logbook:")
        await parts.enter_async_context(home)
        await lived
        await home.client.add_mqtt(broker.port)
        client = await parts.enter_async_context(_live(past, broker.port))
        [card] = await home.client.discovered("flukso")
        entry = await home.client.confirm(card["flow_id"])
        stage = await _known(past, broker, home, entry["entry_id"], client)
        for counter in stage.counters:
            unit, rows = counter.unit, list(_counted(past, counter))
            await _import(home, counter.entity_id, unit, "energy", rows, has_sum=True)
        for counter, power in zip(stage.counters, stage.powers, strict=False):
            await _import(home, power, "W", "power", list(_measured(past, counter)), has_sum=False)

        async def imported() -> bool:
            return (stage.powers[-1], past.last - HOUR) in stage.table()

        await eventually(imported, "the statistics")
        yield stage


@contextlib.asynccontextmanager
async def _live(past: Remembered, port: int) -> AsyncGenerator[mqtt.Client]:
    """Let the meter say what it says each second, and answer; its blocks come when it is asked."""
    heard: queue.SimpleQueue[Message] = queue.SimpleQueue()
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311)
    client.on_message = lambda _client, _data, message: heard.put(
        Message(message.topic, message.payload)
    )
    client.connect(LOOPBACK, port)
    client.loop_start()
    client.subscribe(past.meter.sync_topic)

    async def play() -> None:
        said = past.meter.announce()
        second = int(time.time())
        while True:
            said += [each for each in past.second(second) if "/tmpo/" not in each.topic]
            while not heard.empty():
                said += past.meter.hear(heard.get())
            for message in said:
                client.publish(message.topic, message.payload, 0, message.retain)
            said, second = [], second + 1
            await asyncio.sleep(second - time.time())

    playing = asyncio.create_task(play())
    try:
        yield client
    finally:
        playing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await playing
        client.disconnect()
        client.loop_stop()


async def _known(
    past: Remembered, broker: Mosquitto, home: HomeAssistant, entry_id: str, client: mqtt.Client
) -> Stage:
    """The stage, once Home Assistant knows the entities."""
    ends = [f"{sensor_id}_counter" for sensor_id in past.ids]
    ends += [f"{sensor_id}_gauge" for sensor_id in past.ids[:2]]
    ends += ["history_filled_until"]

    async def found() -> list[str]:
        entities = await home.client.entities("flukso")
        ids = {each["unique_id"].partition("_")[2]: each["entity_id"] for each in entities}
        return [ids[end] for end in ends] if ids.keys() >= set(ends) else []

    import_, export, solar, *powers, until = await eventually(found, "the entities")
    counters = [
        Counter(entity_id, sensor_id, *kept)
        for entity_id, sensor_id, kept in zip(
            (import_, export, solar), past.ids, _KEPT_IN, strict=True
        )
    ]
    return Stage(past, broker, home, entry_id, counters, powers, until, client)


def _counted(past: Remembered, counter: Counter) -> Iterator[Json]:
    """The rows of a counter: none in the long hole, and standing still in the short one."""
    shown = past.shown[counter.sensor_id]
    for hour in range(past.begin, past.last, HOUR):
        if hour not in past.long.hours:
            stuck = _is_stuck(past, counter, hour)
            state = shown[past.short.begin if stuck else hour + HOUR]
            yield {
                "start": iso(hour),
                "state": state * counter.scale,
                "sum": (state - shown[past.begin]) * counter.scale,
            }


def _measured(past: Remembered, counter: Counter) -> Iterator[Json]:
    """The rows of its power."""
    truth = past.truth[counter.sensor_id]
    for hour in range(past.begin, past.last, HOUR):
        if _is_stuck(past, counter, hour):
            yield {"start": iso(hour), "mean": _STUCK, "min": _STUCK, "max": _STUCK}
        elif hour not in past.long.hours:
            mean = truth[hour + HOUR] - truth[hour]
            yield {"start": iso(hour), "mean": mean, "min": mean / 3, "max": mean * 3}


def _is_stuck(past: Remembered, counter: Counter, hour: int) -> bool:
    return hour in past.short.hours and past.short in past.holes(counter.sensor_id)


async def _import(
    home: HomeAssistant,
    entity_id: str,
    unit: str,
    unit_class: str,
    rows: Sequence[Json],
    *,
    has_sum: bool,
) -> None:
    metadata = {
        "source": "recorder",
        "name": None,
        "statistic_id": entity_id,
        "mean_type": 0 if has_sum else 1,
        "has_sum": has_sum,
        "unit_class": unit_class,
        "unit_of_measurement": unit,
    }
    await home.client.call("recorder/import_statistics", metadata=metadata, stats=rows)

"""A day of two meters, and what can go wrong with them, their brokers and Home Assistant.

They are simulated (``simulator/``, which shares nothing with the integration). An FLM03 counts the
two directions of two phases, one of them with solar, and the pulses of a heat meter. An FLM02 reads
the smart meter of a house with solar at its P1 port.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
import errno
import json
from threading import Event
from unittest.mock import patch

import freezegun.api
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder import get_instance
from homeassistant.core import HomeAssistant
from homeassistant.helpers import restore_state
from homeassistant.util.file import WriteError
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from custom_components.flukso.const import DOMAIN
from simulator import Flm02, Flm03, Message
from simulator.flm02 import P1_ELECTRICITY
from simulator.meter import Meter

from ..timers import fire_due_timers
from .ways import Way

MIDNIGHT = datetime(2026, 1, 13, tzinfo=UTC)
MINUTE, HOUR = 60, 3600
#: Slots of import and export of the two clamp ports, and of the first pulse port.
CLAMPS, HEAT = {1: 1, 2: -1, 13: 1, 14: -1}, 37
#: What the inputs can count at the most, in Wh a second: 50 A × 250 V × 1.5, and 100 kW.
FASTEST = dict.fromkeys(CLAMPS, 50 * 250 * 1.5 / HOUR) | {HEAT: 100_000 / HOUR}
FASTEST_P1 = 100_000 / HOUR
#: How often the clamps are heard where nothing asks for more (s).
CADENCE = 5
#: What the topics of the blocks of a meter's memory have in them.
_IN_MEMORY = "/tmpo/"
#: The minute in which the counters begin anew.
ANEW = 13 * 60 + 37

#: Energies by name (Wh).
type WattHours = dict[str, float]


@dataclass(frozen=True, eq=False)
class Input:
    """A counter of a meter."""

    way: Way
    topic: str
    name: str
    #: What it can count at the most (Wh/s).
    fastest: float
    #: What it adds to the net energy of the clamps: 1, -1 or 0.
    sign: int = 0
    #: Whether it also runs backwards, as that of a P1 port.
    both_ways: bool = False


class Day:
    """The meters, their ways and Home Assistant, moment by moment."""

    def __init__(
        self, hass: HomeAssistant, freezer: FrozenDateTimeFactory, ways: tuple[Way, Way]
    ) -> None:
        self._hass, self._freezer = hass, freezer
        self.now = int(MIDNIGHT.timestamp())
        start = self.now
        self.flm03 = Flm03(
            "d0" * 16,
            start=start,
            clamps=2,
            solar_phase=2,
            pulses=("heat",),
            kubes=0,
            waveforms=False,
            times=False,
        )
        for slot, sensor in self.flm03.sensors.items():
            if sensor.publishes and slot not in FASTEST:
                self.flm03.enable(slot, on=False)
        self.flm02 = Flm02("d2" * 16, start=start, clamps=0, pulses=(), p1=True)
        self._meters: dict[Meter, Way] = dict(zip((self.flm03, self.flm02), ways, strict=True))
        self._inputs = {each.topic: each for each in self._all_inputs()}
        self._heard: dict[str, deque[Message]] = {each: deque(maxlen=60) for each in self._inputs}
        self._spoke: set[str] = set()
        self._last: dict[str, float] = {}
        #: What was counted in truth, and how often each kind of fault was played.
        self.counted: Counter[str] = Counter()
        self.played: Counter[str] = Counter()
        self._is_recorder_slow = False
        self._entries = {
            meter: MockConfigEntry(
                domain=DOMAIN,
                title=type(meter).__name__,
                unique_id=meter.device_id,
                data={"device_id": meter.device_id, **way.address},
                version=4,
            )
            for meter, way in self._meters.items()
        }

    def _all_inputs(self) -> Iterable[Input]:
        way = self._meters[self.flm03]
        for slot, fastest in FASTEST.items():
            topic = f"/sensor/{self.flm03.sensors[slot].id}/counter"
            yield Input(way, topic, f"slot {slot}", fastest, CLAMPS.get(slot, 0))
        topic = f"/sensor/{self.flm02.sensors[P1_ELECTRICITY].id}/counter"
        yield Input(self._meters[self.flm02], topic, "P1", FASTEST_P1, both_ways=True)

    async def begin(self) -> None:
        """Set the meters up."""
        self._announce()
        for entry in self._entries.values():
            entry.add_to_hass(self._hass)
            assert await self._hass.config_entries.async_setup(entry.entry_id)
        await self._settle()

    def _announce(self) -> None:
        for meter, way in self._meters.items():
            way.send(meter.announce())

    async def _set_up(self) -> None:
        for entry in self._entries.values():
            assert await self._hass.config_entries.async_setup(entry.entry_id)
        await self._settle()

    async def _settle(self) -> None:
        for way in self._ways:
            await way.settle()

    @property
    def _ways(self) -> Iterable[Way]:
        return dict.fromkeys(self._meters.values())

    async def live(
        self,
        seconds: int,
        *,
        step: int = CADENCE,
        every: int = CADENCE,
        send: Callable[[list[Message]], Iterable[Message]] = list,
    ) -> None:
        """Let time pass while the meters speak; the clamps are heard ``every`` so many seconds."""
        for _ in range(seconds // step):
            spoken: dict[Way, list[Message]] = {way: [] for way in self._ways}
            for _ in range(step):
                self.now += 1
                for meter, way in self._meters.items():
                    spoken[way] += self._said(meter, every)
            self._freezer.tick(step)
            for way, messages in spoken.items():
                way.send(send(messages))
            fire_due_timers(self._hass)
            await self._hass.async_block_till_done()
            for way in spoken:
                if way.is_connecting:
                    await way.settle()
            if self.now % 300 == 10 and not self._is_recorder_slow:  # it has begun its statistics
                await async_wait_recording_done(self._hass)

    def _said(self, meter: Meter, every: int) -> Iterable[Message]:
        """Count a second of a meter, and return what is heard of it."""
        net = 0.0
        for message in meter.second(self.now):
            if _IN_MEMORY in message.topic:  # it comes when it is asked for
                continue
            counter = self._inputs.get(message.topic)
            if counter is not None:
                value = float(message.payload.split(b",")[1])
                net += counter.sign * self._count(counter, value)
                if counter.sign and self.now % every:
                    continue
                if not (counter.both_ways and meter.clock):  # see docs/counters.md
                    self._heard[message.topic].append(message)
                self._spoke.add(message.topic)
            yield message
        self.counted["net import" if net > 0 else "net export"] += abs(net)

    def _count(self, counter: Input, value: float) -> float:
        counted = value - self._last.get(counter.topic, value)
        self._last[counter.topic] = value
        name = counter.name
        if counter.both_ways:
            name += " import" if counted > 0 else " export"
        self.counted[name] += abs(counted)
        return counted

    async def go_wrong(self, minute: int) -> None:
        """Play the fault of a minute, which is over within 30 s."""
        faults: Sequence[Callable[[int], Awaitable[None]]] = (
            self.dip,
            self.dip_twice,
            self.leap,
            self.replay,
            self.replay_a_burst,
            self.reorder,
            self.double,
            self.cut,
            self.restart_home_assistant,
            self.lose_the_broker,
            self.lose_the_meter,
            self.put_clock_forward,
            self.put_clock_back,
            self.put_host_clock_forward,
            self.put_host_clock_back,
            self.change_address,
            self.rewrite_configuration,
            self.slow_recorder,
            self.fill_disk,
        )
        fault = self.begin_anew if minute == ANEW else faults[minute % len(faults)]
        self.played[fault.__name__] += 1
        await fault(minute // len(faults))

    def _say_wrong(self, wrong: Callable[[Input, float, int], float], *, later: int = 0) -> None:
        """Let the inputs say what the function makes of input, last value and time since."""
        for topic in self._spoke:
            counter = self._inputs[topic]
            second, value, unit = self._heard[topic][-1].payload.decode()[1:-1].split(",")
            said = round(wrong(counter, float(value), self.now - int(second)), 3)
            payload = f"[{self.now + later},{said},{unit}]"
            counter.way.send([Message(topic, payload.encode())])

    async def dip(self, _turn: int) -> None:
        """The counters say 0."""
        self._say_wrong(lambda _counter, _value, _since: 0)
        self._spoke.clear()

    async def dip_twice(self, _turn: int) -> None:
        """They say it twice, which is once less than counters that begin anew."""
        self._say_wrong(lambda _counter, _value, _since: 0)
        self._say_wrong(lambda _counter, _value, _since: 0, later=1)
        self._spoke.clear()

    async def leap(self, turn: int) -> None:
        """The counters leap by 10^3 to 10^9 Wh more than they can have counted."""
        leap = 10 ** (3 + turn % 7)
        self._say_wrong(lambda counter, value, since: value + counter.fastest * since + leap)
        self._spoke.clear()

    def _again(self, messages: Callable[[deque[Message]], Iterable[Message]]) -> None:
        for topic, heard in self._heard.items():
            self._inputs[topic].way.send(messages(heard))

    async def replay(self, turn: int) -> None:
        """An old message comes again."""
        self._again(lambda heard: list(heard)[turn % 60 : turn % 60 + 1])

    async def replay_a_burst(self, _turn: int) -> None:
        """Old messages come again, all at once."""
        self._again(lambda heard: heard)

    async def reorder(self, _turn: int) -> None:
        """Every message overtakes the one before it."""
        await self.live(10, step=2, every=1, send=lambda spoken: spoken[::-1])

    async def double(self, _turn: int) -> None:
        """Every message comes twice."""
        await self.live(10, step=1, every=1, send=lambda spoken: [*spoken, *spoken])

    async def cut(self, turn: int) -> None:
        """Every message is cut, at another place from turn to turn."""
        end = 3 + turn % 20
        await self.live(
            10, send=lambda all_: [replace(each, payload=each.payload[:end]) for each in all_]
        )

    async def restart_home_assistant(self, _turn: int) -> None:
        """It keeps what it keeps, is gone for a while, and comes back."""
        kept = restore_state.async_get(self._hass)
        await kept.async_dump_states()
        for entry in self._entries.values():
            await self._hass.config_entries.async_unload(entry.entry_id)
        await self.live(20)
        await kept.async_load()
        await self._set_up()

    async def lose_the_broker(self, _turn: int) -> None:
        """The connection is lost and comes back."""
        await self.lose_connection()
        await self.live(20)
        await self.restore_connection()

    async def lose_connection(self) -> None:
        """Let the brokers go."""
        for way in self._ways:
            await way.lose_connection()

    async def restore_connection(self) -> None:
        """Let them come back."""
        for way in self._ways:
            await way.restore_connection()

    async def lose_the_meter(self, _turn: int) -> None:
        """It counts on, is silent for a while, and then does not know the time at first."""
        await self.live(15, send=lambda _spoken: [])
        await self._with_clock(30 - self.now)

    async def put_clock_forward(self, turn: int) -> None:
        """The meters' clocks are ahead for a while.

        By an hour in the first hours only: their memories have nothing of the hour that follows.
        """
        most = HOUR if self.now < MIDNIGHT.timestamp() + 6 * HOUR else 2 * MINUTE
        await self._with_clock((2, MINUTE, most)[turn % 3])

    async def put_clock_back(self, turn: int) -> None:
        """The meters' clocks are behind for a while."""
        await self._with_clock(-(2, MINUTE, HOUR)[turn % 3])

    async def _with_clock(self, ahead: int) -> None:
        for meter in self._meters:
            meter.clock = ahead
        await self.live(5, step=1, every=1)
        for meter in self._meters:
            meter.clock = 0

    async def put_host_clock_forward(self, turn: int) -> None:
        """Home Assistant's own clock is ahead for a while.

        By a minute, everything would seem to be silent for too long.
        """
        await self._with_host_clock((2, 20, 45)[turn % 3])

    async def put_host_clock_back(self, turn: int) -> None:
        """It is behind for a while."""
        await self._with_host_clock(-(2, 20, MINUTE)[turn % 3])

    async def _with_host_clock(self, ahead: int) -> None:
        """Move the clock, but not the one that timers go by, which never leaps."""
        timers = freezegun.api._get_fake_monotonic
        with patch.object(freezegun.api, "_get_fake_monotonic", lambda: timers() - ahead):
            self._freezer.tick(ahead)
            await self.live(15)
            self._freezer.tick(-ahead)

    async def change_address(self, _turn: int) -> None:
        """The meters are elsewhere, where Home Assistant finds them a while later."""
        for way in self._ways:
            way.move()
        self._announce()
        await self.live(10)
        for meter, entry in self._entries.items():
            data = {"device_id": meter.device_id, **self._meters[meter].address}
            self._hass.config_entries.async_update_entry(entry, data=data)
            await self._hass.config_entries.async_reload(entry.entry_id)
        await self._settle()

    async def rewrite_configuration(self, turn: int) -> None:
        """A port gets another name, and a slot is switched on and off."""
        way = self._meters[self.flm03]
        way.send(self.flm03.rename(1, f"L1 {'again' * (turn % 2)}".strip()))
        way.send(self.flm03.enable(3, on=True))
        await self.live(10)
        way.send(self.flm03.enable(3, on=False))
        await self._settle()

    async def slow_recorder(self, _turn: int) -> None:
        """The recorder does not get on with its work."""
        free, self._is_recorder_slow = Event(), True
        get_instance(self._hass).async_update_statistics_metadata("nothing", on_done=free.wait)
        await self.live(20)
        free.set()
        self._is_recorder_slow = False
        await async_wait_recording_done(self._hass)

    async def fill_disk(self, _turn: int) -> None:
        """Neither the recorder nor anything else can write.

        What came before was written: Home Assistant writes every five seconds, this day only every
        minute, and loses what it can't write. So it does with statistics: the disk is full once
        those of the last five minutes are written.
        """
        if self.now % 300 < 10:
            await self.live(10)
        await async_wait_recording_done(self._hass)

        def refuse(_connection: object, _cursor: object, statement: str, *_: object) -> None:
            if left and statement.startswith("INSERT INTO states "):
                raise OperationalError(statement, {}, Exception(left.pop()))

        left = ["database or disk is full"] * 5
        engine = get_instance(self._hass).engine
        full = WriteError(OSError(errno.ENOSPC, "No space left on device"))
        event.listen(engine, "before_cursor_execute", refuse)
        with patch("homeassistant.helpers.storage.Store._async_write_data", side_effect=full):
            await self.live(20)
        left.clear()
        event.remove(engine, "before_cursor_execute", refuse)

    async def begin_anew(self, _turn: int) -> None:
        """The counters of the FLM03 begin at 0, as after a firmware flash."""
        self.flm03.reset_counters()
        for slot in FASTEST:
            self._last.pop(f"/sensor/{self.flm03.sensors[slot].id}/counter", None)

    async def remember(self) -> None:
        """Let the meters publish their memory of the day, and Home Assistant be put right by it.

        What each block begins is waited for by the action that does the same.
        """
        await self.live(20 * MINUTE)  # the blocks of 68 minutes are complete then
        get_instance(self._hass).commit_interval = 0  # else it keeps the database to itself
        await async_wait_recording_done(self._hass)
        for meter, way in self._meters.items():
            sensors = [each for each in meter.sensors.values() if each.publishes]
            since = [{"sid": each.id, "rid": each.rid or 0, "lvl": 0, "bid": 0} for each in sensors]
            way.send(meter.hear(Message(meter.sync_topic, json.dumps(since).encode())))
        await self.live(MINUTE)
        for entry in self._entries.values():
            # a worker decodes them, and tells nobody when it is done
            while entry.runtime_data.history.blocks.is_decoding:  # noqa: ASYNC110
                await asyncio.sleep(0)
            data = {"config_entry_id": entry.entry_id}
            await self._hass.services.async_call(DOMAIN, "fill_history", data, blocking=True)
            await self._hass.config_entries.async_unload(entry.entry_id)
        await self._hass.async_block_till_done(wait_background_tasks=True)

"""A meter's day, and what can go wrong with the meter, the broker and Home Assistant.

The meter is a simulated FLM03 (``simulator/``, which shares nothing with the integration). It
counts the import of one clamp port and the pulses of a heat meter.
"""

from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime
import json

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import restore_state
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)

from custom_components.flukso.const import DOMAIN
from simulator import Flm03, Message

from .broker import Broker
from .timers import fire_due_timers

MIDNIGHT = datetime(2026, 1, 13, tzinfo=UTC)
MINUTE, HOUR = 60, 3600
#: Slots of the import of the first clamp port, and of the first pulse port.
CLAMP, HEAT = 1, 37
#: What the inputs can count at the most, in Wh a second: 50 A × 250 V × 1.5, and 100 kW.
FASTEST = {CLAMP: 50 * 250 * 1.5 / HOUR, HEAT: 100_000 / HOUR}
#: How often the clamp is heard where nothing asks for more (s).
CADENCE = 5
#: The minute in which the counters begin anew.
ANEW = 13 * 60 + 37

type WattHours = dict[int, float]


class Day:
    """The meter, the broker and Home Assistant, moment by moment."""

    def __init__(self, hass: HomeAssistant, freezer: FrozenDateTimeFactory, broker: Broker) -> None:
        self._hass, self._freezer, self._broker = hass, freezer, broker
        self.now = int(MIDNIGHT.timestamp())
        device_id = "d0" * 16
        self._meter = Flm03(
            device_id,
            start=self.now,
            clamps=1,
            pulses=("heat",),
            kubes=0,
            waveforms=False,
            blocks=False,
            times=False,
        )
        for slot, sensor in self._meter.sensors.items():
            if sensor.publishes and slot not in FASTEST:
                self._meter.enable(slot, on=False)
        self._ids = {slot: self._meter.sensors[slot].id for slot in FASTEST}
        self._slots = {f"/sensor/{self._ids[slot]}/counter": slot for slot in FASTEST}
        self._heard: dict[int, deque[Message]] = {slot: deque(maxlen=60) for slot in FASTEST}
        self._spoke: set[int] = set()
        self._found_at = self._counters
        self._before = {slot: -counter for slot, counter in self._counters.items()}
        self._entry = MockConfigEntry(
            domain=DOMAIN,
            title="Fluksometer",
            unique_id=device_id,
            data={"device_id": device_id, "topic_prefix": "/"},
            version=4,
        )

    async def begin(self) -> None:
        """Set the meter up."""
        for message in self._meter.announce():
            self._broker.send(message.topic, message.payload, retain=True)
        self._entry.add_to_hass(self._hass)
        await self._set_up()

    async def _set_up(self) -> None:
        assert await self._hass.config_entries.async_setup(self._entry.entry_id)
        await self._broker.settle()

    @property
    def counted(self) -> WattHours:
        """What the inputs have counted in truth, from where Home Assistant found them."""
        return {slot: self._before[slot] + counter for slot, counter in self._counters.items()}

    @property
    def _counters(self) -> WattHours:
        truth = self._meter.truth
        return {slot: truth[self._ids[slot], "counter"] for slot in FASTEST}

    async def live(
        self,
        seconds: int,
        *,
        step: int = CADENCE,
        every: int = CADENCE,
        send: Callable[[list[Message]], Iterable[Message]] = list,
    ) -> None:
        """Let time pass while the meter speaks; the clamp is heard ``every`` so many seconds."""
        for _ in range(seconds // step):
            spoken = [message for _ in range(step) for message in self._second(every)]
            self._freezer.tick(step)
            self._send(send(spoken))
            fire_due_timers(self._hass)
            await self._hass.async_block_till_done()
            if self.now % 300 == 10:  # the recorder has begun its statistics
                await async_wait_recording_done(self._hass)

    def _second(self, every: int) -> list[Message]:
        self.now += 1
        spoken = self._meter.second(self.now)
        if self.now % every:
            spoken = [message for message in spoken if self._ids[CLAMP] not in message.topic]
        for message in spoken:
            slot = self._slots.get(message.topic)
            if slot is not None:
                self._heard[slot].append(message)
                self._spoke.add(slot)
                if slot in self._found_at:
                    value = json.loads(message.payload)[1]
                    self._before[slot] -= value - self._found_at.pop(slot)
        return spoken

    def _send(self, messages: Iterable[Message]) -> None:
        for message in messages:
            self._broker.send(message.topic, message.payload)

    async def go_wrong(self, minute: int) -> None:
        """The fault of a minute, which is over within 20 s."""
        faults: Sequence[Callable[[int], Awaitable[None]]] = (
            *(self.dip, self.dip_twice, self.leap, self.replay, self.replay_a_burst),
            *(self.reorder, self.double, self.restart_home_assistant, self.restart_broker),
            *(self.restart_meter, self.step_clock),
        )
        await (self.begin_anew if minute == ANEW else faults[minute % len(faults)])(minute)

    def _say_wrong(self, wrong: Callable[[int, float, int], float], *, later: int = 0) -> None:
        """Let the inputs say what the function makes of slot, last value and time since."""
        for slot in self._spoke:
            second, value, unit = json.loads(self._heard[slot][-1].payload)
            said = round(wrong(slot, value, self.now - second), 3)
            payload = json.dumps([self.now + later, said, unit])
            self._broker.send(f"/sensor/{self._ids[slot]}/counter", payload)

    async def dip(self, _minute: int) -> None:
        """The counters say 0."""
        self._say_wrong(lambda _slot, _value, _since: 0)
        self._spoke.clear()

    async def dip_twice(self, _minute: int) -> None:
        """They say it twice, which is once less than counters that begin anew."""
        self._say_wrong(lambda _slot, _value, _since: 0)
        self._say_wrong(lambda _slot, _value, _since: 0, later=1)
        self._spoke.clear()

    async def leap(self, minute: int) -> None:
        """The counters leap by 10^3 to 10^9 Wh more than they can have counted."""
        leap = 10 ** (3 + minute % 7)
        self._say_wrong(lambda slot, value, since: value + FASTEST[slot] * since + leap)
        self._spoke.clear()

    async def replay(self, minute: int) -> None:
        """An old message comes again."""
        for heard in self._heard.values():
            self._send(list(heard)[minute % 60 : minute % 60 + 1])

    async def replay_a_burst(self, _minute: int) -> None:
        """Old messages come again, all at once."""
        for heard in self._heard.values():
            self._send(heard)

    async def reorder(self, _minute: int) -> None:
        """Every message overtakes the one before it."""
        await self.live(10, step=2, every=1, send=lambda spoken: spoken[::-1])

    async def double(self, _minute: int) -> None:
        """Every message comes twice."""
        await self.live(10, step=1, every=1, send=lambda spoken: [*spoken, *spoken])

    async def restart_home_assistant(self, _minute: int) -> None:
        """It keeps what it keeps, is gone for a while, and comes back."""
        kept = restore_state.async_get(self._hass)
        await kept.async_dump_states()
        await self._hass.config_entries.async_unload(self._entry.entry_id)
        await self.live(20)
        await kept.async_load()
        await self._set_up()

    async def restart_broker(self, _minute: int) -> None:
        """The connection is lost and comes back."""
        await self._broker.lose_connection()
        await self.live(20)
        await self._broker.restore_connection()

    async def restart_meter(self, _minute: int) -> None:
        """It counts on, is silent for a while, and then does not know the time at first."""
        await self.live(15, send=lambda _spoken: [])
        self._meter.clock = 30 - self.now
        await self.live(5, step=1, every=1)
        self._meter.clock = 0

    async def step_clock(self, minute: int) -> None:
        """Its clock is ahead for a while."""
        self._meter.clock = (2, MINUTE, HOUR)[minute % 3]
        await self.live(5)
        self._meter.clock = 0

    async def begin_anew(self, _minute: int) -> None:
        """The counters begin at 0, as after a firmware flash."""
        self._before = self.counted
        self._meter.reset_counters()
        self._found_at = self._counters

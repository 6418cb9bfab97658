"""The oscilloscope of a clamp, which captures voltage and current once per interval.

Waveform messages are frequent: their topics are subscribed to only for enabled entities and
running actions, and between two captures no message is parsed. All clamps use the same voltage
topic, for which Home Assistant's MQTT integration has one subscription.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from math import inf
from typing import override

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later

from ..meter.observable import Observable
from ..metering.clock_offset import ClockOffset
from ..metering.rounding import rounded
from ..metering.waveform_analysis import delayed, nearest
from ..protocol.sensors import Sensor
from ..protocol.validation import ProtocolError
from ..protocol.waveform import Waveform, parse_waveform
from ..transport.interface import Message, Transport
from ..transport.subscriptions import Subscriptions

_VOLTAGE, _CURRENT = "mV", "mA"
#: The decimals of a sample (A).
_DECIMALS = 3
_UNITS = (_VOLTAGE, _CURRENT)
#: How long a pair of different moments waits for one of the same moment (s).
_WAIT = 1
#: How many waveforms of each unit are kept to find a pair.
_MOST_WAVEFORMS = 8
#: After how long without messages on a subscribed topic a clamp is unavailable (s).
_PATIENCE = 60


@dataclass(frozen=True, slots=True)
class Capture:
    """Voltage and current over one cycle; ``at`` is when they arrived, seconds since 1970.

    The voltage of the clamp's phase leads the measured one by ``voltage_angle`` (°).
    """

    at: float
    voltage: Waveform
    current: Waveform
    voltage_angle: int = 0

    @property
    def current_in_phase(self) -> tuple[float, ...]:
        """The samples of the current (A), turned as if its phase were that of the voltage."""
        if not self.voltage_angle:
            return self.current.samples
        turned = delayed(self.current.samples, self.voltage_angle)
        return tuple(rounded(sample, _DECIMALS) for sample in turned)


class Oscilloscope(Observable):
    """Captures the waveforms of a clamp; ``sensor`` is any sensor of that clamp.

    Its value is the time of the last capture, in seconds since 1970. ``voltage_angle`` (°) is that
    of the clamp's phase.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        sensor: Sensor,
        topics: tuple[str, str],
        transport: Transport,
        note_broken: Callable[[str, ProtocolError], None],
        *,
        clock: ClockOffset,
        interval: int,
    ) -> None:
        super().__init__()
        self.sensor = sensor
        self.capture: Capture | None = None
        self.voltage_angle = 0
        self._hass = hass
        self._topics = topics
        self._transport = transport
        self._clock = clock
        self._note_broken = note_broken
        self._interval = interval
        self._is_live = True
        self._received_at: dict[str, float] = {}
        self._last_times: dict[str, float] = {}
        self._stop_waiting: CALLBACK_TYPE | None = None
        self._reset()

    @property
    def port(self) -> int:
        """The port of the clamp."""
        return self.sensor.ports[0]

    @property
    @override
    def available(self) -> bool:
        return self._is_live and self._transport.connected

    @override
    async def _async_start(self, work: Subscriptions) -> None:
        self._reset()
        work.add(self._discard_waveforms)
        for topic, unit in zip(self._topics, _UNITS, strict=True):
            receive = partial(self._receive, unit)
            work.add(await self._transport.async_subscribe(topic, receive))

    @callback
    def update(self, now: float) -> None:
        """Check for silence and for the connection."""
        if not self._transport.connected:
            self._reset()
        else:
            for unit in _UNITS:
                self._received_at.setdefault(unit, now)
        self._is_live = all(now - at <= _PATIENCE for at in self._received_at.values())
        self.notify()

    def _reset(self) -> None:
        """Allow a capture immediately, and count silence from the next update."""
        self._captured_at = -inf
        self._received_at.clear()
        self._discard_waveforms()

    def _discard_waveforms(self) -> None:
        """Discard waveforms that were not captured."""
        self._waveforms: dict[str, deque[Waveform]] = {
            unit: deque(maxlen=_MOST_WAVEFORMS) for unit in _UNITS
        }
        if self._stop_waiting is not None:
            self._stop_waiting()
            self._stop_waiting = None

    @callback
    def _receive(self, unit: str, message: Message) -> None:
        """Take one half of a capture; an invalid or old one does not make the clamp available."""
        if message.retained:
            return
        if 0 <= message.arrived - self._captured_at < self._interval:
            self._received_at[unit] = message.arrived
            return
        try:
            waveform = parse_waveform(message.payload, unit)
        except ProtocolError as error:
            self._note_broken(message.topic, error)
            return
        if not self._is_news(unit, waveform.time, message):
            return
        self._received_at[unit] = message.arrived
        self._waveforms[unit].append(waveform)
        pair = self._find_nearest()
        if pair is None:
            return
        if pair[0].time == pair[1].time:
            self._take(Capture(message.arrived, *pair, self.voltage_angle))
        elif self._stop_waiting is None:
            self._stop_waiting = async_call_later(self._hass, _WAIT, self._take_nearest)

    def _is_news(self, unit: str, time: float, message: Message) -> bool:
        """Return whether a waveform is neither the last one again nor an old one."""
        if time == self._last_times.get(unit):
            return False
        self._last_times[unit] = time
        self._clock.note(message.topic, time, message.arrived)
        return not self._clock.is_old(time, message.arrived, _PATIENCE)

    @callback
    def _take_nearest(self, now: datetime) -> None:
        """Take the nearest pair, where none of the same moment arrived."""
        self._stop_waiting = None
        pair = self._find_nearest()
        if pair is not None:
            self._take(Capture(now.timestamp(), *pair, self.voltage_angle))

    def _find_nearest(self) -> tuple[Waveform, Waveform] | None:
        voltages = [(wave.time, wave) for wave in self._waveforms[_VOLTAGE]]
        currents = [(wave.time, wave) for wave in self._waveforms[_CURRENT]]
        return nearest(voltages, currents)

    @callback
    def _take(self, capture: Capture) -> None:
        self.capture = capture
        self.value = capture.at
        self._captured_at = capture.at
        self._is_live = True
        self._discard_waveforms()
        self.notify()

"""An oscilloscope for a clamp: it looks at the mains once an interval, while somebody looks at it.

The topics of the waveforms are frequent. So nothing subscribes to them unless an entity that is
enabled, or an action under way, wants them, and between two looks no message is even parsed. The
clamps share the one voltage, and Home Assistant's MQTT its subscription among them.
"""

from collections import deque
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from math import inf
from typing import override

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later

from ..meter.observable import Observable
from ..metering.waveform_analysis import nearest
from ..protocol.sensors import Sensor
from ..protocol.validation import ProtocolError
from ..protocol.waveform import Waveform, parse_waveform
from ..transport.home_assistant import Message, Transport

_VOLTAGE, _CURRENT = "mV", "mA"
_UNITS = (_VOLTAGE, _CURRENT)
#: Where a pair is there, so long one of the same moment is waited for (s); so many are kept.
_WAIT = 1
_KEPT = 8
#: A clamp that is looked at and silent for longer (s) is not live.
_PATIENCE = 60


@dataclass(frozen=True, slots=True)
class Capture:
    """Voltage and current over one cycle; ``at`` is when they were taken, seconds since 1970."""

    at: float
    voltage: Waveform
    current: Waveform


class Oscilloscope(Observable):
    """Shows when it looked last, in seconds since 1970; ``sensor`` is one of its clamp's."""

    def __init__(
        self,
        hass: HomeAssistant,
        sensor: Sensor,
        topics: tuple[str, str],
        transport: Transport,
        broken: Callable[[str, ProtocolError], None],
        *,
        interval: int,
    ) -> None:
        super().__init__()
        self.sensor = sensor
        self.look: Capture | None = None
        self._hass = hass
        self._topics = topics
        self._transport = transport
        self._broken = broken
        self._interval = interval
        self._alive = True
        self._spoke_at: dict[str, float] = {}
        self._stop_waiting: CALLBACK_TYPE | None = None
        self._begin_anew()

    @property
    def port(self) -> int:
        """The port that its clamp is on."""
        return self.sensor.ports[0]

    @property
    @override
    def available(self) -> bool:
        return self._alive and self._transport.connected

    @override
    async def _async_start(self, work: ExitStack) -> None:
        self._begin_anew()
        work.callback(self._forget)
        for topic, unit in zip(self._topics, _UNITS, strict=True):
            receive = partial(self._receive, unit)
            work.callback(await self._transport.async_subscribe(topic, receive))

    @callback
    def judge(self, now: float) -> None:
        """Learn that time passes, or that the connection came or went."""
        if not self._transport.connected:
            self._begin_anew()
        else:
            for unit in _UNITS:
                self._spoke_at.setdefault(unit, now)
        self._alive = all(now - at <= _PATIENCE for at in self._spoke_at.values())
        self.notify()

    def _begin_anew(self) -> None:
        """Be ready to look at once, and let silence count from the next time on."""
        self._looked_at = -inf
        self._spoke_at.clear()
        self._forget()

    def _forget(self) -> None:
        """Wait for a pair."""
        self._seen: dict[str, deque[Waveform]] = {unit: deque(maxlen=_KEPT) for unit in _UNITS}
        if self._stop_waiting is not None:
            self._stop_waiting()
            self._stop_waiting = None

    @callback
    def _receive(self, unit: str, message: Message) -> None:
        """Take what may be half of a look; one that can't be read is no sign of life."""
        if message.retained:
            return
        if 0 <= message.arrived - self._looked_at < self._interval:
            self._spoke_at[unit] = message.arrived
            return
        try:
            waveform = parse_waveform(message.payload, unit)
        except ProtocolError as error:
            self._broken(message.topic, error)
            return
        self._spoke_at[unit] = message.arrived
        self._seen[unit].append(waveform)
        pair = self._nearest()
        if pair is None:
            return
        if pair[0].time == pair[1].time:
            self._take(Capture(message.arrived, *pair))
        elif self._stop_waiting is None:
            self._stop_waiting = async_call_later(self._hass, _WAIT, self._make_do)

    @callback
    def _make_do(self, now: datetime) -> None:
        """Take the nearest: what is of one moment did not come."""
        self._stop_waiting = None
        pair = self._nearest()
        if pair is not None:
            self._take(Capture(now.timestamp(), *pair))

    def _nearest(self) -> tuple[Waveform, Waveform] | None:
        voltages = [(wave.time, wave) for wave in self._seen[_VOLTAGE]]
        currents = [(wave.time, wave) for wave in self._seen[_CURRENT]]
        return nearest(voltages, currents)

    @callback
    def _take(self, look: Capture) -> None:
        self.look = look
        self.value = look.at
        self._looked_at = look.at
        self._alive = True
        self._forget()
        self.notify()

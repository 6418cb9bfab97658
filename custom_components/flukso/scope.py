"""An oscilloscope for a clamp: it looks at the mains once an interval, while somebody looks at it.

The topics of the waveforms are frequent. So nothing subscribes to them unless an entity that is
enabled, or an action under way, wants them, and between two looks no message is even parsed. The
clamps share the one voltage, and Home Assistant's MQTT its subscription among them.
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from math import inf
from typing import override

from homeassistant.core import CALLBACK_TYPE, callback

from .metering.waves import nearest
from .protocol.sensors import Sensor
from .protocol.waveform import Waveform, parse_waveform
from .protocol.wire import ProtocolError
from .shown import Shown
from .transport import Message, Transport

_UNITS = ("mV", "mA")
#: So long voltage and current of one moment are waited for (s), and so many of each are kept.
_WAIT = 1
_KEPT = 8
#: A clamp that is looked at and silent for longer (s) is not live.
_PATIENCE = 60


@dataclass(frozen=True, slots=True)
class Look:
    """Voltage and current over one cycle; ``at`` is when they arrived, in seconds since 1970."""

    at: float
    voltage: Waveform
    current: Waveform


class Scope(Shown):
    """Shows when it looked last, in seconds since 1970; ``sensor`` is one of its clamp's."""

    def __init__(
        self,
        sensor: Sensor,
        topics: tuple[str, str],
        transport: Transport,
        broken: Callable[[str, ProtocolError], None],
        interval: int,
    ) -> None:
        super().__init__()
        self.sensor = sensor
        self.look: Look | None = None
        self._topics = topics
        self._transport = transport
        self._broken = broken
        self._interval = interval
        self._stops: list[CALLBACK_TYPE] = []
        self._alive = True
        self._spoke_at: float | None = None
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
    async def _async_begin(self) -> None:
        self._begin_anew()
        for topic, unit in zip(self._topics, _UNITS, strict=True):
            receive = partial(self._receive, unit)
            self._stops.append(await self._transport.async_subscribe(topic, receive))

    @override
    def _end(self) -> None:
        while self._stops:
            self._stops.pop()()

    @callback
    def judge(self, now: float) -> None:
        """Learn that time passes, or that the connection came or went."""
        if not self._transport.connected:
            self._begin_anew()
        elif self._spoke_at is None:
            self._spoke_at = now
        self._alive = self._spoke_at is None or now - self._spoke_at <= _PATIENCE
        self.tell()

    def _begin_anew(self) -> None:
        """Be ready to look at once, and let silence count from the next time on."""
        self._looked_at = -inf
        self._spoke_at = None
        self._forget()

    def _forget(self) -> None:
        """Wait for a pair."""
        self._waiting_since: float | None = None
        self._seen: dict[str, deque[Waveform]] = {unit: deque(maxlen=_KEPT) for unit in _UNITS}

    @callback
    def _receive(self, unit: str, message: Message) -> None:
        self._spoke_at = message.arrived
        if message.retained or 0 <= message.arrived - self._looked_at < self._interval:
            return
        try:
            waveform = parse_waveform(message.payload, unit)
        except ProtocolError as error:
            self._broken(message.topic, error)
            return
        self._seen[unit].append(waveform)
        self._waiting_since = self._waiting_since or message.arrived
        pair = nearest(*(_timed(seen) for seen in self._seen.values()))
        waited = abs(message.arrived - self._waiting_since) >= _WAIT
        if pair is not None and (waited or pair[0].time == pair[1].time):
            self._take(Look(message.arrived, *pair))

    @callback
    def _take(self, look: Look) -> None:
        self.look, self.value = look, look.at
        self._looked_at, self._alive = look.at, True
        self._forget()
        self.tell()


def _timed(waveforms: Iterable[Waveform]) -> Iterable[tuple[float, Waveform]]:
    return [(waveform.time, waveform) for waveform in waveforms]

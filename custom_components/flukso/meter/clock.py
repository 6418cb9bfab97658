"""The meter's clock, as ``flx/time`` tells it: how far it is off, and that the meter is alive.

How often the meter tells the time is not known (docs/protocol.md section 1a), so its silence
means something only once it was heard twice, and lasts longer than usual.
"""

from collections.abc import Callable
from contextlib import ExitStack
from typing import override

from homeassistant.core import callback

from ..protocol.clock import parse_clock
from ..protocol.validation import ProtocolError
from ..transport.home_assistant import Message, Transport
from .observable import Observable

#: A clock that is further off is wrong (s).
FAR_OFF = 300
#: It may be silent for so long (s), and for so many times the longest gap that it ever left.
_PATIENCE = 600
_GAPS = 3
_DECIMALS = 1


class Clock(Observable):
    """Shows how many seconds the meter's clock is ahead of that of Home Assistant."""

    def __init__(
        self,
        topic: str,
        transport: Transport,
        broken: Callable[[str, ProtocolError], None],
        interval: int,
    ) -> None:
        super().__init__()
        self.topic = topic
        #: The last that was heard: when, in seconds since 1970, and how far the clock was ahead.
        self.last_offset: tuple[float, float] | None = None
        self._transport = transport
        self._broken = broken
        self._interval = interval
        self._alive = True
        self._shown_at = 0.0
        self._since: float | None = None
        self._longest_gap = 0.0

    @property
    @override
    def available(self) -> bool:
        return self._alive and self._transport.connected

    @property
    def max_silence(self) -> float | None:
        """How long it may be silent (s); None where nothing can be said of that."""
        if not self.listening or not self._longest_gap:
            return None
        return max(_PATIENCE, _GAPS * self._longest_gap)

    @property
    def is_silent(self) -> bool | None:
        """Whether it has been silent for longer than it may be; None where that can't be told."""
        return None if self.max_silence is None else not self._alive

    @override
    async def _async_start(self, work: ExitStack) -> None:
        self.connection_changed()
        work.callback(await self._transport.async_subscribe(self.topic, self._receive))

    @callback
    def connection_changed(self) -> None:
        """Learn that the connection came or went: from now on silence counts anew."""
        self.last_offset = None
        self._since = None
        self._alive = True
        self.notify()

    @callback
    def judge(self, now: float) -> None:
        """Learn that time passes."""
        if self._since is None:
            self._since = now
        max_silence = _PATIENCE if self.max_silence is None else self.max_silence
        self._alive = now - self._since <= max_silence
        self.notify()

    @callback
    def _receive(self, message: Message) -> None:
        if message.retained:
            return
        try:
            time = parse_clock(message.payload)
        except ProtocolError as error:
            self._broken(message.topic, error)
            return
        if self.last_offset is not None:
            self._longest_gap = max(self._longest_gap, message.arrived - self.last_offset[0])
        self.last_offset = message.arrived, time - message.arrived
        self._since, self._alive = message.arrived, True
        if not 0 <= message.arrived - self._shown_at < self._interval:
            self._shown_at = message.arrived
            self.value = round(time - message.arrived, _DECIMALS)
        self.notify()

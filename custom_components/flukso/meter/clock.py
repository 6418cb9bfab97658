"""The meter's clock from ``flx/time``: its offset, and a sign of life of the meter.

How often the meter sends the time is not known (docs/protocol.md section 1a), so its silence
is evaluated only after two messages, and against the longest gap between them.
"""

from collections.abc import Callable
from typing import override

from homeassistant.core import callback

from ..metering.clock_offset import ClockOffset
from ..metering.durations import MINUTE
from ..metering.rounding import rounded
from ..protocol.clock import parse_clock
from ..protocol.validation import ProtocolError
from ..transport.interface import Message, Transport
from ..transport.subscriptions import Subscriptions
from .observable import Observable

#: A clock with a larger offset is wrong (s).
FAR_OFF = 300
#: It may be silent for so long (s), and for so many times its longest gap so far.
_MAX_SILENCE = 600
_MAX_GAPS = 3
#: An older message is one that the broker says again (s).
_MAX_AGE = 60
_DECIMALS = 1


class Clock(Observable):
    """The offset of the meter's clock: seconds that it is ahead of the clock of Home Assistant.

    The value is updated at most once per ``interval`` (s); without one, once a minute.
    """

    def __init__(
        self,
        topic: str,
        transport: Transport,
        report_broken: Callable[[str, ProtocolError], None],
        interval: int | None,
    ) -> None:
        super().__init__()
        self.topic = topic
        #: The offset by all messages of the meter, not only those of its clock.
        self.offset = ClockOffset()
        #: When the last message arrived (s since 1970), and how far the clock was ahead (s).
        self.last_offset: tuple[float, float] | None = None
        self._transport = transport
        self._report_broken = report_broken
        self._interval = MINUTE if interval is None else interval
        self._alive = True
        self._updated_at = 0.0
        self._silent_since: float | None = None
        self._longest_gap = 0.0
        self._last_time = 0.0

    @property
    @override
    def available(self) -> bool:
        return self._alive and self._transport.connected

    @property
    def max_silence(self) -> float | None:
        """Return how long it may be silent (s); None while that is not known."""
        if not self.listening or not self._longest_gap:
            return None
        return max(_MAX_SILENCE, _MAX_GAPS * self._longest_gap)

    @property
    def is_silent(self) -> bool | None:
        """Return whether it has been silent for too long; None while that is not known."""
        return None if self.max_silence is None else not self._alive

    @override
    async def _async_start(self, work: Subscriptions) -> None:
        self.connection_changed()
        work.add(await self._transport.async_subscribe(self.topic, self._receive))

    @callback
    def connection_changed(self) -> None:
        """Handle a connection or disconnection: silence is counted from now on."""
        self.last_offset = None
        self._silent_since = None
        self._alive = True
        self.notify()

    @callback
    def check_silence(self, now: float) -> None:
        """Update whether it is live at the time ``now``."""
        if self._silent_since is None:
            self._silent_since = now
        max_silence = _MAX_SILENCE if self.max_silence is None else self.max_silence
        self._alive = now - self._silent_since <= max_silence
        self.notify()

    @callback
    def _receive(self, message: Message) -> None:
        if message.retained:
            return
        try:
            time = parse_clock(message.payload)
        except ProtocolError as error:
            self._report_broken(message.topic, error)
            return
        if time == self._last_time and self.offset.tells_time(message.arrived):
            return
        self._last_time = time
        self.offset.note(self.topic, time, message.arrived)
        if self.offset.is_old(time, message.arrived, _MAX_AGE):
            return
        if self.last_offset is not None:
            self._longest_gap = max(self._longest_gap, message.arrived - self.last_offset[0])
        self.last_offset = message.arrived, time - message.arrived
        self._silent_since, self._alive = message.arrived, True
        # the difference is negative if the clock of the host was set back
        if not 0 <= message.arrived - self._updated_at < self._interval:
            self._updated_at = message.arrived
            self.value = rounded(time - message.arrived, _DECIMALS)
        self.notify()

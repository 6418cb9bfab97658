"""Checks whether the meter's clock is right: the time in its messages against their arrival.

Readings are enough for that. Only for a meter without clamps, whose pulse inputs may be idle for
days, ``flx/time`` is subscribed to: it has few messages, and is also a sign of life of the meter.
"""

from homeassistant.core import CALLBACK_TYPE, callback

from ..meter.clock import FAR_OFF
from ..meter.input_limits import is_regular
from ..meter.meter import Meter
from ..protocol.sensors import Source

#: The age up to which a message is used (s).
_MAX_AGE = 120


class ClockCheck:
    """Adds up how long the clock has been more than ``FAR_OFF`` off; notes whether it stopped."""

    def __init__(self, meter: Meter, period: float) -> None:
        #: For how long (s); None before the first message.
        self.off: float | None = None
        #: How far ahead the clock was at first (s), negative if it was behind.
        self.ahead = 0.0
        #: Whether it stands still or is much too slow; None while that is not known.
        self.stopped: bool | None = None
        self._meter = meter
        self._period = period
        self._unsubscribe: CALLBACK_TYPE | None = None

    async def async_check(self, now: float) -> None:
        """Check the clock, once per ``period`` (s); without messages nothing changes."""
        await self._subscribe_where_needed()
        offset = self._meter.clock.offset
        if not offset.tells_time(now):
            self.stopped = True
        elif offset.is_confirmed(now, _MAX_AGE):
            self.stopped = False
        ahead = self._ahead(now)
        if ahead is None:
            return
        if abs(ahead) <= FAR_OFF:
            self.off = 0
            return
        if not self.off:
            self.off, self.ahead = 0, ahead
        self.off += self._period

    @callback
    def stop(self) -> None:
        """Unsubscribe from the clock."""
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None

    async def _subscribe_where_needed(self) -> None:
        streams = [each.stream for each in self._meter.channels.values() if each.listening]
        has_pulses = any(stream.sensor.source is Source.PULSE for stream in streams)
        has_clamps = any(is_regular(stream) and stream.sensor.kube is None for stream in streams)
        if not has_pulses or has_clamps or self._meter.configuration.model != "FLM03":
            self.stop()
        elif self._unsubscribe is None:
            self._unsubscribe = await self._meter.clock.async_keep_active()

    def _ahead(self, now: float) -> float | None:
        """Return how far ahead the clock is by the last message (s); None without a recent one."""
        stats = (channel.stats for channel in self._meter.channels.values())
        offsets = [
            (stats.read_at, stats.reading.time - stats.read_at)
            for stats in stats
            if stats.reading is not None and stats.read_at is not None
        ]
        if self._meter.clock.last_offset is not None:
            offsets.append(self._meter.clock.last_offset)
        if not offsets:
            return None
        at, ahead = max(offsets)
        return ahead if now - at <= _MAX_AGE else None

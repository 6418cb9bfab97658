"""Whether the meter's clock is right: the time in what it says, against when that arrived.

The readings tell it by themselves. ``flx/time`` is listened to for a meter without clamps alone,
whose pulses may rest for days: it costs a message now and then, and tells that the meter is alive.
"""

from homeassistant.core import CALLBACK_TYPE, callback

from ..meter.clock import FAR_OFF
from ..meter.input_limits import is_regular
from ..meter.meter import Meter
from ..protocol.sensors import Source

#: What is older (s) tells nothing of now.
_RECENT = 120


class ClockCheck:
    """Adds up for how long the clock has been seen far off."""

    def __init__(self, meter: Meter, period: float) -> None:
        #: How long (s), None if nothing was heard yet, and how far ahead it was seen first (s).
        self.off: float | None = None
        self.ahead = 0.0
        self._meter = meter
        self._period = period
        self._stop_listening: CALLBACK_TYPE | None = None

    async def async_look(self, now: float) -> None:
        """Look, once a period; where nothing is heard, nothing changes."""
        await self._listen_where_needed()
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
        """Listen no longer."""
        if self._stop_listening is not None:
            self._stop_listening()
            self._stop_listening = None

    async def _listen_where_needed(self) -> None:
        streams = [each.stream for each in self._meter.channels.values() if each.listening]
        pulses = any(stream.sensor.source is Source.PULSE for stream in streams)
        clamps = any(is_regular(stream) and stream.sensor.kube is None for stream in streams)
        if not pulses or clamps or self._meter.configuration.model != "FLM03":
            self.stop()
        elif self._stop_listening is None:
            self._stop_listening = await self._meter.clock.async_keep_active()

    def _ahead(self, now: float) -> float | None:
        """How far ahead the clock is by what was heard last, if that was lately."""
        stats = (channel.stats for channel in self._meter.channels.values())
        said = [
            (stats.read_at, stats.reading.time - stats.read_at)
            for stats in stats
            if stats.reading is not None and stats.read_at is not None
        ]
        if self._meter.clock.last_offset is not None:
            said.append(self._meter.clock.last_offset)
        if not said:
            return None
        at, ahead = max(said)
        return ahead if now - at <= _RECENT else None

"""Intervals at which states are written, and the ticks at which that happens."""

from dataclasses import dataclass
from math import gcd

from ..metering.durations import MINUTE
from ..metering.on_change import TICK
from ..protocol.quantities import Unit
from ..protocol.sensors import Stream
from .input_limits import is_event

#: By how much a tick may be late that ends a minute by the clock of the host (s).
_MARGIN = 0.1


@dataclass(frozen=True, slots=True)
class Tick:
    """A tick: the seconds since the start, and whether it is the last one in a minute."""

    elapsed: int
    ends_minute: bool

    def is_due(self, interval: int | None) -> bool:
        """Return whether a value with this interval is due; with none, at the end of a minute."""
        if interval is None:
            return self.ends_minute
        return interval == 0 or self.elapsed % interval == 0


@dataclass(frozen=True, slots=True)
class Intervals:
    """Intervals (s) of active power and current, and of everything else.

    0 is at every reading; None is on change for a gauge, and every minute for a counter.
    """

    power: int | None
    other: int | None

    @property
    def period(self) -> int:
        """Return how often to check which values are due and which channels are live (s)."""
        return gcd(self.power or 0, self.other or 0, TICK)

    def of(self, stream: Stream) -> int | None:
        """Return the interval of a stream."""
        if is_event(stream):
            return 0
        return self.power if stream.unit in {Unit.WATT, Unit.AMPERE} else self.other


class Ticks:
    """The ticks since the start, one per ``period`` of at most 5 s."""

    def __init__(self, period: int) -> None:
        self._period = period
        self._elapsed = 0
        self._minute: int | None = None

    @property
    def last(self) -> Tick:
        """Return the last tick, at which no minute ends again."""
        return Tick(self._elapsed, ends_minute=False)

    def next(self, now: float) -> Tick:
        """Return the tick at the time ``now``; one in the last 5 s of a minute ends it.

        A minute that comes again, because the clock was set back, ends once: Home Assistant would
        sort a higher value before the one that it has of that minute.
        """
        self._elapsed += self._period
        before, minute = self._minute, int(now + TICK + _MARGIN) // MINUTE
        if before is not None and minute == before - 1:
            return self.last
        self._minute = minute
        return Tick(self._elapsed, ends_minute=before not in {None, minute})

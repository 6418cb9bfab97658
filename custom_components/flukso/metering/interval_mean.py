"""The time-weighted mean of a gauge, whose integral is the meter's at any interval."""

from .reading_integral import MAX_GAP, ReadingIntegral
from .rounding import rounded

#: A smaller mean is the error of adding up (decimals).
_DECIMALS = 9


class IntervalMean(ReadingIntegral):
    """The mean of consecutive intervals, in seconds of the meter's clock.

    Missing seconds at the end of an interval take the last reading, so that each interval is
    complete.
    """

    def publish(self, interval: int) -> float | None:
        """Return the mean of ``interval`` seconds since the last call; for 0 the last reading."""
        if self._last is None or not interval:
            return self._last
        end = self._until + interval - self._seconds
        self._count_until(end if end - self._time <= MAX_GAP else self._time + 1, self._last)
        if not self._seconds:
            return self._last
        mean = rounded(float(f"{self._sum / self._seconds:.6g}"), _DECIMALS)
        self._clear()
        return mean

"""The time-weighted mean of a gauge, whose integral is the meter's at any interval."""

from .rounding import rounded

#: A longer gap between readings is not filled (s).
_MAX_GAP = 10
#: If all readings are from an earlier time for so long, the meter's clock was set back (s).
_SET_BACK = 10
#: A smaller mean is the error of adding up (decimals).
_DECIMALS = 9


class IntervalMean:
    """The mean of consecutive intervals, in seconds of the meter's clock.

    A reading applies to its own second and to the missing ones until the next reading; before
    a gap of more than 10 s to its own only. Missing seconds at the end of an interval take the
    last reading, so that each interval is complete. A reading from before the last is dropped.
    """

    def __init__(self) -> None:
        self._time = 0
        self._last: float | None = None
        self._until = 0
        self._sum = 0.0
        self._seconds = 0
        self._earlier: float | None = None

    def take(self, time: int, value: float, at: float) -> bool:
        """Process a reading that arrived ``at`` that time. Returns False if it was dropped."""
        if self._last is None:
            self._time = self._until = time
        elif time < self._time and not self._is_set_back(at):
            return False
        elif time != self._time:
            in_reach = 0 < time - self._time <= _MAX_GAP
            self._count_until(time if in_reach else self._time + 1, self._last)
            self._time = self._until = time
        self._last, self._earlier = value, None
        return True

    def publish(self, interval: int) -> float | None:
        """Return the mean of ``interval`` seconds since the last call; for 0 the last reading."""
        if self._last is None or not interval:
            return self._last
        end = self._until + interval - self._seconds
        self._count_until(end if end - self._time <= _MAX_GAP else self._time + 1, self._last)
        if not self._seconds:
            return self._last
        mean = rounded(float(f"{self._sum / self._seconds:.6g}"), _DECIMALS)
        self._sum, self._seconds = 0.0, 0
        return mean

    def _count_until(self, time: int, value: float) -> None:
        """Add the last reading for each second up to ``time`` that is not counted yet."""
        seconds = max(time - self._until, 0)
        self._sum += value * seconds
        self._seconds += seconds
        self._until += seconds

    def _is_set_back(self, at: float) -> bool:
        if self._earlier is None:
            self._earlier = at
        return at - self._earlier >= _SET_BACK

"""The integral of a gauge over time, in seconds of the meter's clock."""

#: A longer gap between readings is not filled (s).
MAX_GAP = 10
#: If all readings are from an earlier time for so long, the meter's clock was set back (s).
_SET_BACK = 10


class ReadingIntegral:
    """The sum of the readings since it was last cleared, each times the seconds it applies to.

    A reading applies to its own second and to the missing ones until the next reading; before
    a gap of more than 10 s to its own only. A reading from before the last is dropped.
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
            in_reach = 0 < time - self._time <= MAX_GAP
            self._count_until(time if in_reach else self._time + 1, self._last)
            self._time = self._until = time
        self._last, self._earlier = value, None
        return True

    def _count_until(self, time: int, value: float) -> None:
        """Add the last reading for each second up to ``time`` that is not counted yet."""
        seconds = max(time - self._until, 0)
        self._sum += value * seconds
        self._seconds += seconds
        self._until += seconds

    def _clear(self) -> None:
        self._sum, self._seconds = 0.0, 0

    def _is_set_back(self, at: float) -> bool:
        if self._earlier is None:
            self._earlier = at
        return at - self._earlier >= _SET_BACK

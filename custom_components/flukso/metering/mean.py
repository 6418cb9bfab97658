"""The time-weighted mean of a gauge, so that its integral is the meter's whatever the interval."""

#: A longer gap between readings is not filled (s).
_LONGEST_GAP = 10
#: So many readings in a row from an earlier time mean that the meter's clock was set back.
_SET_BACK = 3


class Mean:
    """The mean of the readings since it was last asked for.

    A reading stands for the time since the one before it; after a gap of more than 10 s it
    stands for its own second. A reading from before the last is dropped.
    """

    def __init__(self) -> None:
        self._time: int | None = None
        self._last: float | None = None
        self._sum = 0.0
        self._seconds = 0
        self._earlier = 0

    def take(self, time: int, value: float) -> bool:
        """Take a reading; False if it was dropped."""
        step = 1 if self._time is None else time - self._time
        if step < 0:
            self._earlier += 1
            if self._earlier < _SET_BACK:
                return False
        self._earlier = 0
        self._time, self._last = time, value
        seconds = step if 0 <= step <= _LONGEST_GAP else 1
        self._sum += value * seconds
        self._seconds += seconds
        return True

    def publish(self) -> float | None:
        """The mean since the last call; the last reading if no time has passed since."""
        if self._seconds:
            mean = float(f"{self._sum / self._seconds:.6g}")
            self._sum, self._seconds = 0.0, 0
            return mean
        return self._last

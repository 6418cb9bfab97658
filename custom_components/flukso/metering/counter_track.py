"""The readings of a counter that are not booked yet, and its value between them."""

from bisect import bisect_right

#: A counter's value between two readings is known if they are no further apart (s).
LONGEST_GAP = 10
#: A counter that is sent only when it changes has not changed if others are so far ahead (s).
_WAIT = 60
#: The most readings buffered of one counter while another is silent; then every other is dropped.
_MAX_READINGS = 3600


class CounterTrack:
    """The readings of one counter from its booked value to the ``last`` second.

    It is sent only when it changes if it has a ``step``, which is what it then counts (Wh).
    """

    def __init__(
        self, time: int, value: float, longest_gap: int = LONGEST_GAP, step: float = 0
    ) -> None:
        self.last = time
        self._longest_gap = longest_gap
        self._step = step
        self._times = [time]
        self._values = [value]

    @property
    def begin(self) -> int:
        """The second up to which it is booked."""
        return self._times[0]

    @property
    def booked(self) -> float:
        """The value up to which it is booked."""
        return self._values[0]

    def take(self, time: int, value: float) -> None:
        """Add a reading; those of later seconds are dropped, as the clock was wrong then."""
        if (time, value) == (self._times[-1], self._values[-1]):
            return
        booked = self.booked
        while self._times and self._times[-1] >= time:
            self._times.pop()
            self._values.pop()
        if not self._times:
            self._times, self._values = [time - 1], [booked]
        self.last = time
        self._times.append(time)
        self._values.append(value)
        if len(self._times) > _MAX_READINGS:
            del self._times[1:-1:2]
            del self._values[1:-1:2]

    def times_until(self, end: int) -> list[int]:
        """Return the seconds of the readings up to ``end``."""
        return self._times[: bisect_right(self._times, end)]

    def at(self, time: int) -> float:
        """Return the value at a second, interpolated between the readings around it."""
        after = bisect_right(self._times, time)
        if not 0 < after < len(self._times):
            return self._values[max(after - 1, 0)]
        begin, end = self._times[after - 1 : after + 1]
        low, high = self._values[after - 1 : after + 1]
        return low + (high - low) * (time - begin) / (end - begin)

    def known_until(self, newest: int) -> int:
        """Return until when its value is known, if the newest reading of all is of that second."""
        return max(self.last, newest - _WAIT) if self._step else self.last

    def is_known_at(self, time: int) -> bool:
        """Return whether the readings around a second are close enough to interpolate."""
        after = bisect_right(self._times, time)
        around = slice(max(after - 1, 0), after + 1)
        times, values = self._times[around], self._values[around]
        if time in times:
            return True
        if self._step and abs(values[-1] - values[0]) <= self._step:
            return True
        return len(times) == 2 and times[1] - times[0] <= self._longest_gap

    def book_until(self, time: int) -> None:
        """Drop the readings before that second."""
        value = self.at(time)
        after = bisect_right(self._times, time)
        self._times[:after], self._values[:after] = [time], [value]

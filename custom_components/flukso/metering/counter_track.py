"""The readings of a counter that are not booked yet, and its value between them."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

#: A counter's value between two readings is known if they are no further apart (s).
LONGEST_GAP = 10
#: A counter that is sent only when it changes has not changed if others are so far ahead (s).
_WAIT = 60
#: The most readings buffered of one counter while another is silent; then every other is dropped.
_MAX_READINGS = 3600


class CounterTrack:
    """The readings of one counter from its booked value to the ``last`` second.

    ``step`` is the least that it counts when it is sent (Wh); 0 if it is sent every second. The
    value between two readings is known if they are no more than ``longest_gap`` apart (s).
    """

    def __init__(
        self, time: int, value: float, longest_gap: int = LONGEST_GAP, step: float = 0
    ) -> None:
        self.last = time
        self._longest_gap = longest_gap
        self._step = step
        self._times = [time]
        self._values = [value]
        #: The second of the reading that the booked value is of, or is interpolated from.
        self._read_at = time

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
            self._read_at = time - 1
        self.last = time
        self._times.append(time)
        self._values.append(value)
        if len(self._times) > _MAX_READINGS:
            del self._times[1:-1:2]
            del self._values[1:-1:2]

    def extend(self, times: Sequence[int], values: Sequence[float]) -> None:
        """Add readings of rising seconds."""
        if times and times[0] > self._times[-1] and len(self._times) + len(times) <= _MAX_READINGS:
            self._times += times
            self._values += values
            self.last = times[-1]
            return
        for time, value in zip(times, values, strict=True):
            self.take(time, value)

    def times_until(self, end: int) -> list[int]:
        """Return the seconds of the readings up to ``end``."""
        return self._times[: bisect_right(self._times, end)]

    def at(self, time: int) -> float:
        """Return the value at a second, interpolated between the readings around it.

        Outside them it is the first or last value.
        """
        after = bisect_right(self._times, time)
        if not 0 < after < len(self._times):
            return self._values[max(after - 1, 0)]
        begin, end = self._times[after - 1 : after + 1]
        low, high = self._values[after - 1 : after + 1]
        return low + (high - low) * (time - begin) / (end - begin)

    def values_at(self, times: list[int]) -> list[float]:
        """Return the values at rising seconds, interpolated in the same way."""
        own = self._slice_of(times)
        return [self.at(time) for time in times] if own is None else self._values[own]

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
        read_at = times[0] if after > 1 else self._read_at
        return len(times) == 2 and times[1] - read_at <= self._longest_gap

    def are_known_at(self, times: list[int]) -> list[bool]:
        """Return ``is_known_at`` for each of several rising seconds, at least one."""
        if self._slice_of(times) is None:
            return [self.is_known_at(time) for time in times]
        return [True] * len(times)

    def _slice_of(self, times: list[int]) -> slice | None:
        """Return where its readings of rising seconds are, if it has one of each and no other."""
        begin = bisect_left(self._times, times[0])
        own = slice(begin, begin + len(times))
        return own if self._times[own] == times else None

    def book_until(self, time: int) -> None:
        """Replace the readings up to that second by its value."""
        value = self.at(time)
        after = bisect_right(self._times, time)
        self._read_at = self._times[after - 1] if after > 1 else min(self._read_at, time)
        self._times[:after], self._values[:after] = [time], [value]

"""The last reading that was heard on a topic, which tells what is said again."""

from math import inf

from .clock_offset import CLOCK_IS_SET
from .clock_pace import JITTER

#: How many values of a second are kept: a meter whose clock stands still sends them without end.
_MAX_VALUES = 16


class LastHeard:
    """The last reading, and the values of the last second of which there was one.

    ``time`` is a second by the meter's clock, ``measured`` is the same by the clock of the host.
    """

    def __init__(self, time: int = -1, measured: float = -inf) -> None:
        self._time = time
        self._measured = measured
        self._values: list[float] = []
        self._last: tuple[int, float] = (-1, 0.0)

    def note(self, time: int, value: float, measured: float) -> None:
        """Process a reading; one from before the clock was set does not tell the time."""
        self._last = time, value
        if time < CLOCK_IS_SET:
            return
        self._values = [*self._values[1 - _MAX_VALUES :], value] if time == self._time else [value]
        self._time, self._measured = time, measured

    def includes(self, time: int) -> bool:
        """Return whether the last reading, or one of the last second, has this time."""
        return time in (self._time, self._last[0])

    def repeats(self, time: int, value: float, *, is_late: bool) -> bool:
        """Return whether a reading is the last again, or a late one any of the last second."""
        is_known = is_late and time == self._time and value in self._values
        return is_known or (time, value) == self._last

    def is_before(self, time: int) -> bool:
        """Return whether a reading of that time is of a later second, by a clock that is set."""
        return time > self._time and time >= CLOCK_IS_SET

    def is_later_than(self, time: int, measured: float) -> bool:
        """Return whether a reading was measured before; not by a clock that was set back."""
        return CLOCK_IS_SET <= time < self._time and measured <= self._measured + JITTER

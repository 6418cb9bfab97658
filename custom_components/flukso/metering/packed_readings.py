"""The readings of a counter from blocks in a meter's memory, packed: one a second for days.

Times are in seconds since 1970, values in thousandths of the counter's unit.
"""

from array import array
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from time import sleep

from .segments import Segments

#: The size of a chunk, and the sleep after it that lets other threads run (s).
_CHUNK_READINGS = 16 * 1024
_CHUNK_SLEEP = 0.0001
#: What does not fit into the four bytes of a packed value.
_TOO_LARGE = 2**32


@dataclass(frozen=True, slots=True, eq=False)
class PackedReadings:
    """A span of time, from ``begin`` to before ``end``, of which all readings are known.

    ``times`` count from ``begin``, ``values`` from ``lowest``.
    """

    begin: int
    end: int
    lowest: int
    times: array[int]
    values: array[int]

    @property
    def first(self) -> int:
        """The first value."""
        return self.lowest + self.values[0]

    @property
    def last(self) -> int:
        """The last value."""
        return self.lowest + self.values[-1]

    def between(self, after: int, until: int) -> tuple[list[int], list[int]]:
        """Return the times and values of the readings after a second, up to another one."""
        span = slice(
            bisect_right(self.times, after - self.begin),
            bisect_right(self.times, until - self.begin),
        )
        begin, lowest = self.begin, self.lowest
        times = [begin + time for time in self.times[span]]
        return times, [lowest + value for value in self.values[span]]


def packed(begin: int, end: int, times: Sequence[int], values: Sequence[int]) -> PackedReadings:
    """Return the readings of a block; to be called in a worker thread."""
    chunks = [
        slice(start, start + _CHUNK_READINGS) for start in range(0, len(times), _CHUNK_READINGS)
    ]
    lowest = min(min(values[chunk]) for chunk in chunks)
    highest = max(max(values[chunk]) for chunk in chunks)
    packed_times, packed_values = array("I"), array("I" if highest - lowest < _TOO_LARGE else "q")
    for chunk in chunks:
        packed_times.extend(time - begin for time in times[chunk])
        packed_values.extend(value - lowest for value in values[chunk])
        sleep(_CHUNK_SLEEP)
    return PackedReadings(begin, end, lowest, packed_times, packed_values)


class CounterReadings(Segments[PackedReadings]):
    """The readings of one counter, from spans that come in any order."""

    def __init__(self, *, both_ways: bool = False) -> None:
        super().__init__()
        self._both_ways = both_ways

    def is_known(self, begin: int, end: int) -> bool:
        """Return whether the counter is known from a second to another one.

        Between two spans it is if it showed the same at both ends: without pulses, the meter
        stores nothing.
        """
        within = [known for known in self._segments if known.begin <= end and begin < known.end]
        if not within or within[0].begin > begin or within[-1].end <= end:
            return False
        return all(
            before.end == after.begin or (not self._both_ways and before.last == after.first)
            for before, after in pairwise(within)
        )

    def last_until(self, second: int) -> tuple[list[int], list[int]]:
        """Return the last reading up to a second, if there is one."""
        for known in reversed(self._segments):
            index = bisect_right(known.times, second - known.begin) - 1
            if index >= 0:
                return [known.begin + known.times[index]], [known.lowest + known.values[index]]
        return [], []

    def between(self, after: int, until: int) -> tuple[list[int], list[int]]:
        """Return the times and values of the readings after a second, up to another one."""
        times: list[int] = []
        values: list[int] = []
        for known in self._segments:
            if known.begin <= until and after < known.end:
                more_times, more_values = known.between(after, until)
                times += more_times
                values += more_values
                after = times[-1] if times else after
        return times, values

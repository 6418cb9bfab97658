"""The readings of a counter from blocks in a meter's memory, packed: one a second for days.

Times are in seconds since 1970, values in thousandths of the counter's unit.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import sub
from time import sleep

from .segments import Segments

#: The size of a chunk, and the sleep after it that lets other threads run (s).
_CHUNK_READINGS = 16 * 1024
_CHUNK_SLEEP = 0.0001
#: What may have been counted in a silence: the pulse that ends it, of up to one unit (thousandths).
LITTLE = 1000
#: A time (s since 1970) and a value; the first and the last one of a stretch of time.
type _Reading = tuple[int, int]
type _Stretch = tuple[_Reading, _Reading]

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

    def stretches(self, begin: int, end: int, silence: int) -> Iterator[_Stretch]:
        """Yield the first and the last reading of each stretch of some time without a silence.

        The last reading until that time and the first one after it belong to them.
        """
        start = max(bisect_right(self.times, begin - self.begin) - 1, 0)
        last = min(bisect_right(self.times, end - self.begin), len(self.times) - 1)
        for first in range(start, last, _CHUNK_READINGS):
            times = self.times[first : min(first + _CHUNK_READINGS, last) + 1]
            if max(map(sub, times[1:], times, strict=False)) > silence:
                for index, (before, after) in enumerate(pairwise(times), first):
                    if after - before > silence:
                        yield self._reading(start), self._reading(index)
                        start = index + 1
            sleep(_CHUNK_SLEEP)
        yield self._reading(start), self._reading(last)

    def _reading(self, index: int) -> _Reading:
        return self.begin + self.times[index], self.lowest + self.values[index]


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
    """The readings of one counter, from spans that come in any order.

    Its memory is never silent for longer than ``max_silence`` (s), if that is known.
    """

    def __init__(self, *, both_ways: bool = False, max_silence: int | None = None) -> None:
        super().__init__()
        self._both_ways = both_ways
        self._max_silence = max_silence

    def is_known(self, begin: int, end: int) -> bool:
        """Return whether the counter is known from a second to another one.

        Between two spans it is if it showed the same at both ends, but for a pulse of up to one
        unit that ends the silence: without pulses, the meter stores nothing. To be called in a
        worker thread.
        """
        known = self._segments
        first = bisect_right(known, begin, key=lambda span: span.begin) - 1
        last = bisect_right(known, end, key=lambda span: span.end)
        if first < 0 or last == len(known):
            return False
        are_joined = all(
            before.end == after.begin
            or (not self._both_ways and 0 <= after.first - before.last <= LITTLE)
            for before, after in pairwise(known[first : last + 1])
        )
        return are_joined and not self._is_silent(begin, end)

    def _is_silent(self, begin: int, end: int) -> bool:
        """Return whether it counted in a silence that is in a part of that time."""
        longest = self._max_silence
        if longest is None:
            return False
        near = [
            known
            for known in self._segments
            if known.begin <= end + longest and begin - longest < known.end
        ]
        stretches = [each for known in near for each in known.stretches(begin, end, longest)]
        if not stretches:
            return False
        (first, _), (last, _) = stretches[0][0], stretches[-1][1]
        if begin < first - longest or last + longest < end:
            return True
        return any(
            after - before > longest
            and before < end
            and begin < after
            and abs(next_value - value) > LITTLE
            for (_, (before, value)), ((after, next_value), _) in pairwise(stretches)
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

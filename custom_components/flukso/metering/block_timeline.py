"""Values of a counter around the ends of hours, from the blocks in a meter's memory.

Values are in thousandths of the counter's unit, times in seconds since 1970.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import gcd
from time import sleep

from .durations import HOUR
from .packed_readings import LITTLE
from .segments import Segments

#: From thousandths of a Wh a second to W.
_TO_WATT = HOUR / 1000
#: The size of a chunk, and the sleep after it that lets other threads run (s).
_CHUNK_READINGS = 16 * 1024
_CHUNK_SLEEP = 0.0001
#: Some meters store only the readings of every eighth second, and those of a pulse input come at
#: any second (docs/protocol.md section 7). So many readings in such seconds are no coincidence.
_DECIMATION = 8
_NO_COINCIDENCE = 10


@dataclass(frozen=True, slots=True)
class Slack:
    """How long (s) before and after the end of an hour its recorded state may date from."""

    before: int
    after: int


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """A span of time, from ``begin`` to before ``end``, of which all readings are known.

    It has the ``first`` and the ``last`` reading (time, value); the ``values`` of the counter
    ``at`` the ends of hours, and the slack before and after them; the range of a counter that
    runs both ways around each end (``ranges``); and the lowest and highest power (W) of each
    hour (``powers``). All times of its ``count`` readings are multiples of ``step``; if that is
    one of the seconds that a meter keeps, it has the first value after each end and its slack
    (``following``).
    """

    begin: int
    end: int
    first: tuple[int, int]
    last: tuple[int, int]
    at: array[int]
    values: array[int]
    ranges: Mapping[int, tuple[int, int]]
    powers: Mapping[int, tuple[float, float]]
    step: int
    count: int
    following: Mapping[int, int]

    def value_at(self, time: int) -> int | None:
        """Return the value at one of the times in ``at``; None for any other."""
        index = bisect_left(self.at, time)
        is_kept = index < len(self.at) and self.at[index] == time
        return self.values[index] if is_kept else None


def segment_of(
    begin: int,
    end: int,
    times: array[int],
    values: array[int],
    *,
    slack: Slack,
    both_ways: bool = False,
    power_over: int | None = None,
    max_silence: int | None = None,
) -> Segment:
    """Return the segment of a block's readings; to be called in a worker thread.

    A counter that falls was reset: the readings before belong to another count and are left
    out. What it shows in a silence of more than ``max_silence`` (s) is not known, unless it shows
    the same afterwards. With ``power_over``, the counter is one of energy, and its power is the
    mean between readings that are at least so many seconds apart.
    """
    start = 0 if both_ways else _last_fall(values)
    if start:
        begin, times, values = times[start], times[start:], values[start:]
    ends = range(begin // HOUR * HOUR, end + slack.before + HOUR, HOUR)
    around = {hour + shift for hour in ends for shift in (-slack.before, 0, slack.after)}
    last = {time: bisect_right(times, time) - 1 for time in around if times[0] <= time < end}
    at = array(
        "q",
        sorted(
            time
            for time, index in last.items()
            if max_silence is None
            or time - times[index] <= max_silence
            or values[index : index + 1] == values[index + 1 : index + 2]
        ),
    )
    values_at = array("q", (values[last[time]] for time in at))
    ranges = _ranges(times, values, ends, slack) if both_ways else {}
    powers = {} if power_over is None else hourly_powers(times, values, power_over)
    step = _step(times)
    following = _following(times, values, ends, slack) if step % _DECIMATION == 0 else {}
    return Segment(
        begin,
        end,
        (times[0], values[0]),
        (times[-1], values[-1]),
        at,
        values_at,
        ranges,
        powers,
        step,
        len(times),
        following,
    )


def _last_fall(values: array[int]) -> int:
    """Return the index of the last value that is lower than the one before; 0 if none is."""
    for end in range(len(values), 1, -_CHUNK_READINGS):
        begin = max(end - _CHUNK_READINGS - 1, 0)
        steps = enumerate(pairwise(values[begin:end]), begin + 1)
        falls = [index for index, (before, after) in steps if after < before]
        if falls:
            return falls[-1]
        sleep(_CHUNK_SLEEP)
    return 0


def _step(times: array[int]) -> int:
    """Return the number of which all times are multiples."""
    step = 0
    for begin in range(0, len(times), _CHUNK_READINGS):
        step = gcd(step, *times[begin : begin + _CHUNK_READINGS])
        if step == 1:
            break
        sleep(_CHUNK_SLEEP)
    return step


def _following(times: array[int], values: array[int], ends: range, slack: Slack) -> dict[int, int]:
    """Return the first value after each end of an hour and its slack, if there is one."""
    indices = ((hour, bisect_right(times, hour + slack.after)) for hour in ends)
    return {hour: values[index] for hour, index in indices if index < len(values)}


def _ranges(
    times: array[int], values: array[int], ends: range, slack: Slack
) -> dict[int, tuple[int, int]]:
    """Return the lowest and highest reading around each end of an hour that has any."""
    around = {
        hour: values[
            bisect_left(times, hour - slack.before) : bisect_right(times, hour + slack.after)
        ]
        for hour in ends
    }
    return {hour: (min(near), max(near)) for hour, near in around.items() if near}


def hourly_powers(
    times: array[int], values: array[int], over: int
) -> dict[int, tuple[float, float]]:
    """Return the lowest and highest power (W) of each hour with readings far enough apart."""
    powers = {}
    for hour in range(times[0] // HOUR * HOUR, times[-1] + 1, HOUR):
        index, end = bisect_left(times, hour), bisect_left(times, hour + HOUR)
        means = []
        while (later := bisect_left(times, times[index] + over, index + 1, end)) < end:
            counted, seconds = values[later] - values[index], times[later] - times[index]
            means.append(counted * _TO_WATT / seconds)
            index = later
        if means:
            powers[hour] = (min(means), max(means))
            sleep(_CHUNK_SLEEP)
    return powers


class Timeline(Segments[Segment]):
    """The known history of one counter, from segments in any order.

    It is never silent for longer than ``max_silence`` (s), if that is known.
    """

    def __init__(self, *, both_ways: bool = False, max_silence: int | None = None) -> None:
        super().__init__()
        self._both_ways = both_ways
        self._max_silence = max_silence

    def value_at(self, time: int) -> int | None:
        """Return the value at the end of an hour, or the slack before or after it.

        It is the last reading until then; None if there may have been another.
        """
        segments = self._segments
        index = bisect_right(segments, time, key=lambda known: known.begin)
        before = segments[index - 1] if index else None
        if before is None:
            return None
        if before.first[0] <= time < before.end:
            known = before.value_at(time)
            if known is not None or time < before.last[0]:
                return known
        after = index if time >= before.first[0] else index - 1
        if 0 < after < len(segments) and self._shows(segments[after - 1], time, segments[after]):
            return segments[after - 1].last[1]
        return None

    def _shows(self, before: Segment, time: int, after: Segment) -> bool:
        """Return whether the last value of a segment is that of a time before the next one."""
        counted = after.first[1] - before.last[1]
        if not self._both_ways and 0 <= counted <= LITTLE:
            return True
        is_valid = self._max_silence is None or time - before.last[0] <= self._max_silence
        return before.end == after.begin and is_valid and (self._both_ways or counted >= 0)

    def is_decimated(self, time: int) -> bool:
        """Return whether the readings until then are those of every eighth second only."""
        step = count = 0
        for known in reversed(self._segments):
            if known.begin <= time and count < _NO_COINCIDENCE:
                step, count = gcd(step, known.step), count + known.count
        return count >= _NO_COINCIDENCE and step % _DECIMATION == 0

    def following(self, end: int) -> int | None:
        """Return the first value after the end of an hour and its slack; None if not known."""
        for known in self._segments:
            if end in known.following:
                return known.following[end]
            if known.begin > end:
                return known.first[1]
        return None

    def extremes(self, hour: int) -> list[int]:
        """Return the lowest and highest reading around the end of an hour.

        There are none of a counter that runs one way only.
        """
        ranges = (known.ranges.get(hour, ()) for known in self._segments)
        return [reading for extremes in ranges for reading in extremes]

    def powers(self, hour: int) -> list[float]:
        """Return the lowest and highest power (W) in an hour, of each segment with a part of it."""
        ranges = (known.powers.get(hour, ()) for known in self._segments)
        return [power for extremes in ranges for power in extremes]

"""What a meter's memory tells of a counter: what it showed around the ends of hours.

Values are in thousandths of the counter's unit, times in seconds since 1970.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from time import sleep

from .durations import HOUR

#: From thousandths of a Wh a second to W.
_TO_WATT = HOUR / 1000
#: What is worked through at once, and how long (s) other threads may go on then.
_PIECE_READINGS = 16 * 1024
_BREATH = 0.0001


@dataclass(frozen=True, slots=True)
class Slack:
    """How long (s) before and after the end of an hour what is recorded of it may be from."""

    before: int
    after: int


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """The seconds from ``begin`` to before ``end``, all readings of which are known.

    Of these it keeps the ``first`` and the ``last`` (time, value); its ``values``
    ``at`` the ends of hours, and the slack before and after them; how far a counter that runs
    both ways swings between these; and the lowest and highest power (W) of each hour.
    """

    begin: int
    end: int
    first: tuple[int, int]
    last: tuple[int, int]
    at: array[int]
    values: array[int]
    swings: Mapping[int, tuple[int, int]]
    powers: Mapping[int, tuple[float, float]]

    def value_at(self, time: int) -> int | None:
        """What the counter showed at one of the times that are kept."""
        place = bisect_left(self.at, time)
        kept = place < len(self.at) and self.at[place] == time
        return self.values[place] if kept else None


def segment_of(
    begin: int,
    end: int,
    times: array[int],
    values: array[int],
    *,
    slack: Slack,
    both_ways: bool = False,
    power_over: int | None = None,
) -> Segment:
    """Keep what is needed of a block's readings; made for a worker thread.

    A counter that falls has begun anew: what is before belongs to another count, and is left out.
    With ``power_over``, the counter is one of energy, and its power the mean between readings
    that are so many seconds apart.
    """
    fell = 0 if both_ways else _last_fall(values)
    if fell:
        begin, times, values = times[fell], times[fell:], values[fell:]
    ends = range(begin // HOUR * HOUR, end + slack.before + HOUR, HOUR)
    around = {hour + apart for hour in ends for apart in (-slack.before, 0, slack.after)}
    at = array("q", sorted(moment for moment in around if times[0] <= moment < end))
    showed = array("q", (values[bisect_right(times, moment) - 1] for moment in at))
    swings = _swings(times, values, ends, slack) if both_ways else {}
    powers = {} if power_over is None else _powers(times, values, power_over)
    first, last = (times[0], values[0]), (times[-1], values[-1])
    return Segment(begin, end, first, last, at, showed, swings, powers)


def _last_fall(values: array[int]) -> int:
    """The place of the last value that is lower than the one before; 0 if none is."""
    for end in range(len(values), 1, -_PIECE_READINGS):
        begin = max(end - _PIECE_READINGS - 1, 0)
        steps = enumerate(pairwise(values[begin:end]), begin + 1)
        falls = [place for place, (before, after) in steps if after < before]
        if falls:
            return falls[-1]
        sleep(_BREATH)
    return 0


def _swings(
    times: array[int], values: array[int], ends: range, slack: Slack
) -> dict[int, tuple[int, int]]:
    """The lowest and highest reading around each end of an hour that has any."""
    around = {
        hour: values[
            bisect_left(times, hour - slack.before) : bisect_right(times, hour + slack.after)
        ]
        for hour in ends
    }
    return {hour: (min(found), max(found)) for hour, found in around.items() if found}


def _powers(times: array[int], values: array[int], over: int) -> dict[int, tuple[float, float]]:
    powers = {}
    for hour in range(times[0] // HOUR * HOUR, times[-1] + 1, HOUR):
        place, end = bisect_left(times, hour), bisect_left(times, hour + HOUR)
        found = []
        while (later := bisect_left(times, times[place] + over, place + 1, end)) < end:
            counted, seconds = values[later] - values[place], times[later] - times[place]
            found.append(counted * _TO_WATT / seconds)
            place = later
        if found:
            powers[hour] = (min(found), max(found))
            sleep(_BREATH)
    return powers


class Timeline:
    """What is known of one counter, of stretches that may come in any order, and overlap.

    A larger stretch stands for those within it.
    """

    def __init__(self, *, both_ways: bool = False) -> None:
        self._both_ways = both_ways
        self._segments: tuple[Segment, ...] = ()

    @property
    def span(self) -> tuple[int, int]:
        """From where to where something is known; nothing is from 0 to 0."""
        known = self._segments
        return (known[0].begin, known[-1].end) if known else (0, 0)

    def covers(self, begin: int, end: int) -> bool:
        """Whether all of these seconds are within one stretch."""
        return any(known.begin <= begin and end <= known.end for known in self._segments)

    def add(self, segment: Segment) -> None:
        """Learn a stretch."""
        if not self.covers(segment.begin, segment.end):
            apart = [
                known
                for known in self._segments
                if known.begin < segment.begin or segment.end < known.end
            ]
            self._segments = tuple(sorted([*apart, segment], key=lambda known: known.begin))

    def forget(self, before: int) -> None:
        """Let go of stretches that ended before."""
        self._segments = tuple(known for known in self._segments if known.end >= before)

    def value_at(self, time: int) -> int | None:
        """What the counter showed at the end of an hour, or the slack before or after it.

        It is the last reading until then; None where it is not known whether there was another.
        """
        segments = self._segments
        place = bisect_right(segments, time, key=lambda known: known.begin)
        before = segments[place - 1] if place else None
        if before is None:
            return None
        if before.first[0] <= time < before.end:
            return before.value_at(time)
        after = place if time >= before.end else place - 1
        if 0 < after < len(segments) and self._rests(segments[after - 1], segments[after]):
            return segments[after - 1].last[1]
        return None

    def _rests(self, before: Segment, after: Segment) -> bool:
        """Whether nothing was counted between the last reading of one and the first of the next."""
        if before.end == after.begin:
            return self._both_ways or before.last[1] <= after.first[1]
        return not self._both_ways and before.last[1] == after.first[1]

    def swings(self, hour: int) -> list[int]:
        """The lowest and highest reading around the end of an hour, of a counter both ways."""
        found = (known.swings.get(hour, ()) for known in self._segments)
        return [reading for extremes in found for reading in extremes]

    def powers(self, hour: int) -> list[float]:
        """The lowest and highest power in an hour, of each stretch that has a part of it (W)."""
        found = (known.powers.get(hour, ()) for known in self._segments)
        return [power for extremes in found for power in extremes]

"""Hourly mean, minimum and maximum of a gauge, from the blocks in a meter's memory.

Of a block, only the sums and extremes of its hours are kept, never its readings. Times are in
seconds since 1970, values in the unit of the gauge's entity.
"""

from array import array
from bisect import bisect_left, bisect_right
from cmath import phase, rect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import degrees, radians
from operator import mul
from time import sleep
from typing import NamedTuple

from .durations import HOUR
from .rounding import rounded
from .rows import AngleRow, MeanRow
from .segments import Segments

#: An hour of which the meter knows less has no row.
MIN_SHARE = 0.9
_DECIMALS = 6
#: How long a worker sleeps after each hour of a block, so that other threads run (s).
_PAUSE = 0.0001

#: Returns the value of a reading that is stored as so many thousandths; None if it is impossible.
type Read = Callable[[int], float | None]


@dataclass(frozen=True, slots=True)
class GaugeKind:
    """How the readings of a gauge are summed up.

    A reading is valid until the next one, but no longer than ``max_age`` (s). The mean of a
    ``circular`` gauge, an angle in degrees, is that of directions.
    """

    max_age: int
    circular: bool = False

    def integral(self, values: Sequence[float], seconds: Sequence[int]) -> complex:
        """Return the sum of values that were valid for so long; of angles, of their directions."""
        if self.circular:
            return sum(map(rect, seconds, map(radians, values), strict=True), start=0j)
        return complex(sum(map(mul, values, seconds, strict=True)))


class _Part(NamedTuple):
    """The known part of an hour: its seconds, the integral over them, and the extremes."""

    seconds: float
    real: float
    imaginary: float
    lowest: float
    highest: float


@dataclass(frozen=True, slots=True, eq=False)
class GaugeSegment:
    """A block of a gauge: the known parts of its hours, one after the other in ``parts``.

    It has the time of its ``first`` reading, and the time and value of the ``last``; the value is
    None if it is impossible.
    """

    begin: int
    end: int
    first: int
    last: tuple[int, float | None]
    parts: array[float]

    def part(self, hour: int) -> _Part:
        """Return what is known of one of its hours."""
        start = (hour - self.begin // HOUR * HOUR) // HOUR * len(_Part._fields)
        return _Part(*self.parts[start : start + len(_Part._fields)])


def gauge_segment(
    begin: int,
    end: int,
    times: array[int],
    thousandths: array[int],
    *,
    kind: GaugeKind,
    read: Read,
) -> GaugeSegment:
    """Return the segment of a block's readings; to be called in a worker thread."""
    parts = array("d")
    for hour in range(begin // HOUR * HOUR, end, HOUR):
        start = max(bisect_right(times, hour) - 1, 0)
        stop = bisect_left(times, hour + HOUR)
        bounds = [*times[start : stop + 1], end]
        values = [read(value) for value in thousandths[start:stop]]
        parts.extend(_part(bounds, values, hour, kind))
        sleep(_PAUSE)
    return GaugeSegment(begin, end, times[0], (times[-1], read(thousandths[-1])), parts)


def _part(
    bounds: Sequence[int],
    values: Sequence[float | None],
    hour: int,
    kind: GaugeKind,
) -> _Part:
    """Return what is known of an hour; each value is valid from a bound until the next."""
    stop = hour + HOUR
    known = [
        (value, until - max(begin, hour))
        for (begin, following), value in zip(pairwise(bounds), values, strict=False)
        if value is not None
        and (until := min(following, begin + kind.max_age, stop)) > max(begin, hour)
    ]
    if not known:
        return _Part(0, 0, 0, 0, 0)
    valid, seconds = zip(*known, strict=True)
    integral = kind.integral(valid, seconds)
    return _Part(sum(seconds), integral.real, integral.imag, min(valid), max(valid))


class GaugeTimeline(Segments[GaugeSegment]):
    """The known hours of one gauge, from segments in any order."""

    def __init__(self, kind: GaugeKind) -> None:
        super().__init__()
        self._kind = kind

    def rows(self, hours: range) -> list[MeanRow | AngleRow]:
        """Return the rows of those of ``hours`` of which at least ``MIN_SHARE`` is known."""
        known = [(hour, self._known(hour)) for hour in hours]
        enough = [(hour, part) for hour, part in known if part.seconds >= MIN_SHARE * HOUR]
        if self._kind.circular:
            return [_angle_row(hour, part) for hour, part in enough]
        return [_mean_row(hour, part) for hour, part in enough]

    def _known(self, hour: int) -> _Part:
        """Return what is known of an hour, from all segments and from one to the next."""
        segments = self._segments
        start = bisect_right(segments, hour, key=lambda known: known.end)
        stop = bisect_left(segments, hour + HOUR, key=lambda known: known.begin)
        parts = [known.part(hour) for known in segments[start:stop]]
        for before, after in pairwise(segments[max(start - 1, 0) : stop]):
            if before.end == after.begin:
                time, value = before.last
                left = replace(self._kind, max_age=time + self._kind.max_age - before.end)
                parts.append(_part([before.end, after.first], [value], hour, left))
        parts = [part for part in parts if part.seconds]
        if not parts:
            return _Part(0, 0, 0, 0, 0)
        seconds, reals, imaginaries, lowest, highest = zip(*parts, strict=True)
        return _Part(sum(seconds), sum(reals), sum(imaginaries), min(lowest), max(highest))


def _mean_row(hour: int, part: _Part) -> MeanRow:
    mean = rounded(part.real / part.seconds, _DECIMALS)
    # The mean of equal values may round to another.
    return MeanRow(hour, min(max(mean, part.lowest), part.highest), part.lowest, part.highest)


def _angle_row(hour: int, part: _Part) -> AngleRow:
    integral = complex(part.real, part.imaginary)
    return AngleRow(hour, rounded(degrees(phase(integral)), _DECIMALS) % 360, abs(integral))

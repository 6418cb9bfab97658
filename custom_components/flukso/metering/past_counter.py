"""What a counter counted in each hour of its past, from the blocks in a meter's memory.

Values are in thousandths of the counter's unit, times in seconds since 1970. A counter that was
reset, or leapt, continues with what it counted before and after that.
"""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from math import ceil
from typing import NamedTuple

from .durations import HOUR
from .packed_readings import LITTLE
from .past_block import CountingLaw, PastBlock
from .past_rows import PastRows, missing_of
from .rounding import rounded
from .rows import MeanRow, Row
from .segments import Segments

_THOUSAND = 1000
#: The rounding error of Home Assistant, which converts and sums floats (the counter's unit).
_ROUNDING = 0.01
#: A recorded state may be ahead of the meter's memory by what is counted in these seconds: some
#: meters store the readings of every eighth second only.
_AHEAD = 10


class KnownEnd(NamedTuple):
    """The end of an hour: the value then, and what was counted until then."""

    time: int
    value: int
    counted: int


class PastCounter(Segments[PastBlock]):
    """The known past of one counter, from blocks in any order."""

    def rows(
        self, first: Row, *, since: int, law: CountingLaw, offsets: Sequence[float]
    ) -> PastRows:
        """Return the hours from ``since`` until the ``first`` recorded row.

        The recorded states may include one of the ``offsets``, which is added to the meter's
        values. To be called in a worker thread.
        """
        return _rows(self._known_ends(first, law, offsets), first, since, law, offsets)

    @property
    def blocks(self) -> Sequence[PastBlock]:
        """The known blocks, the oldest first."""
        return self._segments

    def power_rows(self, *, begin: int, end: int, law: CountingLaw) -> list[MeanRow]:
        """Return the power (W) in the known hours of a counter of energy (Wh) of a time."""
        powers = {
            hour: extremes for block in self._segments for hour, extremes in block.powers.items()
        }
        rows = []
        for before, after in pairwise(_known_ends(self._segments, law)):
            counted = after.counted - before.counted
            is_hour = after.time - before.time == HOUR and begin <= before.time < end
            if is_hour and law.is_possible(counted, HOUR):
                mean = rounded(counted / _THOUSAND, 3)
                around = (mean, *powers.get(before.time, ()))
                rows.append(MeanRow(before.time, mean, min(around), max(around)))
        return rows

    def _known_ends(self, first: Row, law: CountingLaw, offsets: Sequence[float]) -> list[KnownEnd]:
        """Return the known ends of hours, up to that of the first recorded row if it is idle.

        An input that counts nothing has no blocks: it is known to be so if the recorded state is
        the last one that the meter stored.
        """
        blocks = self._segments
        if blocks and blocks[-1].end <= first.hour + HOUR and not law.both_ways:
            value, end = blocks[-1].last[1], first.hour + HOUR
            if any(abs(first.state - offset - value / _THOUSAND) < _ROUNDING for offset in offsets):
                at, none = array("q", [end]), array("q", [0])
                idle = (end, value)
                alike = array("q", [value])
                blocks = (*blocks, PastBlock(end, end + 1, idle, idle, 0, at, alike, none, {}))
        return list(_known_ends(blocks, law))


def past_sum_rows(
    counters: Mapping[str, tuple[PastCounter, CountingLaw]],
    first: Row,
    *,
    since: int,
    offsets: Sequence[float],
) -> PastRows:
    """Return the hours of a sum of counters, by their sensor ids, until its ``first`` recorded row.

    What was counted while one of them is not known is in the next hour in which all are. To be
    called in a worker thread.
    """
    ends = {key: list(_known_ends(known.blocks, law)) for key, (known, law) in counters.items()}
    by_time = [{end.time: end for end in of_counter} for of_counter in ends.values()]
    common = [
        KnownEnd(
            time,
            sum(of_counter[time].value for of_counter in by_time),
            sum(of_counter[time].counted for of_counter in by_time),
        )
        for time in sorted(set.intersection(*(set(of_counter) for of_counter in by_time)))
    ]
    rates = [law.fastest for _, law in counters.values()]
    known_rates = [rate for rate in rates if rate is not None]
    fastest = sum(known_rates) if len(known_rates) == len(rates) else None
    past = _rows(common, first, since, CountingLaw(fastest), offsets)
    hours = {key: _hours(of_counter, since) for key, of_counter in ends.items()}
    return replace(past, missing=missing_of(hours, first.hour))


def _hours(ends: Sequence[KnownEnd], since: int) -> set[int]:
    """Return the hours since a time that a counter would have a row of."""
    return {end.time - HOUR for end in ends[1:] if end.time - HOUR >= since}


def _rows(
    ends: Sequence[KnownEnd],
    first: Row,
    since: int,
    law: CountingLaw,
    offsets: Sequence[float],
) -> PastRows:
    by_time = {end.time: end for end in ends}
    link = _link(by_time.get(first.hour), by_time.get(first.hour + HOUR), first, law, offsets)
    offset = 0.0 if link is None else link[0]
    rows: list[Row] = []
    total = impossible = 0
    for before, end in _steps(ends, since, first.hour):
        counted = end.counted - before.counted
        if law.is_possible(counted, end.time - before.time):
            total += counted
        else:
            impossible += 1
        state = rounded(end.value / _THOUSAND + offset, 3)
        rows.append(Row(end.time - HOUR, state, rounded(total / _THOUSAND, 3)))
    return PastRows(rows, None if link is None else link[1], impossible)


def _known_ends(blocks: Sequence[PastBlock], law: CountingLaw) -> Iterator[KnownEnd]:
    """Yield the ends of hours at which the value is known."""
    counted = 0
    previous: PastBlock | None = None
    for block in blocks:
        if previous is not None:
            until = counted + previous.counted
            (time, value), (next_time, next_value) = previous.last, block.first
            rested = not law.both_ways and 0 <= next_value - value <= LITTLE
            if previous.end == block.begin or rested:
                known = previous.at[-1] if previous.at else 0
                for end in range(ceil(max(time, known + 1) / HOUR) * HOUR, next_time, HOUR):
                    if rested or law.is_valid(end - time):
                        yield KnownEnd(end, value, until)
            counted = until + law.counted(value, next_value, next_time - time)
        for end, value, count in zip(block.at, block.values, block.counts, strict=True):
            yield KnownEnd(end, value, counted + count)
        previous = block


def _steps(ends: Sequence[KnownEnd], since: int, until: int) -> Iterator[tuple[KnownEnd, KnownEnd]]:
    """Yield the known ends with the ones before, from the first hour that is known as a whole."""
    has_begun = False
    for before, end in pairwise(ends):
        has_begun = has_begun or (before.time >= since and end.time - before.time == HOUR)
        if has_begun and end.time <= until:
            yield before, end


def _link(
    begin: KnownEnd | None,
    end: KnownEnd | None,
    first: Row,
    law: CountingLaw,
    offsets: Sequence[float],
) -> tuple[float, float] | None:
    """Return the offset of the first recorded row, and what its hour counted until its state.

    None unless its state is one that the counter had in that hour.
    """
    if begin is None or end is None:
        return None
    counted = (end.counted - begin.counted) / _THOUSAND
    ahead = _ROUNDING if law.fastest is None else law.fastest * _AHEAD
    behind = max(counted, 0) + _ROUNDING
    if law.both_ways:
        ahead = behind = law.most(HOUR) / _THOUSAND
    lags = ((end.value / _THOUSAND + offset - first.state, offset) for offset in offsets)
    fitting = [(abs(lag), lag, offset) for lag, offset in lags if -ahead <= lag <= behind]
    if not fitting or not law.is_possible(counted * _THOUSAND, HOUR):
        return None
    _, lag, offset = min(fitting)
    return offset, rounded(counted - lag, 3)

"""What a counter counted in each hour of its past, from the blocks in a meter's memory.

Values are in thousandths of the counter's unit, times in seconds since 1970. A counter that was
reset, or leapt, continues with what it counted before and after that.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, islice, pairwise
from math import ceil, inf
from operator import sub
from time import sleep
from typing import NamedTuple

from .block_timeline import hourly_powers
from .durations import HOUR
from .gaps import MeanRow, Row
from .past_rows import PastRows
from .rounding import rounded

_THOUSAND = 1000
#: The meter's times are whole seconds: two readings may be this much further apart (s).
_TICK = 2
#: Counters have 32 bits before the decimal point (docs/protocol.md section 2).
_WRAP = 2**32 * _THOUSAND
#: The size of a chunk, and the sleep after it that lets other threads run (s).
_CHUNK_READINGS = 16 * 1024
_CHUNK_SLEEP = 0.0001
#: The rounding error of Home Assistant, which converts and sums floats (the counter's unit).
_ROUNDING = 0.01
#: A recorded state may be ahead of the meter's memory by what is counted in these seconds: some
#: meters store the readings of every eighth second only.
_AHEAD = 10


@dataclass(frozen=True, slots=True)
class CountingLaw:
    """What a counter can count: up to ``fastest`` units per second (None: no limit).

    One that is read regularly is never silent for longer than ``max_silence`` (s): what it counted
    then, and when, is not known.
    """

    fastest: float | None = None
    both_ways: bool = False
    max_silence: int | None = None

    def is_valid(self, seconds: int) -> bool:
        """Return whether the last reading is still valid so long after it."""
        return self.max_silence is None or seconds <= self.max_silence

    def most(self, seconds: float) -> float:
        """Return the most that it counts in a time whose ends are known to the second."""
        return inf if self.fastest is None else self.fastest * _THOUSAND * (seconds + _TICK)

    def is_possible(self, counted: float, seconds: float) -> bool:
        """Return whether it can count an amount in that time."""
        most = self.most(seconds)
        return (-most if self.both_ways else 0) <= counted <= most

    def counted(self, before: int, after: int, seconds: int) -> int:
        """Return what was counted from one reading to the next.

        Of a counter that fell, it is the value itself if it may have begun again from 0. It is 0
        for a leap that the input can't have counted.
        """
        step = after - before
        if self.is_possible(step, seconds):
            return step
        if not self.both_ways and self.fastest is not None:
            for counted in (step + _WRAP, after):
                if self.is_possible(counted, seconds):
                    return counted
        return 0


@dataclass(frozen=True, slots=True, eq=False)
class PastBlock:
    """The hours of a block, which spans the time from ``begin`` to before ``end``.

    It has the ``first`` and the ``last`` reading (time, value), and ``counted`` between them;
    the ``values`` ``at`` the ends of hours, and the ``counts`` from the first reading until then;
    and the lowest and highest power (W) of hours (``powers``).
    """

    begin: int
    end: int
    first: tuple[int, int]
    last: tuple[int, int]
    counted: int
    at: array[int]
    values: array[int]
    counts: array[int]
    powers: Mapping[int, tuple[float, float]]


def past_block(
    begin: int,
    end: int,
    times: array[int],
    values: array[int],
    *,
    law: CountingLaw,
    power_over: int | None = None,
) -> PastBlock:
    """Return the hours of a block's readings; to be called in a worker thread.

    With ``power_over``, the counter is one of energy, and its power is the mean between readings
    that are at least so many seconds apart; an hour with a break has none.
    """
    breaks = list(_breaks(times, values, law))
    indices = [index for index, _ in breaks]
    corrections = [0, *accumulate(correction for _, correction in breaks)]
    ends = range(ceil(times[0] / HOUR) * HOUR, end, HOUR)
    last_until = [bisect_right(times, time) - 1 for time in ends]
    known = [
        (time, index)
        for time, index in zip(ends, last_until, strict=True)
        if law.is_valid(time - times[index]) or len(set(values[index : index + 2])) < 2
    ]

    def count_until(index: int) -> int:
        return values[index] - values[0] + corrections[bisect_right(indices, index)]

    powers = {} if power_over is None else hourly_powers(times, values, power_over)
    for index in indices:
        powers.pop(times[index] // HOUR * HOUR, None)
    return PastBlock(
        begin,
        end,
        (times[0], values[0]),
        (times[-1], values[-1]),
        count_until(len(values) - 1),
        array("q", (time for time, _ in known)),
        array("q", (values[index] for _, index in known)),
        array("q", (count_until(index) for _, index in known)),
        powers,
    )


def _breaks(times: array[int], values: array[int], law: CountingLaw) -> Iterator[tuple[int, int]]:
    """Yield the index of each reading that is a break, and what is to be added to its step."""
    low, high = (-law.most(1) if law.both_ways else 0), law.most(1)
    for begin in range(0, len(values), _CHUNK_READINGS):
        chunk = values[begin : begin + _CHUNK_READINGS + 1]
        steps = list(map(sub, islice(chunk, 1, None), chunk, strict=False))
        if steps and not (low <= min(steps) and max(steps) <= high):
            for index, step in enumerate(steps, begin + 1):
                seconds = times[index] - times[index - 1]
                if not law.is_possible(step, seconds):
                    yield index, law.counted(values[index - 1], values[index], seconds) - step
        sleep(_CHUNK_SLEEP)


class KnownEnd(NamedTuple):
    """The end of an hour: the value then, and what was counted until then."""

    time: int
    value: int
    counted: int


class PastCounter:
    """The known past of one counter, from blocks in any order.

    A larger block replaces those within it.
    """

    def __init__(self) -> None:
        self._blocks: tuple[PastBlock, ...] = ()

    @property
    def span(self) -> tuple[int, int]:
        """The begin of the first and the end of the last block; (0, 0) if there is none."""
        known = self._blocks
        return (known[0].begin, known[-1].end) if known else (0, 0)

    def covers(self, begin: int, end: int) -> bool:
        """Return whether one block covers all of these seconds."""
        index = bisect_right(self._blocks, begin, key=lambda known: known.begin)
        return index > 0 and end <= self._blocks[index - 1].end

    def add(self, block: PastBlock) -> None:
        """Add a block."""
        if not self.covers(block.begin, block.end):
            others = [
                known
                for known in self._blocks
                if known.begin < block.begin or block.end < known.end
            ]
            self._blocks = tuple(sorted([*others, block], key=lambda known: known.begin))

    def rows(
        self, first: Row, *, since: int, law: CountingLaw, offsets: Sequence[float]
    ) -> PastRows:
        """Return the hours from ``since`` until the ``first`` recorded row.

        The recorded states may include one of the ``offsets``, which is added to the meter's
        values. To be called in a worker thread.
        """
        ends = self._known_ends(first, law, offsets)
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
        return PastRows(rows, link and link[1], impossible)

    def power_rows(self, *, begin: int, end: int, law: CountingLaw) -> list[MeanRow]:
        """Return the power (W) in the known hours of a counter of energy (Wh) of a time."""
        powers = {
            hour: extremes for block in self._blocks for hour, extremes in block.powers.items()
        }
        rows = []
        for before, after in pairwise(_known_ends(self._blocks, law)):
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
        blocks = self._blocks
        if blocks and blocks[-1].end <= first.hour + HOUR and not law.both_ways:
            value, end = blocks[-1].last[1], first.hour + HOUR
            if any(abs(first.state - offset - value / _THOUSAND) < _ROUNDING for offset in offsets):
                at, none = array("q", [end]), array("q", [0])
                idle = (end, value)
                alike = array("q", [value])
                blocks += (PastBlock(end, end + 1, idle, idle, 0, at, alike, none, {}),)
        return list(_known_ends(blocks, law))


def _known_ends(blocks: Sequence[PastBlock], law: CountingLaw) -> Iterator[KnownEnd]:
    """Yield the ends of hours at which the value is known."""
    counted = 0
    previous: PastBlock | None = None
    for block in blocks:
        if previous is not None:
            until = counted + previous.counted
            (time, value), (next_time, next_value) = previous.last, block.first
            is_unchanged = value == next_value and not law.both_ways
            if previous.end == block.begin or is_unchanged:
                for end in range(ceil(previous.end / HOUR) * HOUR, next_time, HOUR):
                    if is_unchanged or law.is_valid(end - time):
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

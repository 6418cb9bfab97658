"""Gaps in the hourly statistics of a counter, and the rows that fill them."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby, pairwise
from math import inf

from .durations import HOUR
from .rows import Row

#: The rounding error of Home Assistant, which converts and sums floats (the counter's unit).
_ROUNDING = 0.01


class Finding(StrEnum):
    """How the row of an hour compares with the meter's readings."""

    AGREES = "agrees"
    DECIMATED = "decimated"
    CLOSE = "close"
    DIFFERS = "differs"
    NO_ROW = "no_row"
    NOT_REPORTED = "not_told"


class Reason(StrEnum):
    """Why a gap is not filled."""

    BEGIN = "begin_unsure"
    END = "end_unsure"
    NOT_REPORTED = "not_told"
    CLOSE = "close"
    SUMS = "sums_differ"
    LEAP = "impossible"
    UNDONE = "taken_back"
    CLOCK = "clock_off"
    NOT_WRITTEN = "not_written"


@dataclass(frozen=True, slots=True)
class KnownValue:
    """The value of a counter by its meter: at the end of an hour, and the range around it.

    The meter stores one reading per second, so that the counter may have counted ``unrecorded``
    more in that second. If it stores only every eighth second, it may have counted ``hidden`` more
    until the next stored reading.
    """

    value: float
    lowest: float
    highest: float
    unrecorded: float = 0
    hidden: float = 0

    @property
    def slack(self) -> float:
        """The amount counted around the end of the hour."""
        return self.highest - self.lowest


@dataclass(frozen=True, slots=True)
class Hour:
    """An hour (its first second), its recorded row, and the meter's value."""

    hour: int
    row: Row | None
    known: KnownValue | None

    @property
    def finding(self) -> Finding:
        """Whether they agree: the state is in the counter's range around the end.

        It may be ahead by what a meter hides that stores only every eighth second. It differs if
        it is from long before. Otherwise it is close: from a little before, or from after, which no
        outage causes.
        """
        if self.known is None:
            return Finding.NOT_REPORTED
        if self.row is None:
            return Finding.NO_ROW
        highest = self.known.highest + self.known.unrecorded
        if self.known.lowest - _ROUNDING <= self.row.state <= highest + _ROUNDING:
            return Finding.AGREES
        if highest < self.row.state <= highest + self.known.hidden + _ROUNDING:
            return Finding.DECIMATED
        return Finding.DIFFERS if self.misses_more_than(self.known.slack) else Finding.CLOSE

    @property
    def sound(self) -> Row | None:
        """The row, if it agrees with the meter, as far as the meter stored it."""
        return self.row if self.finding in {Finding.AGREES, Finding.DECIMATED} else None

    @property
    def in_doubt(self) -> bool:
        """Whether it has no row, or one that does not agree."""
        return self.row is None or self.finding in {Finding.CLOSE, Finding.DIFFERS}

    @property
    def missed(self) -> bool:
        """Whether Home Assistant missed its end: there is no row, or one from long before."""
        return self.row is None or self.finding is Finding.DIFFERS

    def misses_more_than(self, slack: float) -> bool:
        """Return whether it has no row, or one in which more than that is missing."""
        if self.row is None or self.known is None:
            return self.row is None
        return self.known.lowest - self.row.state > slack + _ROUNDING


@dataclass(frozen=True, slots=True)
class Gap:
    """Consecutive hours in doubt, some of them missed, and the hours before and after, if any."""

    before: Hour | None
    hours: tuple[Hour, ...]
    after: Hour | None

    @property
    def slack(self) -> float:
        """The larger tolerance of the hours before and after."""
        ends = (end.known for end in (self.before, self.after) if end)
        return max((known.slack for known in ends if known), default=0)

    @property
    def begin(self) -> int:
        """The first second."""
        return self.hours[0].hour

    @property
    def end(self) -> int:
        """The first second after it."""
        return self.hours[-1].hour + HOUR


def find_gaps(hours: Sequence[Hour]) -> list[Gap]:
    """Return the gaps in consecutive hours."""
    runs = [tuple(run) for _, run in groupby(hours, lambda hour: hour.in_doubt)]
    gaps = []
    for index, run in enumerate(runs):
        if any(hour.missed for hour in run):
            before = runs[index - 1][-1] if index > 0 else None
            after = runs[index + 1][0] if index + 1 < len(runs) else None
            gaps.append(Gap(before, run, after))
    return gaps


def rows_for(gap: Gap, *, fastest: float | None, both_ways: bool) -> list[Row] | Reason:
    """Return the rows that fill a gap, or the reason to leave it alone.

    The rows at both ends must be sound, and their sums differ by as much as their states, so
    that the rows after the gap stay right. More must be missing than the tolerance at the ends.
    No hour may have more consumption than the counter can count in two (``fastest``, units per
    second), or negative consumption unless it runs both ways.
    """
    before = gap.before.sound if gap.before else None
    after = gap.after.sound if gap.after else None
    if before is None or after is None:
        return Reason.BEGIN if before is None else Reason.END
    known = [hour.known for hour in gap.hours if hour.known is not None]
    if len(known) < len(gap.hours):
        return Reason.NOT_REPORTED
    if not any(hour.misses_more_than(gap.slack) for hour in gap.hours):
        return Reason.CLOSE
    if abs((after.sum - before.sum) - (after.state - before.state)) > _ROUNDING:
        return Reason.SUMS
    # The state before the gap may be ahead by what the meter has not stored.
    ends = [
        max(each.value, min(before.state, each.value + each.unrecorded + each.hidden))
        for each in known
    ]
    if not _is_possible([before.state, *ends, after.state], fastest, both_ways=both_ways):
        return Reason.LEAP
    return [
        Row(hour.hour, end, before.sum + end - before.state)
        for hour, end in zip(gap.hours, ends, strict=True)
    ]


def _is_possible(states: Sequence[float], fastest: float | None, *, both_ways: bool) -> bool:
    """Return whether a counter can count from each of these states to the next in two hours."""
    most = inf if fastest is None else fastest * 2 * HOUR
    least = -most if both_ways else -_ROUNDING
    return all(least <= later - earlier <= most for earlier, later in pairwise(states))

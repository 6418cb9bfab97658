"""The holes in a counter's hourly record, and the rows that fill them."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby, pairwise
from math import inf

from .durations import HOUR

#: Home Assistant converts units, and adds up, in floats (the counter's unit).
_NOISE = 0.01


@dataclass(frozen=True, slots=True)
class Row:
    """An hour of a counter, in the meter's unit: what it showed at its end, and the sum booked.

    ``hour`` is the second it began at (s since 1970).
    """

    hour: int
    state: float
    sum: float


@dataclass(frozen=True, slots=True)
class MeanRow:
    """An hour of a gauge: its mean, minimum and maximum."""

    hour: int
    mean: float
    min: float
    max: float


class Finding(StrEnum):
    """How an hour's row stands to what the meter says."""

    AGREES = "agrees"
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
    """What the meter says a counter showed: at the end of an hour, and shortly around it.

    It remembers one reading a second, so that the counter may have shown ``unrecorded`` more.
    """

    value: float
    lowest: float
    highest: float
    unrecorded: float = 0

    @property
    def slack(self) -> float:
        """What was counted around the end of the hour."""
        return self.highest - self.lowest


@dataclass(frozen=True, slots=True)
class Hour:
    """An hour (its first second), the row that is recorded of it, and what the meter says."""

    hour: int
    row: Row | None
    known: KnownValue | None

    @property
    def finding(self) -> Finding:
        """Whether they agree: the row has what the counter showed shortly before or after the end.

        It differs if it is from long before. What is neither, is close: a little from before, or
        from after, as no outage makes it.
        """
        if self.known is None:
            return Finding.NOT_REPORTED
        if self.row is None:
            return Finding.NO_ROW
        highest = self.known.highest + self.known.unrecorded
        if self.known.lowest - _NOISE <= self.row.state <= highest + _NOISE:
            return Finding.AGREES
        return Finding.DIFFERS if self.misses_more_than(self.known.slack) else Finding.CLOSE

    @property
    def sound(self) -> Row | None:
        """The row, if it can be relied on."""
        return self.row if self.finding is Finding.AGREES else None

    @property
    def in_doubt(self) -> bool:
        """Whether it has no row, or one that does not agree."""
        return self.row is None or self.finding in {Finding.CLOSE, Finding.DIFFERS}

    @property
    def missed(self) -> bool:
        """Whether Home Assistant missed its end: there is no row, or one from long before."""
        return self.row is None or self.finding is Finding.DIFFERS

    def misses_more_than(self, slack: float) -> bool:
        """Whether it has no row, or one in which more than that is missing."""
        if self.row is None or self.known is None:
            return self.row is None
        return self.known.lowest - self.row.state > slack + _NOISE


@dataclass(frozen=True, slots=True)
class Gap:
    """Hours in doubt, some of which were missed, and the hours around them, where there are any."""

    before: Hour | None
    hours: tuple[Hour, ...]
    after: Hour | None

    @property
    def slack(self) -> float:
        """What makes no difference at its ends."""
        ends = (end.known for end in (self.before, self.after) if end)
        return max((known.slack for known in ends if known), default=0)

    @property
    def begin(self) -> int:
        """The first second."""
        return self.hours[0].hour

    @property
    def end(self) -> int:
        """The second after the last."""
        return self.hours[-1].hour + HOUR


def find_gaps(hours: Sequence[Hour]) -> list[Gap]:
    """The gaps in hours that follow each other."""
    runs = [tuple(run) for _, run in groupby(hours, lambda hour: hour.in_doubt)]
    gaps = []
    for place, run in enumerate(runs):
        if any(hour.missed for hour in run):
            before = runs[place - 1][-1] if place > 0 else None
            after = runs[place + 1][0] if place + 1 < len(runs) else None
            gaps.append(Gap(before, run, after))
    return gaps


def rows_for(gap: Gap, *, fastest: float | None, both_ways: bool) -> list[Row] | Reason:
    """The rows that fill a gap, or why it is to be left alone.

    Both ends must be sound, and the sum differ by what was counted between them, so that what
    is recorded from its end on stays right. More must be missing than what makes no difference
    at the ends. No hour may have more in it than the counter can count (``fastest``, units a
    second), nor less than nothing.
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
    if abs((after.sum - before.sum) - (after.state - before.state)) > _NOISE:
        return Reason.SUMS
    # What is recorded before the gap may be ahead by what the meter does not remember.
    ends = [max(each.value, min(before.state, each.value + each.unrecorded)) for each in known]
    if not both_ways and not _can_be([before.state, *ends, after.state], fastest):
        return Reason.LEAP
    return [
        Row(hour.hour, end, before.sum + end - before.state)
        for hour, end in zip(gap.hours, ends, strict=True)
    ]


def _can_be(states: Sequence[float], fastest: float | None) -> bool:
    """Whether a counter can have counted from each of these states to the next in an hour."""
    most = inf if fastest is None else fastest * 2 * HOUR
    return all(-_NOISE <= later - earlier <= most for earlier, later in pairwise(states))

"""What is recorded of a counter beside what its meter says of it."""

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import pairwise

from .course import Course, Slack
from .durations import HOUR
from .gaps import Gap, Hour, Known, MeanRow, Row

_THOUSAND = 1000


def compare(
    rows: Sequence[Row],
    course: Course,
    hours: range,
    *,
    slack: Slack,
    offset: float,
    besides: float = 0,
) -> list[Hour]:
    """Each of some hours, in steps of one, with its row and with what the meter says.

    The ``offset`` is added to what the meter says, because it is in what is recorded; so much
    ``besides`` may have been counted in the second of a reading.
    """
    by_hour = {row.hour: row for row in rows}
    known = partial(_known, course, slack, offset, besides)
    return [Hour(hour, by_hour.get(hour), known(hour + HOUR)) for hour in hours]


def _known(course: Course, slack: Slack, offset: float, besides: float, end: int) -> Known | None:
    moments = (end, end - slack.before, end + slack.after)
    showed = [value for moment in moments if (value := course.showed(moment)) is not None]
    if len(showed) < len(moments):
        return None
    values = [round(value / _THOUSAND + offset, 3) for value in (*showed, *course.swings(end))]
    return Known(values[0], min(values), max(values), besides)


def power_rows(gap: Gap, course: Course) -> Iterator[MeanRow]:
    """The power (W) in the hours of a gap that can be filled, of a counter of energy (Wh)."""
    for before, hour in pairwise(filter(None, (gap.before, *gap.hours))):
        if before.known and hour.known:
            mean = round(hour.known.value - before.known.value, 3)
            powers = (mean, *course.powers(hour.hour))
            yield MeanRow(hour.hour, mean, min(powers), max(powers))

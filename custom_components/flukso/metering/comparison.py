"""What is recorded of a counter beside what its meter says of it."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from .course import Course, Slack
from .gaps import HOUR, Gap, Hour, Known, MeanRow, Row

_THOUSAND = 1000


def compare(
    rows: Sequence[Row], course: Course, hours: range, *, slack: Slack, offset: float
) -> list[Hour]:
    """Each of some hours, in steps of one, with its row and with what the meter says.

    The ``offset`` is added to what the meter says, because it is in what is recorded.
    """
    by_hour = {row.hour: row for row in rows}
    return [
        Hour(hour, by_hour.get(hour), _known(course, hour + HOUR, slack, offset)) for hour in hours
    ]


def _known(course: Course, end: int, slack: Slack, offset: float) -> Known | None:
    moments = (end, end - slack.before, end + slack.after)
    showed = [value for moment in moments if (value := course.showed(moment)) is not None]
    if len(showed) < len(moments):
        return None
    values = [round(value / _THOUSAND + offset, 3) for value in showed]
    return Known(values[0], min(values), max(values))


def power_rows(gap: Gap, course: Course) -> Iterator[MeanRow]:
    """The power (W) in the hours of a gap that can be filled, of a counter of energy (Wh)."""
    for before, hour in pairwise(filter(None, (gap.before, *gap.hours))):
        if before.known and hour.known:
            mean = round(hour.known.value - before.known.value, 3)
            powers = (mean, *course.powers(hour.hour))
            yield MeanRow(hour.hour, mean, min(powers), max(powers))

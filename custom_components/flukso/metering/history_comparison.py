"""The recorded statistics of a counter compared with the readings in its meter's memory."""

from collections.abc import Iterator, Sequence
from math import inf

from .block_timeline import Slack, Timeline
from .durations import HOUR
from .gaps import Gap, Hour, KnownValue
from .rounding import rounded
from .rows import MeanRow, Row

_THOUSAND = 1000


def compare(
    rows: Sequence[Row],
    timeline: Timeline,
    hours: range,
    *,
    slack: Slack,
    offset: float,
    unrecorded: float = 0,
) -> list[Hour]:
    """Return each of ``hours`` (a range of their first seconds) with its row and meter value.

    The ``offset`` is added to the meter's values, because recorded states include it;
    ``unrecorded`` more may have been counted in the second of a reading.
    """
    by_hour = {row.hour: row for row in rows}
    return [
        Hour(hour, by_hour.get(hour), _known(timeline, hour + HOUR, slack, offset, unrecorded))
        for hour in hours
    ]


def _known(
    timeline: Timeline, end: int, slack: Slack, offset: float, unrecorded: float
) -> KnownValue | None:
    """Return the meter's value at the end of an hour; None unless it and its slack are known."""
    at_end = timeline.value_at(end)
    before = timeline.value_at(end - slack.before)
    after = timeline.value_at(end + slack.after)
    if at_end is None or before is None or after is None:
        return None
    around = (at_end, before, after, *timeline.extremes(end))
    values = [rounded(value / _THOUSAND + offset, 3) for value in around]
    hidden = _hidden(timeline, end, offset, max(values)) if timeline.is_decimated(end) else 0
    return KnownValue(values[0], min(values), max(values), unrecorded, hidden)


def _hidden(timeline: Timeline, end: int, offset: float, highest: float) -> float:
    """Return the most that was counted until the next stored reading; not known without one."""
    following = timeline.following(end)
    return inf if following is None else max(0, following / _THOUSAND + offset - highest)


def power_rows(gap: Gap, timeline: Timeline) -> Iterator[MeanRow]:
    """Yield the power (W) in the known hours of a gap in an energy counter (Wh)."""
    before = gap.before
    for hour in gap.hours:
        if before is not None and before.known and hour.known:
            mean = rounded(hour.known.value - before.known.value, 3)
            powers = (mean, *timeline.powers(hour.hour))
            yield MeanRow(hour.hour, mean, min(powers), max(powers))
        before = hour

"""What is recorded of a counter beside what its meter says of it."""

from collections.abc import Iterator, Sequence

from .block_timeline import Slack, Timeline
from .durations import HOUR
from .gaps import Gap, Hour, KnownValue, MeanRow, Row

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
    """Each of some hours, in steps of one, with its row and with what the meter says.

    The ``offset`` is added to what the meter says, because it is in what is recorded; so much
    ``unrecorded`` may have been counted in the second of a reading.
    """
    by_hour = {row.hour: row for row in rows}
    return [
        Hour(hour, by_hour.get(hour), _known(timeline, hour + HOUR, slack, offset, unrecorded))
        for hour in hours
    ]


def _known(
    timeline: Timeline, end: int, slack: Slack, offset: float, unrecorded: float
) -> KnownValue | None:
    """What the meter says of the end of an hour; None where it does not say all of it."""
    at_end = timeline.value_at(end)
    before = timeline.value_at(end - slack.before)
    after = timeline.value_at(end + slack.after)
    if at_end is None or before is None or after is None:
        return None
    around = (at_end, before, after, *timeline.swings(end))
    values = [round(value / _THOUSAND + offset, 3) for value in around]
    return KnownValue(values[0], min(values), max(values), unrecorded)


def power_rows(gap: Gap, timeline: Timeline) -> Iterator[MeanRow]:
    """The power (W) in the hours of a gap that can be filled, of a counter of energy (Wh)."""
    before = gap.before
    for hour in gap.hours:
        if before is not None and before.known and hour.known:
            mean = round(hour.known.value - before.known.value, 3)
            powers = (mean, *timeline.powers(hour.hour))
            yield MeanRow(hour.hour, mean, min(powers), max(powers))
        before = hour

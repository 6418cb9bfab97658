"""Hours in which Home Assistant recorded nothing of a meter, whatever its statistics say.

At its next start, Home Assistant makes rows for the time when it was down, from the last state
before. Such a row of a gauge looks like one of a value that did not change. The counters tell them
apart: that of a meter in use does not stand still.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import pairwise

from .durations import HOUR
from .gaps import Finding, Hour, find_gaps
from .rows import AngleRow, MeanRow

#: The relative rounding error of Home Assistant's mean of equal values.
_ROUNDING = 1e-9
#: Extremes that differ by no more are the same, but for the rounding of a conversion.
_SAME = 1e-6


def absent_hours(counters: Iterable[Sequence[Hour]]) -> set[int]:
    """Return the hours in which nothing was recorded of any counter, though it counted.

    Each counter is that of the same meter, counts up only, and has consecutive hours. One has to
    prove it: in a gap between two hours that agree with the meter, its state is the same at both
    ends of the hour, and less than what the meter had counted half a minute after its begin. None
    may have changed in the hour.
    """
    absent: set[int] = set()
    present: set[int] = set()
    for hours in counters:
        present |= {hour.hour for before, hour in pairwise(hours) if _changed(before, hour)}
        for gap in find_gaps(hours):
            if gap.before and gap.before.sound and gap.after and gap.after.sound:
                known = pairwise([gap.before, *gap.hours])
                absent |= {hour.hour for before, hour in known if _stood_still(before, hour)}
    return absent - present


def _changed(before: Hour, hour: Hour) -> bool:
    return before.row is not None and hour.row is not None and before.row.state != hour.row.state


def _stood_still(before: Hour, hour: Hour) -> bool:
    """Return whether an hour's row is not of a reading that was taken in it."""
    return (
        hour.finding is Finding.DIFFERS
        and before.row is not None
        and before.known is not None
        and hour.row is not None
        and hour.row.state == before.row.state < before.known.highest
    )


def made_up_rows(
    known: Sequence[MeanRow | AngleRow],
    recorded: Mapping[int, MeanRow | AngleRow],
    original: Mapping[int, MeanRow | AngleRow],
) -> list[MeanRow]:
    """Return the meter's rows of hours whose recorded row looks made up, and is not the same.

    ``original`` has the rows as they were before any was filled. The mean direction of an angle
    does not tell whether it changed, so its rows never look so.
    """
    return [
        row
        for row in known
        if isinstance(row, MeanRow)
        and isinstance(kept := recorded.get(row.hour), MeanRow)
        and _is_flat(original.get(row.hour - HOUR), kept)
        and max(abs(row.min - kept.min), abs(row.max - kept.max)) > _SAME
    ]


def missing_rows[T: MeanRow | AngleRow](known: Sequence[T], recorded: Collection[int]) -> list[T]:
    """Return the meter's rows of hours that have none, between the first and last hour with one."""
    if not recorded:
        return []
    first, last = min(recorded), max(recorded)
    return [row for row in known if first < row.hour < last and row.hour not in recorded]


def _is_flat(before: MeanRow | AngleRow | None, row: MeanRow) -> bool:
    """Return whether a row is of one value all the time, one that the row before had too."""
    return (
        isinstance(before, MeanRow)
        and row.min == row.max
        and abs(row.mean - row.min) <= _ROUNDING * abs(row.min)
        and before.min <= row.min <= before.max
    )

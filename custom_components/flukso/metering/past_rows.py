"""The hours before the first recorded row of a statistic."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from .durations import HOUR
from .rows import AngleRow, MeanRow, Row


@dataclass(frozen=True, slots=True)
class Missing:
    """The number of hours between ``begin`` and ``end`` (s since 1970) that are not known.

    ``sensors`` are those (their ids) that the meter has nothing of in some of them.
    """

    hours: int
    begin: int
    end: int
    sensors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PastRows:
    """Rows of hours before the first recorded one, the oldest first; hours may be missing.

    The ``sum`` of a row is what was counted since the begin of the oldest one. What the hour of the
    first recorded row counted as a whole is ``counted_in_first``; None leaves it as it is recorded.
    ``impossible`` is the number of hours that would have counted more than the input can: their
    rows add nothing to the sum. Other hours are ``missing``.
    """

    rows: Sequence[Row] | Sequence[MeanRow | AngleRow] = ()
    counted_in_first: float | None = None
    impossible: int = 0
    missing: Missing | None = None


def missing_of(known: Mapping[str, Collection[int]], until: int) -> Missing | None:
    """Return the hours until a time that are not known of all sensors.

    ``known`` are the hours (their first seconds) that are, by the id of the sensor. The time before
    the first hour that is known of any is not missing.
    """
    begin = min((min(hours) for hours in known.values() if hours), default=until)
    wanted = frozenset(range(begin, until, HOUR))
    lacking = {sensor: wanted.difference(hours) for sensor, hours in known.items()}
    hours = frozenset[int]().union(*lacking.values())
    if not hours:
        return None
    sensors = sorted(sensor for sensor, lacks in lacking.items() if lacks)
    return Missing(len(hours), min(hours), max(hours) + HOUR, tuple(sensors))


def part_known(span: tuple[int, int], newest: float) -> float:
    """Return which part of the time from the begin of what is known until ``newest`` is known."""
    begin, end = span
    return min((end - begin) / (newest - begin), 1) if begin < newest else 0

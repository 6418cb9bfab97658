"""The hours before the first recorded row of a statistic."""

from collections.abc import Sequence
from dataclasses import dataclass

from .gaps import AngleRow, MeanRow, Row


@dataclass(frozen=True, slots=True)
class PastRows:
    """Rows of hours before the first recorded one, the oldest first; hours may be missing.

    The ``sum`` of a row is what was counted since the begin of the oldest one. What the hour of the
    first recorded row counted as a whole is ``counted_in_first``; None leaves it as it is recorded.
    ``impossible`` is the number of hours that would have counted more than the input can: their
    rows add nothing to the sum.
    """

    rows: Sequence[Row] | Sequence[MeanRow | AngleRow] = ()
    counted_in_first: float | None = None
    impossible: int = 0


def part_known(span: tuple[int, int], newest: float) -> float:
    """Return which part of the time from the begin of what is known until ``newest`` is known."""
    begin, end = span
    return min((end - begin) / (newest - begin), 1) if begin < newest else 0

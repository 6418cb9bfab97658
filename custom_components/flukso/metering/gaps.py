"""The holes in a counter's hourly record, and the rows that fill them."""

from dataclasses import dataclass


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

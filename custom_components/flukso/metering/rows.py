"""The rows of Home Assistant's hourly statistics: of a counter, a gauge and an angle."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """An hour of a counter, in the meter's unit: its state at the end, and the sum booked.

    ``hour`` is its first second (s since 1970).
    """

    hour: int
    state: float
    sum: float


@dataclass(frozen=True, slots=True)
class MeanRow:
    """An hour of a gauge (its first second): mean, minimum and maximum."""

    hour: int
    mean: float
    min: float
    max: float


@dataclass(frozen=True, slots=True)
class AngleRow:
    """An hour of a circular gauge (its first second): its mean direction, from 0 to before 360°.

    ``weight`` is how long it was known (s), less the more the directions differ.
    """

    hour: int
    mean: float
    weight: float

"""The peaks of the months that the Belgian capacity tariff is paid by."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from .rounding import rounded

#: A month counts with no less than this (W), as does one whose peak is not known yet.
LEAST_PEAK = 2500.0
_MONTHS = 12


@dataclass(frozen=True, slots=True)
class Peak:
    """The highest demand of a month (W), and the begin of its quarter-hour (s since 1970)."""

    demand: float
    quarter: int


@dataclass(frozen=True, slots=True)
class MeanPeak:
    """The mean of monthly peaks (W), and of how many months."""

    demand: float
    months: int


class MonthlyPeaks:
    """The peak of the month that runs, and those of the eleven months before, of local time."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self.current: Peak | None = None
        self.past: Sequence[Peak] = ()

    def begin_quarter(self, begin: int) -> None:
        """Note that a quarter-hour begins, maybe that of another month."""
        known = self.past if self.current is None else (*self.past, self.current)
        month = self._month_of(begin)
        numbered = [(self._month_of(peak.quarter), peak) for peak in known]
        self.current = next((peak for number, peak in numbered if number == month), None)
        self.past = [
            peak for number, peak in numbered if number != month and number > month - _MONTHS
        ]

    def take(self, peak: Peak) -> bool:
        """Process a demand of this month; return whether it is its peak now."""
        if self.current is not None and peak.demand <= self.current.demand:
            return False
        self.current = peak
        return True

    def take_past(self, late: Peak) -> None:
        """Process a demand of an earlier month that became known later, if its peak is known."""
        self.past = [
            late
            if self.is_same_month(peak.quarter, late.quarter) and late.demand > peak.demand
            else peak
            for peak in self.past
        ]

    @property
    def mean(self) -> MeanPeak:
        """The mean of the peaks of this month and the eleven before, as far as they are known."""
        now = LEAST_PEAK if self.current is None else self.current.demand
        demands = [
            max(demand, LEAST_PEAK) for demand in (now, *(peak.demand for peak in self.past))
        ]
        return MeanPeak(rounded(sum(demands) / len(demands), 1), len(demands))

    def is_same_month(self, time: int, other: int) -> bool:
        """Return whether two times (s since 1970) are in the same month."""
        return self._month_of(time) == self._month_of(other)

    def _month_of(self, time: int) -> int:
        """Return the number of a month, counted from the year 0."""
        local = datetime.fromtimestamp(time, self._zone)
        return 12 * local.year + local.month

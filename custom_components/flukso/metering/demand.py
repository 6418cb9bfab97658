"""The quarter-hour demand of Belgian grid tariffs: the mean net import of fixed quarters."""

from collections import deque
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import TypeGuard

QUARTER = 900
_SECONDS_AN_HOUR = 3600
#: A quarter's end may lie between two readings that are no further apart than this (s).
_LONGEST_GAP = 10
#: What "now" means for the power that a quarter goes on with (s).
_NOW = 60


@dataclass(frozen=True, slots=True)
class Peak:
    """The highest demand of a month (W), and when its quarter began (s since 1970)."""

    demand: float
    quarter: int


@dataclass(frozen=True, slots=True)
class DemandState:
    """What to keep over a restart; energies are netted import (Wh)."""

    time: int
    energy: float
    begin_energy: float | None
    last: float | None
    peak: Peak | None


class Demand:
    """Follows the netted import through the quarters of an hour.

    Quarters are the same in local time and in UTC, for every time zone is ahead by whole
    quarters; months are local. A quarter counts if its energy is known at both ends.
    """

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._time: int | None = None
        self._energy = 0.0
        self._begin_energy: float | None = None
        self._recent: deque[tuple[int, float]] = deque()
        self.last: float | None = None
        self.peak: Peak | None = None

    @property
    def state(self) -> DemandState | None:
        """What to keep over a restart."""
        if self._time is None:
            return None
        return DemandState(self._time, self._energy, self._begin_energy, self.last, self.peak)

    def restore(self, state: DemandState) -> None:
        """Go on from before a restart."""
        self._time, self._energy = state.time, state.energy
        self._begin_energy, self.last, self.peak = state.begin_energy, state.last, state.peak

    @property
    def average(self) -> float | None:
        """The mean of the quarter so far (W)."""
        elapsed = (self._time or 0) % QUARTER
        if self._begin_energy is None or not elapsed:
            return None
        return _power(self._energy - self._begin_energy, elapsed)

    @property
    def expected(self) -> float | None:
        """What the quarter would end at if the power stayed what it is (W)."""
        if self._begin_energy is None or self._time is None or not self._recent:
            return None
        begin, energy = self._recent[0]
        rate = (self._energy - energy) / (self._time - begin) if self._time > begin else 0.0
        remaining = QUARTER - self._time % QUARTER
        return _power(self._energy - self._begin_energy + rate * remaining, QUARTER)

    def take(self, second: int, energy: float) -> None:
        """Take the netted import (Wh) as counted up to the end of a second."""
        time = second + 1
        if self._time is None or time < self._time:
            self._begin_energy = energy if time % QUARTER == 0 else None
            self._recent.clear()
        elif time // QUARTER > self._time // QUARTER:
            self._end_quarter(self._time, time, energy)
        self._time, self._energy = time, energy
        self._recent.append((time, energy))
        while time - self._recent[0][0] > _NOW:
            self._recent.popleft()

    def _end_quarter(self, before: int, time: int, energy: float) -> None:
        """Close the quarter of ``before``, and open the one that ``time`` is in."""
        begin, end = before - before % QUARTER, time - time % QUARTER
        end_energy = None
        if time == end or time - before <= _LONGEST_GAP:
            share = (end - before) / (time - before)
            end_energy = self._energy + (energy - self._energy) * share
        if self._begin_energy is not None and end_energy is not None and end == begin + QUARTER:
            self.last = _power(end_energy - self._begin_energy, QUARTER)
            if not self._is_of_month(self.peak, begin) or self.last > self.peak.demand:
                self.peak = Peak(self.last, begin)
        if not self._is_of_month(self.peak, end):
            self.peak = None
        self._begin_energy = end_energy

    def _is_of_month(self, peak: Peak | None, time: int) -> TypeGuard[Peak]:
        if peak is None:
            return False
        then, now = (datetime.fromtimestamp(at, self._zone) for at in (peak.quarter, time))
        return (then.year, then.month) == (now.year, now.month)


def _power(energy: float, seconds: int) -> float:
    """The mean power (W) of an energy (Wh) in that time."""
    return round(energy * _SECONDS_AN_HOUR / seconds, 1)

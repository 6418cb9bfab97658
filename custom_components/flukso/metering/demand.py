"""The demand of Belgian grid tariffs: the mean net import of fixed quarter-hours."""

from collections import deque
from dataclasses import dataclass
from datetime import datetime, tzinfo

from .counter_track import LONGEST_GAP
from .durations import HOUR, MINUTE, QUARTER
from .rounding import rounded

#: The span over which the present power is averaged (s).
_POWER_SPAN = MINUTE


@dataclass(frozen=True, slots=True)
class Peak:
    """The highest demand of a month (W), and the begin of its quarter-hour (s since 1970)."""

    demand: float
    quarter: int


@dataclass(frozen=True, slots=True)
class QuarterHourDemandState:
    """The state to store over a restart; energies are netted import (Wh)."""

    time: int
    energy: float
    begin_energy: float | None
    last: float | None
    peak: Peak | None


class QuarterHourDemand:
    """The demand of each quarter-hour, and its monthly peak, from the netted import.

    Quarter-hours are the same in local time and in UTC, as every UTC offset is a multiple of
    15 minutes; months are local. A quarter-hour counts if the energy is known at both ends.
    """

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._time = 0
        self._energy = 0.0
        self._begin_energy: float | None = None
        self._recent: deque[tuple[int, float]] = deque()
        self._last: float | None = None
        self._peak: Peak | None = None

    @property
    def state(self) -> QuarterHourDemandState:
        """The state to store over a restart."""
        return QuarterHourDemandState(
            self._time, self._energy, self._begin_energy, self._last, self._peak
        )

    def restore(self, state: QuarterHourDemandState) -> None:
        """Restore the state from before a restart."""
        self._time, self._energy = state.time, state.energy
        self._begin_energy, self._last, self._peak = state.begin_energy, state.last, state.peak

    @property
    def average(self) -> float | None:
        """The mean of the quarter-hour so far (W)."""
        if self._begin_energy is None or not self._recent:
            return None
        elapsed = (self._time - 1) % QUARTER + 1  # QUARTER, not 0, at its end
        return _power(self._energy - self._begin_energy, elapsed)

    @property
    def expected(self) -> float | None:
        """The demand of the quarter-hour if the present power continues (W)."""
        if self._begin_energy is None or len(self._recent) < 2:
            return None
        time, energy = self._recent[0]
        power = (self._energy - energy) / (self._time - time)
        left = -self._time % QUARTER
        return _power(self._energy - self._begin_energy + power * left, QUARTER)

    @property
    def last(self) -> float | None:
        """The demand of the quarter-hour before this one (W); None if it is incomplete."""
        return self._last if self._recent else None

    @property
    def peak(self) -> Peak | None:
        """The highest demand of this month."""
        return self._peak if self._recent else None

    def take(self, second: int, energy: float) -> None:
        """Process the netted import (Wh) as counted up to the end of a second."""
        time, begin = second + 1, second - second % QUARTER
        if time <= self._time:
            self.interrupt()
        if self._time <= begin:
            self._start_quarter(begin, time, energy)
        self._time, self._energy = time, energy
        self._recent.append((time, energy))
        while len(self._recent) > 2 and time - self._recent[0][0] > _POWER_SPAN:
            self._recent.popleft()

    def take_past(self, peak: Peak) -> bool:
        """Process a demand that became known later. Returns whether it is this month's peak now."""
        is_this_month = self._time > 0 and self._is_same_month(peak.quarter, self._time - 1)
        if not is_this_month or (self._peak is not None and peak.demand <= self._peak.demand):
            return False
        self._peak = peak
        return True

    def interrupt(self) -> None:
        """Reset the running quarter-hour, because the clock or the energy jumps."""
        self._time, self._begin_energy = 0, None
        self._recent.clear()

    def _start_quarter(self, begin: int, time: int, energy: float) -> None:
        """Close the last quarter-hour, and open the one at ``begin``, which is before ``time``."""
        is_known = self._time == begin or time - self._time <= LONGEST_GAP
        share = (begin - self._time) / (time - self._time)
        begin_energy = self._energy + (energy - self._energy) * share if is_known else None
        self._last = None
        if begin_energy is not None and self._begin_energy is not None:
            self._last = _power(begin_energy - self._begin_energy, QUARTER)
            if self._peak is None or self._last > self._peak.demand:
                self._peak = Peak(self._last, begin - QUARTER)
        if self._peak is not None and not self._is_same_month(self._peak.quarter, begin):
            self._peak = None
        self._begin_energy = begin_energy

    def _is_same_month(self, time: int, other: int) -> bool:
        return _month_of(time, self._zone) == _month_of(other, self._zone)


def _month_of(time: int, zone: tzinfo) -> tuple[int, int]:
    """Return the local year and month of a time (s since 1970)."""
    local = datetime.fromtimestamp(time, zone)
    return local.year, local.month


def _power(energy: float, seconds: int) -> float:
    """Return the mean power (W) of an energy (Wh) in that time."""
    return rounded(energy * HOUR / seconds, 1)

"""The demand of Belgian grid tariffs: the mean net import of fixed quarter-hours."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo

from .counter_track import LONGEST_GAP
from .durations import HOUR, MINUTE, QUARTER
from .monthly_peaks import MeanPeak, MonthlyPeaks, Peak
from .rounding import rounded

#: The span over which the present power is averaged (s).
_POWER_SPAN = MINUTE


@dataclass(frozen=True, slots=True)
class QuarterHourDemandState:
    """The state to store over a restart; energies are netted import (Wh).

    ``past`` are the peaks of earlier months.
    """

    time: int
    energy: float
    begin_energy: float | None
    last: float | None
    peak: Peak | None
    past: Sequence[Peak] = ()


class QuarterHourDemand:
    """The demand of each quarter-hour, and its monthly peak, from the netted import.

    Quarter-hours are the same in local time and in UTC, as every UTC offset is a multiple of
    15 minutes; months are local. A quarter-hour counts if the energy is known at both ends. What
    is known of the running one is told also while the energy at its begin is not.
    """

    def __init__(self, zone: tzinfo) -> None:
        self._time = 0
        self._energy = 0.0
        self._begin_energy: float | None = None
        self._first: tuple[int, float] | None = None
        self._recent: deque[tuple[int, float]] = deque()
        self._last: float | None = None
        self._peaks = MonthlyPeaks(zone)

    @property
    def state(self) -> QuarterHourDemandState:
        """The state to store over a restart."""
        return QuarterHourDemandState(
            self._time,
            self._energy,
            self._begin_energy,
            self._last,
            self._peaks.current,
            self._peaks.past,
        )

    def restore(self, state: QuarterHourDemandState) -> None:
        """Restore the state from before a restart."""
        self._time, self._energy = state.time, state.energy
        self._begin_energy, self._last = state.begin_energy, state.last
        self._peaks.current, self._peaks.past = state.peak, state.past

    @property
    def is_complete(self) -> bool:
        """Whether the energy at the begin of the running quarter-hour is known."""
        return self._begin_energy is not None

    @property
    def average(self) -> float | None:
        """The mean of the quarter-hour so far (W), or of what is known of it."""
        known = self._known
        return None if known is None else _power(*known)

    @property
    def expected(self) -> float | None:
        """The demand of the quarter-hour, or of what is known of it, if the power continues (W)."""
        known = self._known
        if known is None or len(self._recent) < 2:
            return None
        time, energy = self._recent[0]
        power = (self._energy - energy) / (self._time - time)
        left = -self._time % QUARTER
        return _power(known[0] + power * left, known[1] + left)

    @property
    def _known(self) -> tuple[float, int] | None:
        """The energy (Wh) of the quarter-hour so far, and the time that it was used in (s)."""
        if not self._recent:
            return None
        if self._begin_energy is not None:
            elapsed = (self._time - 1) % QUARTER + 1  # QUARTER, not 0, at its end
            return self._energy - self._begin_energy, elapsed
        if self._first is None or self._first[0] == self._time:
            return None
        time, energy = self._first
        return self._energy - energy, self._time - time

    @property
    def last(self) -> float | None:
        """The demand of the quarter-hour before this one (W); None if it is incomplete."""
        return self._last if self._recent else None

    @property
    def peak(self) -> Peak | None:
        """The highest demand of this month."""
        return self._peaks.current if self._recent else None

    @property
    def mean_peak(self) -> MeanPeak | None:
        """The mean of the monthly peaks of a year, by which the capacity tariff is paid."""
        return self._peaks.mean if self._recent else None

    def take(self, second: int, energy: float) -> None:
        """Process the netted import (Wh) as counted up to the end of a second."""
        time, begin = second + 1, second - second % QUARTER
        if time <= self._time:
            self.interrupt()
        if self._time <= begin:
            self._start_quarter(begin, time, energy)
        if self._begin_energy is None and self._first is None:
            self._first = time, energy
        self._time, self._energy = time, energy
        self._recent.append((time, energy))
        while len(self._recent) > 2 and time - self._recent[0][0] > _POWER_SPAN:
            self._recent.popleft()

    def take_past(self, peak: Peak) -> bool:
        """Process a demand that became known later. Returns whether it is this month's peak now."""
        if self._peaks.is_same_month(peak.quarter, self._time - 1):
            return self._peaks.take(peak)
        self._peaks.take_past(peak)
        return False

    def interrupt(self) -> None:
        """Reset the running quarter-hour, because the clock or the energy jumps."""
        self._time, self._begin_energy, self._first = 0, None, None
        self._recent.clear()

    def _start_quarter(self, begin: int, time: int, energy: float) -> None:
        """Close the last quarter-hour, and open the one at ``begin``, which is before ``time``."""
        is_known = self._time == begin or time - self._time <= LONGEST_GAP
        share = (begin - self._time) / (time - self._time)
        begin_energy = self._energy + (energy - self._energy) * share if is_known else None
        self._last = None
        if begin_energy is not None and self._begin_energy is not None:
            self._last = _power(begin_energy - self._begin_energy, QUARTER)
            self._peaks.take(Peak(self._last, begin - QUARTER))
        self._peaks.begin_quarter(begin)
        self._begin_energy, self._first = begin_energy, None


def _power(energy: float, seconds: int) -> float:
    """Return the mean power (W) of an energy (Wh) in that time."""
    return rounded(energy * HOUR / seconds, 1)

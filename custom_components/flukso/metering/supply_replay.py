"""The energies and the demand of a supply, computed again from the readings in the meter's memory.

It is the arithmetic of the live ones, with the same classes: only many readings at once.
"""

from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from itertools import pairwise
from time import sleep

from .counter_track import LONGEST_GAP
from .demand import QuarterHourDemand
from .durations import HOUR, QUARTER
from .guarded_readings import GuardedReadings
from .house_energy import HouseEnergy
from .monthly_peaks import Peak
from .netting import Booked, Netting
from .outages import SupplyEnergies
from .packed_readings import CounterReadings

#: How long the worker sleeps after each quarter-hour, which lets other threads run (s).
_SLEEP = 0.0001
#: Later than any reading (s since 1970).
_NEVER = 2**33
#: A quarter-hour ends with a second that is known, or with one that is interpolated (s).
_LAST_SECONDS = 2 * LONGEST_GAP


@dataclass(frozen=True, slots=True)
class SupplyCounterLimits:
    """What is known of a counter: its limits, and what it counts when it is sent (Wh).

    ``step`` is 0 if it is sent regularly, ``fastest`` (Wh per second) None if it is not known.
    Its memory is never silent for longer than ``max_silence`` (s), if that is known.
    """

    fastest: float | None
    both_ways: bool = False
    step: float = 0
    max_silence: int | None = None


@dataclass(frozen=True, slots=True)
class SupplyLayout:
    """The counters that a supply is made of, by their key."""

    imports: Mapping[str, SupplyCounterLimits]
    exports: Mapping[str, SupplyCounterLimits]
    longest_gap: int = LONGEST_GAP
    production: Mapping[str, SupplyCounterLimits] = field(default_factory=dict)

    @property
    def counters(self) -> Mapping[str, SupplyCounterLimits]:
        """All of them."""
        return {**self.imports, **self.exports, **self.production}


class SupplyReplay:
    """Counts the energies of a supply from 0, and the demand of each quarter-hour.

    ``hours`` are the energies at the ends of hours, and at other seconds that were asked for;
    ``quarters`` are the demands that are known, each with the begin of its quarter-hour. Whether a
    counter that was reset ``counts_on`` from 0 is as for its readings (``GuardedReadings``).
    """

    def __init__(self, layout: SupplyLayout, zone: tzinfo, *, counts_on: bool = False) -> None:
        self.hours: dict[int, SupplyEnergies] = {}
        self.quarters: list[Peak] = []
        self._netting = Netting(
            layout.imports,
            layout.exports,
            longest_gap=layout.longest_gap,
            steps={key: limits.step for key, limits in layout.imports.items()},
        )
        self._house = HouseEnergy({key: limits.step for key, limits in layout.production.items()})
        self._demand = QuarterHourDemand(zone)
        self._production = frozenset(layout.production)
        self._is_started = False
        self._quarter = 0
        self._guards = {
            key: GuardedReadings(limits.fastest, both_ways=limits.both_ways, counts_on=counts_on)
            for key, limits in layout.counters.items()
        }

    def run(
        self,
        readings: Mapping[str, CounterReadings],
        begin: int,
        end: int,
        *,
        marks: Collection[int] = (),
    ) -> None:
        """Process the readings from a second to another one; to be called in a worker thread.

        A further span that begins where this one ends continues it. ``marks`` are seconds for
        which the energies are wanted, besides the ends of hours.
        """
        marks = {*marks, *range(-(-begin // HOUR) * HOUR, end + 1, HOUR)}
        if not self._is_started:
            self._is_started = True
            self._take({key: readings[key].last_until(begin) for key in self._guards}, marks)
            if self._netting.time in marks:
                self.hours[begin] = self._energies(0, 0)
        quarters = range(begin // QUARTER * QUARTER + QUARTER, end, QUARTER)
        for after, until in pairwise(sorted({begin, *quarters, end})):
            taken = {key: readings[key].between(after, until) for key in self._guards}
            self._take(taken, marks)
            sleep(_SLEEP)

    def _take(
        self,
        readings: Mapping[str, tuple[Sequence[int], Sequence[int]]],
        marks: Collection[int],
    ) -> None:
        accepted = {key: guard.take(*readings[key]) for key, guard in self._guards.items()}
        production = {key: accepted.pop(key) for key in self._production}
        booked = self._netting.take(accepted, marks=marks)
        for each in booked:
            if each.is_known:
                self._take_demand(each.time, each.imported)
        begin = after = 0
        for end, each in enumerate(booked, 1):
            if each.time in marks:
                self._take_house(booked[begin:end], production, range(after, each.time))
                self.hours[each.time] = self._energies(each.imported, each.exported)
                begin, after = end, each.time
        self._take_house(booked[begin:], production, range(after, _NEVER))

    def _take_house(
        self,
        booked: Sequence[Booked],
        production: Mapping[str, tuple[Sequence[int], Sequence[float]]],
        span: range,
    ) -> None:
        """Process what was booked, and the production after the start of a span until its stop."""
        if not production:
            return
        grid = [(each.time, each.imported, each.exported) for each in booked]
        if not grid and self._netting.time is not None:
            grid = [(self._netting.time, self._netting.imported, self._netting.exported)]
        self._house.take(
            grid, {key: _within(span, *readings) for key, readings in production.items()}
        )

    def _take_demand(self, second: int, imported: float) -> None:
        """Process the first known second of a quarter-hour and the last ones, which make it."""
        quarter = second - second % QUARTER
        is_first = quarter > self._quarter
        if is_first or second - quarter >= QUARTER - _LAST_SECONDS:
            self._demand.take(second, imported)
        if is_first:
            self._quarter = quarter
            if self._demand.last is not None:
                self.quarters.append(Peak(self._demand.last, quarter - QUARTER))

    def _energies(self, imported: float, exported: float) -> SupplyEnergies:
        if not self._house.is_known:
            return SupplyEnergies(imported, exported)
        return SupplyEnergies(imported, exported, self._house.house, self._house.self_consumed)


def _within(
    span: range, times: Sequence[int], values: Sequence[float]
) -> tuple[Sequence[int], Sequence[float]]:
    """Return the readings after the start of a span until its stop."""
    part = slice(bisect_right(times, span.start), bisect_right(times, span.stop))
    return times[part], values[part]

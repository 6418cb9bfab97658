"""The demand of whole months against an independent computation from every second of them.

The days around the change of the clock are those of the simulator's household, second by second,
with readings missing; the rest of the month, where the household would cost a minute and a half a
month, is a house whose power changes every half minute and which is heard as often, and every
second around the ends of the quarters.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

import pytest

from custom_components.flukso.metering.demand import QuarterHourDemand
from custom_components.flukso.metering.durations import QUARTER
from custom_components.flukso.metering.netting import Netting
from simulator.household import Home, minute

from .one_reading import take

BRUSSELS = ZoneInfo("Europe/Brussels")
PHASES = (1, 2, 3)
HOME = Home(seed=5, solar_phase=2)
#: How far a quarter with known ends may be off: by missing seconds that turned from import
#: to export (W).
EXACT = 1
#: And one with an end in a gap of some seconds, in which a car may begin to charge (W).
CLOSE = 15

type Powers = tuple[float, float, float]


@pytest.mark.long
def test_march_which_loses_an_hour() -> None:
    check_month(2026, 3, change=29, quarters=31 * 96 - 4)


@pytest.mark.long
def test_october_which_gains_an_hour() -> None:
    check_month(2026, 10, change=25, quarters=31 * 96 + 4)


def check_month(year: int, month: int, *, change: int, quarters: int) -> None:
    """Compare every quarter of the month, and its peak after each of them."""
    begin, end = midnight(year, month, 1), midnight(year, month + 1, 1)
    household = range(midnight(year, month, change), midnight(year, month, change + 1))
    truth: dict[int, float] = {}
    told: dict[int, float | None] = {}
    peaks: dict[int, tuple[float, int]] = {}
    netting = Netting([f"+{phase}" for phase in PHASES], [f"-{phase}" for phase in PHASES])
    demand = QuarterHourDemand(BRUSSELS)
    counters = dict.fromkeys([f"{sign}{phase}" for sign in "+-" for phase in PHASES], 1000.0)
    random, ends = Random(month), set()
    for second, length, powers in runs(begin - 60, end + 60, household):
        used = max(sum(powers), 0.0) * length
        truth[second // QUARTER] = truth.get(second // QUARTER, 0.0) + used
        for phase, watts in zip(PHASES, powers, strict=True):
            counters[f"{'+' if watts > 0 else '-'}{phase}"] += abs(watts) * length / 3600
        if not is_heard(second, household, random):
            continue
        ends.add(second + 1)
        for key, value in counters.items():
            for entry in take(netting, key, second, round(value, 3)):
                demand.take(*entry)
        quarter = second // QUARTER
        if quarter not in told and demand.average is not None:
            told[quarter - 1] = demand.last
            if demand.peak is not None:
                peaks[quarter - 1] = demand.peak.demand, demand.peak.quarter
            told.setdefault(quarter, None)
    whole = range(begin // QUARTER, end // QUARTER)
    assert len(whole) == quarters
    expected = {quarter: truth[quarter] / QUARTER for quarter in whole}
    exact = {quarter for quarter in whole if {quarter * QUARTER, (quarter + 1) * QUARTER} <= ends}
    compare(expected, exact, told, peaks)


def compare(
    expected: dict[int, float],
    exact: set[int],
    told: dict[int, float | None],
    peaks: dict[int, tuple[float, int]],
) -> None:
    """Compare each demand with the mean of the seconds of its quarter."""
    assert 0.7 < len(exact) / len(expected) < 0.9
    highest, last = 0.0, max(expected)
    for quarter, demand in expected.items():
        assert told[quarter] == pytest.approx(demand, abs=EXACT if quarter in exact else CLOSE)
        highest = max(highest, demand)
        if quarter != last:
            peak, began = peaks[quarter]
            assert peak == pytest.approx(highest, abs=CLOSE)
            assert expected[began // QUARTER] == pytest.approx(highest, abs=CLOSE)
    assert last not in peaks


def midnight(year: int, month: int, day: int) -> int:
    return int(datetime(year, month, day, tzinfo=BRUSSELS).timestamp())


def runs(begin: int, end: int, household: range) -> Iterator[tuple[int, int, Powers]]:
    """The power of each phase in every second, or in several that are the same and unheard.

    Each with the last of its seconds, and how many there are.
    """
    random = Random(begin)
    powers = (0.0, 0.0, 0.0)
    second = begin
    while second < end:
        last = second
        if second in household:
            active = minute(second // 60, HOME).active
            # three phases, of which the tuple's type does not know
            powers = tuple(phase[second % 60] for phase in active)  # type: ignore[assignment]
        elif second % 30 == 15:
            sun = max(0.0, 4000 * (1 - abs(second % 86_400 - 43_200) / 20_000))
            loads = [random.expovariate(1 / 700) for _ in PHASES]
            powers = loads[0], loads[1] - sun, loads[2]
        if not (second in household or is_near_an_end(second)):
            last += min((14 - second) % 30, QUARTER - 8 - second % QUARTER)
        yield last, last - second + 1, powers
        second = last + 1


def is_heard(second: int, household: range, random: Random) -> bool:
    """In the household one second in ten is missing, elsewhere all but the ends of half minutes.

    Around the ends of the quarters every second is sent, and some are missing all the same.
    """
    if second in household or is_near_an_end(second):
        return random.random() < 0.9
    return second % 30 == 14


def is_near_an_end(second: int) -> bool:
    """Whether a quarter ends within eight seconds, or did."""
    return min(second % QUARTER, -second % QUARTER) < 8


def test_the_independent_months_are_as_long_as_in_the_calendar() -> None:
    for month, change in ((3, -1), (10, 1)):
        hours = (midnight(2026, month + 1, 1) - midnight(2026, month, 1)) / 3600
        assert hours == 31 * 24 + change
        days = [
            datetime(2026, month, 1, tzinfo=BRUSSELS) + timedelta(days=day) for day in range(31)
        ]
        assert {after.utcoffset() for _, after in pairwise(days)} == {
            timedelta(hours=1),
            timedelta(hours=2),
        }

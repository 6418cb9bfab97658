"""The rows of an outage are mended with what the meter's memory tells, or left alone."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from custom_components.flukso.metering.gaps import Reason
from custom_components.flukso.metering.mended_outage import (
    Energy,
    Mended,
    mended_rows,
    mended_sum_rows,
)
from custom_components.flukso.metering.outages import Outage, SupplyEnergies
from custom_components.flukso.metering.rows import Row

HOUR = 3600
#: The hour in which it began.
FIRST = 1_771_045_200
BEGIN, SETTLED = FIRST + 600, FIRST + 2 * HOUR + 600
#: One phase imported 4 kWh in an hour while another one exported 3 kWh in the other one.
BEFORE = SupplyEnergies(1000.0, 500.0, 2000.0, 1000.0)
OUTAGE = Outage(
    BEGIN, SETTLED - 120, BEFORE, SETTLED, SupplyEnergies(2000.0, 500.0, 8000.0, 6000.0)
)
TOLD = {
    BEGIN: SupplyEnergies(0, 0, 0, 0),
    FIRST + HOUR: SupplyEnergies(4000.0, 0, 4500.0, 500.0),
    FIRST + 2 * HOUR: SupplyEnergies(4000.0, 3000.0, 6000.0, 2000.0),
    SETTLED: SupplyEnergies(4000.0, 3000.0, 6000.0, 2000.0),
}
#: The states of a plain sum at the ends of its hours.
STATES = {FIRST + HOUR: 1500.0, FIRST + 2 * HOUR: 1900.0}
#: The user added so much to the sums.
ADDED = 70.0


def recorded(before: float, after: float, lifted: float = 0) -> dict[int, Row]:
    """The row before the outage, and that after it."""
    return {
        FIRST - HOUR: Row(FIRST - HOUR, before, before + ADDED),
        FIRST + 2 * HOUR: Row(FIRST + 2 * HOUR, after, after + ADDED + lifted),
    }


def mend(
    energy: Energy,
    rows: Mapping[int, Row],
    outage: Outage = OUTAGE,
    told: Mapping[int, SupplyEnergies] = TOLD,
    ahead: float = 0,
) -> Mended | Reason:
    """Mend the outage."""
    return mended_rows(outage, told, energy, rows, tolerance=0, ahead=ahead)


@pytest.mark.parametrize(
    ("energy", "before", "after", "states", "lift"),
    [
        (Energy.IMPORTED, 990.0, 2010.0, (5000.0, 5000.0), 3000.0),
        (Energy.EXPORTED, 500.0, 500.0, (500.0, 3500.0), 3000.0),
        (Energy.HOUSE, 1990.0, 8010.0, (6500.0, 8000.0), 0.0),
        (Energy.SELF_CONSUMED, 1000.0, 6000.0, (1500.0, 3000.0), -3000.0),
    ],
)
def test_import_and_export_of_an_outage_are_told_apart(
    energy: Energy, before: float, after: float, states: tuple[float, float], lift: float
) -> None:
    rows = recorded(before, after)

    mended = mend(energy, rows)

    last = rows[FIRST + 2 * HOUR]
    assert mended == Mended(
        [
            Row(FIRST, states[0], states[0] + ADDED),
            Row(FIRST + HOUR, states[1], states[1] + ADDED),
            replace(last, sum=last.sum + lift),
        ],
        lift,
    )


def test_a_total_that_is_ahead_of_the_energy_it_shows_keeps_its_own_states() -> None:
    rows = recorded(1490.0, 2510.0)

    mended = mend(Energy.IMPORTED, rows, ahead=500.0)

    assert isinstance(mended, Mended)
    assert [row.state for row in mended.rows] == [5500.0, 5500.0, 2510.0]
    assert [row.sum - ADDED for row in mended.rows] == [5500.0, 5500.0, 5510.0]


def test_an_outage_that_is_mended_is_not_lifted_again() -> None:
    rows = recorded(990.0, 2010.0, lifted=3000.0)
    mended = mend(Energy.IMPORTED, rows)
    assert isinstance(mended, Mended)
    assert mended.lift == 0
    assert mended.rows[-1] == rows[FIRST + 2 * HOUR]


def test_an_outage_that_was_booked_rightly_is_spread_over_its_hours() -> None:
    told = TOLD | {time: SupplyEnergies(1000.0, 0) for time in (FIRST + 2 * HOUR, SETTLED)}
    told[FIRST + HOUR] = SupplyEnergies(250.0, 0)
    mended = mend(Energy.IMPORTED, recorded(990.0, 2010.0), told=told)
    assert isinstance(mended, Mended)
    assert mended.lift == 0
    assert [row.state for row in mended.rows] == [1250.0, 2000.0, 2010.0]


@pytest.mark.parametrize(
    ("outage", "told", "lifted", "left_out", "reason"),
    [
        (replace(OUTAGE, settled=None, after=None), TOLD, 0, None, Reason.NOT_REPORTED),
        (OUTAGE, {**TOLD, SETTLED: SupplyEnergies(4001, 3000, 0)}, 0, None, Reason.LEAP),
        (OUTAGE, {time: TOLD[time] for time in (BEGIN, SETTLED)}, 0, None, Reason.NOT_REPORTED),
        (OUTAGE, TOLD, 100.0, None, Reason.SUMS),
        (OUTAGE, TOLD, 0, FIRST - HOUR, Reason.BEGIN),
        (OUTAGE, TOLD, 0, FIRST + 2 * HOUR, Reason.END),
        (OUTAGE, {**TOLD, FIRST + HOUR: SupplyEnergies(9000.0, 0)}, 0, None, Reason.LEAP),
    ],
)
def test_what_is_not_certain_is_left_alone(
    outage: Outage,
    told: Mapping[int, SupplyEnergies],
    lifted: float,
    left_out: int | None,
    reason: Reason,
) -> None:
    rows = recorded(990.0, 2010.0, lifted)
    rows = {hour: row for hour, row in rows.items() if hour != left_out}
    assert mend(Energy.IMPORTED, rows, outage, told) is reason


@pytest.mark.parametrize(
    ("energy", "after", "lift"),
    [
        (Energy.IMPORTED, 2010.0, 3000.0),
        (Energy.EXPORTED, 500.0, 3000.0),
        (Energy.HOUSE, 8010.0, 0.0),
        (Energy.SELF_CONSUMED, 6000.0, -3000.0),
    ],
)
def test_a_pulse_that_is_told_sooner_than_it_is_counted_is_not_added(
    energy: Energy, after: float, lift: float
) -> None:
    """The state, which is what has been counted, has it soon."""
    told = {**TOLD, SETTLED: SupplyEnergies(4001.0, 3000.0, 6002.0, 2001.0)}
    rows = recorded(500.0, after)
    mended = mended_rows(OUTAGE, told, energy, rows, tolerance=2)
    assert isinstance(mended, Mended)
    assert mended.lift == lift


@pytest.mark.parametrize("energy", Energy)
def test_it_does_not_matter_from_where_the_memory_counts(energy: Energy) -> None:
    begin = SupplyEnergies(70.0, 60.0, 50.0, 40.0)
    elsewhere = {
        time: SupplyEnergies(
            each.imported + begin.imported,
            each.exported + begin.exported,
            (each.house or 0) + 50.0,
            (each.self_consumed or 0) + 40.0,
        )
        for time, each in TOLD.items()
    }
    rows = recorded(500.0, 8010.0)
    assert mend(energy, rows, told=elsewhere) == mend(energy, rows)


def test_what_was_booked_of_the_export_is_not_added_again() -> None:
    assert OUTAGE.after is not None
    outage = replace(OUTAGE, after=replace(OUTAGE.after, imported=2100.0, exported=600.0))
    mended = mend(Energy.IMPORTED, recorded(990.0, 2110.0), outage)
    assert isinstance(mended, Mended)
    assert mended.lift == 2900


@pytest.mark.parametrize(
    ("energy", "after", "is_mended"),
    [
        (Energy.IMPORTED, 2010.0, True),
        (Energy.EXPORTED, 500.0, True),
        (Energy.HOUSE, 8010.0, False),
        (Energy.SELF_CONSUMED, 6000.0, False),
    ],
)
def test_what_the_house_used_must_agree_for_what_it_used_itself_alone(
    energy: Energy, after: float, *, is_mended: bool
) -> None:
    told = {**TOLD, SETTLED: replace(TOLD[SETTLED], house=7000.0)}
    mended = mend(energy, recorded(500.0, after), told=told)
    assert (mended is Reason.LEAP) != is_mended


def test_a_lift_that_is_a_rounding_error_is_none() -> None:
    mended = mend(Energy.IMPORTED, recorded(990.0, 2010.0, lifted=2999.96))
    assert isinstance(mended, Mended)
    assert mended.lift == 0
    assert mended.rows[-1] == recorded(990.0, 2010.0, lifted=2999.96)[FIRST + 2 * HOUR]


@pytest.mark.parametrize("settled", [FIRST + 2 * HOUR, FIRST + 3 * HOUR - 1])
def test_an_outage_may_be_settled_with_an_hour(settled: int) -> None:
    outage = replace(OUTAGE, end=settled - 120, settled=settled)
    told = {time: TOLD[min(time, SETTLED)] for time in TOLD if time != SETTLED}
    told[settled] = TOLD[SETTLED]
    rows = recorded(990.0, 2010.0)

    mended = mend(Energy.IMPORTED, rows, outage, told)
    summed = mended_sum_rows(outage, STATES, rows)

    for each in (mended, summed):
        assert isinstance(each, Mended)
        assert [row.hour for row in each.rows] == [FIRST, FIRST + HOUR, FIRST + 2 * HOUR]


def test_what_was_booked_may_be_less_than_what_is_told_by_the_tolerance() -> None:
    told = {**TOLD, FIRST + 2 * HOUR: SupplyEnergies(4011.0, 3000.0, 6000.0, 2000.0)}
    rows = recorded(990.0, 2010.0)
    [in_time, late] = [
        mended_rows(OUTAGE, told, Energy.IMPORTED, rows, tolerance=tolerance)
        for tolerance in (2, 0.5)
    ]
    assert isinstance(in_time, Mended)
    assert late is Reason.LEAP


def test_an_energy_that_is_not_counted_is_left_alone() -> None:
    told = {time: SupplyEnergies(each.imported, each.exported) for time, each in TOLD.items()}
    assert mend(Energy.HOUSE, recorded(1, 2), told=told) is Reason.NOT_REPORTED


def test_an_hour_of_which_an_energy_is_not_told_has_no_row_of_it() -> None:
    told = TOLD | {FIRST + HOUR: SupplyEnergies(4000.0, 0)}
    mended = mend(Energy.HOUSE, recorded(1990.0, 8010.0), told=told)
    assert isinstance(mended, Mended)
    assert [row.hour for row in mended.rows] == [FIRST + HOUR, FIRST + 2 * HOUR]


def test_a_plain_sum_is_spread_over_its_hours() -> None:
    rows = recorded(990.0, 2010.0)
    assert mended_sum_rows(OUTAGE, STATES, rows) == Mended(
        [
            Row(FIRST, 1500.0, 1500.0 + ADDED),
            Row(FIRST + HOUR, 1900.0, 1900.0 + ADDED),
            rows[FIRST + 2 * HOUR],
        ],
        0,
    )


def test_a_plain_sum_may_have_counted_nothing() -> None:
    nothing = dict.fromkeys(STATES, 990.0)
    mended = mended_sum_rows(OUTAGE, nothing, recorded(990.0, 990.0))
    assert isinstance(mended, Mended)
    assert {row.state for row in mended.rows} == {990.0}


@pytest.mark.parametrize(
    ("states", "lifted", "left_out", "reason"),
    [
        ({FIRST + HOUR: 1500.0}, 0, None, Reason.NOT_REPORTED),
        (STATES, 5.0, None, Reason.SUMS),
        (STATES, 0, FIRST - HOUR, Reason.BEGIN),
        (STATES, 0, FIRST + 2 * HOUR, Reason.END),
        ({**STATES, FIRST + HOUR: 3000.0}, 0, None, Reason.LEAP),
    ],
)
def test_a_plain_sum_that_is_not_certain_is_left_alone(
    states: Mapping[int, float], lifted: float, left_out: int | None, reason: Reason
) -> None:
    rows = recorded(990.0, 2010.0, lifted)
    rows = {hour: row for hour, row in rows.items() if hour != left_out}
    assert mended_sum_rows(OUTAGE, states, rows) is reason

"""The hourly statistics of an entity: read in the meter's unit, written and restored exactly."""

from datetime import UTC, datetime
from unittest.mock import patch

from homeassistant.components.recorder import Recorder, get_instance
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)

from custom_components.flukso.history import statistics_store, statistics_units as recorded
from custom_components.flukso.history.statistics_store import StoredRow
from custom_components.flukso.history.statistics_units import (
    Change,
    async_apply,
    async_mean_rows,
    async_plan,
    async_rows,
)
from custom_components.flukso.metering.rows import MeanRow, Row

from ..statistics import HOUR, leave_counter, leave_gauge, table

COUNTER, GAUGE = "sensor.grid_energy", "sensor.grid_power"
BEGIN = int(datetime(2026, 3, 28, 22, tzinfo=UTC).timestamp())

#: Numbers that a conversion to another unit and back changes.
ODD = [(BEGIN + hour * HOUR, 1234.567 + hour / 7, 0.1 + hour / 3) for hour in (0, 1, 5, 6)]
HOLE = [BEGIN + hour * HOUR for hour in (2, 3, 4)]


@pytest.fixture(autouse=True)
def _this_integration(recorder_mock: Recorder) -> None:
    """Let Home Assistant record."""


def rows_of_the_hole(before: float = 1234.567, total: float = 0.1) -> list[Row]:
    """Rows for the gap, in Wh."""
    return [
        Row(hour, before * 1000 + number * 0.1, total * 1000 + number * 0.1)
        for number, hour in enumerate(HOLE, 1)
    ]


@pytest.mark.parametrize(("unit", "watt_hours"), [("Wh", 1), ("kWh", 1000), ("MWh", 1e6)])
@pytest.mark.parametrize("shown", ["Wh", "kWh", "GWh", "L", None])
async def test_a_counter_is_read_in_the_meter_s_unit_whichever_is_stored_or_displayed(
    hass: HomeAssistant, unit: str, watt_hours: float, shown: str | None
) -> None:
    await leave_counter(hass, COUNTER, unit, ODD)
    if shown:
        hass.states.async_set(COUNTER, "1", {"unit_of_measurement": shown})

    rows = await async_rows(hass, COUNTER, BEGIN, BEGIN + 6 * HOUR, "Wh")

    assert [row.hour for row in rows] == [hour for hour, _, _ in ODD[:3]]
    for row, (_, state, total) in zip(rows, ODD, strict=False):
        assert row.state == pytest.approx(state * watt_hours, rel=1e-12)
        assert row.sum == pytest.approx(total * watt_hours, rel=1e-12)


async def test_rows_are_read_as_they_were_before_changes_in_the_same_unit(
    hass: HomeAssistant,
) -> None:
    await leave_counter(hass, COUNTER, "kWh", ODD[:2])
    begin, second = BEGIN, BEGIN + HOUR
    was, is_now = (StoredRow(begin, state, 2.0) for state in (5.0, 6.0))
    first = Change("kWh", (was,), (is_now, StoredRow(second, 7.0, 3.0)))
    later = Change("kWh", (is_now,), (StoredRow(begin, 8.0, 2.0),))
    outside = Change("kWh", (StoredRow(begin - HOUR, 9.0, 9.0),), (StoredRow(begin - HOUR),))
    other_unit = Change("Wh", (StoredRow(begin, 1.0, 1.0),), (StoredRow(begin, 2.0, 2.0),))

    rows = await async_rows(
        hass, COUNTER, begin, second + HOUR, "Wh", before=[first, later, outside, other_unit]
    )

    assert rows == [Row(begin, 5000, 2000)]


async def test_a_gauge_is_read_with_its_extremes(hass: HomeAssistant) -> None:
    await leave_gauge(hass, GAUGE, "kW", [(BEGIN, 1.5)])

    [row] = await async_mean_rows(hass, GAUGE, BEGIN, BEGIN + HOUR, "W")

    assert row == MeanRow(BEGIN, 1500, 500, 4500)


@pytest.mark.parametrize("unit", ["Wh", "kWh", "MWh"])
@pytest.mark.parametrize("shown", ["Wh", "kWh"])
async def test_a_hole_is_filled_and_restored_with_its_neighbours_untouched(
    hass: HomeAssistant, unit: str, shown: str
) -> None:
    await leave_counter(hass, COUNTER, unit, ODD)
    hass.states.async_set(COUNTER, "1", {"unit_of_measurement": shown})
    hole = await table(hass, COUNTER)
    rows = rows_of_the_hole()

    change = await async_plan(hass, COUNTER, rows, "Wh")
    assert change is not None
    assert await async_apply(hass, COUNTER, change)

    filled = await table(hass, COUNTER)
    assert {hour: filled[hour] for hour in hole} == hole
    assert filled.keys() == hole.keys() | set(HOLE)
    read = await async_rows(hass, COUNTER, HOLE[0], HOLE[-1] + HOUR, "Wh")
    for row, written in zip(read, rows, strict=True):
        assert row.state == pytest.approx(written.state, rel=1e-12)
        assert row.sum == pytest.approx(written.sum, rel=1e-12)
    assert await async_apply(hass, COUNTER, change.reverse)
    assert await table(hass, COUNTER) == hole


async def test_replaced_rows_are_restored_as_they_were(hass: HomeAssistant) -> None:
    wrong = [(HOLE[1], 7.7, 0.123456789)]
    reset = datetime(2026, 1, 1, 12, 30, tzinfo=UTC)
    await leave_counter(hass, COUNTER, "kWh", [*ODD, *wrong], reset)
    before = await table(hass, COUNTER)

    change = await async_plan(hass, COUNTER, rows_of_the_hole(), "Wh")
    assert change is not None
    assert await async_apply(hass, COUNTER, change)
    assert await table(hass, COUNTER) != before
    assert await async_apply(hass, COUNTER, change.reverse)

    assert await table(hass, COUNTER) == before


async def test_hours_of_a_gauge_are_filled_and_restored(hass: HomeAssistant) -> None:
    await leave_gauge(hass, GAUGE, "kW", [(BEGIN, 1.1)])
    before = await table(hass, GAUGE)

    change = await async_plan(hass, GAUGE, [MeanRow(HOLE[0], 1500, 500, 4500)], "W")
    assert change is not None
    assert await async_apply(hass, GAUGE, change)

    assert (await table(hass, GAUGE))[HOLE[0]] == (None, None, 1.5, 0.5, 4.5, None)
    assert await async_apply(hass, GAUGE, change.reverse)
    assert await table(hass, GAUGE) == before


async def test_a_counter_without_a_unit_is_read_and_written_as_it_is(hass: HomeAssistant) -> None:
    await leave_counter(hass, COUNTER, None, ODD)

    assert len(await async_rows(hass, COUNTER, BEGIN, BEGIN + 9 * HOUR, None)) == len(ODD)
    change = await async_plan(hass, COUNTER, [Row(HOLE[0], 5, 4)], None)

    assert change is not None
    assert await async_apply(hass, COUNTER, change)
    assert (await table(hass, COUNTER))[HOLE[0]][:2] == (5, 4)


async def test_a_statistic_without_a_unit_class_is_converted_by_its_unit(
    hass: HomeAssistant,
) -> None:
    await leave_counter(hass, COUNTER, "Wh", ODD)
    get_instance(hass).async_update_statistics_metadata(
        COUNTER, new_unit_class=None, new_unit_of_measurement="kWh"
    )
    await async_wait_recording_done(hass)

    [row] = await async_rows(hass, COUNTER, BEGIN, BEGIN + HOUR, "Wh")

    assert row.state == pytest.approx(1234567)


async def test_a_row_without_a_state_or_a_mean_is_ignored(hass: HomeAssistant) -> None:
    # A counter never makes such a row, but a database may have one.
    await leave_counter(hass, COUNTER, "Wh", [(BEGIN, None, None)])
    await leave_gauge(hass, GAUGE, "W", [(BEGIN, 0.0)])

    assert await async_rows(hass, COUNTER, BEGIN, BEGIN + HOUR, "Wh") == []
    assert await async_mean_rows(hass, COUNTER, BEGIN, BEGIN + HOUR, "Wh") == []
    assert await async_rows(hass, GAUGE, BEGIN, BEGIN + HOUR, "W") == []


@pytest.mark.parametrize("unit", ["L", None, "furlong"])
async def test_a_statistic_of_another_kind_is_left_alone(
    hass: HomeAssistant, unit: str | None
) -> None:
    await leave_counter(hass, COUNTER, unit, ODD)
    await leave_gauge(hass, GAUGE, unit, [(BEGIN, 1.0)])

    assert await async_rows(hass, COUNTER, BEGIN, BEGIN + 9 * HOUR, "Wh") == []
    assert await async_mean_rows(hass, GAUGE, BEGIN, BEGIN + 9 * HOUR, "W") == []
    assert await async_plan(hass, COUNTER, rows_of_the_hole(), "Wh") is None


async def test_a_counter_takes_no_means_and_a_gauge_no_sums(hass: HomeAssistant) -> None:
    await leave_counter(hass, COUNTER, "W", ODD)
    await leave_gauge(hass, GAUGE, "Wh", [(BEGIN, 1.0)])

    assert await async_plan(hass, COUNTER, [MeanRow(BEGIN, 1, 1, 1)], "W") is None
    assert await async_plan(hass, GAUGE, rows_of_the_hole(), "Wh") is None


async def test_nothing_is_written_for_an_entity_without_statistics(hass: HomeAssistant) -> None:
    assert await async_plan(hass, COUNTER, rows_of_the_hole(), "Wh") is None
    assert await async_rows(hass, COUNTER, BEGIN, BEGIN + HOUR, "Wh") == []
    assert await table(hass, COUNTER) == {}


async def test_hours_that_changed_meanwhile_are_left_alone(hass: HomeAssistant) -> None:
    await leave_counter(hass, COUNTER, "kWh", ODD)
    change = await async_plan(hass, COUNTER, rows_of_the_hole(), "Wh")
    assert change is not None
    await leave_counter(hass, COUNTER, "kWh", [(HOLE[2], 9.9, 8.8)])
    now = await table(hass, COUNTER)

    assert not await async_apply(hass, COUNTER, change)

    assert await table(hass, COUNTER) == now


async def test_a_unit_that_changed_meanwhile_is_noticed(hass: HomeAssistant) -> None:
    await leave_counter(hass, COUNTER, "kWh", ODD)
    change = await async_plan(hass, COUNTER, rows_of_the_hole(), "Wh")
    assert change is not None
    assert await async_apply(hass, COUNTER, change)
    get_instance(hass).async_change_statistics_unit(
        COUNTER, new_unit_of_measurement="MWh", old_unit_of_measurement="kWh"
    )
    now = await table(hass, COUNTER)

    assert not await async_apply(hass, COUNTER, change.reverse)

    assert await table(hass, COUNTER) == now


async def test_a_write_that_did_not_arrive_is_noticed(hass: HomeAssistant) -> None:
    await leave_counter(hass, COUNTER, "kWh", ODD)
    change = await async_plan(hass, COUNTER, rows_of_the_hole(), "Wh")
    assert change is not None

    with patch.object(recorded, "write"):
        assert not await async_apply(hass, COUNTER, change)


async def test_waiting_for_a_busy_recorder_times_out(
    hass: HomeAssistant,
) -> None:
    await leave_counter(hass, COUNTER, "kWh", ODD)
    change = await async_plan(hass, COUNTER, rows_of_the_hole(), "Wh")
    assert change is not None

    with patch.object(statistics_store, "_TIMEOUT", 0), pytest.raises(HomeAssistantError) as error:
        await async_apply(hass, COUNTER, change)

    assert error.value.translation_key == "recorder_busy"

"""Hours that Home Assistant missed are filled from the meter's memory."""

from collections.abc import Iterable
import logging
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder import Recorder
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events
from sqlalchemy.exc import OperationalError

from custom_components.flukso.const import DOMAIN, EVENT_HISTORY_FILLED
from custom_components.flukso.diagnostics import async_get_config_entry_diagnostics
from custom_components.flukso.history import statistics_store
from custom_components.flukso.history.backfill import Backfill
from simulator import blocks

from ..broker import Broker
from ..home import entity_of, set_up
from ..meters import flm03
from ..past import BEGIN, HOLE, LAST, LEVEL, NOW, RECORDED, Past, all_but, shown
from ..statistics import HOUR, Columns, leave_gauge, table

METER = flm03()
PPLUS = 1
PAST = Past(METER, PPLUS)
UNIQUE_ID = f"{METER.device_id}_{METER.sensor_id(PPLUS)}_counter"


@pytest.fixture(autouse=True)
def _this_integration(
    recorder_mock: Recorder, enable_custom_integrations: None, freezer: FrozenDateTimeFactory
) -> None:
    """Let Home Assistant record."""
    freezer.move_to(NOW)


@pytest.fixture
async def entry(hass: HomeAssistant, broker: Broker) -> MockConfigEntry:
    """Set up the meter."""
    await hass.config.async_set_time_zone("Europe/Brussels")
    return await set_up(hass, broker, METER)


@pytest.fixture
def energy(hass: HomeAssistant, entry: MockConfigEntry) -> str:
    """The statistic of a counter."""
    return entity_of(hass, METER, PPLUS, "counter").entity_id


@pytest.fixture
def power(hass: HomeAssistant, entry: MockConfigEntry) -> str:
    """The statistic of its power."""
    return entity_of(hass, METER, PPLUS, "gauge").entity_id


def refused(entry: MockConfigEntry) -> dict[tuple[int, int], str]:
    """The gaps that were not filled, and why."""
    history = entry.runtime_data.history
    assert isinstance(history, Backfill)
    assert {refusal.unique_id for refusal in history.refusals} <= {UNIQUE_ID}
    return {(refusal.begin, refusal.end): refusal.reason for refusal in history.refusals}


def in_wh(
    rows: dict[int, Columns], hours: Iterable[int], scale: float = 1000
) -> dict[int, tuple[float, float]]:
    """State and sum of some recorded hours."""
    found = {hour: rows[hour][:2] for hour in hours if hour in rows}
    return {hour: (float(a or 0) * scale, float(b or 0) * scale) for hour, (a, b) in found.items()}


def true(hours: Iterable[int]) -> dict[int, object]:
    """What they should be, to the thousandth."""
    return {hour: pytest.approx(row, abs=1e-3) for hour, row in PAST.rows(hours).items()}


@pytest.mark.parametrize(("unit", "scale"), [("Wh", 1), ("kWh", 1000), ("MWh", 1_000_000)])
async def test_a_hole_of_26_hours_is_filled_whatever_unit_it_is_kept_in(
    hass: HomeAssistant, broker: Broker, energy: str, unit: str, scale: float
) -> None:
    await PAST.leave(hass, energy, all_but(HOLE), unit=unit, scale=scale)
    before = await table(hass, energy)

    await PAST.publish(broker, LEVEL, BEGIN)

    after = await table(hass, energy)
    assert in_wh(after, HOLE, scale) == true(HOLE)
    assert {hour: after[hour] for hour in before} == before
    assert len(after) == len(RECORDED)


async def test_it_is_filled_once_the_blocks_reach_from_end_to_end(
    hass: HomeAssistant, broker: Broker, entry: MockConfigEntry, energy: str
) -> None:
    await PAST.leave(hass, energy, all_but(HOLE))
    first = HOLE[0] >> 16 << 16
    last = HOLE[-1] + 2 * HOUR >> 16 << 16
    assert last > first

    await PAST.publish(broker, 16, first)
    assert (await table(hass, energy)).keys() == set(all_but(HOLE))
    for bid in range(first + (1 << 16), last + 1, 1 << 16):
        await PAST.publish(broker, 16, bid)

    assert in_wh(await table(hass, energy), HOLE) == true(HOLE)
    assert refused(entry) == {}


@pytest.mark.parametrize("query", ["get_metadata", "statistics_during_period"])
async def test_a_database_that_is_gone_is_told_and_the_hole_is_filled_later(
    hass: HomeAssistant,
    broker: Broker,
    entry: MockConfigEntry,
    energy: str,
    *,
    caplog: pytest.LogCaptureFixture,
    query: str,
) -> None:
    await PAST.leave(hass, energy, all_but(HOLE))
    gone = OperationalError("SELECT", {}, Exception("server has gone away"))

    with patch.object(statistics_store, query, side_effect=gone):
        await PAST.publish(broker, LEVEL, BEGIN)

    told = [each.getMessage() for each in caplog.records if each.levelno >= logging.WARNING]
    [line] = [each for each in told if "gone away" in each]
    assert "will be compared later: The recorder could not read or change the history" in line
    assert [each for each in caplog.records if each.levelno >= logging.ERROR] == []
    await act(hass, entry, "fill_history")
    assert in_wh(await table(hass, energy), HOLE) == true(HOLE)


async def test_hours_that_stood_still_are_filled(
    hass: HomeAssistant, broker: Broker, energy: str
) -> None:
    """As Home Assistant makes them at its next start, from the last state before it was down."""
    await PAST.leave(hass, energy, all_but(HOLE))
    state, total = PAST.rows([HOLE[0] - HOUR])[HOLE[0] - HOUR]
    still = Past(METER, PPLUS, told=lambda _: round(state * 1000))
    await still.leave(hass, energy, HOLE)
    assert total > 0

    await PAST.publish(broker, LEVEL, BEGIN)

    assert in_wh(await table(hass, energy), HOLE) == true(HOLE)


async def test_the_rows_that_were_replaced_are_in_the_diagnostics(
    hass: HomeAssistant, broker: Broker, entry: MockConfigEntry, energy: str
) -> None:
    await PAST.leave(hass, energy, all_but(HOLE))
    state, _ = PAST.rows([HOLE[0] - HOUR])[HOLE[0] - HOUR]
    still = Past(METER, PPLUS, told=lambda _: round(state * 1000))
    await still.leave(hass, energy, HOLE[:2])

    await PAST.publish(broker, LEVEL, BEGIN)

    diagnostics: Any = await async_get_config_entry_diagnostics(hass, entry)
    [filled] = diagnostics["history"]["filled"]
    assert [row["hour"] for row in filled["replaced"]] == list(HOLE[:2])
    assert [row["state"] for row in filled["replaced"]] == pytest.approx([state / 1000] * 2)


async def test_a_second_arrival_changes_nothing(
    hass: HomeAssistant, broker: Broker, entry: MockConfigEntry, energy: str
) -> None:
    await PAST.leave(hass, energy, all_but(HOLE))
    await PAST.publish(broker, LEVEL, BEGIN)
    after, told = await table(hass, energy), async_capture_events(hass, EVENT_HISTORY_FILLED)

    await PAST.publish(broker, LEVEL, BEGIN)
    await PAST.publish(broker, 16, HOLE[0] >> 16 << 16)
    await hass.config_entries.async_reload(entry.entry_id)
    await PAST.publish(broker, LEVEL, BEGIN)

    assert await table(hass, energy) == after
    assert told == []
    assert len(entry.runtime_data.fill_log.filled) == 1


async def test_filled_hours_are_reported_and_can_be_undone_exactly(
    hass: HomeAssistant, broker: Broker, entry: MockConfigEntry, energy: str
) -> None:
    await PAST.leave(hass, energy, all_but(HOLE))
    before, told = await table(hass, energy), async_capture_events(hass, EVENT_HISTORY_FILLED)

    await PAST.publish(broker, LEVEL, BEGIN)

    [event] = told
    assert event.data["entity_id"] == energy
    assert (event.data["hours"], event.data["unit"]) == (26, "kWh")
    counted = (shown(HOLE[-1] + HOUR) - shown(HOLE[0])) / 1_000_000
    assert event.data["amount"] == pytest.approx(counted)
    await act(hass, entry, "restore_history")
    assert await table(hass, energy) == before


async def test_undone_hours_stay_empty_until_the_user_asks(
    hass: HomeAssistant, broker: Broker, entry: MockConfigEntry, energy: str
) -> None:
    await PAST.leave(hass, energy, all_but(HOLE))
    await PAST.publish(broker, LEVEL, BEGIN)
    await act(hass, entry, "restore_history")
    await hass.config_entries.async_reload(entry.entry_id)

    await PAST.publish(broker, LEVEL, BEGIN)

    assert (await table(hass, energy)).keys() == set(all_but(HOLE))
    assert refused(entry) == {(HOLE[0], HOLE[-1] + HOUR): "taken_back"}
    await act(hass, entry, "fill_history")
    assert in_wh(await table(hass, energy), HOLE) == true(HOLE)
    assert refused(entry) == {}


async def act(hass: HomeAssistant, entry: MockConfigEntry, action: str, **data: str) -> None:
    """Perform an action on the meter."""
    await hass.services.async_call(
        DOMAIN, action, {"config_entry_id": entry.entry_id, **data}, blocking=True
    )


async def test_the_hours_of_a_filled_hole_have_power_where_they_had_none(
    hass: HomeAssistant, broker: Broker, energy: str, power: str
) -> None:
    await PAST.leave(hass, energy, all_but(HOLE))
    kept = [HOLE[0] - HOUR, HOLE[3], HOLE[-1] + HOUR]
    await leave_gauge(hass, power, "W", [(hour, 1.5) for hour in kept])
    before = await table(hass, power)

    await PAST.publish(broker, LEVEL, BEGIN)

    after = await table(hass, power)
    assert {hour: after[hour] for hour in before} == before
    assert after.keys() == {*kept, *HOLE}
    for hour in set(HOLE) - set(kept):
        _, _, mean, least, most, _ = after[hour]
        of_minutes = [shown(end) - shown(end - 60) for end in range(hour + 60, hour + HOUR, 60)]
        assert mean == pytest.approx((shown(hour + HOUR) - shown(hour)) / 1000)
        assert least == pytest.approx(min(of_minutes) * 60 / 1000)
        assert most == pytest.approx(max(of_minutes) * 60 / 1000)


async def test_power_that_was_recorded_all_the_time_stays_as_it_is(
    hass: HomeAssistant, broker: Broker, energy: str, power: str
) -> None:
    await PAST.leave(hass, energy, all_but(HOLE))
    await leave_gauge(hass, power, "W", [(hour, 1.5) for hour in HOLE])
    before = await table(hass, power)

    await PAST.publish(broker, LEVEL, BEGIN)

    assert await table(hass, power) == before
    assert in_wh(await table(hass, energy), HOLE) == true(HOLE)


async def test_a_disabled_power_entity_is_not_filled(
    hass: HomeAssistant, broker: Broker, entry: MockConfigEntry, energy: str, power: str
) -> None:
    await PAST.leave(hass, energy, all_but(HOLE))
    await leave_gauge(hass, power, "W", [(HOLE[0] - HOUR, 1.5)])
    before = await table(hass, power)
    er.async_get(hass).async_update_entity(power, disabled_by=er.RegistryEntryDisabler.USER)
    await broker.settle()

    await PAST.publish(broker, LEVEL, BEGIN)

    assert await table(hass, power) == before
    assert in_wh(await table(hass, energy), HOLE) == true(HOLE)


async def test_an_entity_that_was_renamed_since_is_filled_under_its_new_name(
    hass: HomeAssistant, broker: Broker, energy: str
) -> None:
    await PAST.leave(hass, energy, all_but(HOLE))
    er.async_get(hass).async_update_entity(energy, new_entity_id="sensor.house")
    await broker.settle()
    await table(hass, "sensor.house")

    await PAST.publish(broker, LEVEL, BEGIN)

    assert in_wh(await table(hass, "sensor.house"), HOLE) == true(HOLE)


async def test_a_hole_up_to_now_is_filled_once_an_hour_after_it_is_recorded(
    hass: HomeAssistant,
    broker: Broker,
    entry: MockConfigEntry,
    energy: str,
    freezer: FrozenDateTimeFactory,
) -> None:
    hole = range(LAST - 5 * HOUR, LAST, HOUR)
    await PAST.leave(hass, energy, [hour for hour in RECORDED if hour < hole[0]])
    await PAST.publish(broker, LEVEL, BEGIN)
    newest = (int(NOW.timestamp()) >> 12) - 1
    for block in range(newest - 12, newest):
        await PAST.publish(broker, 12, block << 12)
    assert set(refused(entry).values()) == {"end_unsure"}

    await PAST.leave(hass, energy, [LAST])
    await PAST.publish(broker, 12, newest << 12)

    assert in_wh(await table(hass, energy), hole) == true(hole)


async def test_an_hour_that_ended_a_moment_ago_is_left_to_the_recorder(
    hass: HomeAssistant,
    broker: Broker,
    entry: MockConfigEntry,
    energy: str,
    freezer: FrozenDateTimeFactory,
) -> None:
    freezer.move_to(later := NOW.replace(hour=11, minute=4))
    ten = int(later.timestamp()) // HOUR * HOUR - HOUR
    await PAST.leave(hass, energy, range(ten - 5 * HOUR, ten, HOUR))
    newest = (int(later.timestamp()) >> 12) - 1
    for block in range(newest - 3, newest + 1):
        await PAST.publish(broker, 12, block << 12)

    assert refused(entry) == {}
    freezer.move_to(later.replace(minute=16))
    await act(hass, entry, "fill_history")
    assert refused(entry) == {(ten, ten + HOUR): "end_unsure"}


async def test_a_period_within_a_hole_has_the_whole_hole_filled(
    hass: HomeAssistant, broker: Broker, entry: MockConfigEntry, energy: str
) -> None:
    await PAST.publish(broker, LEVEL, BEGIN)
    other = range(HOLE[0] - 30 * HOUR, HOLE[0] - 20 * HOUR, HOUR)
    await PAST.leave(hass, energy, all_but([*HOLE, *other]))

    await act(
        hass,
        entry,
        "fill_history",
        start="2026-03-29T05:00:00+00:00",
        end="2026-03-29T10:00:00+00:00",
    )

    assert in_wh(await table(hass, energy), [*HOLE, *other]) == true(HOLE)
    assert refused(entry) == {}


async def test_what_was_before_anything_was_recorded_is_no_gap(
    hass: HomeAssistant, broker: Broker, entry: MockConfigEntry, energy: str
) -> None:
    await PAST.leave(hass, energy, all_but(()))

    await PAST.publish(broker, LEVEL, BEGIN)

    assert refused(entry) == {}
    assert (await table(hass, energy)).keys() == set(RECORDED)


async def test_the_entity_has_the_time_up_to_which_the_hours_agree(
    hass: HomeAssistant, broker: Broker, entry: MockConfigEntry, energy: str
) -> None:
    await PAST.leave(hass, energy, all_but(HOLE))
    for counter in entry.runtime_data.history.blocks.counters:
        if counter != UNIQUE_ID:
            entry.runtime_data.history.filled_until.note(counter, NOW.timestamp())

    await PAST.publish(broker, LEVEL, BEGIN)

    state = hass.states.get("sensor.fluksometer_history_complete_until")
    assert state is not None
    assert state.state == "2026-04-03T17:00:00+00:00"


async def test_an_audit_reports_each_hour_and_changes_nothing(
    hass: HomeAssistant, broker: Broker, entry: MockConfigEntry, energy: str
) -> None:
    await PAST.leave(hass, energy, [hour for hour in all_but(HOLE[:2]) if hour < HOLE[3]])
    elsewhere = Past(METER, PPLUS, told=lambda time: shown(time) - 70_000)
    await elsewhere.leave(hass, energy, HOLE[2:3])
    await PAST.publish(broker, 16, HOLE[0] >> 16 << 16)
    before = await table(hass, energy)

    answer = await hass.services.async_call(
        DOMAIN,
        "audit_history",
        {
            "config_entry_id": entry.entry_id,
            "start": "2026-03-28T15:00:00+00:00",
            "end": "2026-03-29T02:00:00+00:00",
        },
        blocking=True,
        return_response=True,
    )

    assert answer is not None
    [told] = [each for each in answer["counters"] if each["entity_id"] == energy]
    assert await table(hass, energy) == before
    findings = [hour["finding"] for hour in told["hours"]]
    assert findings == ["not_told", *["agrees"] * 7, "no_row", "no_row", "differs"]
    *_, agrees, no_row, _, differs = told["hours"]
    assert agrees["recorded"] == pytest.approx(agrees["meter"])
    assert no_row == {
        "hour": "2026-03-29T00:00:00+01:00",
        "recorded": None,
        "meter": shown(HOLE[1]) / 1000,
        "finding": "no_row",
    }
    assert differs["recorded"] == pytest.approx(differs["meter"] - 70)


def test_the_blocks_of_these_tests_are_what_a_meter_makes() -> None:
    """The simulated meter's memory makes the same blocks from the same readings."""
    readings = PAST.readings(BEGIN, BEGIN + (1 << 12))
    parts = [
        blocks.of_readings(8, [each for each in readings if each[0] >> 8 == span])
        for span in sorted({each[0] >> 8 for each in readings})
    ]
    joined = blocks.of_blocks(12, parts)
    assert joined == blocks.of_readings(12, readings)

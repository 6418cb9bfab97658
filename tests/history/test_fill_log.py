"""Filled hours can be undone: exactly, once, within a month, and they stay undone."""

from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

from homeassistant.components.recorder import Recorder
from homeassistant.core import Event, HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)

from custom_components.flukso.const import DOMAIN, EVENT_HISTORY_FILLED
from custom_components.flukso.history.fill_file import Fill
from custom_components.flukso.history.fill_log import FillLog, RestoreFailure
from custom_components.flukso.metering.rows import MeanRow, Row

from ..statistics import HOUR, leave_counter, leave_gauge, table

BEGIN = int(datetime(2026, 3, 28, 22, tzinfo=UTC).timestamp())
NOW = BEGIN + 48 * HOUR
DAY = 24 * HOUR


@pytest.fixture(autouse=True)
def _this_integration(recorder_mock: Recorder, enable_custom_integrations: None) -> None:
    """Let Home Assistant record."""


@pytest.fixture
async def fill_log(_this_integration: None, hass: HomeAssistant) -> FillLog:
    """The fill log of a meter with two counters and a power, each with hours 0, 5 and 6."""
    entry = MockConfigEntry(domain=DOMAIN, entry_id="entry")
    entry.add_to_hass(hass)
    for name in ("import", "export", "power"):
        er.async_get(hass).async_get_or_create(
            "sensor", DOMAIN, name, config_entry=entry, suggested_object_id=name
        )
    for name in ("import", "export"):
        hours = [(BEGIN + hour * HOUR, 70.7 + hour, 0.1 + hour) for hour in (0, 5, 6)]
        await leave_counter(hass, f"sensor.{name}", "kWh", hours)
    await leave_gauge(hass, "sensor.power", "W", [(BEGIN + hour * HOUR, 1.0) for hour in (0, 5)])
    return await loaded(hass)


async def loaded(hass: HomeAssistant) -> FillLog:
    """The fill log as loaded at a start of Home Assistant."""
    fill_log = FillLog(hass, "entry")
    await fill_log.async_load()
    return fill_log


async def fill(
    fill_log: FillLog, unique_id: str, hours: tuple[int, ...], at: float = NOW
) -> Fill | None:
    """Fill hours of a counter with 1 kWh each."""
    rows = [Row(BEGIN + hour * HOUR, 70700 + hour * 1000, 100 + hour * 1000) for hour in hours]
    amount = 1000.0 * len(hours)
    return await fill_log.async_fill(unique_id, rows, unit="Wh", amount=amount, at=at)


async def all_tables(hass: HomeAssistant) -> list[object]:
    """All rows in the database."""
    return [await table(hass, f"sensor.{name}") for name in ("import", "export", "power")]


async def test_a_fill_has_its_hours_and_its_amount_in_the_unit_of_the_statistic(
    fill_log: FillLog,
) -> None:
    logged = await fill(fill_log, "import", (1, 2, 3, 4))

    assert logged is not None
    assert logged.hours == tuple(BEGIN + hour * HOUR for hour in (1, 2, 3, 4))
    assert (logged.amount, logged.change.unit) == (4, "kWh")
    assert logged.at == NOW
    assert fill_log.filled == [logged]


@pytest.mark.parametrize("restarted", [False, True])
async def test_the_last_fill_is_undone_for_all_entities_and_stays_undone(
    hass: HomeAssistant, fill_log: FillLog, restarted: bool
) -> None:
    before = await all_tables(hass)
    await fill(fill_log, "import", (1, 2, 3, 4))
    await fill(fill_log, "export", (2, 3))
    power = [MeanRow(BEGIN + 3 * HOUR, 100, 50, 150)]
    await fill_log.async_fill("power", power, unit="W", amount=None, at=NOW)
    assert await all_tables(hass) != before
    if restarted:
        fill_log = await loaded(hass)

    taken = await fill_log.async_restore()

    assert [logged.unique_id for logged, _ in taken] == ["power", "export", "import"]
    assert all(reason is None for _, reason in taken)
    assert await all_tables(hass) == before
    for known in (fill_log, await loaded(hass)):
        assert known.filled == []
        assert set(known.excluded_hours("import")) == {BEGIN + hour * HOUR for hour in (1, 2, 3, 4)}
        assert set(known.excluded_hours("export")) == {BEGIN + hour * HOUR for hour in (2, 3)}
        assert not known.excluded_hours("other")


async def test_an_earlier_fill_stays_until_it_is_the_last(
    hass: HomeAssistant, fill_log: FillLog
) -> None:
    before = await all_tables(hass)
    await fill(fill_log, "import", (1, 2))
    earlier = await all_tables(hass)
    await fill(fill_log, "import", (4,))

    assert len(await fill_log.async_restore()) == 1
    assert await all_tables(hass) == earlier
    assert len(await fill_log.async_restore()) == 1
    assert await all_tables(hass) == before
    assert await fill_log.async_restore() == []


async def test_hours_that_were_filled_twice_are_restored_to_the_first_rows(
    hass: HomeAssistant, fill_log: FillLog
) -> None:
    before = await all_tables(hass)
    await fill(fill_log, "import", (1, 2, 3))
    await fill(fill_log, "import", (3, 4))

    assert len(await fill_log.async_restore()) == 2

    assert await all_tables(hass) == before


async def test_hours_that_were_filled_again_before_others_are_restored_to_the_first_rows(
    hass: HomeAssistant, fill_log: FillLog
) -> None:
    before = await all_tables(hass)
    await fill(fill_log, "import", (1, 2, 3))
    other = [Row(BEGIN + HOUR, 71700, 1150)]
    await fill_log.async_fill("import", other, unit="Wh", amount=50, at=NOW)

    assert [reason for _, reason in await fill_log.async_restore()] == [None, None]

    assert await all_tables(hass) == before
    assert fill_log.filled == []


async def test_all_fills_of_a_time_are_undone_in_whatever_order_they_were_made(
    hass: HomeAssistant, fill_log: FillLog
) -> None:
    await fill(fill_log, "export", (1,))
    before = await all_tables(hass)
    for hours in ((4,), (2, 3), (1,)):
        await fill(fill_log, "import", hours)

    await fill_log.async_restore_within("import", BEGIN, BEGIN + 5 * HOUR)

    assert await all_tables(hass) == before
    assert [left.unique_id for left in fill_log.filled] == ["export"]


async def test_rows_that_were_changed_since_are_left_alone_and_can_be_filled(
    hass: HomeAssistant, fill_log: FillLog
) -> None:
    await fill(fill_log, "import", (1, 2))
    await leave_counter(hass, "sensor.import", "kWh", [(BEGIN + HOUR, 1.0, 2.0)])
    changed = await all_tables(hass)

    [(logged, reason)] = await fill_log.async_restore()

    assert (logged.unique_id, reason) == ("import", RestoreFailure.CHANGED)
    assert await all_tables(hass) == changed
    assert not fill_log.excluded_hours("import")
    assert await fill_log.async_restore() == []


async def test_an_entity_that_was_renamed_is_found_again(
    hass: HomeAssistant, fill_log: FillLog
) -> None:
    before = await table(hass, "sensor.import")
    await fill(fill_log, "import", (1, 2))
    er.async_get(hass).async_update_entity("sensor.import", new_entity_id="sensor.grid")
    await async_wait_recording_done(hass)

    [(_, reason)] = await fill_log.async_restore()

    assert reason is None
    assert await table(hass, "sensor.grid") == before


async def test_an_entity_that_is_gone_has_nothing_to_undo(
    hass: HomeAssistant, fill_log: FillLog
) -> None:
    await fill(fill_log, "import", (1, 2))
    er.async_get(hass).async_remove("sensor.import")

    [(_, reason)] = await fill_log.async_restore()

    assert reason is RestoreFailure.GONE
    assert await fill(fill_log, "import", (3,)) is None


async def test_undone_hours_can_be_filled_once_the_user_asks(
    hass: HomeAssistant, fill_log: FillLog
) -> None:
    await fill(fill_log, "import", (1, 2, 3))
    await fill_log.async_restore()

    await fill_log.async_release(0, BEGIN)
    assert len(fill_log.excluded_hours("import")) == 3
    await fill_log.async_release(BEGIN + 2 * HOUR, BEGIN + 3 * HOUR)
    assert set(fill_log.excluded_hours("import")) == {BEGIN + HOUR, BEGIN + 3 * HOUR}
    await fill_log.async_release(0, NOW)

    assert not fill_log.excluded_hours("import")
    assert not (await loaded(hass)).excluded_hours("import")


async def test_a_fill_is_forgotten_after_a_month(hass: HomeAssistant, fill_log: FillLog) -> None:
    await fill(fill_log, "import", (1,))
    await fill(fill_log, "import", (2,), at=NOW + 29 * DAY)
    assert len(fill_log.filled) == 2

    await fill(fill_log, "export", (4,), at=NOW + 31 * DAY)

    assert [logged.at for logged in (await loaded(hass)).filled] == [
        NOW + 29 * DAY,
        NOW + 31 * DAY,
    ]


async def test_an_hour_that_has_just_ended_is_left_to_the_recorder(
    hass: HomeAssistant, fill_log: FillLog
) -> None:
    before = await all_tables(hass)

    assert await fill(fill_log, "import", (1, 2), at=BEGIN + 3 * HOUR + 899) is None
    assert await all_tables(hass) == before
    assert await fill(fill_log, "import", (1, 2), at=BEGIN + 3 * HOUR + 900) is not None


async def test_existing_rows_are_not_filled_again(hass: HomeAssistant, fill_log: FillLog) -> None:
    logged = await fill(fill_log, "import", (1, 2))

    assert await fill(fill_log, "import", (1, 2)) is None

    assert fill_log.filled == [logged]


async def test_a_fill_that_was_not_written_is_not_logged(
    hass: HomeAssistant, fill_log: FillLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [Row(BEGIN + HOUR, 1, 1)]
    assert await fill_log.async_fill("import", rows, unit="L", amount=1, at=NOW) is None
    monkeypatch.setattr("custom_components.flukso.history.statistics_units.write", lambda *_: None)

    assert await fill(fill_log, "import", (1,)) is None

    assert fill_log.filled == (await loaded(hass)).filled == []


async def test_each_fill_fires_an_event(hass: HomeAssistant, fill_log: FillLog) -> None:
    events: list[Event[dict[str, Any]]] = async_capture_events(hass, EVENT_HISTORY_FILLED)

    await fill(fill_log, "import", (1, 2))
    await fill_log.async_restore()

    [event] = events
    assert event.data == {
        "entity_id": "sensor.import",
        "device_id": None,
        "begin": "2026-03-28T23:00:00+00:00",
        "hours": 2,
        "amount": 2,
        "unit": "kWh",
    }


@pytest.mark.parametrize(
    "data",
    [
        {"filled": [], "held": {"import": ["no hour"]}},
        {"filled": [{"unique_id": "import"}], "held": {}},
        *(
            {
                "filled": [
                    {
                        "unique_id": "import",
                        "at": 1,
                        "amount": None,
                        "unit": None,
                        "before": before,
                        "after": [[3600, 1, 2, None, None, None, None]],
                    }
                ],
                "held": {},
            }
            for before in ([7], [[]], [[None, 1]], [["hour"]], [[1, "state"]], [[1] * 8])
        ),
    ],
)
async def test_an_unreadable_file_is_ignored(
    hass: HomeAssistant,
    fill_log: FillLog,
    hass_storage: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
    data: object,
) -> None:
    hass_storage["flukso.entry.fillings"] = {"version": 1, "minor_version": 1, "data": data}

    known = await loaded(hass)

    assert known.filled == []
    assert "The record of filled hours cannot be read" in caplog.text


async def test_a_file_of_a_newer_version_is_left_alone(
    hass: HomeAssistant, fill_log: FillLog, hass_storage: dict[str, Any]
) -> None:
    newer = {"version": 2, "minor_version": 1, "data": {"all": "new"}}
    hass_storage["flukso.entry.fillings"] = deepcopy(newer)
    before = await all_tables(hass)

    known = await loaded(hass)
    await fill(known, "import", (1, 2))
    await fill(known, "export", (1, 2))
    assert len(await known.async_restore()) == 2
    await known.async_release(0, NOW)

    assert await all_tables(hass) == before
    assert hass_storage["flukso.entry.fillings"] == newer


async def test_a_removed_fill_log_leaves_no_file(
    hass: HomeAssistant, fill_log: FillLog, hass_storage: dict[str, Any]
) -> None:
    await fill(fill_log, "import", (1,))
    assert "flukso.entry.fillings" in hass_storage

    await fill_log.async_remove()

    assert "flukso.entry.fillings" not in hass_storage


async def test_nothing_is_written_once_a_meter_is_removed(
    hass: HomeAssistant, fill_log: FillLog, hass_storage: dict[str, Any]
) -> None:
    before = await all_tables(hass)
    await fill_log.async_remove()

    assert await fill(fill_log, "import", (1, 2)) is None

    assert await all_tables(hass) == before
    assert "flukso.entry.fillings" not in hass_storage

"""Undoing a fill with the action, and the activity log's line for a fill."""

from typing import Any

from homeassistant.components.recorder import Recorder
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.translation import async_setup as async_setup_translations
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.flukso.const import DOMAIN
from custom_components.flukso.history.import_log import async_remove_import_log
from custom_components.flukso.metering.past_rows import PastRows
from custom_components.flukso.metering.rows import MeanRow, Row

from ..broker import Broker
from ..home import entity_of, set_up
from ..meters import flm03
from ..statistics import HOUR, leave_counter, leave_gauge, table

BEGIN = int(dt_util.parse_datetime("2026-03-28T23:00:00+00:00", raise_on_error=True).timestamp())
NOW = BEGIN + 8 * HOUR
METER = flm03()

LINES = {
    "en": "was filled from the meter's memory: 2 h from 29 March 2026, 00:00, 3.214 kWh",
    "nl": "is opgevuld uit het geheugen van de meter: 2 u vanaf 29-03-2026 00:00, 3,214 kWh",
}


@pytest.fixture
def record_states() -> bool:
    """The activity log has only what is told of entities that are recorded."""
    return True


@pytest.fixture(autouse=True)
def _this_integration(recorder_mock: Recorder, enable_custom_integrations: None) -> None:
    """Let Home Assistant record."""


@pytest.fixture
async def entry(hass: HomeAssistant, broker: Broker) -> MockConfigEntry:
    """A meter whose first counter and power have an hour before a gap."""
    await hass.config.async_set_time_zone("Europe/Brussels")
    entry = await set_up(hass, broker, METER)
    await leave_counter(hass, energy(hass), "kWh", [(BEGIN - HOUR, 5.0, 1.0)])
    await leave_gauge(hass, power(hass), "W", [(BEGIN - HOUR, 5.0)])
    return entry


def energy(hass: HomeAssistant) -> str:
    """The entity of the first counter."""
    return entity_of(hass, METER, 1, "counter").entity_id


def power(hass: HomeAssistant) -> str:
    """The entity of the same sensor's gauge."""
    return entity_of(hass, METER, 1, "gauge").entity_id


async def fill(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Fill two hours of both."""
    fill_log = entry.runtime_data.fill_log
    rows = [Row(BEGIN, 6000, 2000), Row(BEGIN + HOUR, 8214, 4214)]
    unique_id = entity_of(hass, METER, 1, "counter").unique_id
    assert await fill_log.async_fill(unique_id, rows, unit="Wh", amount=3214, at=NOW)
    means = [MeanRow(BEGIN, 1000, 900, 1100)]
    unique_id = entity_of(hass, METER, 1, "gauge").unique_id
    assert await fill_log.async_fill(unique_id, means, unit="W", amount=None, at=NOW)


async def restore(hass: HomeAssistant, entry: MockConfigEntry) -> Any:
    """Undo the last fill."""
    return await hass.services.async_call(
        DOMAIN,
        "restore_history",
        {"config_entry_id": entry.entry_id},
        blocking=True,
        return_response=True,
    )


async def test_the_last_fill_is_undone_and_reported(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    before = await table(hass, energy(hass)), await table(hass, power(hass))
    await fill(hass, entry)

    answer = await restore(hass, entry)

    assert (await table(hass, energy(hass)), await table(hass, power(hass))) == before
    of_energy, of_power = (
        {
            "entity_id": entity_id,
            "begin": "2026-03-29T00:00:00+01:00",
            "end": end,
            "hours": hours,
            "amount": amount,
            "unit": unit,
        }
        for entity_id, end, hours, amount, unit in (
            (energy(hass), "2026-03-29T03:00:00+02:00", 2, 3.214, "kWh"),
            (power(hass), "2026-03-29T01:00:00+01:00", 1, None, "W"),
        )
    )
    assert answer == {"restored": [of_power, of_energy], "left": []}


async def test_rows_that_were_changed_meanwhile_are_reported_with_the_reason(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    await fill(hass, entry)
    await leave_counter(hass, energy(hass), "kWh", [(BEGIN, 1.0, 2.0)])

    answer = await restore(hass, entry)

    assert [logged["entity_id"] for logged in answer["restored"]] == [power(hass)]
    [left] = answer["left"]
    assert (left["entity_id"], left["reason"]) == (energy(hass), "changed_since")


async def test_undoing_a_fill_whose_rows_all_changed_fails_once(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    await fill(hass, entry)
    await leave_counter(hass, energy(hass), "kWh", [(BEGIN, 1.0, 2.0)])
    er.async_get(hass).async_remove(power(hass))

    for key in ("not_restored", "nothing_to_restore"):
        with pytest.raises(ServiceValidationError) as error:
            await restore(hass, entry)
        assert error.value.translation_key == key


async def test_a_removed_meter_leaves_no_file(
    hass: HomeAssistant, entry: MockConfigEntry, hass_storage: dict[str, Any]
) -> None:
    await fill(hass, entry)
    assert f"flukso.{entry.entry_id}.fillings" in hass_storage

    await hass.config_entries.async_remove(entry.entry_id)

    assert f"flukso.{entry.entry_id}.fillings" not in hass_storage


@pytest.mark.parametrize("shown", [True, False])
@pytest.mark.parametrize("language", LINES)
async def test_the_activity_log_has_a_line_for_each_fill(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    hass_ws_client: WebSocketGenerator,
    language: str,
    shown: bool,
) -> None:
    line, began = LINES[language], dt_util.utcnow()
    async_setup_translations(hass)
    await hass.config.async_update(language=language)
    await hass.async_block_till_done()
    assert await async_setup_component(hass, "logbook", {})
    await fill(hass, entry)
    if not shown:
        hass.states.async_remove(energy(hass))
    await async_wait_recording_done(hass)

    client = await hass_ws_client()
    device = entity_of(hass, METER, 1, "counter").device_id
    await client.send_json_auto_id(
        {
            "type": "logbook/get_events",
            "start_time": began.isoformat(),
            "device_ids": [device],
        }
    )
    told = (await client.receive_json())["result"]

    lines = {event["entity_id"]: event for event in told if event.get("domain") == DOMAIN}
    assert lines[energy(hass)]["message"] == line
    assert lines[power(hass)]["message"] == line.replace("2", "1", 1).rpartition(", ")[0]
    state = hass.states.get(energy(hass))
    assert lines[energy(hass)]["name"] == (state.name if state else energy(hass))


async def test_the_activity_log_has_a_line_for_each_import_and_undo_takes_it_back_first(
    hass: HomeAssistant, entry: MockConfigEntry, hass_ws_client: WebSocketGenerator
) -> None:
    began = dt_util.utcnow()
    async_setup_translations(hass)
    assert await async_setup_component(hass, "logbook", {})
    await fill(hass, entry)
    before = await table(hass, energy(hass))
    log = entry.runtime_data.import_log
    await log.async_begin(0, NOW + 1)
    rows = [Row(BEGIN - 3 * HOUR, 3000, 500), Row(BEGIN - 2 * HOUR, 4500, 2000)]
    unique_id = entity_of(hass, METER, 1, "counter").unique_id
    assert await log.async_write(log.running, unique_id, PastRows(rows, 1000), "Wh")
    await async_wait_recording_done(hass)

    client = await hass_ws_client()
    device = entity_of(hass, METER, 1, "counter").device_id
    await client.send_json_auto_id(
        {
            "type": "logbook/get_events",
            "start_time": began.isoformat(),
            "device_ids": [device],
        }
    )
    told = (await client.receive_json())["result"]

    messages = [event["message"] for event in told if event.get("domain") == DOMAIN]
    assert messages[-1] == (
        "had its history imported from the meter's memory: "
        "2 h from 28 March 2026, 21:00 to 28 March 2026, 23:00, 2 kWh"
    )
    [restored] = (await restore(hass, entry))["restored"]
    assert (restored["hours"], restored["amount"], restored["unit"]) == (2, 2.0, "kWh")
    assert restored["begin"] == "2026-03-28T21:00:00+01:00"
    assert await table(hass, energy(hass)) == before
    assert len((await restore(hass, entry))["restored"]) == 2


async def test_a_removed_meter_leaves_no_file_of_its_imports(
    hass: HomeAssistant, entry: MockConfigEntry, hass_storage: dict[str, Any]
) -> None:
    await entry.runtime_data.import_log.async_begin(0, NOW)
    assert f"flukso.{entry.entry_id}.imports" in hass_storage

    await hass.config_entries.async_remove(entry.entry_id)

    assert f"flukso.{entry.entry_id}.imports" not in hass_storage


async def test_a_meter_that_was_never_loaded_leaves_no_file_of_its_imports(
    hass: HomeAssistant, hass_storage: dict[str, Any]
) -> None:
    hass_storage["flukso.other.imports"] = {"version": 1, "data": {"imports": []}}

    await async_remove_import_log(hass, "other")

    assert "flukso.other.imports" not in hass_storage

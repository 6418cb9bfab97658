"""What an import could not have is told in Activity, in the log and in the diagnostics."""

from collections.abc import Callable
import logging
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder import Recorder
from homeassistant.core import Event, HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
)

from custom_components.flukso.const import DOMAIN, EVENT_HISTORY_MISSING
from custom_components.flukso.diagnostics import async_get_config_entry_diagnostics
from custom_components.flukso.entity_lookup import counter_name
from custom_components.flukso.history.import_file import (
    Import,
    NotImported,
    as_stored,
    read_imports,
)
from custom_components.flukso.history.not_imported import report_not_imported
from custom_components.flukso.logbook import async_describe_events
from custom_components.flukso.metering.past_rows import Missing, PastRows

from ..broker import Broker
from ..home import entity_of, set_up
from ..meters import flm03
from ..past import BEGIN, END, Past, look
from ..statistics import HOUR, leave_counter

METER, SLOT = flm03(), 1
PAST = Past(METER, SLOT)
SENSOR = METER.sensor_id(SLOT)
MISSING = Missing(48, BEGIN, BEGIN + 60 * HOUR, (SENSOR, "f" * 32))
#: The first recorded hour, two days after the end of the block of twelve days.
FIRST = (END // HOUR + 52) * HOUR


@pytest.fixture(autouse=True)
def _this_integration(
    recorder_mock: Recorder, enable_custom_integrations: None, freezer: FrozenDateTimeFactory
) -> None:
    """Let Home Assistant record."""
    freezer.move_to(dt_util.utc_from_timestamp(FIRST + 4 * HOUR))


@pytest.fixture
async def entry(hass: HomeAssistant, broker: Broker) -> MockConfigEntry:
    """Set up the meter."""
    return await set_up(hass, broker, METER)


async def test_activity_names_the_sensors_of_which_the_meter_has_nothing(
    hass: HomeAssistant, entry: MockConfigEntry, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    told = async_capture_events(hass, EVENT_HISTORY_MISSING)
    energy = entity_of(hass, METER, SLOT, "counter")
    past = PastRows(missing=MISSING)

    lacks = report_not_imported(hass, METER.device_id, energy.unique_id, past, is_energy=True)

    assert lacks == NotImported(0, MISSING)
    [event] = told
    assert event.data["entity_id"] == energy.entity_id
    assert event.data["device_id"] == energy.device_id
    state = hass.states.get(energy.entity_id)
    assert state is not None
    assert line_of(hass, event) == (
        "has no past for 48 h between 22 March 2026, 07:43 and 24 March 2026, 19:43: "
        f"the meter's memory has nothing of {state.name}, ffffff then"
    )
    [logged] = [line for line in caplog.messages if "48 hours between" in line]
    assert logged.endswith(f"have no past, as the meter has nothing of {SENSOR[:6]}…, ffffff…")
    assert energy.entity_id not in logged  # it may contain the serial number


def line_of(hass: HomeAssistant, event: Event) -> str:
    """The line of an event in Activity."""
    described = {}

    def describe(_domain: str, event_type: str, description: Callable[[Event], Any]) -> None:
        described[event_type] = description

    async_describe_events(hass, describe)
    message: str = described[EVENT_HISTORY_MISSING](event)["message"]
    return message


async def test_a_counter_that_is_disabled_is_named_all_the_same(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    energy = entity_of(hass, METER, SLOT, "counter")
    registry = er.async_get(hass)
    registry.async_update_entity(energy.entity_id, disabled_by=er.RegistryEntryDisabler.USER)
    await hass.async_block_till_done()
    hass.states.async_remove(energy.entity_id)

    name = counter_name(hass, METER.device_id, SENSOR)

    assert name.endswith(energy.original_name or "?")


async def test_a_gauge_that_lacks_hours_is_told_in_the_log_only(
    hass: HomeAssistant, entry: MockConfigEntry, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    told = async_capture_events(hass, EVENT_HISTORY_MISSING)

    lacks = report_not_imported(
        hass, METER.device_id, "gone", PastRows(missing=MISSING), is_energy=False
    )

    assert lacks == NotImported(0, MISSING)
    assert told == []
    assert "gone: 48 hours between 2026-03-22" in caplog.text


async def test_nothing_is_told_where_all_was_imported(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    assert report_not_imported(hass, METER.device_id, "any", PastRows(), is_energy=True) is None


@pytest.mark.parametrize("lacks", [NotImported(3, None), NotImported(0, MISSING)])
def test_what_could_not_be_imported_is_kept_with_the_import(lacks: NotImported) -> None:
    kept = Import(1.0, 0, not_imported={"energy": lacks})

    [found] = read_imports(as_stored([kept]))

    assert found.not_imported == {"energy": lacks}


def test_a_file_of_an_earlier_version_is_read() -> None:
    layout: Any = as_stored([Import(1.0, 0)])
    del layout["imports"][0]["not_imported"]

    [found] = read_imports(layout)

    assert found.not_imported == {}


async def test_the_diagnostics_tell_what_was_imported_and_what_was_not(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory, entry: MockConfigEntry
) -> None:
    energy = entity_of(hass, METER, SLOT, "counter")
    state = PAST.told(FIRST + HOUR) / 1e6
    await leave_counter(hass, energy.entity_id, "kWh", [(FIRST, state, 0.25)])
    await hass.services.async_call(
        DOMAIN, "import_history", {"config_entry_id": entry.entry_id}, blocking=True
    )
    await look(hass, broker, freezer, 60)
    await PAST.publish(broker, 20, BEGIN)
    for bid in range(END + (1 << 16), FIRST + HOUR, 1 << 16):
        await PAST.publish(broker, 16, bid)
    await look(hass, broker, freezer, 600)

    told: Any = await async_get_config_entry_diagnostics(hass, entry)

    [imported] = told["history"]["imports"]
    assert (imported["running"], imported["since"], imported["asks"]) == (True, 0, 1)
    assert imported["last_asked_age"] == 600
    [part] = imported["imported"]
    begin = BEGIN // HOUR * HOUR + HOUR
    counted = (PAST.told(FIRST) - PAST.told(begin)) / 1e6
    assert part["unique_id"].endswith("_counter")
    assert (part["begin"], part["end"], part["unit"]) == (begin, FIRST, "kWh")
    assert part["amount"] == pytest.approx(counted)
    assert part["lift"] == pytest.approx(counted + state - PAST.told(FIRST) / 1e6 - 0.25)
    hours = (FIRST - begin) // HOUR - part["hours"]
    [lacks] = [each for each in imported["not_imported"] if "_counter" in each["unique_id"]]
    assert lacks["impossible"] == 0
    assert lacks["missing"]["hours"] == hours
    assert END - 2 * HOUR < lacks["missing"]["begin"] <= END
    name = hass.states.get(energy.entity_id)
    assert name is not None
    assert lacks["missing"]["sensors"] == [name.name]

"""The energies of a supply stored with each of its entities, as before they had a file."""

from collections.abc import Iterable
from copy import deepcopy

from homeassistant.core import HomeAssistant, State
import pytest
from pytest_homeassistant_custom_component.common import mock_restore_cache_with_extra_data

from ..broker import Broker
from ..restarts import reload, restart
from ..supplies import (
    CLOUDY,
    DEMANDS,
    EXPORT,
    IMPORT,
    METER,
    PLAIN_EXPORT,
    PLAIN_IMPORT,
    House,
    set_up_with,
    total_value,
)
from .stored_energy import ENERGIES, STORED, Storage

pytestmark = pytest.mark.usefixtures("all_entities_enabled")

_ENTITY_IDS = {what: f"sensor.fluksometer_{what}" for what in ENERGIES} | {
    "demand": "sensor.fluksometer_quarter_hour_demand",
    "expected_demand": "sensor.fluksometer_expected_quarter_hour_demand",
    "last_demand": "sensor.fluksometer_last_quarter_hour_demand",
    "peak_demand": "sensor.fluksometer_peak_demand_this_month",
    "mean_peak_demand": "sensor.fluksometer_mean_monthly_peak_demand",
}


#: The same as extra data of an entity.
AS_EXTRA = STORED | {"unit": "Wh"}


def leave_in_entities(hass: HomeAssistant, extra: Storage, wanted: Iterable[str]) -> None:
    """Leave the energies as the previous version did: as extra data of the entities."""
    states = [(State(_ENTITY_IDS[what], "12.0"), extra) for what in wanted]
    mock_restore_cache_with_extra_data(hass, states)


@pytest.mark.parametrize(
    "wanted", [ENERGIES | DEMANDS, {PLAIN_IMPORT}, {"peak_demand"}], ids=["all", "first", "last"]
)
async def test_energies_that_the_previous_version_stored_with_the_entities_are_restored(
    hass: HomeAssistant, broker: Broker, house: House, hass_storage: Storage, wanted: set[str]
) -> None:
    leave_in_entities(hass, AS_EXTRA, wanted)

    entry = await set_up_with(hass, broker, METER)
    assert hass_storage[f"flukso.{entry.entry_id}.supply"]["data"] == STORED | {
        "house": None,
        "outages": [],
        "demand": STORED["demand"] | {"past": []},
    }, "saved immediately"
    await house.live(1)

    assert {what: total_value(hass, METER, what) for what in ENERGIES} == {
        PLAIN_IMPORT: 175.04,
        PLAIN_EXPORT: 0.8075,
        IMPORT: 12.03325,
        EXPORT: 0.5,
    }
    assert total_value(hass, METER, "peak_demand") == 4321

    await restart(hass, broker, entry)
    await house.live(2)
    assert total_value(hass, METER, IMPORT) == 12.03325


async def test_a_file_is_newer_than_what_is_left_in_the_entities(
    hass: HomeAssistant, broker: Broker, house: House
) -> None:
    entry = await set_up_with(hass, broker, METER)
    await house.live(10, CLOUDY)
    before = total_value(hass, METER, IMPORT)
    assert await hass.config_entries.async_unload(entry.entry_id)

    leave_in_entities(hass, AS_EXTRA, ENERGIES)
    await reload(hass, broker, entry)
    await house.live(2)

    assert total_value(hass, METER, IMPORT) == before


async def test_energy_added_by_an_older_version_after_the_file_was_saved_is_restored(
    hass: HomeAssistant, broker: Broker, house: House, hass_storage: Storage
) -> None:
    """The integration was downgraded and upgraded again."""
    entry = await set_up_with(hass, broker, METER)
    await house.live(10, CLOUDY)
    before = total_value(hass, METER, IMPORT)
    assert await hass.config_entries.async_unload(entry.entry_id)
    later = deepcopy(hass_storage[f"flukso.{entry.entry_id}.supply"]["data"])
    later["netting"]["imported"] += 5000
    later["netting"]["time"] += 1

    leave_in_entities(hass, later | {"unit": "Wh"}, ENERGIES)
    await reload(hass, broker, entry)
    await house.live(2)

    assert total_value(hass, METER, IMPORT) == pytest.approx(before + 5)


@pytest.mark.parametrize(
    "extra",
    [
        {"native_value": 12.5},
        {"native_value": 12.5, "native_unit_of_measurement": "kWh"},
        {"native_value": "12.5", "native_unit_of_measurement": "Wh"},
        STORED,
        AS_EXTRA | {"unit": "kWh"},
        AS_EXTRA | {"netting": None},
        AS_EXTRA | {"demand": 5},
    ],
    ids=str,
)
async def test_invalid_extra_data_is_ignored(
    hass: HomeAssistant, broker: Broker, house: House, extra: Storage
) -> None:
    """Such as that of a template entity with the same entity id."""
    leave_in_entities(hass, extra, {IMPORT})

    await set_up_with(hass, broker, METER)
    await house.live(11, CLOUDY)

    assert total_value(hass, METER, IMPORT) == pytest.approx(360 * 10 / 3.6e6, abs=2e-6)

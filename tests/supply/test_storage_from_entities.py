"""The ledger of a supply that every entity of it kept, before there was a file for it."""

from collections.abc import Iterable
from copy import deepcopy

from homeassistant.core import HomeAssistant, State
import pytest
from pytest_homeassistant_custom_component.common import mock_restore_cache_with_extra_data

from ..broker import Broker
from ..ledgers import ENERGIES, KEPT, Storage
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

pytestmark = pytest.mark.usefixtures("all_entities_enabled")

_ENTITY_IDS = {what: f"sensor.fluksometer_{what}" for what in ENERGIES} | {
    "demand": "sensor.fluksometer_quarter_hour_demand",
    "expected_demand": "sensor.fluksometer_expected_quarter_hour_demand",
    "last_demand": "sensor.fluksometer_last_quarter_hour_demand",
    "peak_demand": "sensor.fluksometer_peak_demand_this_month",
}


#: Its form among the extra data of an entity.
AS_EXTRA = KEPT | {"unit": "Wh"}


def leave_in_entities(hass: HomeAssistant, extra: Storage, wanted: Iterable[str]) -> None:
    """Leave a ledger as the version before did: as the extra data of entities."""
    states = [(State(_ENTITY_IDS[what], "12.0"), extra) for what in wanted]
    mock_restore_cache_with_extra_data(hass, states)


@pytest.mark.parametrize(
    "wanted", [ENERGIES | DEMANDS, {PLAIN_IMPORT}, {"peak_demand"}], ids=["all", "first", "last"]
)
async def test_what_the_version_before_kept_in_the_entities_goes_on(
    hass: HomeAssistant, broker: Broker, house: House, hass_storage: Storage, wanted: set[str]
) -> None:
    leave_in_entities(hass, AS_EXTRA, wanted)

    entry = await set_up_with(hass, broker, METER)
    assert hass_storage[f"flukso.{entry.entry_id}.supply"]["data"] == KEPT, "it is safe at once"
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


async def test_what_an_older_version_counted_after_the_file_was_written_goes_on(
    hass: HomeAssistant, broker: Broker, house: House, hass_storage: Storage
) -> None:
    """Home Assistant went back to the version before, and forth again."""
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
        KEPT,
        AS_EXTRA | {"unit": "kWh"},
        AS_EXTRA | {"netting": None},
        AS_EXTRA | {"demand": 5},
    ],
    ids=str,
)
async def test_what_is_no_ledger_is_done_without(
    hass: HomeAssistant, broker: Broker, house: House, extra: Storage
) -> None:
    """As a template of the same entity id would have left it, for one."""
    leave_in_entities(hass, extra, {IMPORT})

    await set_up_with(hass, broker, METER)
    await house.live(11, CLOUDY)

    assert total_value(hass, METER, IMPORT) == pytest.approx(360 * 10 / 3.6e6, abs=2e-6)

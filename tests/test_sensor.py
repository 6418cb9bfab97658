"""Sensors over a restart: counters are there at once, and whatever was kept of them."""

from typing import Any

from homeassistant.core import HomeAssistant, State
import pytest
from pytest_homeassistant_custom_component.common import (
    async_mock_restore_state_shutdown_restart,
    mock_restore_cache_with_extra_data,
)

from .broker import Broker
from .home import set_up, set_up_and_read, state_of, value_of
from .meters import flm03

pytestmark = pytest.mark.usefixtures("freezer")

ENTITY_ID = "sensor.fluksometer_main_port_1_active_energy_import"
KEPT = {
    "mark": {"time": 1_700_000_000, "value": 2_500_000.0, "at": 1_700_000_000.0},
    "offset": 5_000.0,
    "rid": 0,
    "unit": "Wh",
}


async def test_counters_are_there_at_once_after_a_restart_and_gauges_when_they_come(
    hass: HomeAssistant, broker: Broker
) -> None:
    meter = flm03()
    entry = await set_up_and_read(hass, broker, meter)

    await async_mock_restore_state_shutdown_restart(hass)
    await hass.config_entries.async_reload(entry.entry_id)
    await broker.settle()

    assert value_of(hass, meter, 1, "counter") == 2593.8054
    assert value_of(hass, meter, 38, "counter") == 1234.567
    assert state_of(hass, meter, 1, "gauge").state in ("unknown", "unavailable")
    await broker.publish_all(meter.readings())
    assert value_of(hass, meter, 1, "counter") == 2593.8054
    assert value_of(hass, meter, 1, "gauge") == 1278.5


async def test_a_counter_goes_on_from_what_was_kept(hass: HomeAssistant, broker: Broker) -> None:
    mock_restore_cache_with_extra_data(hass, [(State(ENTITY_ID, "2505"), KEPT)])

    await set_up(hass, broker, flm03())

    assert value_of(hass, flm03(), 1, "counter") == 2505


@pytest.mark.parametrize(
    "kept",
    [
        {},
        {"mark": None},
        KEPT | {"mark": {}},
        KEPT | {"mark": {"time": "long ago", "value": 1, "at": 1}},
        KEPT | {"mark": [1, 2, 3]},
        KEPT | {"offset": None},
        KEPT | {"rid": "new"},
        KEPT | {"unit": "bananas"},
        KEPT | {"unit": "L"},
        {"native_value": 5, "native_unit_of_measurement": "kWh"},
    ],
    ids=str,
)
async def test_what_was_kept_and_cannot_be_read_is_done_without(
    hass: HomeAssistant, broker: Broker, kept: dict[str, Any]
) -> None:
    mock_restore_cache_with_extra_data(hass, [(State(ENTITY_ID, "5"), kept)])

    await set_up_and_read(hass, broker, flm03())

    assert value_of(hass, flm03(), 1, "counter") == 2593.8054

"""Meters that are removed, and devices that are deleted or not; nothing goes by itself."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.flukso.const import CONF_FILL_GAPS

from .broker import Broker
from .flows import cards, confirm, discover, listen, start_by_hand
from .home import caching_in, device_names, device_of, entities, set_up_and_read
from .meters import flm03, three_clamps


async def test_a_removed_meter_leaves_no_file(
    hass: HomeAssistant, broker: Broker, hass_storage: dict[str, object]
) -> None:
    entry = await set_up_and_read(hass, broker, flm03())
    await hass.config_entries.async_unload(entry.entry_id)
    assert f"flukso.{entry.entry_id}" in hass_storage

    await hass.config_entries.async_remove(entry.entry_id)

    assert f"flukso.{entry.entry_id}" not in hass_storage


async def remove(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Remove a meter."""
    await hass.config_entries.async_remove(entry.entry_id)


async def crash_after_an_import(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Start again before what a finished import has left on disk is deleted."""
    await hass.config_entries.async_reload(entry.entry_id)


async def switch_filling_off(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Choose that no gaps are filled."""
    hass.config_entries.async_update_entry(entry, options={CONF_FILL_GAPS: False})
    await hass.config_entries.async_reload(entry.entry_id)


@pytest.mark.parametrize("end", [remove, switch_filling_off, crash_after_an_import])
async def test_nothing_on_disk_is_left_of_an_import_that_is_over(
    hass: HomeAssistant,
    broker: Broker,
    tmp_path: Path,
    end: Callable[[HomeAssistant, MockConfigEntry], Awaitable[None]],
) -> None:
    with caching_in(hass, tmp_path):
        entry = await set_up_and_read(hass, broker, flm03())
        readings = tmp_path / "flukso" / entry.entry_id / "1764000000.000000" / "readings"
        readings.parent.mkdir(parents=True)
        readings.touch()

        await end(hass, entry)

    assert list((tmp_path / "flukso").iterdir()) == []


@pytest.mark.parametrize("found", ["discovered", "by hand"])
async def test_a_removed_meter_is_offered_again(
    hass: HomeAssistant, broker: Broker, found: str
) -> None:
    meter = flm03()
    form = await discover(hass, broker, meter)
    if found == "by hand":
        form = await listen(hass, await start_by_hand(hass))
    result = await confirm(hass, broker, form, str(form["step_id"]))
    assert cards(hass) == []

    await hass.config_entries.async_remove(result["result"].entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)

    assert [card["context"]["unique_id"] for card in cards(hass)] == [meter.device_id]


async def delete(
    hass: HomeAssistant, hass_ws_client: WebSocketGenerator, device: dr.AnyDeviceEntry
) -> bool:
    """Delete a device as the user does; False if that is refused."""
    assert await async_setup_component(hass, "config", {})
    client = await hass_ws_client(hass)
    response = await client.remove_device(device.id)
    return bool(response["success"])


@pytest.mark.parametrize("name", ["Fluksometer", "main (port 1)", "tap water", "attic"])
async def test_a_device_in_use_cannot_be_deleted(
    hass: HomeAssistant, broker: Broker, hass_ws_client: WebSocketGenerator, name: str
) -> None:
    entry = await set_up_and_read(hass, broker, flm03())

    assert not await delete(hass, hass_ws_client, device_of(hass, entry, name))

    assert name in device_names(hass, entry)


@pytest.mark.parametrize(
    ("name", "slots"), [("solar", range(25, 37)), ("gas", [38]), ("attic", range(49, 58))]
)
async def test_a_device_that_the_meter_has_disabled_waits_to_be_deleted(
    hass: HomeAssistant,
    broker: Broker,
    hass_ws_client: WebSocketGenerator,
    name: str,
    slots: list[int],
) -> None:
    meter = flm03()
    entry = await set_up_and_read(hass, broker, meter)
    await broker.publish(*meter.changed(*slots, enable=0).sensor_report, retain=True)
    await hass.config_entries.async_reload(entry.entry_id)
    await broker.settle()
    assert len(entities(hass, entry)) == 70

    assert await delete(hass, hass_ws_client, device_of(hass, entry, name))

    assert name not in device_names(hass, entry)
    await broker.publish(*meter.sensor_report, retain=True)
    assert name in device_names(hass, entry)
    assert len(entities(hass, entry)) == 70


async def test_nothing_is_deleted_of_a_meter_that_is_not_loaded(
    hass: HomeAssistant, broker: Broker, hass_ws_client: WebSocketGenerator
) -> None:
    meter = flm03()
    entry = await set_up_and_read(hass, broker, meter)
    await broker.publish(*meter.changed(38, enable=0).sensor_report, retain=True)
    await hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)

    assert not await delete(hass, hass_ws_client, device_of(hass, entry, "gas"))

    assert "gas" in device_names(hass, entry)


async def test_nothing_is_deleted_of_a_meter_whose_configuration_is_not_known(
    hass: HomeAssistant,
    broker: Broker,
    hass_ws_client: WebSocketGenerator,
    hass_storage: dict[str, object],
) -> None:
    entry = await set_up_and_read(hass, broker, flm03())
    await hass.config_entries.async_unload(entry.entry_id)
    del hass_storage[f"flukso.{entry.entry_id}"]
    broker.retained.clear()
    await hass.config_entries.async_setup(entry.entry_id)
    await broker.settle()

    assert not await delete(hass, hass_ws_client, device_of(hass, entry, "gas"))

    assert "gas" in device_names(hass, entry)


async def test_a_meter_that_is_silent_loses_nothing(hass: HomeAssistant, broker: Broker) -> None:
    meter = three_clamps()
    entry = await set_up_and_read(hass, broker, meter)
    registered, named = entities(hass, entry), device_names(hass, entry)
    broker.retained.clear()

    await hass.config_entries.async_reload(entry.entry_id)
    await broker.settle()

    assert entities(hass, entry) == registered
    assert device_names(hass, entry) == named

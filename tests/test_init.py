"""A meter's config entry: set up, unloaded, reloaded, removed; its devices deleted or not."""

from unittest.mock import patch

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
from homeassistant.util.async_ import get_scheduled_timer_handles
import pytest
from pytest_homeassistant_custom_component.plugins import long_repr_strings
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from .broker import Broker
from .home import (
    config_entry,
    device_names,
    device_of,
    entities,
    set_up,
    set_up_and_read,
    set_up_knowing,
    value_of,
)
from .meters import Meter, flm02, flm03, kubes_alone, three_clamps

pytestmark = pytest.mark.usefixtures("freezer")


def timers(hass: HomeAssistant) -> list[str]:
    """The timers of this integration that are under way."""
    with long_repr_strings():
        under_way = [
            repr(timer) for timer in get_scheduled_timer_handles(hass.loop) if not timer.cancelled()
        ]
    return [timer for timer in under_way if "custom_components.flukso" in timer]


async def test_without_mqtt_the_meter_waits(hass: HomeAssistant) -> None:
    entry = config_entry(flm03())
    entry.add_to_hass(hass)

    await hass.config_entries.async_setup(entry.entry_id)

    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert entry.error_reason_translation_key == "mqtt_unavailable"


@pytest.mark.parametrize(
    "meter", [flm03(), flm02(), kubes_alone()], ids=["FLM03", "FLM02", "kubes alone"]
)
async def test_an_unloaded_meter_leaves_nothing_behind(
    hass: HomeAssistant, broker: Broker, meter: Meter
) -> None:
    topics = set(broker.topics)
    entry = await set_up_and_read(hass, broker, meter)
    assert broker.topics > topics
    assert timers(hass)

    assert await hass.config_entries.async_unload(entry.entry_id)
    await broker.settle()

    assert entry.state is ConfigEntryState.NOT_LOADED
    assert broker.topics == topics
    assert timers(hass) == []
    for entity in entities(hass, entry):
        state = hass.states.get(entity.entity_id)
        assert state is None or state.state == STATE_UNAVAILABLE
    await broker.publish_all(meter.reports)
    await broker.publish_all(meter.readings())
    await broker.lose_connection()


async def test_a_meter_that_waits_for_names_can_be_unloaded(
    hass: HomeAssistant, broker: Broker
) -> None:
    topics = set(broker.topics)
    meter = flm03()
    entry = await set_up_knowing(hass, broker, meter, dict([meter.sensor_report]))
    assert len(timers(hass)) > 2

    assert await hass.config_entries.async_unload(entry.entry_id)
    await broker.settle()

    assert broker.topics == topics
    assert timers(hass) == []


async def test_a_meter_that_cannot_be_unloaded_goes_on(hass: HomeAssistant, broker: Broker) -> None:
    meter = flm03()
    entry = await set_up(hass, broker, meter)

    with patch.object(hass.config_entries, "async_unload_platforms", return_value=False):
        assert not await hass.config_entries.async_unload(entry.entry_id)

    assert entry.state is ConfigEntryState.FAILED_UNLOAD
    await broker.publish(*meter.with_port(3, name="roof").port_report)
    assert "roof" in device_names(hass, entry)
    await entry.runtime_data.async_stop()


async def test_a_reloaded_meter_is_as_it_was(hass: HomeAssistant, broker: Broker) -> None:
    meter = flm03()
    entry = await set_up_and_read(hass, broker, meter)
    registered, named = entities(hass, entry), device_names(hass, entry)
    topics = set(broker.topics)

    for _ in range(3):
        assert await hass.config_entries.async_reload(entry.entry_id)
        await broker.settle()

    assert entities(hass, entry) == registered
    assert device_names(hass, entry) == named
    assert broker.topics == topics
    await broker.publish_all(meter.readings())
    assert value_of(hass, meter, 1, "gauge") == 1278.5
    assert value_of(hass, meter, 1, "counter") == 2593.8054


async def test_meters_live_side_by_side(hass: HomeAssistant, broker: Broker) -> None:
    meters = [flm03(0xA000 + number) for number in range(10)]
    entries = [
        await set_up(hass, broker, meter, f"Fluksometer {meter.device_id[:6]}") for meter in meters
    ]
    for meter in meters:
        await broker.publish_all(meter.readings())

    await hass.config_entries.async_unload(entries[0].entry_id)
    await broker.publish(*meters[1].changed(37, enable=0).sensor_report)

    for entry in entries:
        assert len(entities(hass, entry)) == 70
        assert len(device_names(hass, entry)) == 9
    for meter in meters[1:]:
        assert value_of(hass, meter, 1, "counter") == 2593.8054
    assert not [topic for topic in broker.topics if meters[0].device_id[:4] in topic]


async def test_a_removed_meter_leaves_no_file(
    hass: HomeAssistant, broker: Broker, hass_storage: dict[str, object]
) -> None:
    entry = await set_up_and_read(hass, broker, flm03())
    await hass.config_entries.async_unload(entry.entry_id)
    assert f"flukso.{entry.entry_id}" in hass_storage

    await hass.config_entries.async_remove(entry.entry_id)

    assert f"flukso.{entry.entry_id}" not in hass_storage


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


async def test_a_meter_that_is_silent_loses_nothing(hass: HomeAssistant, broker: Broker) -> None:
    meter = three_clamps()
    entry = await set_up_and_read(hass, broker, meter)
    registered, named = entities(hass, entry), device_names(hass, entry)
    broker.retained.clear()

    await hass.config_entries.async_reload(entry.entry_id)
    await broker.settle()

    assert entities(hass, entry) == registered
    assert device_names(hass, entry) == named

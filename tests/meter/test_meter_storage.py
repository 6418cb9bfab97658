"""Storage of a meter: its last valid configuration survives a restart, secrets are never stored."""

from copy import deepcopy
from datetime import timedelta
import json
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from ..broker import Broker
from ..home import (
    config_entry,
    device_names,
    entities,
    entity_of,
    set_up,
    set_up_and_read,
    value_of,
)
from ..meters import HARDWARE_IDS, NULL_KEY, RADIO_KEY, SELF_TEST, SERIAL, flm03, reading

pytestmark = pytest.mark.usefixtures("freezer")

type Storage = dict[str, Any]


async def restart_with(
    hass: HomeAssistant, broker: Broker, storage: Storage, data: object, **envelope: object
) -> list[str]:
    """Set up a meter without messages, with this file; returns its entity ids."""
    entry = config_entry(flm03())
    storage[f"flukso.{entry.entry_id}"] = {
        "version": 1,
        "minor_version": 1,
        "key": f"flukso.{entry.entry_id}",
        "data": data,
        **envelope,
    }
    entry.add_to_hass(hass)
    await hass.config_entries.async_setup(entry.entry_id)
    await broker.settle()
    assert entry.state is ConfigEntryState.LOADED
    return [entity.entity_id for entity in entities(hass, entry)]


async def on_disk(hass: HomeAssistant, broker: Broker, storage: Storage) -> Storage:
    """The data that an FLM03 stores on disk."""
    entry = await set_up_and_read(hass, broker, flm03())
    await hass.config_entries.async_unload(entry.entry_id)
    data: Storage = deepcopy(storage[f"flukso.{entry.entry_id}"]["data"])
    await hass.config_entries.async_remove(entry.entry_id)
    broker.retained.clear()
    return data


async def test_a_meter_is_restored_before_its_first_message(
    hass: HomeAssistant, broker: Broker, hass_storage: Storage
) -> None:
    meter = flm03()
    data = await on_disk(hass, broker, hass_storage)

    found = await restart_with(hass, broker, hass_storage, data)

    assert len(found) == 70
    [entry] = hass.config_entries.async_entries("flukso")
    assert "living room" in device_names(hass, entry)
    await broker.publish(meter.topic(1, "gauge"), reading("1278.500", "W"))
    assert value_of(hass, meter, 1, "gauge") == 1278.5


async def test_no_secret_and_no_serial_number_reaches_the_disk(
    hass: HomeAssistant, broker: Broker, hass_storage: Storage
) -> None:
    meter = flm03()
    await broker.publish(meter.tap_topic, SELF_TEST, retain=True)
    entry = await set_up_and_read(hass, broker, meter)
    await hass.config_entries.async_unload(entry.entry_id)

    written = json.dumps(hass_storage[f"flukso.{entry.entry_id}"])

    assert meter.sensor_id(1) in written
    for secret in (RADIO_KEY, NULL_KEY, SERIAL, *HARDWARE_IDS, "hw_id", "key_", "collect_group"):
        assert secret not in written


async def test_nothing_is_written_while_nothing_changes(
    hass: HomeAssistant, broker: Broker, hass_storage: Storage
) -> None:
    meter = flm03()
    entry = await set_up(hass, broker, meter)
    await hass.config_entries.async_reload(entry.entry_id)
    await broker.settle()
    written = hass_storage[f"flukso.{entry.entry_id}"]

    await broker.publish_all(meter.reports)
    await broker.publish_all(dict(reversed(meter.reports.items())))
    await broker.publish_all(meter.readings())
    await hass.config_entries.async_reload(entry.entry_id)

    assert hass_storage[f"flukso.{entry.entry_id}"] is written


async def test_a_change_is_written_soon(
    hass: HomeAssistant, broker: Broker, hass_storage: Storage
) -> None:
    meter = flm03()
    entry = await set_up(hass, broker, meter)
    await hass.config_entries.async_reload(entry.entry_id)
    await broker.settle()

    await broker.publish(*meter.with_port(1, name="grid").port_report)
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=10))
    await broker.settle()

    assert "grid" in json.dumps(hass_storage[f"flukso.{entry.entry_id}"])


@pytest.mark.parametrize(
    "data",
    [
        None,
        {},
        [],
        "text",
        {"reports": {}},
        {"units": {}},
        {"reports": [], "units": []},
        {"reports": None, "units": None},
        {"reports": {"config/sensor": None}, "units": {}},
        {"reports": {"config/sensor": {"1": {"enable": "yes"}}}, "units": {}},
        {"reports": {"config/sensor": {"1": 5}}, "units": {}},
        {"reports": {"config/weather": {}}, "units": {}},
        {"reports": {}, "units": {"a/gauge/pressure": "bananas"}},
    ],
    ids=str,
)
async def test_an_invalid_file_is_ignored(
    hass: HomeAssistant, broker: Broker, hass_storage: Storage, data: object
) -> None:
    assert await restart_with(hass, broker, hass_storage, data) == []

    await broker.publish_all(flm03().reports)

    assert entity_of(hass, flm03(), 1, "gauge")


async def test_a_broken_report_on_disk_leaves_the_others(
    hass: HomeAssistant, broker: Broker, hass_storage: Storage
) -> None:
    data = await on_disk(hass, broker, hass_storage)
    data["reports"]["config/flx"] = {"1": {"name": ["main"]}}

    await restart_with(hass, broker, hass_storage, data)

    [entry] = hass.config_entries.async_entries("flukso")
    named = device_names(hass, entry)
    assert "Port 1" in named
    assert "living room" in named


async def test_a_file_of_a_newer_version_is_left_alone(
    hass: HomeAssistant, broker: Broker, hass_storage: Storage
) -> None:
    newer: Storage = {"all": "new"}
    assert await restart_with(hass, broker, hass_storage, newer, version=2) == []
    [entry] = hass.config_entries.async_entries("flukso")

    await broker.publish_all(flm03().reports)
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=10))
    await broker.settle()
    assert entity_of(hass, flm03(), 1, "gauge")
    assert await hass.config_entries.async_unload(entry.entry_id)

    kept = hass_storage[f"flukso.{entry.entry_id}"]
    assert (kept["version"], kept["data"]) == (2, newer)

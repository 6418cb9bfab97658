"""An entry of before whose prefix lacks the slash of the meter's topics: nothing else changes."""

from dataclasses import replace
from typing import Any

from homeassistant.components.recorder import Recorder
from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flukso.config_flow import FluksoConfigFlow

from .broker import Broker
from .direct import MetersBroker, connected, direct_entry
from .flows import choose_broker, listen
from .home import config_entry, entity_of, set_up_and_read, value_of
from .meters import Meter, flm03, reading
from .statistics import HOUR, leave_counter, table

PPLUS = 1
#: What entries of before held, and what stands before ``device/`` in the meter's topics.
BEFORE_AND_AFTER = [("", "/"), ("home/flukso", "home/flukso/"), ("/home", "/home/")]


def as_before(hass: HomeAssistant, entry: MockConfigEntry, prefix: str) -> None:
    """Leave an entry as the integration made it before."""
    data = entry.data | {"topic_prefix": prefix}
    hass.config_entries.async_update_entry(entry, data=data, version=2, minor_version=1)


def registered(hass: HomeAssistant, entry: MockConfigEntry) -> list[Any]:
    """All that is registered of an entry: ids, names and what the user chose."""
    registry, devices = er.async_get(hass), dr.async_get(hass)
    return [
        *(
            each.as_partial_dict
            for each in er.async_entries_for_config_entry(registry, entry.entry_id)
        ),
        *(each.id for each in dr.async_entries_for_config_entry(devices, entry.entry_id)),
        *(each.id for each in dr.async_child_entries_for_config_entry(devices, entry.entry_id)),
    ]


@pytest.fixture(autouse=True)
def _this_integration(recorder_mock: Recorder, enable_custom_integrations: None) -> None:
    """Let Home Assistant record."""


@pytest.mark.parametrize(("before", "after"), BEFORE_AND_AFTER)
async def test_an_update_keeps_ids_options_and_statistics_and_the_meter_is_heard_as_before(
    hass: HomeAssistant, broker: Broker, before: str, after: str
) -> None:
    meter = replace(flm03(), prefix=after)
    entry = await set_up_and_read(hass, broker, meter)
    energy = entity_of(hass, meter, PPLUS, "counter").entity_id
    er.async_get(hass).async_update_entity(energy, new_entity_id="sensor.grid", name="Grid")
    hour = int(dt_util.utcnow().timestamp()) // HOUR * HOUR - 24 * HOUR
    await leave_counter(
        hass, "sensor.grid", "kWh", [(hour, 2500.0, 40.0), (hour + HOUR, 2501.0, 41.0)]
    )
    options = {"power_interval": 0, "fill_gaps": False}
    hass.config_entries.async_update_entry(entry, options=options)
    assert await hass.config_entries.async_unload(entry.entry_id)
    as_before(hass, entry, before)
    ids, rows = registered(hass, entry), await table(hass, "sensor.grid")

    assert await hass.config_entries.async_setup(entry.entry_id)
    await broker.settle()

    assert entry.data == {"device_id": meter.device_id, "topic_prefix": after}
    assert (entry.version, entry.options) == (FluksoConfigFlow.VERSION, options)
    assert (entry.unique_id, entry.title) == (meter.device_id, "Fluksometer")
    assert registered(hass, entry) == ids
    assert await table(hass, "sensor.grid") == rows
    assert value_of(hass, meter, PPLUS, "counter") == 2593.8054
    await broker.publish(meter.topic(PPLUS, "counter"), reading("2593806.400", "Wh"))
    assert value_of(hass, meter, PPLUS, "counter") == 2593.8064


async def test_a_meter_that_is_connected_to_directly_stays_at_its_address(
    hass: HomeAssistant, own_broker: MetersBroker
) -> None:
    meter = flm03()
    await own_broker.publish(meter)
    entry = direct_entry(meter, own_broker.address)
    entry.add_to_hass(hass)
    as_before(hass, entry, "")

    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()

    await connected(entry)
    assert entry.data == {"device_id": meter.device_id, **own_broker.address, "topic_prefix": "/"}


async def test_an_entry_is_migrated_once(hass: HomeAssistant, broker: Broker) -> None:
    entry = await set_up_and_read(hass, broker, replace(flm03(), prefix="home/"))
    as_before(hass, entry, "home")

    for _ in range(2):
        assert await hass.config_entries.async_reload(entry.entry_id)

    assert entry.data["topic_prefix"] == "home/"


async def test_a_disabled_entry_is_migrated_when_it_is_enabled(
    hass: HomeAssistant, broker: Broker
) -> None:
    entry = await set_up_and_read(hass, broker, replace(flm03(), prefix="home/"))
    await hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
    as_before(hass, entry, "home")

    await hass.config_entries.async_set_disabled_by(entry.entry_id, None)

    assert entry.state is ConfigEntryState.LOADED
    assert entry.data["topic_prefix"] == "home/"


async def test_an_entry_that_is_reconfigured_before_it_is_migrated_is_as_any_other(
    hass: HomeAssistant, broker: Broker
) -> None:
    meter: Meter = replace(flm03(), prefix="home/")
    await broker.publish_all(meter.reports, retain=True)
    entry = config_entry(meter)
    entry.add_to_hass(hass)
    as_before(hass, entry, "home")

    form = await choose_broker(hass, await entry.start_reconfigure_flow(hass))
    await listen(hass, form, topic_prefix="home")
    await broker.settle()

    assert entry.state is ConfigEntryState.LOADED
    assert entry.data["topic_prefix"] == "home/"

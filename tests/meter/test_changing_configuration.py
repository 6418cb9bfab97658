"""A configuration that changes all the time keeps Home Assistant no busier than it must."""

import asyncio

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import EntityPlatform
import pytest

from custom_components.flukso.meter import sensor_limit
from custom_components.flukso.meter.configuration_delay import MAX_CHANGES

from ..broker import Broker
from ..home import entity_of, let_pass, set_up, value_of
from ..meters import Meter, flm03, reading

_SLOT = 7


def is_there(hass: HomeAssistant, meter: Meter) -> bool:
    """Return whether the entity of the changed sensor is there, not only in the registry."""
    state = hass.states.get(entity_of(hass, meter, _SLOT, "gauge").entity_id)
    return state is not None and not state.attributes.get("restored")


async def change(broker: Broker, meter: Meter, times: int) -> None:
    """Let the meter disable a sensor and enable it again, so many times in all."""
    for number in range(times):
        await broker.publish(*meter.changed(_SLOT, enable=number % 2).sensor_report)


def is_registered(hass: HomeAssistant, number: int) -> bool:
    """Return whether there is or was an entity of the sensor with this number as its id."""
    entities = er.async_get(hass).entities.values()
    return any(f"_{number:032x}_" in each.unique_id for each in entities)


async def test_the_eleventh_change_within_a_minute_waits_for_its_end(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    assert MAX_CHANGES == 10
    meter = flm03()
    await set_up(hass, broker, meter)
    await let_pass(hass, broker, freezer, 61)

    await change(broker, meter, MAX_CHANGES)
    assert is_there(hass, meter)
    await change(broker, meter, 3)
    assert is_there(hass, meter)
    await let_pass(hass, broker, freezer, 61)

    assert not is_there(hass, meter)


async def test_a_change_does_not_wait_because_the_clock_was_set_back(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    meter = flm03()
    await set_up(hass, broker, meter)
    await change(broker, meter, MAX_CHANGES)

    freezer.tick(-3600)
    await change(broker, meter, 1)
    assert not is_there(hass, meter)
    await change(broker, meter, 2)

    assert is_there(hass, meter)


async def test_no_other_unit_is_believed_while_everything_changes(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    meter = flm03()
    await set_up(hass, broker, meter)
    topic = meter.topic(42, "gauge")
    await broker.publish(topic, reading(101_000, "Pa"))
    await change(broker, meter, MAX_CHANGES)

    for _ in range(15):
        freezer.tick(1)
        await broker.publish(topic, reading(1009, "hPa"))
    assert value_of(hass, meter, 42, "gauge") == 1010
    freezer.tick(60)
    await broker.publish(topic, reading(1009, "hPa"))

    assert value_of(hass, meter, 42, "gauge") == 1009


async def test_of_changes_while_entities_are_added_only_one_waits(
    hass: HomeAssistant, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    meter = flm03()
    entry = await set_up(hass, broker, meter)
    added, add = asyncio.Event(), EntityPlatform.async_add_entities

    async def add_late(platform: EntityPlatform, entities: list[Entity]) -> None:
        await added.wait()
        await add(platform, entities)

    monkeypatch.setattr(EntityPlatform, "async_add_entities", add_late)
    broker.send(*meter.changed(_SLOT, enable=0).sensor_report)
    running = len(entry.runtime_data.updates)
    for number in range(1, 8):
        broker.send(*meter.changed(_SLOT, enable=number % 2).sensor_report)

    assert len(entry.runtime_data.updates) == 2 * running > 0
    added.set()
    await broker.settle()
    assert is_there(hass, meter)


async def test_sensors_that_change_their_ids_all_the_time_are_left_out_at_last(
    hass: HomeAssistant,
    broker: Broker,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert sensor_limit.MAX_SENSORS == 500
    meter = flm03()
    entry = await set_up(hass, broker, meter)
    known = {section["id"] for section in meter.sensors.values() if section.get("enable")}
    monkeypatch.setattr(sensor_limit, "MAX_SENSORS", len(known) + 2)

    for number in range(5):
        await broker.publish(*meter.changed(_SLOT, id=f"{number:032x}").sensor_report)

    assert [number for number in range(5) if is_registered(hass, number)] == [0, 1]
    assert caplog.text.count("new sensors: more than") == 1
    await hass.config_entries.async_reload(entry.entry_id)
    await broker.publish(*meter.changed(_SLOT, id=f"{9:032x}").sensor_report)
    assert not is_registered(hass, 9)
    await broker.publish(*meter.sensor_report)
    assert is_there(hass, meter)

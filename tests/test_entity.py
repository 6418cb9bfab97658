"""What all entities share: an identity that outlives names, and a place that waits for them."""

import asyncio
import logging
from typing import Any
from unittest.mock import patch

from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest

from custom_components.flukso.const import DOMAIN
from custom_components.flukso.entity import FluksoEntity

from .broker import Broker
from .home import config_entry, entities, entity_of, set_up, set_up_and_read, state_of, value_of
from .meters import flm03, reading, three_clamps
from .subscriptions import queued

pytestmark = pytest.mark.usefixtures("freezer")


async def test_an_entity_is_known_by_the_ids_that_the_older_integration_used(
    hass: HomeAssistant, broker: Broker
) -> None:
    meter = flm03()
    registry = er.async_get(hass)
    entry = config_entry(meter)
    entry.add_to_hass(hass)
    old = registry.async_get_or_create(
        "sensor",
        DOMAIN,
        f"{meter.device_id}_{meter.sensor_id(1)}_gauge",
        config_entry=entry,
        suggested_object_id="main_power",
    )
    await broker.publish_all(meter.reports, retain=True)

    await hass.config_entries.async_setup(entry.entry_id)
    await broker.settle()
    await broker.publish(meter.topic(1, "gauge"), reading(100, "W"))

    assert entity_of(hass, meter, 1, "gauge").entity_id == old.entity_id == "sensor.main_power"
    assert value_of(hass, meter, 1, "gauge") == 100


async def test_reactive_power_becomes_diagnostic_for_those_who_have_it_already(
    hass: HomeAssistant, broker: Broker
) -> None:
    meter = flm03()
    entry = config_entry(meter)
    entry.add_to_hass(hass)
    q1 = 3
    for kind in ("gauge", "counter"):
        er.async_get(hass).async_get_or_create(
            "sensor",
            DOMAIN,
            f"{meter.device_id}_{meter.sensor_id(q1)}_{kind}",
            config_entry=entry,
            entity_category=None,
        )
    await broker.publish_all(meter.reports, retain=True)

    await hass.config_entries.async_setup(entry.entry_id)
    await broker.settle()

    for kind in ("gauge", "counter"):
        entity = entity_of(hass, meter, q1, kind)
        assert entity.entity_category is EntityCategory.DIAGNOSTIC
        assert not entity.disabled


async def test_an_entity_keeps_its_id_when_its_port_is_renamed(
    hass: HomeAssistant, broker: Broker
) -> None:
    meter = flm03()
    entry = await set_up_and_read(hass, broker, meter)
    before = [(entity.entity_id, entity.unique_id) for entity in entities(hass, entry)]

    await broker.publish(*meter.with_port(3, name="roof").port_report)
    await hass.config_entries.async_reload(entry.entry_id)
    await broker.settle()

    after = [(entity.entity_id, entity.unique_id) for entity in entities(hass, entry)]
    assert after == before


async def test_what_the_user_set_for_an_entity_outlives_its_absence(
    hass: HomeAssistant, broker: Broker
) -> None:
    meter = three_clamps()
    await set_up_and_read(hass, broker, meter)
    registry = er.async_get(hass)
    entity_id = entity_of(hass, meter, 1, "counter").entity_id
    registry.async_update_entity(entity_id, name="Grid", icon="mdi:meter-electric")
    registry.async_update_entity_options(entity_id, "sensor", {"unit_of_measurement": "MWh"})

    await broker.publish(*meter.changed(*range(1, 13), enable=0).sensor_report)
    await broker.publish(*meter.sensor_report)
    await broker.publish_all(meter.readings())

    state = hass.states.get(entity_id)
    assert state is not None
    assert state.name.removeprefix("main (port 1) ") == "Grid"  # with it since 2026.11
    assert state.attributes["unit_of_measurement"] == "MWh"
    assert float(state.state) == 2.5938054


async def test_one_change_after_another_leaves_one_entity_each(
    hass: HomeAssistant, broker: Broker
) -> None:
    meter = flm03()
    entry = await set_up(hass, broker, meter)

    for quantity in ("water", "gas", "electricity", "pellet", "fuel", "time", "steam") * 3:
        meter = meter.changed(37, 38, 39, type=quantity)
        await broker.publish(*meter.sensor_report)
    await broker.publish(meter.topic(38, "counter"), reading(5, ""))

    assert len(entities(hass, entry)) == 70
    assert value_of(hass, meter, 38, "counter") == 5


async def test_an_entity_that_is_replaced_again_while_the_old_one_leaves_is_there_in_the_end(
    hass: HomeAssistant, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    meter, movement = flm03(), 46
    await set_up(hass, broker, meter)
    leaving, let_leave = asyncio.Event(), asyncio.Event()

    async def wait(_entity: Any) -> None:
        leaving.set()
        await let_leave.wait()

    with patch.object(FluksoEntity, "async_will_remove_from_hass", wait):
        broker.send(*meter.changed(movement, type="vibration").sensor_report)
        await leaving.wait()
        broker.send(*meter.sensor_report)
        await asyncio.sleep(0)
        let_leave.set()
        await broker.settle()

    await broker.publish(meter.topic(movement, "counter"), reading(17, ""))
    assert state_of(hass, meter, movement, "counter").state == "off"
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


async def test_an_entity_that_is_to_go_while_it_is_being_added_leaves_nothing_behind(
    hass: HomeAssistant, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    meter = flm03()
    without = meter.changed(38, enable=0)
    await set_up(hass, broker, without)
    topics = set(broker.topics)

    with queued(meter.topic(38, "counter")) as queue:
        broker.send(*meter.sensor_report)
        await queue.asked.wait()
        broker.send(*without.sensor_report)
        await asyncio.sleep(0)
        queue.grant()
        await broker.settle()

    assert broker.topics == topics
    assert state_of(hass, meter, 38, "counter").state == "unavailable"
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]

    await broker.publish(*meter.sensor_report)
    await broker.publish(meter.topic(38, "counter"), reading(5000, "L"))
    assert value_of(hass, meter, 38, "counter") == 5


async def test_a_meter_that_is_unloaded_while_an_entity_is_being_added_leaves_nothing_behind(
    hass: HomeAssistant, broker: Broker
) -> None:
    topics = set(broker.topics)
    meter = flm03()
    entry = await set_up(hass, broker, meter.changed(38, enable=0))

    with queued(meter.topic(38, "counter")) as queue:
        broker.send(*meter.sensor_report, retain=True)
        await queue.asked.wait()
        assert await hass.config_entries.async_unload(entry.entry_id)
    await broker.settle()

    assert broker.topics == topics

    assert await hass.config_entries.async_setup(entry.entry_id)
    await broker.settle()
    await broker.publish(meter.topic(38, "counter"), reading(5000, "L"))
    assert value_of(hass, meter, 38, "counter") == 5

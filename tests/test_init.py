"""A meter's config entry: set up, unloaded, reloaded."""

import asyncio
from collections.abc import Generator
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.util.async_ import get_scheduled_timer_handles
import pytest
from pytest_homeassistant_custom_component.plugins import long_repr_strings

from .broker import Broker
from .home import (
    config_entry,
    device_names,
    entities,
    let_pass,
    set_up,
    set_up_and_read,
    set_up_knowing,
    value_of,
)
from .meters import Meter, flm02, flm03, kubes_alone, reading
from .subscriptions import queued, refused

pytestmark = pytest.mark.usefixtures("freezer")


@pytest.fixture(autouse=True)
def _with_names(hass: HomeAssistant) -> Generator[None]:
    """Let timers tell whose they are, which they do in the debug mode of the event loop."""
    hass.loop.set_debug(True)
    yield
    hass.loop.set_debug(False)


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


async def test_a_meter_that_can_t_be_subscribed_to_leaves_nothing_behind_and_is_tried_again(
    hass: HomeAssistant, broker: Broker
) -> None:
    meter, topics = flm03(), set(broker.topics)
    entry = config_entry(meter)
    entry.add_to_hass(hass)
    await broker.publish_all(meter.reports, retain=True)

    with refused(meter.tap_topic):
        await hass.config_entries.async_setup(entry.entry_id)
    await broker.settle()

    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert entry.error_reason_translation_key == "mqtt_unavailable"
    assert broker.topics == topics
    assert timers(hass) == []
    assert entities(hass, entry) == []
    await broker.lose_connection()
    await broker.restore_connection()

    assert await hass.config_entries.async_reload(entry.entry_id)
    await broker.settle()
    await broker.publish_all(meter.readings())
    assert value_of(hass, meter, 1, "counter") == 2593.8054


async def test_what_a_meter_says_while_it_is_being_set_up_is_shown(
    hass: HomeAssistant, broker: Broker
) -> None:
    meter = flm03()
    entry = config_entry(meter)
    entry.add_to_hass(hass)
    await broker.publish_all(meter.reports, retain=True)

    with queued(meter.tap_topic) as queue:
        setup = asyncio.create_task(hass.config_entries.async_setup(entry.entry_id))
        await queue.asked.wait()
        await broker.settle()
        assert entities(hass, entry) == []
        queue.grant()
        assert await setup

    await broker.settle()
    await broker.publish_all(meter.readings())
    assert len(entities(hass, entry)) == 70
    assert value_of(hass, meter, 1, "counter") == 2593.8054


async def test_what_a_meter_said_before_its_setup_failed_is_kept_without_a_timer(
    hass: HomeAssistant, broker: Broker, hass_storage: dict[str, object]
) -> None:
    meter = flm03()
    entry = config_entry(meter)
    entry.add_to_hass(hass)
    await broker.publish_all(dict([meter.sensor_report]), retain=True)

    with queued(meter.tap_topic) as queue:
        setup = asyncio.create_task(hass.config_entries.async_setup(entry.entry_id))
        await queue.asked.wait()
        await broker.settle()
        assert timers(hass)
        queue.refuse()
        assert not await setup

    assert timers(hass) == []
    assert f"flukso.{entry.entry_id}" in hass_storage


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
    await entry.runtime_data.meter.async_stop()


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


async def test_a_reload_loses_no_reading_that_has_come(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    meter = flm03()
    entry = await set_up_and_read(hass, broker, meter)
    await let_pass(hass, broker, freezer, 5)

    await broker.publish(meter.topic(1, "counter"), reading("2593805.900", "Wh"))
    await hass.config_entries.async_reload(entry.entry_id)
    await broker.settle()

    assert value_of(hass, meter, 1, "counter") == 2593.8059


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

"""Connectivity: whether a Fluksometer and each of its kubes are heard, for automations."""

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest

from ..broker import Broker
from ..clock import pass_time, set_back
from ..health.connection import connection_in_memory
from ..home import config_entry, let_pass, set_up
from ..meters import Meter, flm02, flm03

pytestmark = pytest.mark.usefixtures("freezer")

METER, ATTIC = "binary_sensor.fluksometer_connectivity", "binary_sensor.attic_connectivity"
CELLAR = "binary_sensor.cellar_connectivity"
#: Slots of ``flm03()``.
CLAMPS, KUBE_1, KUBE_2 = range(1, 37), range(40, 49), range(49, 58)


def of_slots(meter: Meter, *slots: int) -> dict[str, str]:
    """A reading on each topic of these slots."""
    ids = {meter.sensor_id(slot) for slot in slots}
    return {topic: text for topic, text in meter.readings().items() if topic.split("/")[2] in ids}


def shown(hass: HomeAssistant, *entity_ids: str) -> list[str | None]:
    """The states of entities."""
    states = map(hass.states.get, entity_ids)
    return [None if state is None else state.state for state in states]


async def test_a_meter_and_its_kubes_are_connected_once_they_are_heard(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    meter = flm03()
    await set_up(hass, broker, meter)
    await let_pass(hass, broker, freezer, 10)
    assert shown(hass, METER, ATTIC) == ["unknown", "unknown"]

    await broker.publish_all(of_slots(meter, *CLAMPS, *KUBE_1))
    await let_pass(hass, broker, freezer, 10)

    assert shown(hass, METER, ATTIC) == ["on", "unknown"]
    for entity_id in (METER, ATTIC):
        entity = er.async_get(hass).async_get(entity_id)
        assert entity is not None
        assert entity.entity_category is EntityCategory.DIAGNOSTIC
        assert entity.disabled_by is None


async def test_a_dead_meter_is_disconnected_after_a_minute_and_nothing_is_told_of_its_kubes(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    meter = flm03()
    await set_up(hass, broker, meter)
    await broker.publish_all(meter.readings())
    await let_pass(hass, broker, freezer, 55)
    assert shown(hass, METER, ATTIC) == ["on", "on"]

    await let_pass(hass, broker, freezer, 15)
    assert shown(hass, METER, ATTIC) == ["off", "unavailable"]

    await broker.publish_all(meter.readings())
    await let_pass(hass, broker, freezer, 5)
    assert shown(hass, METER, ATTIC) == ["on", "on"]


async def test_a_dead_meter_is_disconnected_though_the_hosts_clock_is_set_back(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    meter = flm03()
    await set_up(hass, broker, meter)
    await broker.publish_all(meter.readings())
    freezer.tick(80)
    later = meter.readings()
    freezer.tick(-70)
    with set_back(hass, freezer, 7200):
        await pass_time(hass, freezer, 70)
        assert shown(hass, METER, ATTIC) == ["off", "unavailable"]

        await broker.publish_all(later)
        await pass_time(hass, freezer, 5)
        assert shown(hass, METER, ATTIC) == ["on", "on"]


async def test_a_broken_message_that_the_broker_has_retained_is_no_sign_of_life(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    meter = flm03()
    await broker.publish(meter.topic(1, "gauge"), "[", retain=True)
    await set_up(hass, broker, meter)
    await let_pass(hass, broker, freezer, 10)
    assert shown(hass, METER) == ["unknown"]

    await broker.publish(meter.topic(1, "gauge"), "[")
    await let_pass(hass, broker, freezer, 10)

    assert shown(hass, METER) == ["on"]


async def test_a_dead_kube_is_disconnected_after_ten_minutes_while_the_other_is_not(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    meter = flm03().with_kube(1, name="cellar")
    await set_up(hass, broker, meter)
    await broker.publish_all(meter.readings())

    for _ in range(4):
        await let_pass(hass, broker, freezer, 200)
        await broker.publish_all(of_slots(meter, *CLAMPS, *KUBE_1))
        await let_pass(hass, broker, freezer, 5)

    assert shown(hass, METER, CELLAR, ATTIC) == ["on", "on", "off"]


async def test_a_meter_is_disconnected_while_the_connection_is_lost_until_it_is_heard_again(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    meter = flm03()
    entry = config_entry(meter)
    with connection_in_memory(meter) as connection:
        entry.add_to_hass(hass)
        data = entry.data | {"host": "192.0.2.7", "port": 1883}
        hass.config_entries.async_update_entry(entry, data=data)
        assert await hass.config_entries.async_setup(entry.entry_id)
        await hass.async_block_till_done()
        connection.publish(meter.readings())
        await let_pass(hass, broker, freezer, 10)
        assert shown(hass, METER) == ["on"]

        connection.lose()
        await hass.async_block_till_done()
        assert shown(hass, METER) == ["off"]
        await let_pass(hass, broker, freezer, 10)
        connection.restore()
        await let_pass(hass, broker, freezer, 10)
        assert shown(hass, METER) == ["off"]
        connection.publish(meter.readings())
        await let_pass(hass, broker, freezer, 10)
        assert shown(hass, METER) == ["on"]


async def test_a_kube_that_is_paired_later_has_its_connectivity_too(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    meter = flm03()
    await set_up(hass, broker, meter.changed(*KUBE_2, enable=0))
    assert shown(hass, ATTIC) == [None]

    await broker.publish(*meter.sensor_report)
    await broker.publish_all(of_slots(meter, *CLAMPS, *KUBE_2))
    await let_pass(hass, broker, freezer, 10)

    assert shown(hass, ATTIC) == ["on"]


async def test_an_flm02_has_it_for_its_kube_as_well(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    meter = flm02()
    await set_up(hass, broker, meter)

    await broker.publish_all(meter.readings())
    await let_pass(hass, broker, freezer, 10)

    assert shown(hass, METER, "binary_sensor.bath_connectivity") == ["on", "on"]

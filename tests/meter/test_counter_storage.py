"""A restart of Home Assistant: counters are restored at once, without a wrong state meanwhile."""

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import CoreState, HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_mock_restore_state_shutdown_restart,
)

from custom_components.flukso.protocol.topics import Kind

from ..broker import Broker
from ..clock import Writes, pass_time
from ..home import entities, entity_of, set_up, set_up_and_read, state_of, value_of
from ..meters import Meter, flm02, flm03, reading, three_clamps

METER = flm03()
IMPORT, VOLTAGE, WATER = 1, 7, 37
HOUR = 3600


async def go_down(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Stop Home Assistant, which saves the states of its entities."""
    await async_mock_restore_state_shutdown_restart(hass)
    assert await hass.config_entries.async_unload(entry.entry_id)


async def come_up(hass: HomeAssistant, broker: Broker, entry: MockConfigEntry) -> None:
    """Start Home Assistant again."""
    assert await hass.config_entries.async_setup(entry.entry_id)
    await broker.settle()


async def leap(broker: Broker, freezer: FrozenDateTimeFactory, meter: Meter) -> None:
    """Let the import counter continue from 9 MWh."""
    for second in range(4):
        freezer.tick(1)
        await broker.publish(meter.topic(IMPORT, "counter"), reading(9_000_000 + second, "Wh"))


async def test_no_wrong_state_is_written_while_home_assistant_restarts(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    entry = await set_up_and_read(hass, broker, METER)
    writes = Writes(hass)

    await go_down(hass, entry)
    freezer.tick(HOUR)
    await come_up(hass, broker, entry)
    await broker.publish_all(METER.readings())

    def shown(slot: int, kind: str) -> list[str]:
        return writes.of(entity_of(hass, METER, slot, kind).entity_id)

    assert shown(IMPORT, "counter") == [STATE_UNAVAILABLE, "2593.8054"]
    assert shown(WATER, "counter") == [STATE_UNAVAILABLE, "345678.5"]
    assert shown(IMPORT, "gauge") == [STATE_UNAVAILABLE, STATE_UNKNOWN, "1278.5"]
    assert shown(VOLTAGE, "gauge") == [STATE_UNAVAILABLE, STATE_UNKNOWN, "231.25"]


async def test_messages_that_arrive_while_home_assistant_stops_are_ignored(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    """Counters are saved when the stop begins: a later state would be undone by the restart."""
    await set_up_and_read(hass, broker, METER)
    writes = Writes(hass)

    hass.set_state(CoreState.stopping)
    await broker.publish(METER.topic(IMPORT, "counter"), reading("2593806.400", "Wh"))
    await pass_time(hass, freezer, 30)
    hass.set_state(CoreState.running)

    assert writes.of(entity_of(hass, METER, IMPORT, "counter").entity_id) == []


async def test_what_was_counted_meanwhile_is_booked_with_the_first_reading(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    entry = await set_up_and_read(hass, broker, METER)

    await go_down(hass, entry)
    freezer.tick(HOUR)
    await come_up(hass, broker, entry)
    await broker.publish(METER.topic(IMPORT, "counter"), reading("2598805.400", "Wh"))

    assert value_of(hass, METER, IMPORT, "counter") == 2598.8054


async def test_all_entities_are_restored_before_the_first_message(
    hass: HomeAssistant, broker: Broker
) -> None:
    entry = await set_up_and_read(hass, broker, METER)
    registered = entities(hass, entry)

    await go_down(hass, entry)
    broker.retained.clear()
    await come_up(hass, broker, entry)

    assert entities(hass, entry) == registered
    assert value_of(hass, METER, IMPORT, "counter") == 2593.8054
    assert value_of(hass, METER, WATER, "counter") == 345678.5
    assert state_of(hass, METER, IMPORT, "gauge").state == STATE_UNKNOWN


async def test_a_counter_of_another_type_for_a_moment_continues_where_it_was(
    hass: HomeAssistant, broker: Broker
) -> None:
    await set_up_and_read(hass, broker, METER)

    await broker.publish(*METER.changed(WATER, type="electricity").sensor_report)
    await broker.publish(*METER.sensor_report)
    await broker.publish(METER.topic(WATER, "counter"), reading(9_000_000, "L"))

    assert value_of(hass, METER, WATER, "counter") == 345678.5


@pytest.mark.parametrize("book", [False, True])
async def test_the_offset_of_a_counter_survives_a_restart(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory, *, book: bool
) -> None:
    entry = await set_up_and_read(hass, broker, METER)
    await leap(broker, freezer, METER)
    if book:
        counter = entry.runtime_data.meter.channels[METER.sensor_id(IMPORT), Kind.COUNTER]
        counter.book(9_000_000 - 2_593_805.4, freezer().timestamp())
    before = value_of(hass, METER, IMPORT, "counter")

    await go_down(hass, entry)
    await come_up(hass, broker, entry)
    assert value_of(hass, METER, IMPORT, "counter") == pytest.approx(before, abs=0.004)

    freezer.tick(1)
    await broker.publish(METER.topic(IMPORT, "counter"), reading(9_000_004, "Wh"))
    expected = 9000.004 if book else 2593.8094
    assert value_of(hass, METER, IMPORT, "counter") == pytest.approx(expected)


async def test_a_reading_withheld_before_a_restart_is_discarded(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    entry = await set_up_and_read(hass, broker, METER)
    for _ in range(2):
        freezer.tick(1)
        await broker.publish(METER.topic(IMPORT, "counter"), reading(0, "Wh"))

    await go_down(hass, entry)
    await come_up(hass, broker, entry)
    freezer.tick(1)
    await broker.publish(METER.topic(IMPORT, "counter"), reading(0, "Wh"))

    assert value_of(hass, METER, IMPORT, "counter") == 2593.8054


async def test_a_sensor_id_recycled_meanwhile_books_nothing(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    entry = await set_up_and_read(hass, broker, METER)

    await go_down(hass, entry)
    freezer.tick(HOUR)
    meter = METER.changed(WATER, rid=1)
    await broker.publish(*meter.sensor_report, retain=True)
    await come_up(hass, broker, entry)
    for value in (345_690, 345_691, 345_692):
        freezer.tick(1)
        await broker.publish(meter.topic(WATER, "counter"), reading(value, "L"))
    await hass.config_entries.async_reload(entry.entry_id)
    await broker.settle()

    assert value_of(hass, meter, WATER, "counter") == 345_680.5


async def test_an_older_retained_reading_undoes_nothing(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    """An FLM02 retains its counters; its broker may have kept one from before a power cut."""
    meter = flm02()
    old = reading(77_000, "Wh")
    freezer.tick(HOUR)
    entry = await set_up_and_read(hass, broker, meter)
    assert value_of(hass, meter, 1, "counter") == 77.012

    await go_down(hass, entry)
    await broker.publish(meter.topic(1, "counter"), old, retain=True)
    await come_up(hass, broker, entry)

    assert value_of(hass, meter, 1, "counter") == 77.012


async def test_a_retained_reading_is_dated_by_its_own_time(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    """It arrives at the start, but the guard allows for the time since it was measured."""
    meter = flm02()
    await broker.publish(meter.topic(1, "counter"), reading(77_000, "Wh"), retain=True)
    freezer.tick(HOUR)
    await set_up(hass, broker, meter)
    assert value_of(hass, meter, 1, "counter") == 77

    freezer.tick(1)
    await broker.publish(meter.topic(1, "counter"), reading(85_000, "Wh"))
    freezer.tick(1)
    await broker.publish(meter.topic(1, "counter"), reading(85_001, "Wh"))
    await broker.lose_connection()
    await broker.restore_connection()
    await broker.publish(meter.topic(1, "counter"), reading(85_001, "Wh"))

    assert value_of(hass, meter, 1, "counter") == 85.001


async def test_each_meter_continues_from_its_own_counters(
    hass: HomeAssistant, broker: Broker
) -> None:
    one, other = three_clamps(1), three_clamps(2)
    entry = await set_up_and_read(hass, broker, one)
    await set_up(hass, broker, other)
    await broker.publish(other.topic(IMPORT, "counter"), reading(5000, "Wh"))

    await go_down(hass, entry)
    await come_up(hass, broker, entry)

    assert value_of(hass, one, IMPORT, "counter") == 2593.8054
    assert value_of(hass, other, IMPORT, "counter") == 5

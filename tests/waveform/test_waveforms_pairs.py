"""Which voltage and current make one capture: of the same moment, or else the nearest."""

from datetime import datetime, timedelta

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from ..broker import Broker
from ..home import set_up
from ..mains import cycle, enable, flx_topic, show_cycle, state, wave_topics, waveform
from ..meters import flm03

METER = flm03()


def shift(hass: HomeAssistant) -> float:
    """Return the phase shift of port 1."""
    return float(state(hass, METER, "phase_shift", 1).state)


@pytest.mark.parametrize("first", ["voltage/1", "current/1"])
async def test_voltage_and_current_are_paired_whichever_comes_first(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory, first: str
) -> None:
    entry = await set_up(hass, broker, METER)
    await enable(hass, broker, entry, "port_1_phase_shift")
    sent = {
        flx_topic(METER, "voltage/1"): waveform(cycle(230), "mV"),
        flx_topic(METER, "current/1"): waveform(cycle(10), "mA"),
    }

    for topic in sorted(sent, key=lambda topic: not topic.endswith(first)):
        freezer.tick(0.3)
        await broker.publish(topic, sent[topic])

    assert shift(hass) == 0


async def test_without_a_pair_of_the_same_moment_the_nearest_within_a_second_is_taken(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    entry = await set_up(hass, broker, METER)
    await enable(hass, broker, entry, "port_1_phase_shift")

    for degrees, age in ((10, 0.9), (20, 0.4)):
        payload = waveform(cycle(230, degrees=degrees), "mV", age=age)
        await broker.publish(flx_topic(METER, "voltage/1"), payload)
    await broker.publish(flx_topic(METER, "current/1"), waveform(cycle(10), "mA"))
    assert state(hass, METER, "phase_shift", 1).state == "unknown"
    freezer.tick(1.1)
    payload = waveform(cycle(230, degrees=30), "mV", age=0.2)
    await broker.publish(flx_topic(METER, "voltage/1"), payload)

    assert abs(shift(hass)) == pytest.approx(20, abs=0.1)


async def test_a_current_is_not_paired_with_an_earlier_voltage_before_its_own_arrives(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    entry = await set_up(hass, broker, METER)
    await enable(hass, broker, entry, "port_1_phase_shift")
    for _ in range(5):
        await broker.publish(flx_topic(METER, "voltage/1"), waveform(cycle(230), "mV"))
        freezer.tick(1)

    await broker.publish(flx_topic(METER, "current/1"), waveform(cycle(10, degrees=40), "mA"))
    payload = waveform(cycle(230, degrees=40), "mV")
    await broker.publish(flx_topic(METER, "voltage/1"), payload)

    assert shift(hass) == 0


async def test_a_pair_does_not_wait_for_the_next_messages_of_a_slow_meter(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    entry = await set_up(hass, broker, METER)
    await enable(hass, broker, entry, "port_1_waveform")
    await broker.publish(flx_topic(METER, "voltage/1"), waveform(cycle(230), "mV", age=0.4))
    await broker.publish(flx_topic(METER, "current/1"), waveform(cycle(10), "mA"))
    assert state(hass, METER, "waveform", 1).state == "unknown"

    freezer.tick(1.1)
    async_fire_time_changed(hass)
    await broker.settle()

    taken = datetime.fromisoformat(state(hass, METER, "waveform", 1).state)
    assert abs(taken - dt_util.utcnow()) < timedelta(seconds=1)


async def test_waveforms_that_are_no_longer_a_pair_after_the_wait_are_not_captured(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    entry = await set_up(hass, broker, METER)
    await enable(hass, broker, entry, "port_1_phase_shift")
    await broker.publish(flx_topic(METER, "current/1"), waveform(cycle(10), "mA", age=0.5))
    for ahead in range(9):
        payload = waveform(cycle(230), "mV", age=-ahead)
        await broker.publish(flx_topic(METER, "voltage/1"), payload)

    freezer.tick(1.1)
    async_fire_time_changed(hass)
    await broker.settle()
    assert state(hass, METER, "phase_shift", 1).state == "unknown"

    await show_cycle(broker, METER, 1)
    assert shift(hass) == 0


@pytest.mark.usefixtures("freezer")
async def test_an_entity_disabled_while_a_pair_is_waited_for_is_not_updated(
    hass: HomeAssistant, broker: Broker
) -> None:
    entry = await set_up(hass, broker, METER)
    await enable(hass, broker, entry, "port_1_phase_shift")
    await broker.publish(flx_topic(METER, "voltage/1"), waveform(cycle(230), "mV", age=0.4))
    await broker.publish(flx_topic(METER, "current/1"), waveform(cycle(10), "mA"))

    await hass.config_entries.async_unload(entry.entry_id)
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=2))
    await broker.settle()

    assert state(hass, METER, "phase_shift", 1).state == "unavailable"
    assert wave_topics(broker) == set()


async def test_waveforms_more_than_a_second_apart_are_no_pair(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    entry = await set_up(hass, broker, METER)
    await enable(hass, broker, entry, "port_1_phase_shift")

    for _ in range(5):
        payload = waveform(cycle(230), "mV", age=1.5)
        await broker.publish(flx_topic(METER, "voltage/1"), payload)
        await broker.publish(flx_topic(METER, "current/1"), waveform(cycle(10), "mA"))
        freezer.tick(3)

    assert state(hass, METER, "phase_shift", 1).state == "unknown"

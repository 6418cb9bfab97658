"""Kubes: what they notice lasts for a while, and their faults are told by name."""

from datetime import timedelta

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.flukso.binary_sensor import FAULTS, ON_SECONDS

from .broker import Broker
from .home import set_up, state_of
from .meters import flm03, kubes_alone, reading

pytestmark = pytest.mark.usefixtures("freezer")

#: The slots of a kube's sensors, where nothing else is on the meter.
ERROR, MOVEMENT, VIBRATION = 45, 46, 47


async def let_pass(hass: HomeAssistant, broker: Broker, seconds: int) -> None:
    """Let time pass."""
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=seconds))
    await broker.settle()


@pytest.mark.parametrize(
    ("error", "faults"),
    [
        (0, []),
        (1, ["temperature"]),
        (2, ["humidity"]),
        (4, ["light"]),
        (8, ["pressure"]),
        (16, ["accelerometer"]),
        (32, ["brown_out"]),
        (64, ["watchdog"]),
        (9, ["temperature", "pressure"]),
        (127, list(FAULTS)),
        (128, []),
    ],
)
async def test_the_faults_of_a_kube_are_named(
    hass: HomeAssistant, broker: Broker, error: int, faults: list[str]
) -> None:
    meter = kubes_alone()
    await set_up(hass, broker, meter)

    await broker.publish(meter.topic(ERROR, "gauge"), reading(error, ""))

    state = state_of(hass, meter, ERROR, "gauge")
    assert state.state == ("on" if error else "off")
    assert state.attributes["faults"] == faults


async def test_a_fault_comes_and_goes(hass: HomeAssistant, broker: Broker) -> None:
    meter = kubes_alone()
    await set_up(hass, broker, meter)

    seen = []
    for error in (0, 3, 0):
        await broker.publish(meter.topic(ERROR, "gauge"), reading(error, ""))
        state = state_of(hass, meter, ERROR, "gauge")
        seen.append((state.state, state.attributes["faults"]))

    assert seen == [("off", []), ("on", ["temperature", "humidity"]), ("off", [])]


@pytest.mark.parametrize("slot", [MOVEMENT, VIBRATION], ids=["movement", "vibration"])
async def test_what_a_kube_notices_lasts_for_a_while(
    hass: HomeAssistant, broker: Broker, slot: int
) -> None:
    meter = kubes_alone()
    await set_up(hass, broker, meter)

    await broker.publish(meter.topic(slot, "counter"), reading(17, ""))
    assert state_of(hass, meter, slot, "counter").state == "off"
    await broker.publish(meter.topic(slot, "counter"), reading(18, ""))
    assert state_of(hass, meter, slot, "counter").state == "on"
    await let_pass(hass, broker, ON_SECONDS - 2)
    assert state_of(hass, meter, slot, "counter").state == "on"
    await let_pass(hass, broker, ON_SECONDS + 2)
    assert state_of(hass, meter, slot, "counter").state == "off"


async def test_a_second_movement_makes_it_last_longer(hass: HomeAssistant, broker: Broker) -> None:
    meter = kubes_alone()
    await set_up(hass, broker, meter)

    for count in (17, 18, 19, 19, 19):
        await broker.publish(meter.topic(MOVEMENT, "counter"), reading(count, ""))

    assert state_of(hass, meter, MOVEMENT, "counter").state == "on"
    await let_pass(hass, broker, ON_SECONDS + 2)
    assert state_of(hass, meter, MOVEMENT, "counter").state == "off"


@pytest.mark.parametrize("count", [0, 5, 65_535])
async def test_a_counter_that_begins_anew_is_a_movement_as_well(
    hass: HomeAssistant, broker: Broker, count: int
) -> None:
    meter = kubes_alone()
    await set_up(hass, broker, meter)

    await broker.publish(meter.topic(MOVEMENT, "counter"), reading(4_000_000_000, ""))
    await broker.publish(meter.topic(MOVEMENT, "counter"), reading(count, ""))

    assert state_of(hass, meter, MOVEMENT, "counter").state == "on"


async def test_what_is_retained_is_no_movement(hass: HomeAssistant, broker: Broker) -> None:
    meter = kubes_alone()
    topic = meter.topic(MOVEMENT, "counter")
    await broker.publish(topic, reading(17, "", age=5), retain=True)
    entry = await set_up(hass, broker, meter)
    assert state_of(hass, meter, MOVEMENT, "counter").state == "off"

    await broker.publish(topic, reading(18, ""), retain=True)
    assert state_of(hass, meter, MOVEMENT, "counter").state == "on"

    await hass.config_entries.async_reload(entry.entry_id)
    await broker.settle()
    assert state_of(hass, meter, MOVEMENT, "counter").state == "off"


async def test_a_lost_connection_is_no_movement(hass: HomeAssistant, broker: Broker) -> None:
    meter = kubes_alone()
    await broker.publish(meter.topic(MOVEMENT, "counter"), reading(17, ""), retain=True)
    await set_up(hass, broker, meter)

    await broker.lose_connection()
    assert state_of(hass, meter, MOVEMENT, "counter").state == "unavailable"
    await broker.restore_connection()
    await broker.publish(meter.topic(MOVEMENT, "counter"), reading(17, ""))

    assert state_of(hass, meter, MOVEMENT, "counter").state == "off"


async def test_a_movement_that_lasts_leaves_no_timer_when_the_meter_goes(
    hass: HomeAssistant, broker: Broker
) -> None:
    meter = flm03()
    entry = await set_up(hass, broker, meter)
    for slot in (MOVEMENT, VIBRATION):
        for count in (17, 18):
            await broker.publish(meter.topic(slot, "counter"), reading(count, ""))

    await broker.publish(*meter.changed(VIBRATION, enable=0).sensor_report)
    assert state_of(hass, meter, VIBRATION, "counter").state == "unavailable"
    await hass.config_entries.async_unload(entry.entry_id)
    await let_pass(hass, broker, ON_SECONDS + 2)

    assert state_of(hass, meter, MOVEMENT, "counter").state == "unavailable"

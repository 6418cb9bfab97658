"""A reload: flows and movement are back at once, although their next message may take minutes."""

from collections.abc import Mapping

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant, State
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    mock_restore_cache_with_extra_data,
)

from .broker import Broker
from .home import let_pass, set_up, set_up_on_change, state_of, value_of
from .meters import Meter, flm03, kubes_alone, reading

pytestmark = pytest.mark.usefixtures("freezer")

#: The slot of the water meter of ``flm03()``, and that of the movement of ``kubes_alone()``.
WATER, MOVEMENT = 37, 46


async def reload(hass: HomeAssistant, broker: Broker, entry: MockConfigEntry) -> None:
    """Reload a meter, of which the broker keeps no readings."""
    await hass.config_entries.async_reload(entry.entry_id)
    await broker.settle()


def flow(meter: Meter, value: float) -> tuple[str, str]:
    """A message of the water that flows (L/s)."""
    return meter.topic(WATER, "gauge"), reading(value, "L/s")


async def test_water_that_flows_still_flows_after_a_reload_and_then_ends(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    meter = flm03().changed(*range(1, 37), enable=0)
    entry = await set_up_on_change(hass, broker, meter)
    await broker.publish(*flow(meter, 0.1))
    await let_pass(hass, broker, freezer, 5)
    assert value_of(hass, meter, WATER, "gauge") == 6

    for _ in range(2):
        await reload(hass, broker, entry)
        assert value_of(hass, meter, WATER, "gauge") == 6

    await let_pass(hass, broker, freezer, 30)
    assert value_of(hass, meter, WATER, "gauge") < 2
    await let_pass(hass, broker, freezer, 600)
    assert value_of(hass, meter, WATER, "gauge") == 0
    await reload(hass, broker, entry)
    assert value_of(hass, meter, WATER, "gauge") == 0


@pytest.mark.parametrize("options", [{}, {"power_interval": 5, "other_interval": 5}])
async def test_the_next_pulse_after_a_reload_counts_alone(
    hass: HomeAssistant,
    broker: Broker,
    freezer: FrozenDateTimeFactory,
    *,
    options: Mapping[str, int],
) -> None:
    meter = flm03()
    entry = await set_up_on_change(hass, broker, meter)
    hass.config_entries.async_update_entry(entry, options=options)
    await reload(hass, broker, entry)
    await broker.publish(*flow(meter, 0.1))
    await let_pass(hass, broker, freezer, 5)
    await reload(hass, broker, entry)

    await broker.publish(*flow(meter, 0.2))
    assert value_of(hass, meter, WATER, "gauge") == 12
    await let_pass(hass, broker, freezer, 5)

    assert value_of(hass, meter, WATER, "gauge") == 12


async def test_a_flow_of_before_a_long_absence_is_not_shown_again(
    hass: HomeAssistant, broker: Broker
) -> None:
    now = dt_util.utcnow().timestamp()
    data = {"value": 0.1, "at": now - 700, "until": now - 690, "unit": "L/s"}
    state = State("sensor.fluksometer_tap_water_flow", "6")
    mock_restore_cache_with_extra_data(hass, [(state, data)])

    meter = flm03()
    await set_up(hass, broker, meter)

    assert state_of(hass, meter, WATER, "gauge").state == "unknown"


async def test_movement_is_off_at_once_after_a_reload_and_the_next_message_is_one(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    meter = kubes_alone()
    entry = await set_up(hass, broker, meter)
    await broker.publish(meter.topic(MOVEMENT, "counter"), reading(17, ""))
    assert state_of(hass, meter, MOVEMENT, "counter").state == "off"
    await let_pass(hass, broker, freezer, 120)

    for _ in range(2):
        await reload(hass, broker, entry)
        assert state_of(hass, meter, MOVEMENT, "counter").state == "off"

    await broker.publish(meter.topic(MOVEMENT, "counter"), reading(18, ""))
    assert state_of(hass, meter, MOVEMENT, "counter").state == "on"


async def test_a_movement_during_a_reload_that_is_over_is_not_shown(
    hass: HomeAssistant, broker: Broker
) -> None:
    meter = kubes_alone()
    entry = await set_up(hass, broker, meter)
    topic = meter.topic(MOVEMENT, "counter")
    await broker.publish(topic, reading(17, "", age=90))

    await hass.config_entries.async_unload(entry.entry_id)
    await broker.publish(topic, reading(18, "", age=60), retain=True)
    await hass.config_entries.async_setup(entry.entry_id)
    await broker.settle()
    assert state_of(hass, meter, MOVEMENT, "counter").state == "off"

    await broker.publish(topic, reading(19, ""))
    assert state_of(hass, meter, MOVEMENT, "counter").state == "on"


async def test_the_battery_of_a_kube_is_low_beside_its_volts_and_does_not_flicker(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    meter = kubes_alone()
    await set_up(hass, broker, meter)
    seen = []

    for volts in (3.1, 2.5, 2.4, 2.5, 2.6):
        freezer.tick(64)
        await broker.publish(meter.topic(44, "gauge"), reading(volts, "V"))
        await let_pass(hass, broker, freezer, 30)
        state = hass.states.get("binary_sensor.cellar_battery")
        assert state is not None
        seen.append(state.state)

    assert seen == ["off", "off", "on", "on", "off"]
    assert state.attributes["device_class"] == "battery"
    assert state_of(hass, meter, 44, "gauge").attributes["device_class"] == "voltage"

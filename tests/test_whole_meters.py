"""Whole meters: what each becomes in Home Assistant, after a reading on every topic."""

from collections import Counter
from typing import Any

from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
import pytest
from syrupy.assertion import SnapshotAssertion

from .broker import Broker
from .home import devices, entities, set_up_and_read
from .meters import SELF_TEST, Meter, flm02, flm03, kubes_alone, three_clamps

pytestmark = pytest.mark.usefixtures("freezer")

WHOLE_METERS = pytest.mark.parametrize(
    "meter", [flm03(), flm02(), kubes_alone()], ids=["FLM03", "FLM02", "kubes alone"]
)


def portrait(hass: HomeAssistant, entity: er.RegistryEntry) -> dict[str, Any]:
    """What of an entity tells how it was made, and its state."""
    device = dr.async_get(hass).async_get(entity.device_id or "")
    state = hass.states.get(entity.entity_id)
    assert device is not None
    assert state is not None
    return {
        "unique_id": entity.unique_id,
        "device": device.name,
        "name": entity.original_name,
        "translation_key": entity.translation_key,
        "category": entity.entity_category,
        "options": {domain: dict(options) for domain, options in entity.options.items()},
        "attributes": {
            str(attribute): value if isinstance(value, list) else str(value)
            for attribute, value in state.attributes.items()
        },
        "state": as_number(state.state),
    }


def as_number(state: str) -> float | str:
    """A state as a number, where it is one."""
    try:
        return float(state)
    except ValueError:
        return state


@pytest.mark.usefixtures("all_entities_enabled")
@WHOLE_METERS
async def test_every_topic_of_a_meter_has_its_entity(
    hass: HomeAssistant, broker: Broker, meter: Meter, snapshot: SnapshotAssertion
) -> None:
    entry = await set_up_and_read(hass, broker, meter)

    for entity in entities(hass, entry):
        assert portrait(hass, entity) == snapshot(name=entity.entity_id)
    assert len(entities(hass, entry)) == len(meter.readings())


@WHOLE_METERS
async def test_every_port_and_kube_of_a_meter_has_its_device(
    hass: HomeAssistant, broker: Broker, meter: Meter, snapshot: SnapshotAssertion
) -> None:
    if meter.ports is not None:  # an FLM02 tells nothing of its firmware
        await broker.publish(meter.tap_topic, SELF_TEST, retain=True)

    entry = await set_up_and_read(hass, broker, meter)

    for device in devices(hass, entry):
        assert device == snapshot(name=device.name)


async def test_the_33_sensors_of_three_clamps_become_51_entities(
    hass: HomeAssistant, broker: Broker
) -> None:
    entry = await set_up_and_read(hass, broker, three_clamps())

    registered = entities(hass, entry)
    assert len(registered) == 51
    assert Counter((entity.original_name, entity.disabled) for entity in registered) == {
        ("Active power import", False): 3,
        ("Active power export", False): 3,
        ("Active energy import", False): 3,
        ("Active energy export", False): 3,
        **{(f"Reactive power Q{quadrant}", False): 3 for quadrant in (1, 2, 3, 4)},
        **{(f"Reactive energy Q{quadrant}", False): 3 for quadrant in (1, 2, 3, 4)},
        ("Voltage", False): 3,
        ("Current", False): 3,
        ("Power factor", False): 3,
        ("Voltage THD", True): 3,
        ("Current THD", True): 3,
    }
    kinds = Counter(
        (entity.original_device_class, entity.unit_of_measurement) for entity in registered
    )
    assert kinds == {
        (SensorDeviceClass.POWER, "W"): 6,
        (SensorDeviceClass.ENERGY, "kWh"): 6,
        (SensorDeviceClass.REACTIVE_POWER, "var"): 12,
        (SensorDeviceClass.REACTIVE_ENERGY, "kvarh"): 12,
        (SensorDeviceClass.VOLTAGE, "V"): 3,
        (SensorDeviceClass.CURRENT, "A"): 3,
        (SensorDeviceClass.POWER_FACTOR, None): 3,
        (None, "%"): 6,
    }
    states = [hass.states.get(entity.entity_id) for entity in registered if not entity.disabled]
    assert len(states) == 45
    assert all(state is not None and float(state.state) >= 0 for state in states)

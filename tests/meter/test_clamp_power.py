"""The power of a clamp: one signed value beside its two directions."""

from collections.abc import Mapping

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest

from custom_components.flukso.const import DOMAIN

from ..broker import Broker
from ..clock import Writes
from ..home import config_entry, entity_of, let_pass, set_up, set_up_knowing, set_up_on_change
from ..meters import flm02, flm03, reading

pytestmark = pytest.mark.usefixtures("freezer")

METER = flm03()
#: The clamp of the solar panels: the slots of its import and export, and the entity.
IMPORT, EXPORT, SOLAR = 25, 26, "sensor.fluksometer_solar_power"


def flows(imported: float, exported: float) -> Mapping[str, str]:
    """What flows through the clamp."""
    values = {IMPORT: imported, EXPORT: exported}
    return {METER.topic(slot, "gauge"): reading(value, "W") for slot, value in values.items()}


def shown(hass: HomeAssistant) -> str:
    """What the power of the clamp is."""
    state = hass.states.get(SOLAR)
    assert state is not None
    return state.state


async def test_the_power_of_a_clamp_is_negative_while_it_exports(
    hass: HomeAssistant, broker: Broker
) -> None:
    await set_up_on_change(hass, broker, METER)

    await broker.publish_all(flows(0, 2000))
    assert float(shown(hass)) == -2000

    state = hass.states.get(SOLAR)
    assert state is not None
    assert state.name == "solar Power"
    assert state.attributes["unit_of_measurement"] == "W"
    assert state.attributes["device_class"] == SensorDeviceClass.POWER
    assert state.attributes["state_class"] == SensorStateClass.MEASUREMENT
    entity = er.async_get(hass).async_get(SOLAR)
    assert entity is not None
    assert entity.unique_id == f"{METER.device_id}_port_3_power"
    assert (entity.entity_category, entity.disabled_by) == (None, None)


@pytest.mark.parametrize("options", [{}, {"power_interval": 5}, {"power_interval": 0}])
async def test_it_is_written_once_with_both_of_its_directions_and_never_in_between(
    hass: HomeAssistant,
    broker: Broker,
    freezer: FrozenDateTimeFactory,
    *,
    options: Mapping[str, int],
) -> None:
    entry = config_entry(METER, options=options)
    await set_up_knowing(hass, broker, METER, METER.reports, entry=entry)
    await broker.publish_all(flows(500, 0))
    await let_pass(hass, broker, freezer, 10)
    assert float(shown(hass)) == 500
    writes = Writes(hass)

    freezer.tick(1)
    await broker.publish_all(flows(0, 700))
    await let_pass(hass, broker, freezer, 5)

    assert float(shown(hass)) == -700
    assert [float(state) for state in writes.of(SOLAR)] == [-700]


async def test_it_is_measured_whether_its_directions_are_shown_or_not(
    hass: HomeAssistant, broker: Broker
) -> None:
    entry = await set_up_on_change(hass, broker, METER)
    for slot in (IMPORT, EXPORT):
        entity = entity_of(hass, METER, slot, "gauge")
        er.async_get(hass).async_update_entity(
            entity.entity_id, disabled_by=er.RegistryEntryDisabler.USER
        )
    await hass.config_entries.async_reload(entry.entry_id)
    await broker.settle()

    await broker.publish_all(flows(40, 0))

    assert float(shown(hass)) == 40


async def test_it_is_unavailable_while_one_of_its_directions_is_not_heard(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    await set_up_on_change(hass, broker, METER)
    await broker.publish(METER.topic(IMPORT, "gauge"), reading(40, "W"))
    assert shown(hass) == "unknown"

    await let_pass(hass, broker, freezer, 30)
    await broker.publish(METER.topic(IMPORT, "gauge"), reading(40, "W"))
    await let_pass(hass, broker, freezer, 40)

    assert shown(hass) == "unavailable"


async def test_a_clamp_that_measures_one_direction_has_no_power_beside_it(
    hass: HomeAssistant, broker: Broker
) -> None:
    meter = METER.changed(EXPORT, enable=0)
    await set_up(hass, broker, meter)
    assert hass.states.get(SOLAR) is None

    await broker.publish(*METER.sensor_report)
    await broker.publish_all(flows(40, 0))

    assert float(shown(hass)) == 40


async def test_a_clamp_of_an_flm02_has_its_own_power_alone(
    hass: HomeAssistant, broker: Broker
) -> None:
    meter = flm02()
    await set_up(hass, broker, meter)

    powers = [
        entity.unique_id
        for entity in er.async_get(hass).entities.values()
        if entity.unique_id.endswith("_power") and "_port_" in entity.unique_id
    ]
    assert powers == []


async def test_an_installation_of_before_gets_it_beside_what_it_has(
    hass: HomeAssistant, broker: Broker
) -> None:
    entry = config_entry(METER)
    entry.add_to_hass(hass)
    before = [
        er.async_get(hass).async_get_or_create(
            "sensor",
            DOMAIN,
            f"{METER.device_id}_{METER.sensor_id(slot)}_gauge",
            config_entry=entry,
            suggested_object_id=f"roof_{slot}",
        )
        for slot in (IMPORT, EXPORT)
    ]

    await broker.publish_all(METER.reports, retain=True)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await broker.publish_all(flows(0, 10))

    for slot, entity in zip((IMPORT, EXPORT), before, strict=True):
        now = entity_of(hass, METER, slot, "gauge")
        assert (now.entity_id, now.disabled_by) == (entity.entity_id, None)
    assert float(shown(hass)) == -10

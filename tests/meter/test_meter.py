"""Changes of a meter's configuration: applied at once, without losing entities."""

from datetime import timedelta
from itertools import permutations

from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from homeassistant.util.unit_system import METRIC_SYSTEM, US_CUSTOMARY_SYSTEM, UnitSystem
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.flukso.meter.configuration_delay import NAMES_WITHIN

from ..broker import Broker
from ..home import (
    device_names,
    entities,
    entity_of,
    set_up_and_read,
    set_up_knowing,
    state_of,
    states,
    value_of,
)
from ..meters import Meter, flm02, flm03, kubes_alone, reading, three_clamps

pytestmark = pytest.mark.usefixtures("freezer")


async def test_a_sensor_that_is_enabled_on_the_meter_appears(
    hass: HomeAssistant, broker: Broker
) -> None:
    meter = three_clamps()
    entry = await set_up_and_read(hass, broker, meter)

    meter = meter.changed(37, enable=1)
    await broker.publish(*meter.sensor_report)
    await broker.publish_all(meter.readings())

    assert "tap water" in device_names(hass, entry)
    assert value_of(hass, meter, 37, "counter") == 345678.5
    assert value_of(hass, meter, 1, "counter") == 2593.8054


async def test_a_sensor_that_is_disabled_on_the_meter_keeps_its_registry_entry(
    hass: HomeAssistant, broker: Broker
) -> None:
    meter = flm03()
    entry = await set_up_and_read(hass, broker, meter)
    registered, named = entities(hass, entry), device_names(hass, entry)

    await broker.publish(*meter.changed(37, enable=0).sensor_report)

    assert state_of(hass, meter, 37, "counter").state == STATE_UNAVAILABLE
    assert state_of(hass, meter, 37, "gauge").state == STATE_UNAVAILABLE
    assert meter.topic(37, "counter") not in broker.topics
    assert value_of(hass, meter, 38, "counter") == 1234.567

    await broker.publish(*meter.sensor_report)
    await broker.publish(meter.topic(37, "counter"), reading(345_680, "L"))

    assert value_of(hass, meter, 37, "counter") == 345680
    assert [entity.entity_id for entity in entities(hass, entry)] == [
        entity.entity_id for entity in registered
    ]
    assert device_names(hass, entry) == named


@pytest.mark.parametrize(
    ("meter", "renamed", "names"),
    [
        (flm03(), flm03().with_port(3, name="roof"), ("solar", "roof")),
        (flm03(), flm03().with_port(4, name=2024), ("tap water", "2024")),
        (flm03(), flm03().with_port(5, name=""), ("gas", "Port 5")),
        (flm03(), flm03().with_port(3, name="gas"), ("solar", "gas (port 3)")),
        (flm03(), flm03().with_kube(1, name="kitchen"), ("living room", "kitchen")),
        (flm03(), flm03().with_kube(2, name=None), ("attic", "FluksoKube 2")),
        (flm03(), flm03().with_kube(1, name="gas"), ("living room", "gas (kube 1)")),
        (flm02(), flm02().changed(2, function="all"), ("house", "all")),
        (flm02(), flm02().changed(2, function="main"), ("house", "main (port 1+2+3)")),
        (flm02(), flm02().changed(6, function=""), ("grid", "Port P1")),
    ],
    ids=lambda value: " to ".join(value) if isinstance(value, tuple) else "",
)
async def test_a_port_or_kube_that_is_renamed_on_the_meter_is_renamed(
    hass: HomeAssistant, broker: Broker, meter: Meter, renamed: Meter, names: tuple[str, str]
) -> None:
    before, after = names
    entry = await set_up_and_read(hass, broker, meter)
    shown = states(hass, entry)
    assert before in device_names(hass, entry)

    await broker.publish_all(renamed.reports)

    assert after in device_names(hass, entry)
    assert before not in device_names(hass, entry)
    assert states(hass, entry) == shown


async def test_a_pulse_input_that_measures_something_else_keeps_its_entities(
    hass: HomeAssistant, broker: Broker
) -> None:
    meter = flm03()
    await set_up_and_read(hass, broker, meter)
    counter, gauge = (entity_of(hass, meter, 39, kind).entity_id for kind in ("counter", "gauge"))
    seen = []

    for quantity in ("water", "heat", "gas", "electricity"):
        meter = meter.changed(39, type=quantity)
        await broker.publish(*meter.sensor_report)
        await broker.publish_all(meter.readings())
        for entity_id in (counter, gauge):
            state = hass.states.get(entity_id)
            assert state is not None
            unit = state.attributes["unit_of_measurement"]
            seen.append((state.name, float(state.state), unit, state.attributes["device_class"]))

    assert seen == [
        ("heat pump Consumption", 345678.5, "L", SensorDeviceClass.WATER),
        ("heat pump Flow", 7.5, "L/min", SensorDeviceClass.VOLUME_FLOW_RATE),
        ("heat pump Heat energy", 88, "kWh", SensorDeviceClass.ENERGY),
        ("heat pump Heat power", 5000, "W", SensorDeviceClass.POWER),
        ("heat pump Consumption", 1234.567, "m³", SensorDeviceClass.GAS),
        ("heat pump Flow", 15, "L/min", SensorDeviceClass.VOLUME_FLOW_RATE),
        ("heat pump Energy", 77.012, "kWh", SensorDeviceClass.ENERGY),
        ("heat pump Power", 420, "W", SensorDeviceClass.POWER),
    ]


@pytest.mark.parametrize(
    ("units", "unit"), [(METRIC_SYSTEM, "L"), (US_CUSTOMARY_SYSTEM, "gal")], ids=["metric", "US"]
)
async def test_a_new_quantity_of_an_input_has_the_unit_of_a_new_entity(
    hass: HomeAssistant, broker: Broker, units: UnitSystem, unit: str
) -> None:
    hass.config.units = units
    meter = flm03()
    await set_up_and_read(hass, broker, meter)

    for quantity in ("gas", "water"):
        await broker.publish(*meter.changed(39, type=quantity).sensor_report)

    for slot in (37, 39):
        shown = state_of(hass, meter, slot, "counter")
        assert shown.attributes["unit_of_measurement"] == unit
        assert entity_of(hass, meter, slot, "counter").unit_of_measurement == unit


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
async def test_the_reports_of_a_new_meter_may_come_in_any_order(
    hass: HomeAssistant, broker: Broker, order: tuple[int, ...]
) -> None:
    meter = flm03()
    entry = await set_up_knowing(hass, broker, meter, {})
    reports = [meter.sensor_report, meter.port_report, meter.kube_report]

    for number in order:
        assert entities(hass, entry) == []
        await broker.publish(*reports[number])

    assert len(entities(hass, entry)) == 70
    assert entity_of(hass, meter, 25, "gauge").entity_id == (
        "sensor.fluksometer_solar_active_power_import"
    )
    assert entity_of(hass, meter, 40, "gauge").entity_id == "sensor.living_room_temperature"
    assert device_names(hass, entry) == [
        *("Fluksometer", "attic", "gas", "heat pump", "living room"),
        *("main (port 1)", "main (port 2)", "solar", "tap water"),
    ]


@pytest.mark.parametrize(
    ("meter", "reports"),
    [(flm03(), ["sensor"]), (flm03(), ["sensor", "flx"]), (kubes_alone(), ["sensor", "flx"])],
    ids=["neither ports nor kubes", "no kubes", "kubes alone, no kubes"],
)
async def test_sensors_are_added_without_names_that_do_not_arrive_in_time(
    hass: HomeAssistant, broker: Broker, meter: Meter, reports: list[str]
) -> None:
    entry = await set_up_knowing(hass, broker, meter, {})
    for topic, payload in meter.reports.items():
        if topic.rpartition("/")[2] in reports:
            await broker.publish(topic, payload)
    await broker.publish(*meter.changed(1, rid=1).sensor_report)

    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=NAMES_WITHIN - 1))
    await broker.settle()
    assert entities(hass, entry) == []
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=NAMES_WITHIN + 1))
    await broker.settle()

    assert entities(hass, entry)
    assert "FluksoKube 1" in device_names(hass, entry)
    await broker.publish_all(meter.reports)
    assert "FluksoKube 1" not in device_names(hass, entry)

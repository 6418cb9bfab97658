"""How each quantity shows: its class, its unit, its state class, and a name that is translated."""

from dataclasses import replace
import json
from pathlib import Path
from types import ModuleType

from homeassistant.components import sensor
from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.components.sensor.const import (
    DEVICE_CLASS_STATE_CLASSES,
    DEVICE_CLASS_UNITS,
    STATE_CLASS_UNITS,
    UNIT_CONVERTERS,
)
from homeassistant.const import EntityCategory
import pytest

import custom_components.flukso as integration
from custom_components.flukso.protocol.quantities import (
    CLAMP_QUANTITIES,
    KUBE_QUANTITIES,
    PULSE_QUANTITIES,
    Quantity,
    Unit,
)
from custom_components.flukso.protocol.sensors import Sensor, Source, Stream, streams_of
from custom_components.flukso.protocol.topics import Kind
from custom_components.flukso.sensor_descriptions import (
    CLOCK_OFFSET,
    FIGURES,
    FILLED_UNTIL,
    INPUT,
    REACHES_BACK,
    FluksoSensorDescription,
    description_of,
)
from custom_components.flukso.supply_descriptions import NET_COUNTER, TOTALS

_Class, _State = SensorDeviceClass, SensorStateClass
EVENTS = {Quantity.ERROR, Quantity.MOVEMENT, Quantity.VIBRATION, Quantity.PROXIMITY}


def streams(source: Source, quantity: Quantity) -> tuple[Stream, ...]:
    """What a sensor can publish, be its data type counter or gauge."""
    on_kube = source is Source.KUBE and quantity not in EVENTS
    data_types = [Kind.GAUGE] if on_kube else [Kind.COUNTER, Kind.GAUGE]
    sensors = [
        Sensor("0" * 32, quantity, source, data_type, daily_flow=daily_flow)
        for data_type in data_types
        for daily_flow in (False, True)
    ]
    return tuple(stream for sensor in sensors for stream in streams_of(sensor))


ALL = {
    (stream.sensor.quantity, stream.kind, stream.unit): stream
    for source, quantities in {
        Source.COSEM: PULSE_QUANTITIES,
        Source.PULSE: PULSE_QUANTITIES,
        Source.CLAMP: CLAMP_QUANTITIES,
        Source.KUBE: KUBE_QUANTITIES,
    }.items()
    for quantity in sorted(quantities)
    for stream in streams(source, quantity)
}


def stream_of(quantity: str, kind: Kind, unit: str) -> Stream:
    """A stream, whatever its source."""
    return ALL[Quantity(quantity), kind, Unit(unit)]


@pytest.mark.parametrize(
    ("stream", "shown"),
    [
        (("pplus", Kind.GAUGE, "W"), (_Class.POWER, "W", _State.MEASUREMENT)),
        (("pplus", Kind.COUNTER, "Wh"), (_Class.ENERGY, "Wh", _State.TOTAL_INCREASING)),
        (("pminus", Kind.GAUGE, "W"), (_Class.POWER, "W", _State.MEASUREMENT)),
        (("pminus", Kind.COUNTER, "Wh"), (_Class.ENERGY, "Wh", _State.TOTAL_INCREASING)),
        (("q1", Kind.GAUGE, "VAR"), (_Class.REACTIVE_POWER, "var", _State.MEASUREMENT)),
        (
            ("q4", Kind.COUNTER, "VARh"),
            (_Class.REACTIVE_ENERGY, "varh", _State.TOTAL_INCREASING),
        ),
        (("vrms", Kind.GAUGE, "V"), (_Class.VOLTAGE, "V", _State.MEASUREMENT)),
        (("irms", Kind.GAUGE, "A"), (_Class.CURRENT, "A", _State.MEASUREMENT)),
        (("pf", Kind.GAUGE, ""), (_Class.POWER_FACTOR, None, _State.MEASUREMENT)),
        (("vthd", Kind.GAUGE, ""), (None, "%", _State.MEASUREMENT)),
        (("ithd", Kind.GAUGE, ""), (None, "%", _State.MEASUREMENT)),
        (("alpha", Kind.GAUGE, "°"), (None, "°", _State.MEASUREMENT_ANGLE)),
        (("electricity", Kind.GAUGE, "W"), (_Class.POWER, "W", _State.MEASUREMENT)),
        (("heat", Kind.COUNTER, "Wh"), (_Class.ENERGY, "Wh", _State.TOTAL_INCREASING)),
        (("water", Kind.COUNTER, "L"), (_Class.WATER, "L", _State.TOTAL_INCREASING)),
        (("water", Kind.GAUGE, "L/s"), (_Class.VOLUME_FLOW_RATE, "L/s", _State.MEASUREMENT)),
        (("gas", Kind.COUNTER, "L"), (_Class.GAS, "L", _State.TOTAL_INCREASING)),
        (("fuel", Kind.COUNTER, "L"), (_Class.VOLUME, "L", _State.TOTAL_INCREASING)),
        (("time", Kind.COUNTER, "s"), (_Class.DURATION, "s", _State.TOTAL_INCREASING)),
        (("time", Kind.GAUGE, ""), (None, None, _State.MEASUREMENT)),
        (("other", Kind.COUNTER, ""), (None, None, _State.TOTAL_INCREASING)),
        (("other", Kind.GAUGE, "1/s"), (_Class.FREQUENCY, "Hz", _State.MEASUREMENT)),
        (("temperature", Kind.GAUGE, "°C"), (_Class.TEMPERATURE, "°C", _State.MEASUREMENT)),
        (("humidity", Kind.GAUGE, "%"), (_Class.HUMIDITY, "%", _State.MEASUREMENT)),
        (
            ("pressure", Kind.GAUGE, "Pa"),
            (_Class.ATMOSPHERIC_PRESSURE, "Pa", _State.MEASUREMENT),
        ),
        (("light", Kind.GAUGE, "lx"), (_Class.ILLUMINANCE, "lx", _State.MEASUREMENT)),
        (("battery", Kind.GAUGE, "V"), (_Class.VOLTAGE, "V", _State.MEASUREMENT)),
    ],
    ids=lambda value: " ".join(map(str, value[:2])),
)
def test_a_quantity_has_its_class_unit_and_state_class(
    stream: tuple[str, Kind, str], shown: tuple[str | None, str | None, str]
) -> None:
    description = description_of(stream_of(*stream))

    assert description is not None
    unit = description.native_unit_of_measurement
    assert (description.device_class, unit, description.state_class) == shown


@pytest.mark.parametrize("stream", ALL.values(), ids=lambda s: f"{s.sensor.quantity} {s.kind}")
def test_whatever_unit_comes_home_assistant_takes_the_description(stream: Stream) -> None:
    described = [description_of(replace(stream, unit=unit)) for unit in Unit]

    for description in filter(None, described):
        device_class, state_class = description.device_class, description.state_class
        native = description.native_unit_of_measurement
        suggested = description.suggested_unit_of_measurement
        assert state_class is not None
        assert native in STATE_CLASS_UNITS.get(state_class, {native})
        if device_class is not None:
            assert state_class in DEVICE_CLASS_STATE_CLASSES[device_class]
            assert native in DEVICE_CLASS_UNITS[device_class]
        if suggested is not None:
            assert device_class is not None
            assert {native, suggested} <= UNIT_CONVERTERS[device_class].VALID_UNITS


def test_a_percentage_is_of_humidity_only_where_humidity_is_sensed() -> None:
    humid = {
        stream.sensor.quantity
        for stream in ALL.values()
        if (description := description_of(replace(stream, unit=Unit.PERCENT))) is not None
        and description.device_class is SensorDeviceClass.HUMIDITY
    }

    assert humid == {Quantity.HUMIDITY}


def test_every_stream_is_a_sensor_or_a_binary_sensor() -> None:
    hidden = {stream.sensor.quantity for stream in ALL.values() if description_of(stream) is None}

    assert hidden == EVENTS


def english(module: ModuleType) -> dict[str, dict[str, str]]:
    """The English texts of an integration."""
    file = Path(str(module.__file__)).parent / "translations" / "en.json"
    texts: dict[str, dict[str, str]] = json.loads(file.read_text("utf-8"))
    return texts


def name_of(description: FluksoSensorDescription) -> str:
    """What a sensor is called, by its translation key or else by its device class."""
    if description.translation_key is not None:
        named = english(integration)["entity"]["sensor"][description.translation_key]
    else:
        named = english(sensor)["entity_component"][str(description.device_class)]
    return named["name"]


def test_sensors_on_one_device_have_different_names() -> None:
    """A port has a clamp or what one meter counts; an FLM02's gauges may come in two units."""
    of_pulses = [{quantity} for quantity in PULSE_QUANTITIES]
    for quantities in (CLAMP_QUANTITIES, *of_pulses, KUBE_QUANTITIES):
        names = {
            (stream.sensor.quantity, stream.kind): name_of(description)
            for stream in ALL.values()
            if stream.sensor.quantity in quantities
            and (description := description_of(stream)) is not None
        }
        figures = [*map(name_of, FIGURES.values())] if quantities is CLAMP_QUANTITIES else []
        assert len({*names.values(), *figures}) == len(names) + len(figures)
    of_the_meter = [
        name_of(each) for each in (*TOTALS.values(), CLOCK_OFFSET, FILLED_UNTIL, REACHES_BACK)
    ]
    assert len(set(of_the_meter)) == len(of_the_meter)


def test_home_assistant_names_what_is_called_like_its_device_class() -> None:
    named = {
        (str(stream.sensor.quantity), stream.kind): description.device_class
        for stream in ALL.values()
        if (description := description_of(stream)) is not None
        and description.translation_key is None
    }

    assert named == {
        ("vrms", Kind.GAUGE): _Class.VOLTAGE,
        ("irms", Kind.GAUGE): _Class.CURRENT,
        ("pf", Kind.GAUGE): _Class.POWER_FACTOR,
        ("electricity", Kind.GAUGE): _Class.POWER,
        ("electricity", Kind.COUNTER): _Class.ENERGY,
        ("temperature", Kind.GAUGE): _Class.TEMPERATURE,
        ("humidity", Kind.GAUGE): _Class.HUMIDITY,
        ("light", Kind.GAUGE): _Class.ILLUMINANCE,
    }
    assert {what for what, total in TOTALS.items() if total.translation_key is None} == {
        *("power", "reactive_power", "energy")
    }


@pytest.mark.parametrize("unit", [Unit.NONE, Unit.VAR])
def test_a_sensor_keeps_its_name_in_a_unit_that_changes_its_device_class(unit: Unit) -> None:
    description = description_of(replace(stream_of("vrms", Kind.GAUGE, "V"), unit=unit))

    assert description is not None
    assert description.device_class is not _Class.VOLTAGE
    assert name_of(description) == "Voltage"


def test_every_name_is_of_a_sensor_and_whatever_unit_comes_there_is_one() -> None:
    of_p1 = [each for quantity in PULSE_QUANTITIES for each in streams(Source.COSEM, quantity)]
    described = [
        description
        for stream in (*ALL.values(), *of_p1)
        for unit in Unit
        if (description := description_of(replace(stream, unit=unit))) is not None
    ]
    described += [
        *TOTALS.values(),
        *NET_COUNTER.values(),
        *FIGURES.values(),
        CLOCK_OFFSET,
        FILLED_UNTIL,
        INPUT,
        REACHES_BACK,
    ]

    assert all(map(name_of, described))
    keys = {description.translation_key for description in described}
    assert english(integration)["entity"]["sensor"].keys() == keys - {None}


@pytest.mark.parametrize(
    ("quantity", "unit", "suggested"),
    [
        *(("pplus", "Wh", "kWh"), ("electricity", "Wh", "kWh"), ("heat", "Wh", "kWh")),
        *(("gas", "L", "m³"), ("water", "L", None), ("fuel", "L", None), ("time", "s", "h")),
    ],
)
def test_totals_are_suggested_in_the_unit_that_people_use(
    quantity: str, unit: str, suggested: str | None
) -> None:
    description = description_of(stream_of(quantity, Kind.COUNTER, unit))

    assert description is not None
    assert description.suggested_unit_of_measurement == suggested


def test_what_few_people_want_is_diagnostic_and_the_rarest_of_it_disabled() -> None:
    described = {
        stream.sensor.quantity: description
        for stream in ALL.values()
        if (description := description_of(stream)) is not None
    }

    disabled = {
        str(quantity)
        for quantity, description in described.items()
        if not description.entity_registry_enabled_default
    }
    diagnostic = {
        str(quantity)
        for quantity, description in described.items()
        if description.entity_category is EntityCategory.DIAGNOSTIC
    }
    assert disabled == {"vthd", "ithd", "alpha"}
    assert diagnostic == disabled | {"q1", "q2", "q3", "q4", "battery"}


@pytest.mark.parametrize(
    ("quantity", "state_class"),
    [
        ("electricity", SensorStateClass.TOTAL),
        ("gas", SensorStateClass.TOTAL_INCREASING),
        ("water", SensorStateClass.TOTAL_INCREASING),
    ],
)
def test_only_the_electricity_of_a_p1_port_runs_both_ways(
    quantity: str, state_class: SensorStateClass
) -> None:
    [counter, *_] = streams(Source.COSEM, Quantity(quantity))
    description = description_of(counter)

    assert description is not None
    assert description.state_class is state_class


@pytest.mark.parametrize(
    ("quantity", "unit", "wire", "shown"),
    [("vthd", "", 0.019, 1.9), ("ithd", "", 1.25, 125), ("gas", "L/day", 2880, 2)],
)
def test_what_is_shown_in_another_unit_is_scaled(
    quantity: str, unit: str, wire: float, shown: float
) -> None:
    description = description_of(stream_of(quantity, Kind.GAUGE, unit))

    assert description is not None
    assert wire * description.scale == pytest.approx(shown)

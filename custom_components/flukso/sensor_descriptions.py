"""The sensor description of each quantity of a meter: its name, classes, unit and precision."""

from dataclasses import dataclass, replace

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import (
    DEGREE,
    LIGHT_LUX,
    EntityCategory,
    UnitOfElectricCurrent,
    UnitOfElectricPotential,
    UnitOfEnergy,
    UnitOfFrequency,
    UnitOfMass,
    UnitOfPower,
    UnitOfPressure,
    UnitOfRatio,
    UnitOfReactiveEnergy,
    UnitOfReactivePower,
    UnitOfTemperature,
    UnitOfTime,
    UnitOfVolume,
    UnitOfVolumeFlowRate,
)

from .metering.durations import DAY, MINUTE
from .protocol.quantities import Quantity, Unit
from .protocol.sensors import Source, Stream
from .protocol.topics import Kind


@dataclass(frozen=True, kw_only=True)
class FluksoSensorDescription(SensorEntityDescription):
    """A description of a sensor whose native value is ``scale`` times that of the messages.

    A ``belgian`` one is for the Belgian tariff, and enabled by default in Belgium only.
    """

    scale: float = 1
    belgian: bool = False


def _measurement(
    device_class: SensorDeviceClass | None,
    unit: str | None,
    precision: int,
    *,
    suggested: str | None = None,
    scale: float = 1,
) -> FluksoSensorDescription:
    return FluksoSensorDescription(
        key="",
        device_class=device_class,
        native_unit_of_measurement=unit,
        suggested_unit_of_measurement=suggested,
        suggested_display_precision=precision,
        state_class=SensorStateClass.MEASUREMENT,
        scale=scale,
    )


def _total(
    device_class: SensorDeviceClass | None,
    unit: str | None,
    precision: int,
    *,
    suggested: str | None = None,
) -> FluksoSensorDescription:
    return replace(
        _measurement(device_class, unit, precision, suggested=suggested),
        state_class=SensorStateClass.TOTAL_INCREASING,
    )


_Class = SensorDeviceClass
_LITRES_PER_MINUTE = UnitOfVolumeFlowRate.LITERS_PER_MINUTE
_PERCENT = _measurement(None, UnitOfRatio.PERCENTAGE, 1, scale=100)

#: Descriptions by the unit in the messages, for gauges and counters.
_BY_UNIT: dict[tuple[Kind, Unit], FluksoSensorDescription] = {
    (Kind.GAUGE, Unit.WATT): _measurement(_Class.POWER, UnitOfPower.WATT, 0),
    (Kind.GAUGE, Unit.VAR): _measurement(
        _Class.REACTIVE_POWER, UnitOfReactivePower.VOLT_AMPERE_REACTIVE, 0
    ),
    (Kind.GAUGE, Unit.VOLT): _measurement(_Class.VOLTAGE, UnitOfElectricPotential.VOLT, 1),
    (Kind.GAUGE, Unit.AMPERE): _measurement(_Class.CURRENT, UnitOfElectricCurrent.AMPERE, 2),
    (Kind.GAUGE, Unit.DEGREE): replace(
        _measurement(None, DEGREE, 1), state_class=SensorStateClass.MEASUREMENT_ANGLE
    ),
    (Kind.GAUGE, Unit.LITRE_PER_SECOND): _measurement(
        _Class.VOLUME_FLOW_RATE,
        UnitOfVolumeFlowRate.LITERS_PER_SECOND,
        1,
        suggested=_LITRES_PER_MINUTE,
    ),
    (Kind.GAUGE, Unit.LITRE_PER_DAY): _measurement(
        _Class.VOLUME_FLOW_RATE, _LITRES_PER_MINUTE, 1, scale=MINUTE / DAY
    ),
    (Kind.GAUGE, Unit.GRAM_PER_SECOND): _measurement(None, "g/s", 2),
    (Kind.GAUGE, Unit.PER_SECOND): _measurement(_Class.FREQUENCY, UnitOfFrequency.HERTZ, 3),
    (Kind.GAUGE, Unit.CELSIUS): _measurement(_Class.TEMPERATURE, UnitOfTemperature.CELSIUS, 1),
    (Kind.GAUGE, Unit.PERCENT): _measurement(None, UnitOfRatio.PERCENTAGE, 0),
    (Kind.GAUGE, Unit.PASCAL): _measurement(
        _Class.ATMOSPHERIC_PRESSURE, UnitOfPressure.PA, 1, suggested=UnitOfPressure.HPA
    ),
    (Kind.GAUGE, Unit.HECTOPASCAL): _measurement(
        _Class.ATMOSPHERIC_PRESSURE, UnitOfPressure.HPA, 1
    ),
    (Kind.GAUGE, Unit.LUX): _measurement(_Class.ILLUMINANCE, LIGHT_LUX, 0),
    (Kind.COUNTER, Unit.WATT_HOUR): _total(
        _Class.ENERGY, UnitOfEnergy.WATT_HOUR, 3, suggested=UnitOfEnergy.KILO_WATT_HOUR
    ),
    (Kind.COUNTER, Unit.VAR_HOUR): _total(
        _Class.REACTIVE_ENERGY,
        UnitOfReactiveEnergy.VOLT_AMPERE_REACTIVE_HOUR,
        3,
        suggested=UnitOfReactiveEnergy.KILO_VOLT_AMPERE_REACTIVE_HOUR,
    ),
    (Kind.COUNTER, Unit.LITRE): _total(_Class.VOLUME, UnitOfVolume.LITERS, 0),
    (Kind.COUNTER, Unit.GRAM): _total(
        _Class.WEIGHT, UnitOfMass.GRAMS, 1, suggested=UnitOfMass.KILOGRAMS
    ),
    (Kind.COUNTER, Unit.SECOND): _total(
        _Class.DURATION, UnitOfTime.SECONDS, 1, suggested=UnitOfTime.HOURS
    ),
}

#: Descriptions for any other unit.
_OF_ANY_UNIT = {
    Kind.GAUGE: _measurement(None, None, 3),
    Kind.COUNTER: _total(None, None, 0),
}

#: Descriptions of quantities that their unit does not identify.
_BY_QUANTITY: dict[tuple[Quantity, Unit], FluksoSensorDescription] = {
    (Quantity.PF, Unit.NONE): _measurement(_Class.POWER_FACTOR, None, 2),
    (Quantity.VTHD, Unit.NONE): _PERCENT,
    (Quantity.ITHD, Unit.NONE): _PERCENT,
    (Quantity.TIME, Unit.NONE): _measurement(None, None, 2),
    (Quantity.HUMIDITY, Unit.PERCENT): _measurement(_Class.HUMIDITY, UnitOfRatio.PERCENTAGE, 0),
    (Quantity.WATER, Unit.LITRE): _total(_Class.WATER, UnitOfVolume.LITERS, 0),
    (Quantity.GAS, Unit.LITRE): _total(
        _Class.GAS, UnitOfVolume.LITERS, 3, suggested=UnitOfVolume.CUBIC_METERS
    ),
}

#: Keys of the translations and icons. Those that are also the name of a device class have a name
#: in the translations for units without that class.
_KEYS: dict[tuple[Quantity, Kind], str] = {
    (Quantity.PPLUS, Kind.GAUGE): "active_power_import",
    (Quantity.PPLUS, Kind.COUNTER): "active_energy_import",
    (Quantity.PMINUS, Kind.GAUGE): "active_power_export",
    (Quantity.PMINUS, Kind.COUNTER): "active_energy_export",
    (Quantity.Q1, Kind.GAUGE): "reactive_power_q1",
    (Quantity.Q1, Kind.COUNTER): "reactive_energy_q1",
    (Quantity.Q2, Kind.GAUGE): "reactive_power_q2",
    (Quantity.Q2, Kind.COUNTER): "reactive_energy_q2",
    (Quantity.Q3, Kind.GAUGE): "reactive_power_q3",
    (Quantity.Q3, Kind.COUNTER): "reactive_energy_q3",
    (Quantity.Q4, Kind.GAUGE): "reactive_power_q4",
    (Quantity.Q4, Kind.COUNTER): "reactive_energy_q4",
    (Quantity.VRMS, Kind.GAUGE): "voltage",
    (Quantity.IRMS, Kind.GAUGE): "current",
    (Quantity.PF, Kind.GAUGE): "power_factor",
    (Quantity.VTHD, Kind.GAUGE): "voltage_distortion",
    (Quantity.ITHD, Kind.GAUGE): "current_distortion",
    (Quantity.ALPHA, Kind.GAUGE): "phase_angle",
    (Quantity.ELECTRICITY, Kind.GAUGE): "power",
    (Quantity.ELECTRICITY, Kind.COUNTER): "energy",
    (Quantity.HEAT, Kind.GAUGE): "heat_power",
    (Quantity.HEAT, Kind.COUNTER): "heat_energy",
    (Quantity.WATER, Kind.GAUGE): "water_flow",
    (Quantity.WATER, Kind.COUNTER): "water_consumption",
    (Quantity.GAS, Kind.GAUGE): "gas_flow",
    (Quantity.GAS, Kind.COUNTER): "gas_consumption",
    (Quantity.FUEL, Kind.GAUGE): "fuel_flow",
    (Quantity.FUEL, Kind.COUNTER): "fuel",
    (Quantity.PELLET, Kind.GAUGE): "pellet_flow",
    (Quantity.PELLET, Kind.COUNTER): "pellets",
    (Quantity.TIME, Kind.GAUGE): "operating_ratio",
    (Quantity.TIME, Kind.COUNTER): "operating_time",
    (Quantity.OTHER, Kind.GAUGE): "pulse_rate",
    (Quantity.OTHER, Kind.COUNTER): "pulses",
    (Quantity.TEMPERATURE, Kind.GAUGE): "temperature",
    (Quantity.HUMIDITY, Kind.GAUGE): "humidity",
    (Quantity.PRESSURE, Kind.GAUGE): "pressure",
    (Quantity.LIGHT, Kind.GAUGE): "illuminance",
    (Quantity.BATTERY, Kind.GAUGE): "battery_voltage",
}

#: Quantities that a P1 port has beside others, so that their names there say of what they are.
_BESIDE_OTHERS = frozenset({Quantity.WATER, Quantity.GAS})

_DISABLED = frozenset({Quantity.VTHD, Quantity.ITHD, Quantity.ALPHA})
_REACTIVE = frozenset({Quantity.Q1, Quantity.Q2, Quantity.Q3, Quantity.Q4})
_DIAGNOSTIC = frozenset({*_REACTIVE, *_DISABLED, Quantity.BATTERY})


def translation_key_of(
    key: str, device_class: SensorDeviceClass | None, prefix: str = ""
) -> str | None:
    """Return the key, or None where Home Assistant's own name of the device class is the same."""
    return None if key == device_class else f"{prefix}{key}"


#: Descriptions of what is computed from several readings, or from a counter.
POWER = _BY_UNIT[Kind.GAUGE, Unit.WATT]
REACTIVE_POWER = _BY_UNIT[Kind.GAUGE, Unit.VAR]
ENERGY = _BY_UNIT[Kind.COUNTER, Unit.WATT_HOUR]


def description_of(stream: Stream) -> FluksoSensorDescription | None:
    """Return the description for a stream, or None if it is not for a sensor."""
    quantity = stream.sensor.quantity
    key = _KEYS.get((quantity, stream.kind))
    if key is None:
        return None
    description = _BY_QUANTITY.get((quantity, stream.unit))
    if description is None:
        description = _BY_UNIT.get((stream.kind, stream.unit), _OF_ANY_UNIT[stream.kind])
    is_bidirectional = stream.both_ways and stream.kind is Kind.COUNTER
    is_beside_others = stream.sensor.source is Source.COSEM and quantity in _BESIDE_OTHERS
    prefix = "p1_" if is_beside_others else ""
    return replace(
        description,
        key=key,
        translation_key=translation_key_of(key, description.device_class, prefix),
        entity_category=EntityCategory.DIAGNOSTIC if quantity in _DIAGNOSTIC else None,
        entity_registry_enabled_default=quantity not in _DISABLED,
        state_class=SensorStateClass.TOTAL if is_bidirectional else description.state_class,
    )


def native_unit_of(stream: Stream) -> str | None:
    """Return the native unit of a stream's entity."""
    description = description_of(stream)
    return description.native_unit_of_measurement if description else None


def _diagnostic(key: str, description: FluksoSensorDescription) -> FluksoSensorDescription:
    return replace(
        description,
        key=key,
        translation_key=key,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
    )


_HARMONIC = _measurement(None, UnitOfRatio.PERCENTAGE, 1)

#: Descriptions of the figures of a waveform by their key.
FIGURES = {
    description.key: description
    for description in (
        _diagnostic("crest_factor", _measurement(None, None, 2)),
        _diagnostic("harmonic_3", _HARMONIC),
        _diagnostic("harmonic_5", _HARMONIC),
        _diagnostic("harmonic_7", _HARMONIC),
        _diagnostic("phase_shift", _BY_UNIT[Kind.GAUGE, Unit.DEGREE]),
    )
}

CLOCK_OFFSET = _diagnostic("clock_offset", _measurement(_Class.DURATION, UnitOfTime.SECONDS, 1))

FILLED_UNTIL = replace(
    _diagnostic("history_filled_until", _measurement(_Class.TIMESTAMP, None, 0)),
    entity_registry_enabled_default=True,
    state_class=None,
    suggested_display_precision=None,
)

REACHES_BACK = replace(
    FILLED_UNTIL, key="history_reaches_back", translation_key="history_reaches_back"
)

#: The ratings of clamps are those that can be chosen on the meter's port page (A).
INPUT = FluksoSensorDescription(
    key="input",
    translation_key="input",
    device_class=_Class.ENUM,
    entity_category=EntityCategory.DIAGNOSTIC,
    options=[
        *("clamp", "clamp_50", "clamp_100", "clamp_250", "clamp_500"),
        *("pulse", "smart_meter"),
    ],
)

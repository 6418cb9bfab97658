"""What an input can do: how fast it counts, how big its pulse is, how long it may be silent."""

from ..metering.durations import DAY, HOUR
from ..protocol.configuration import Configuration
from ..protocol.quantities import Quantity, Unit
from ..protocol.sensors import Sensor, Source, Stream
from ..protocol.topics import Kind

#: The highest voltage of a supply (V), and how far beyond its rating a clamp still measures.
_HIGHEST_VOLTAGE = 250
_OVERLOAD = 1.5
#: Where the firmware sums ports, one counter counts for up to three clamps.
_SUMMED = 3

#: More than any household's pulse meter counts: Wh, L, g or s a second.
_FASTEST_PULSES = {
    Quantity.ELECTRICITY: 100_000 / HOUR,
    Quantity.HEAT: 100_000 / HOUR,
    Quantity.WATER: 5.0,
    Quantity.GAS: 10.0,
    Quantity.FUEL: 1.0,
    Quantity.PELLET: 100.0,
    Quantity.TIME: 10.0,
}

#: From the unit of a pulse to that of the gauge, once per second.
_PULSE_IN_GAUGE_UNITS = {Unit.WATT: HOUR, Unit.LITRE_PER_DAY: DAY}

#: A clamp publishes every second, a kube every 64 s (docs/protocol.md section 1).
_CLAMP_PATIENCE = 60
_KUBE_PATIENCE = 600
#: A retained flow that is older fades to nothing (s).
_FLOW_FRESHNESS = 600


def fastest(sensor: Sensor, configuration: Configuration) -> float | None:
    """The most its counter can count, in units a second; None where that is not known."""
    if sensor.source is Source.PULSE:
        return _FASTEST_PULSES.get(sensor.quantity)
    current, clamps = sensor.current, len(sensor.ports)
    if sensor.source is Source.CLAMP:
        port = configuration.port_of(sensor)
        current = port.current if port else None
        clamps = _SUMMED if configuration.sums_ports else 1
    if current is None:
        return None
    return current * _HIGHEST_VOLTAGE * _OVERLOAD * clamps / HOUR


def pulse_in_gauge_units(constant: float, unit: Unit) -> float:
    """The flow, in the unit of a gauge, of one pulse of ``constant`` Wh, L, g or s in a second."""
    return constant * _PULSE_IN_GAUGE_UNITS.get(unit, 1)


def pulse_constant(sensor: Sensor, configuration: Configuration) -> float | None:
    """The size of a pulse in Wh, L, g or s, where the meter tells it."""
    if sensor.constant:
        return sensor.constant
    port = configuration.port_of(sensor)
    return port.constant if port and port.constant else None


def max_silence(stream: Stream) -> int:
    """How long a stream may be silent before its sensor is not live any more (s)."""
    return _KUBE_PATIENCE if stream.sensor.source is Source.KUBE else _CLAMP_PATIENCE


def freshness(stream: Stream) -> int:
    """How old a retained gauge may be to tell of now (s)."""
    return max_silence(stream) if is_regular(stream) else _FLOW_FRESHNESS


def is_regular(stream: Stream) -> bool:
    """Whether it speaks even if nothing changes.

    Pulses come when they come, and a counter of an FLM02 or a kube only when it changed: the
    other streams of the meter or kube vouch for them.
    """
    source = stream.sensor.source
    return source is Source.CLAMP or (source is not Source.PULSE and stream.kind is Kind.GAUGE)


def is_event(stream: Stream) -> bool:
    """Whether each of its readings tells something at once: what a kube notices, and its faults."""
    is_of_kube = stream.sensor.source is Source.KUBE
    return is_of_kube and (stream.kind is Kind.COUNTER or stream.sensor.quantity is Quantity.ERROR)

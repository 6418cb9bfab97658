"""Limits of an input: its highest counting rate, its pulse size, its longest silence."""

from math import inf

from ..metering.durations import DAY, HOUR
from ..protocol.configuration import Configuration
from ..protocol.quantities import GAUGE_UNITS, Quantity, Unit
from ..protocol.sensors import Sensor, Source, Stream
from ..protocol.topics import Kind

#: The highest voltage of a supply (V), and up to what multiple of its rating a clamp measures.
_HIGHEST_VOLTAGE = 250
_OVERLOAD = 1.5
#: Where the firmware sums ports, one counter includes up to three clamps.
_SUMMED = 3

#: More than the pulse meter of any household counts (Wh, L, g or s per second), unless its pulses
#: are so large that ``_PULSE_RATE`` of them in a second are more (docs/counters.md).
_FASTEST_PULSES = {
    Quantity.ELECTRICITY: 100_000 / HOUR,
    Quantity.HEAT: 100_000 / HOUR,
    Quantity.WATER: 5.0,
    Quantity.GAS: 10.0,
    Quantity.FUEL: 1.0,
    Quantity.PELLET: 100.0,
    Quantity.TIME: 10.0,
}
_PULSE_RATE = 1.0

#: More than a household's connection carries, behind the meter of a P1 port: 3 × 80 A, or 40 m³ of
#: gas an hour (Wh or L per second).
_FASTEST_CONNECTIONS = {
    Quantity.ELECTRICITY: 3 * 80 * _HIGHEST_VOLTAGE / HOUR,
    Quantity.HEAT: 100_000 / HOUR,
    Quantity.WATER: 5.0,
    Quantity.GAS: 40_000 / HOUR,
}

#: The rating (A) that is assumed of a clamp whose own is not reported, the largest of any.
_LARGEST_CLAMP = 500
#: No meter measures a higher voltage (V).
_MAX_VOLTAGE = 2 * _HIGHEST_VOLTAGE
_FULL_TURN = 360

#: Factor from one pulse per second to the unit of the gauge.
_PULSE_IN_GAUGE_UNITS = {Unit.WATT: HOUR, Unit.LITRE_PER_DAY: DAY}

#: A clamp publishes every second, a kube every 64 s (docs/protocol.md section 1).
_CLAMP_MAX_SILENCE = 60
_KUBE_MAX_SILENCE = 600
#: How long the memory of a counter that is read every second may be silent (s): some meters store
#: the readings of every eighth second only, and it is not known what others do.
_MEMORY_MAX_SILENCE = 300
#: A flow that is older has faded to zero (s).
_FLOW_MAX_AGE = 600


def fastest(sensor: Sensor, configuration: Configuration) -> float | None:
    """Return the highest rate of its counter in units per second; None if not known."""
    if sensor.source is Source.COSEM:
        return _FASTEST_CONNECTIONS.get(sensor.quantity)
    if sensor.source is Source.PULSE:
        most = _FASTEST_PULSES.get(sensor.quantity)
        pulse = pulse_constant(sensor, configuration) or 0
        return None if most is None else max(most, pulse * _PULSE_RATE)
    current = _highest_current(sensor, configuration)
    return None if current is None else current * _HIGHEST_VOLTAGE / HOUR


def _highest_current(
    sensor: Sensor, configuration: Configuration, unrated: float | None = None
) -> float | None:
    """Return the most that its clamps measure (A); ``unrated`` is the rating where none is told."""
    clamps = max(len(sensor.ports), 1)
    if sensor.source is Source.CLAMP:
        clamps = _SUMMED if configuration.sums_ports else 1
    rating = clamp_rating(sensor, configuration) or unrated
    return None if rating is None else rating * _OVERLOAD * clamps


def clamp_rating(sensor: Sensor, configuration: Configuration) -> float | None:
    """Return the rated current of its clamps (A); None if the meter does not report it."""
    if sensor.source is not Source.CLAMP:
        return sensor.current
    port = configuration.port_of(sensor)
    return port.current if port else None


def gauge_range(stream: Stream, configuration: Configuration) -> tuple[float, float]:
    """Return the lowest and highest value that a gauge can have, in the unit of the stream.

    They follow from what its input can count or measure, and are infinite if that is not known.
    """
    sensor, unit = stream.sensor, stream.unit
    if unit is Unit.DEGREE:
        return -_FULL_TURN, _FULL_TURN
    if sensor.source in {Source.CLAMP, Source.ANALOG}:
        current = _highest_current(sensor, configuration, _LARGEST_CLAMP) or inf
        power = current * _HIGHEST_VOLTAGE
        most = {Unit.WATT: power, Unit.VAR: power, Unit.AMPERE: current, Unit.VOLT: _MAX_VOLTAGE}
        return (0, most[unit]) if unit in most else (-inf, inf)
    rate = fastest(sensor, configuration)
    if rate is None or unit not in {GAUGE_UNITS[sensor.quantity], Unit.LITRE_PER_DAY}:
        return -inf, inf
    highest = pulse_in_gauge_units(rate, unit)
    is_both_ways = sensor.source is Source.COSEM and sensor.quantity is Quantity.ELECTRICITY
    return (-highest if is_both_ways else 0), highest


def pulse_in_gauge_units(constant: float, unit: Unit) -> float:
    """Return the flow of one pulse of ``constant`` Wh, L, g or s per second, in a gauge's unit."""
    return constant * _PULSE_IN_GAUGE_UNITS.get(unit, 1)


def pulse_constant(sensor: Sensor, configuration: Configuration) -> float | None:
    """Return the size of a pulse in Wh, L, g or s; None if the meter does not report it."""
    if sensor.constant:
        return sensor.constant
    port = configuration.port_of(sensor)
    return port.constant if port and port.constant else None


def max_silence(stream: Stream) -> int:
    """Return how long a stream may be silent before its sensor is unavailable (s)."""
    return _KUBE_MAX_SILENCE if stream.sensor.source is Source.KUBE else _CLAMP_MAX_SILENCE


def max_age(stream: Stream) -> int:
    """Return how old a reading may be that is still true now (s)."""
    return max_silence(stream) if is_regular(stream) else _FLOW_MAX_AGE


def is_regular(stream: Stream) -> bool:
    """Return whether a stream is sent regularly, even without a change.

    A pulse input sends on pulses only, and a counter of an FLM02 or a kube on changes only.
    """
    source = stream.sensor.source
    return source is Source.CLAMP or (source is not Source.PULSE and stream.kind is Kind.GAUGE)


def memory_silence(stream: Stream) -> int | None:
    """Return how long the memory of a counter may be silent (s); None if it stores only changes."""
    return _MEMORY_MAX_SILENCE if is_regular(stream) else None


def is_event(stream: Stream) -> bool:
    """Return whether each reading is an event: what a kube detects, or its error code."""
    is_of_kube = stream.sensor.source is Source.KUBE
    return is_of_kube and (stream.kind is Kind.COUNTER or stream.sensor.quantity is Quantity.ERROR)

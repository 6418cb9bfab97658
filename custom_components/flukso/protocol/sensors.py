"""``config/sensor``: the enabled sensors of a meter, and the readings topics each of them feeds."""

from dataclasses import dataclass
from enum import StrEnum

from .quantities import (
    CLAMP_QUANTITIES,
    COUNTER_UNITS,
    GAUGE_UNITS,
    KUBE_QUANTITIES,
    PULSE_QUANTITIES,
    SIGNED_CLAMP_QUANTITIES,
    Quantity,
    Unit,
)
from .topics import Kind, Report, is_id
from .validation import Json, ProtocolError, Section

#: FLM03: the current clamps; the pulse inputs are ports 4 to 6 (docs/protocol.md section 4).
CLAMP_PORTS = (1, 2, 3)

#: No sensor is on more ports than this.
_MOST_PORTS = 8
#: A counter's 32 bits before the point and 3 decimals behind it (docs/protocol.md section 2).
_HIGHEST_COUNTER = 4_294_967_295.999
#: The range of the clamps' Q20.11 fixed point (docs/protocol.md section 2).
_HIGHEST_CLAMP_GAUGE = 1_048_576.0


class Source(StrEnum):
    """Where a sensor's readings come from; an FLM02 calls it the sensor's class."""

    CLAMP = "clamp"
    ANALOG = "analog"
    PULSE = "pulse"
    COSEM = "cosem"
    KUBE = "kube"


@dataclass(frozen=True, slots=True)
class Sensor:
    """An enabled sensor.

    ``ports`` are numbers as printed on the meter, empty for kubes and for what hangs on a serial
    port. ``rid`` counts how often the sensor id was given a new meaning, ``kube`` is the kube's
    number in config/kube, ``remembered`` tells whether the meter keeps its readings. An FLM02 gives
    its sensors a name, their ``function``, and has the rating of a clamp (``current``, A) and the
    size of a pulse (``constant``) here.
    """

    sensor_id: str
    quantity: Quantity
    source: Source
    data_type: Kind
    ports: tuple[int, ...] = ()
    rid: int = 0
    kube: int | None = None
    function: str | None = None
    current: float | None = None
    constant: float | None = None
    remembered: bool = True


@dataclass(frozen=True, slots=True)
class Sensors:
    """The enabled sensors in the order of their slots, and whether an FLM02 lists them."""

    enabled: tuple[Sensor, ...] = ()
    flm02: bool = False


@dataclass(frozen=True, slots=True)
class Stream:
    """One readings topic of a sensor: the unit it should come in and the range it can have.

    ``misprinted`` marks the gauges whose negative values the firmware prints wrongly
    (docs/protocol.md section 9, quirk 3).
    """

    sensor: Sensor
    kind: Kind
    unit: Unit
    lowest: float
    highest: float
    misprinted: bool = False

    @property
    def both_ways(self) -> bool:
        """Whether it can be less than 0: of a counter, whether it counts back as well."""
        return self.lowest < 0


def parse_sensors(config: Json) -> Sensors:
    """The enabled sensors of a config/sensor message (docs/protocol.md section 4).

    Slots without type or ``enable`` are unused, and disabled ones publish nothing: both are
    left out.

    Raises:
        ProtocolError: no slots, a slot of a shape that no firmware writes, or a sensor id used
            twice.
    """
    slots = [slot for _, slot in sorted(Section(config, Report.SENSORS).numbered().items())]
    if not slots:
        raise ProtocolError(Report.SENSORS, "no slots, which every meter has")
    enabled = tuple(
        _parse_sensor(slot) for slot in slots if slot.flag("enable") and slot.text("type")
    )
    if len({sensor.sensor_id for sensor in enabled}) < len(enabled):
        raise ProtocolError(Report.SENSORS, "a sensor id in two slots")
    has_functions = any(slot.text("function") for slot in slots)
    has_subtypes = any(slot.text("subtype") for slot in slots)
    return Sensors(enabled, flm02=has_functions and not has_subtypes)


def _parse_sensor(slot: Section) -> Sensor:
    sensor_id = slot.text("id")
    if sensor_id is None or not is_id(sensor_id):
        raise slot.wrong("id", "is no sensor id")
    try:
        data_type = Kind(slot.text("data_type") or Kind.COUNTER)
    except ValueError:
        raise slot.wrong("data_type", "is neither gauge nor counter") from None
    ports = _parse_ports(slot)
    source = _source(slot, ports)
    return Sensor(
        sensor_id,
        _quantity(slot, source),
        source,
        data_type,
        ports,
        rid=slot.whole("rid", most=2**31) or 0,
        kube=slot.whole("kid", most=999),
        function=slot.text("function"),
        current=slot.number("current", most=10_000),
        constant=slot.number("constant", most=65_536),
        remembered=slot.text("tmpo") != "0",
    )


def _parse_ports(slot: Section) -> tuple[int, ...]:
    """``[1]``, several in one list (three phases of an FLM02), or the name of a serial port.

    A number outside a list is a port as well, as UCI has it where one wrote ``option port``.
    """
    items = slot.items("port")
    if items is None or (isinstance(items, str) and items[0].isalpha()):
        return ()
    numbers = items if isinstance(items, list) else [items]
    ports: list[int] = []
    for number in numbers:
        port = Section({"port": number}, Report.SENSORS).whole("port", most=99)
        if not port:
            raise slot.wrong("port", "is no list of ports")
        ports.append(port)
    if not 0 < len(ports) <= _MOST_PORTS:
        raise slot.wrong("port", "is no list of ports")
    return tuple(ports)


def _source(slot: Section, ports: tuple[int, ...]) -> Source:
    match slot.text("class"):
        case "kube":
            return Source.KUBE
        case "analog":
            return Source.ANALOG
        case "cosem":
            return Source.COSEM
        case "pulse":
            return Source.PULSE
    on_clamp_port = all(port in CLAMP_PORTS for port in ports)
    return Source.CLAMP if slot.text("subtype") and on_clamp_port else Source.PULSE


def _quantity(slot: Section, source: Source) -> Quantity:
    """The subtype of a clamp, else the type; a type of a firmware to come is OTHER."""
    if source is Source.CLAMP:
        subtype = slot.text("subtype")
        if subtype not in CLAMP_QUANTITIES:
            raise slot.wrong("subtype", "is no subtype of a clamp")
        return Quantity(subtype)
    name = slot.text("type")
    known = KUBE_QUANTITIES if source is Source.KUBE else PULSE_QUANTITIES
    return Quantity(name) if name in known else Quantity.OTHER


def streams_of(sensor: Sensor) -> tuple[Stream, ...]:
    """The readings topics a sensor feeds (docs/protocol.md section 3).

    A kube publishes on the topic of its data type and nowhere else; all others publish a
    gauge, and those of data type counter a counter as well.
    """
    kinds: tuple[Kind, ...]
    if sensor.source is Source.KUBE:
        kinds = (sensor.data_type,)
    elif sensor.data_type is Kind.COUNTER and sensor.quantity in COUNTER_UNITS:
        kinds = (Kind.COUNTER, Kind.GAUGE)
    else:
        kinds = (Kind.GAUGE,)
    return tuple(_counter(sensor) if kind is Kind.COUNTER else _gauge(sensor) for kind in kinds)


def _counter(sensor: Sensor) -> Stream:
    """A counter; that of a P1 port runs both ways (docs/protocol.md section 4)."""
    lowest = -_HIGHEST_COUNTER if sensor.source is Source.COSEM else 0.0
    unit = COUNTER_UNITS.get(sensor.quantity, Unit.NONE)
    return Stream(sensor, Kind.COUNTER, unit, lowest, _HIGHEST_COUNTER)


def _gauge(sensor: Sensor) -> Stream:
    unit = _gauge_unit(sensor)
    if sensor.source is not Source.CLAMP:
        return Stream(sensor, Kind.GAUGE, unit, -_HIGHEST_COUNTER, _HIGHEST_COUNTER)
    signed = sensor.quantity in SIGNED_CLAMP_QUANTITIES
    lowest = -_HIGHEST_CLAMP_GAUGE if signed else 0.0
    return Stream(sensor, Kind.GAUGE, unit, lowest, _HIGHEST_CLAMP_GAUGE, misprinted=signed)


def _gauge_unit(sensor: Sensor) -> Unit:
    """An FLM02, which names its sensors, tells the flow by the day (section 1b)."""
    if sensor.source is Source.KUBE and sensor.quantity is Quantity.OTHER:
        return Unit.NONE
    unit = GAUGE_UNITS[sensor.quantity]
    on_flm02 = sensor.function is not None or sensor.source is Source.COSEM
    return Unit.LITRE_PER_DAY if on_flm02 and unit is Unit.LITRE_PER_SECOND else unit

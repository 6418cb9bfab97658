"""``config/sensor``: the enabled sensors of a meter, and the readings topics of each."""

from dataclasses import dataclass, replace
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
from .validation import Json, ProtocolError, Section, Unread

#: FLM03: the current clamps; the pulse inputs are ports 4 to 6 (docs/protocol.md section 4).
CLAMP_PORTS = (1, 2, 3)

#: The slots that an FLM03 has and an FLM02 has not, used or not.
_FLM03_SLOTS = range(65, 129)
#: The classes of an FLM02's wired inputs; on an FLM03, only kubes have a class.
_FLM02_CLASSES = frozenset({"analog", "pulse", "cosem", "uart"})

_MAX_PORTS = 8
#: A counter has 32 bits before the decimal point and 3 decimals (docs/protocol.md section 2).
_MAX_COUNTER = 4_294_967_295.999
#: The counters of a P1 port that run both ways, or may.
_BOTH_WAYS = frozenset({Quantity.ELECTRICITY, Quantity.OTHER})
#: The range of the clamps' Q20.11 fixed point (docs/protocol.md section 2).
_MAX_CLAMP_GAUGE = 1_048_576.0


class Source(StrEnum):
    """The source of a sensor's readings; the ``class`` setting of an FLM02."""

    CLAMP = "clamp"
    ANALOG = "analog"
    PULSE = "pulse"
    COSEM = "cosem"
    KUBE = "kube"


@dataclass(frozen=True, slots=True)
class Sensor:
    """An enabled sensor.

    ``ports`` are the numbers printed on the meter, empty for kubes and serial ports. ``rid``
    counts how often the sensor id was reused, ``kube`` is the kube's number in config/kube,
    ``remembered`` is whether the meter stores its readings. An FLM02 has the name of a sensor
    (``function``), the rating of a clamp (``current``, A) and the size of a pulse
    (``constant``, Wh or L) here, and publishes a flow per day (``daily_flow``).
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
    daily_flow: bool = False

    @property
    def place(self) -> str:
        """Its port as it is printed on the meter ("2"), several of them ("1+2+3"), or "P1"."""
        return "+".join(map(str, self.ports)) or "P1"


@dataclass(frozen=True, slots=True)
class Sensors:
    """The enabled sensors in the order of their slots, and whether the meter is an FLM02.

    ``unread`` are the slots and the settings that were left out because they can't be read.
    """

    enabled: tuple[Sensor, ...] = ()
    flm02: bool = False
    unread: tuple[Unread, ...] = ()


@dataclass(frozen=True, slots=True)
class Stream:
    """One readings topic of a sensor, with its expected unit and possible range.

    ``misprinted`` marks the gauges whose negative values the firmware prints wrongly
    (docs/protocol.md section 9, quirk 3). The voltage of a clamp's phase leads the one that its
    angle is sent against by ``voltage_angle`` (°, section 5).
    """

    sensor: Sensor
    kind: Kind
    unit: Unit
    lowest: float
    highest: float
    misprinted: bool = False
    voltage_angle: int = 0

    @property
    def both_ways(self) -> bool:
        """Whether values can be negative; a counter then also counts down."""
        return self.lowest < 0


def parse_sensors(config: Json) -> Sensors:
    """Return the enabled sensors of a config/sensor message (docs/protocol.md section 4).

    Slots without type or ``enable`` are unused, and disabled ones publish nothing: both are
    left out, and so is a slot that can't be read or repeats the sensor id of one before.

    Raises:
        ProtocolError: no slots; or none that can be read, nor a main section.
    """
    root = Section(config, Report.SENSORS)
    slots: list[Section] = []

    def parse(slot: Section) -> Sensor | None:
        slots.append(slot)
        return _parse_sensor(slot)

    enabled: dict[str, Sensor] = {}
    for number, sensor in root.each(parse).items():
        if sensor is None:
            continue
        if sensor.sensor_id in enabled:
            error = ProtocolError(Report.SENSORS, "id is that of another slot")
            root.leave_out(error, str(number))
        else:
            enabled[sensor.sensor_id] = sensor
    if not slots:
        raise ProtocolError(Report.SENSORS, "no sensor slots")
    flm02 = _is_flm02(slots) and not any(root.has(str(number)) for number in _FLM03_SLOTS)
    sensors = tuple(replace(sensor, daily_flow=flm02) for sensor in enabled.values())
    return Sensors(sensors, flm02, tuple(root.unread))


def _is_flm02(slots: list[Section]) -> bool:
    """Return whether slots are those of an FLM02 (docs/protocol.md section 4).

    Some of an FLM03's have a subtype, and none has a name or the class of a wired input.
    """
    return not any(slot.has("subtype") for slot in slots) and any(
        slot.has("function") or str(slot.fields.get("class")) in _FLM02_CLASSES for slot in slots
    )


def _parse_sensor(slot: Section) -> Sensor | None:
    """Return the sensor of a slot; None if it is unused or disabled."""
    if not (slot.flag("enable") and slot.text("type")):
        if slot.has("id"):
            slot.optional(lambda: _sensor_id(slot), minor=True)
        return None
    try:
        data_type = Kind(slot.text("data_type") or Kind.COUNTER)
    except ValueError:
        raise slot.wrong("data_type", "is neither gauge nor counter") from None
    ports = _parse_ports(slot)
    source = _source(slot, ports)
    return Sensor(
        _sensor_id(slot),
        _quantity(slot, source),
        source,
        data_type,
        ports,
        rid=slot.whole("rid", most=2**31) or 0,
        kube=slot.whole("kid", most=999),
        function=slot.optional(lambda: slot.text("function"), minor=True),
        current=slot.optional(lambda: slot.number("current", most=10_000)),
        constant=slot.optional(lambda: slot.number("constant", most=65_536)),
        remembered=slot.optional(lambda: slot.text("tmpo")) != "0",
    )


def _sensor_id(slot: Section) -> str:
    sensor_id = slot.text("id")
    if sensor_id is None or not is_id(sensor_id):
        raise ProtocolError(Report.SENSORS, "id is not a sensor id")
    return sensor_id


def _parse_ports(slot: Section) -> tuple[int, ...]:
    """Parse ``[1]``, several in a list (three phases of an FLM02), or the name of a serial port.

    Without a port, the list is missing or empty.
    UCI writes a number outside a list where ``option port`` was configured instead of a list.
    """
    items = slot.list_or_text("port")
    if items is None or (isinstance(items, str) and items[0].isalpha()):
        return ()
    numbers = items if isinstance(items, list) else [items]
    ports: list[int] = []
    for number in numbers:
        port = Section({"port": number}, Report.SENSORS).whole("port", most=99)
        if not port:
            raise slot.wrong("port", "is not a list of ports")
        ports.append(port)
    if len(ports) > _MAX_PORTS:
        raise slot.wrong("port", "is not a list of ports")
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
    """Return the subtype of a clamp, else the type; OTHER for a type of a newer firmware."""
    if source is Source.CLAMP:
        subtype = slot.text("subtype")
        if subtype not in CLAMP_QUANTITIES:
            raise slot.wrong("subtype", "is not a subtype of a clamp")
        return Quantity(subtype)
    name = slot.text("type")
    known = KUBE_QUANTITIES if source is Source.KUBE else PULSE_QUANTITIES
    return Quantity(name) if name in known else Quantity.OTHER


def streams_of(sensor: Sensor, voltage_angle: int = 0) -> tuple[Stream, ...]:
    """Return the readings topics of a sensor (docs/protocol.md section 3).

    A kube publishes only on the topic of its data type; all others publish a gauge, and those
    of data type counter also a counter.
    """
    kinds: tuple[Kind, ...]
    if sensor.source is Source.KUBE:
        kinds = (sensor.data_type,)
    elif sensor.data_type is Kind.COUNTER and sensor.quantity in COUNTER_UNITS:
        kinds = (Kind.COUNTER, Kind.GAUGE)
    else:
        kinds = (Kind.GAUGE,)
    return tuple(
        _counter(sensor) if kind is Kind.COUNTER else _gauge(sensor, voltage_angle)
        for kind in kinds
    )


def _counter(sensor: Sensor) -> Stream:
    """Return the counter stream; on a P1 port, electricity and unknown types run both ways."""
    both_ways = sensor.source is Source.COSEM and sensor.quantity in _BOTH_WAYS
    lowest = -_MAX_COUNTER if both_ways else 0.0
    unit = COUNTER_UNITS.get(sensor.quantity, Unit.NONE)
    return Stream(sensor, Kind.COUNTER, unit, lowest, _MAX_COUNTER)


def _gauge(sensor: Sensor, voltage_angle: int) -> Stream:
    unit = _gauge_unit(sensor)
    if sensor.source is not Source.CLAMP:
        return Stream(sensor, Kind.GAUGE, unit, -_MAX_COUNTER, _MAX_COUNTER)
    signed = sensor.quantity in SIGNED_CLAMP_QUANTITIES
    lowest = -_MAX_CLAMP_GAUGE if signed else 0.0
    turn = voltage_angle if sensor.quantity is Quantity.ALPHA else 0
    return Stream(
        sensor, Kind.GAUGE, unit, lowest, _MAX_CLAMP_GAUGE, misprinted=signed, voltage_angle=turn
    )


def _gauge_unit(sensor: Sensor) -> Unit:
    """Return the unit of a gauge; the flow of an FLM02 is per day (docs/protocol.md section 1b)."""
    if sensor.source is Source.KUBE and sensor.quantity is Quantity.OTHER:
        return Unit.NONE
    unit = GAUGE_UNITS[sensor.quantity]
    return Unit.LITRE_PER_DAY if sensor.daily_flow and unit is Unit.LITRE_PER_SECOND else unit

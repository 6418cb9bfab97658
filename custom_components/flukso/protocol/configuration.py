"""The three config topics: the settings that are used, and the ports and kubes they describe."""

from dataclasses import dataclass, field, replace

from .quantities import Quantity
from .sensors import Sensor, Sensors, Source, Stream, parse_sensors, streams_of
from .topics import ConfigReport, Report
from .validation import Json, ProtocolError, Section, Unread, is_numbered, load

_MAX_BYTES = 65_536
_MAX_BRACKETS = 1_000

#: The settings that are used. All others are dropped, among them the radio key of the kubes and
#: their hardware ids, which are secret (docs/protocol.md section 5).
_SETTINGS = {
    Report.SENSORS: frozenset(
        {
            "id",
            "enable",
            "type",
            "subtype",
            "class",
            "data_type",
            "port",
            "rid",
            "kid",
            "function",
            "current",
            "constant",
            "tmpo",
        }
    ),
    Report.PORTS: frozenset({"name", "current", "constant", "shift", "phase", "math"}),
    Report.KUBES: frozenset({"enable", "name", "hw_type", "sw_version"}),
}

#: A clamp's ``shift`` counts steps of so many degrees (docs/protocol.md section 5).
_STEP = 60
_MAX_SHIFT = 5

#: The models of FluksoKubes by their hardware type (docs/protocol.md section 5).
_KUBE_MODELS = {19217: "FLK01A", 19218: "FLK01B"}
_NOT_ON_FLK01A = frozenset({Quantity.PRESSURE, Quantity.LIGHT, Quantity.VIBRATION})


@dataclass(frozen=True, slots=True)
class Port:
    """A port of an FLM03: name, rated current of a clamp (A), size of a pulse (Wh or L).

    The voltage of a clamp's phase leads the one that the meter measures by ``voltage_angle`` (°).
    """

    name: str | None = None
    current: float | None = None
    constant: float | None = None
    voltage_angle: int = 0


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports of an FLM03 by number, its electrical system, and the sums it forms.

    ``unread`` are the ports and settings that can't be read.
    """

    by_number: dict[int, Port] = field(default_factory=dict)
    phase: str | None = None
    math: str | None = None
    unread: tuple[Unread, ...] = ()


@dataclass(frozen=True, slots=True)
class Kube:
    """A FluksoKube: its name, hardware type and firmware."""

    name: str | None = None
    hw_type: int | None = None
    sw_version: str | None = None

    @property
    def model(self) -> str | None:
        """FLK01A or FLK01B; None if the hardware type is another or not known."""
        return None if self.hw_type is None else _KUBE_MODELS.get(self.hw_type)


@dataclass(frozen=True, slots=True)
class Kubes:
    """The kubes by number, without disabled ones; ``unread`` is what can't be read of them."""

    by_number: dict[int, Kube] = field(default_factory=dict)
    unread: tuple[Unread, ...] = ()


@dataclass(frozen=True, slots=True)
class Configuration:
    """The configuration of a meter; a report that has not been received is None."""

    sensors: Sensors | None = None
    ports: Ports | None = None
    kubes: Kubes | None = None

    @property
    def model(self) -> str:
        """FLM02 or FLM03; FLM03 until an FLM02 is recognised."""
        return "FLM02" if self._is_flm02 else "FLM03"

    @property
    def _is_flm02(self) -> bool:
        """Whether the meter is an FLM02, which has no config/flx."""
        return self.sensors is not None and self.sensors.flm02 and self.ports is None

    @property
    def unread(self) -> tuple[tuple[Report, Unread], ...]:
        """What can't be read of each report."""
        reports = {
            Report.SENSORS: self.sensors,
            Report.PORTS: self.ports,
            Report.KUBES: self.kubes,
        }
        return tuple(
            (report, unread)
            for report, parsed in reports.items()
            if parsed is not None
            for unread in parsed.unread
        )

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the ports and kubes in use, each once, in the order of their slots."""
        enabled = self.sensors.enabled if self.sensors else ()
        names: list[str] = []
        for sensor in enabled:
            name = self.name_of(sensor)
            if name is not None and name not in names:
                names.append(name)
        return tuple(names)

    def name_of(self, sensor: Sensor) -> str | None:
        """Return the name of a sensor's port or kube, or (FLM02) of the sensor itself, if any."""
        if sensor.source is Source.KUBE:
            kube = self.kube_of(sensor)
            return kube.name if kube else None
        port = self.port_of(sensor)
        return sensor.function or (port.name if port else None)

    def port_of(self, sensor: Sensor) -> Port | None:
        """Return the port of an FLM03 that a sensor is on, if known."""
        if self.ports is None or len(sensor.ports) != 1:
            return None
        return self.ports.by_number.get(sensor.ports[0])

    def voltage_angle_of(self, sensor: Sensor) -> int:
        """Return by how much the voltage of a clamp's phase leads the measured one (°)."""
        port = self.port_of(sensor)
        return port.voltage_angle if port else 0

    @property
    def sums_ports(self) -> bool:
        """Whether the firmware adds up ports, so that one sensor covers several clamps."""
        return self.ports is not None and self.ports.math not in (None, "none")

    @property
    def complete(self) -> bool:
        """Whether every report that the names of the sensors depend on has been received."""
        if self.sensors is None:
            return False
        on_kubes = any(sensor.source is Source.KUBE for sensor in self.sensors.enabled)
        return (self._is_flm02 or self.ports is not None) and (
            not on_kubes or self.kubes is not None
        )

    def updated(self, report: Sensors | Ports | Kubes) -> Configuration:
        """Return the configuration with one report replaced."""
        match report:
            case Sensors():
                return replace(self, sensors=report)
            case Ports():
                return replace(self, ports=report)
        return replace(self, kubes=report)

    @property
    def streams(self) -> tuple[Stream, ...]:
        """The streams of the enabled sensors, except those that the hardware never publishes."""
        enabled = self.sensors.enabled if self.sensors else ()
        return tuple(
            stream
            for sensor in enabled
            if not self._is_never_published(sensor)
            for stream in streams_of(sensor, self.voltage_angle_of(sensor))
        )

    def _is_never_published(self, sensor: Sensor) -> bool:
        """Return whether a listed sensor is never published (docs/protocol.md section 2)."""
        if sensor.quantity is Quantity.PROXIMITY:
            return True
        kube = self.kube_of(sensor)
        on_flk01a = kube is not None and kube.model == "FLK01A"
        return on_flk01a and sensor.quantity in _NOT_ON_FLK01A

    def kube_of(self, sensor: Sensor) -> Kube | None:
        """Return the kube that a sensor is part of, if known."""
        if self.kubes is None or sensor.kube is None:
            return None
        return self.kubes.by_number.get(sensor.kube)


def read_config(payload: bytes, report: ConfigReport) -> dict[str, Json]:
    """Return the settings of a config message that are used, without all others.

    An array is an object with the keys from 1. A section that is no object is kept as False.

    Raises:
        ProtocolError: not JSON, not an object, too long or nested too deeply.
    """
    config = load(payload, report, longest=_MAX_BYTES, brackets=_MAX_BRACKETS, lua=True)
    if isinstance(config, list):
        config = {str(number): section for number, section in enumerate(config, 1)}
    return {
        name: _read_section(section, report)
        for name, section in Section(config, report).fields.items()
        if section is not None and (name == "main" or is_numbered(name))
    }


def _read_section(section: Json, report: ConfigReport) -> Json:
    try:
        return Section(section, report).only(_SETTINGS[report])
    except ProtocolError:
        return False


def parse_config(config: Json, report: ConfigReport) -> Sensors | Ports | Kubes:
    """Parse the settings that :func:`read_config` returned.

    What can't be read is left out, and told in ``unread``.

    Raises:
        ProtocolError: nothing can be read.
    """
    match report:
        case Report.SENSORS:
            return parse_sensors(config)
        case Report.PORTS:
            return _parse_ports(config)
    return _parse_kubes(config)


def _parse_ports(config: Json) -> Ports:
    """Parse config/flx (docs/protocol.md section 5)."""
    root = Section(config, Report.PORTS)
    ports = root.each(_parse_port)
    main = root.main
    phase = main.optional(lambda: main.text("phase"))
    math = main.optional(lambda: main.text("math"))
    return Ports(ports, phase, math, (*root.unread, *main.unread))


def _parse_port(port: Section) -> Port:
    return Port(
        port.optional(lambda: port.text("name"), minor=True),
        port.optional(lambda: port.number("current", most=10_000)),
        port.optional(lambda: port.number("constant", most=65_536)),
        _STEP * (port.optional(lambda: port.whole("shift", most=_MAX_SHIFT)) or 0),
    )


def _parse_kubes(config: Json) -> Kubes:
    """Parse config/kube (docs/protocol.md section 5)."""
    root = Section(config, Report.KUBES)
    kubes = root.each(_parse_kube)
    enabled = {number: kube for number, kube in kubes.items() if kube is not None}
    return Kubes(enabled, tuple(root.unread))


def _parse_kube(kube: Section) -> Kube | None:
    """Return a kube; None if it is disabled."""
    if kube.optional(lambda: kube.flag("enable")) is False:
        return None
    return Kube(
        kube.optional(lambda: kube.text("name"), minor=True),
        kube.optional(lambda: kube.whole("hw_type", most=65_535)),
        kube.optional(lambda: kube.text("sw_version")),
    )

"""The three config topics: what of them is kept, and the ports and kubes they name."""

from dataclasses import dataclass, field, replace

from .quantities import Quantity
from .sensors import Sensor, Sensors, Source, Stream, parse_sensors, streams_of
from .topics import ConfigReport, Report
from .validation import Json, ProtocolError, Section, is_numbered, load

_LONGEST = 65_536
_BRACKETS = 1_000

#: The settings that are read. Nothing else of a config message is kept, the radio key of the
#: kubes and their hardware ids least of all (docs/protocol.md section 5).
_KEPT = {
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
    Report.PORTS: frozenset({"enable", "class", "name", "current", "constant", "phase", "math"}),
    Report.KUBES: frozenset({"enable", "name", "hw_type", "sw_version"}),
}

#: The models of FluksoKubes by their hardware type (docs/protocol.md section 5).
_KUBE_MODELS = {19217: "FLK01A", 19218: "FLK01B"}
_NOT_ON_FLK01A = frozenset({Quantity.PRESSURE, Quantity.LIGHT, Quantity.VIBRATION})


@dataclass(frozen=True, slots=True)
class Port:
    """A port of an FLM03: its name, a clamp's rated current (A), a pulse's size (Wh or L)."""

    name: str | None = None
    current: float | None = None
    constant: float | None = None


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports of an FLM03 by number, the electrical system, and the sums its firmware forms."""

    by_number: dict[int, Port] = field(default_factory=dict)
    phase: str | None = None
    math: str | None = None


@dataclass(frozen=True, slots=True)
class Kube:
    """A FluksoKube: its name, hardware type and firmware."""

    name: str | None = None
    hw_type: int | None = None
    sw_version: str | None = None

    @property
    def model(self) -> str | None:
        """FLK01A or FLK01B, or None if the hardware type is another or not known."""
        return None if self.hw_type is None else _KUBE_MODELS.get(self.hw_type)


@dataclass(frozen=True, slots=True)
class Kubes:
    """The kubes by number."""

    by_number: dict[int, Kube] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Configuration:
    """All that a meter says of itself; a report that has not been heard is None."""

    sensors: Sensors | None = None
    ports: Ports | None = None
    kubes: Kubes | None = None

    @property
    def model(self) -> str:
        """FLM02 or FLM03."""
        return "FLM02" if self.sensors is not None and self.sensors.flm02 else "FLM03"

    @property
    def names(self) -> tuple[str, ...]:
        """The different names of the ports and kubes in use, in the order of their slots."""
        enabled = self.sensors.enabled if self.sensors else ()
        names: list[str] = []
        for sensor in enabled:
            name = self.name_of(sensor)
            if name is not None and name not in names:
                names.append(name)
        return tuple(names)

    def name_of(self, sensor: Sensor) -> str | None:
        """What a sensor's port, kube or (FLM02) the sensor itself was named, if anything."""
        if sensor.source is Source.KUBE:
            kube = self.kube_of(sensor)
            return kube.name if kube else None
        port = self.port_of(sensor)
        return sensor.function or (port.name if port else None)

    def port_of(self, sensor: Sensor) -> Port | None:
        """The port of an FLM03 that a sensor is on, where it is known."""
        if self.ports is None or len(sensor.ports) != 1:
            return None
        return self.ports.by_number.get(sensor.ports[0])

    @property
    def sums_ports(self) -> bool:
        """Whether the firmware adds up ports, so that one sensor stands for several clamps."""
        return self.ports is not None and self.ports.math not in (None, "none")

    @property
    def complete(self) -> bool:
        """Whether all is known that names the sensors."""
        if self.sensors is None:
            return False
        on_kubes = any(sensor.source is Source.KUBE for sensor in self.sensors.enabled)
        return (self.sensors.flm02 or self.ports is not None) and (
            not on_kubes or self.kubes is not None
        )

    def updated(self, report: Sensors | Ports | Kubes) -> Configuration:
        """The configuration with one report replaced."""
        match report:
            case Sensors():
                return replace(self, sensors=report)
            case Ports():
                return replace(self, ports=report)
        return replace(self, kubes=report)

    @property
    def streams(self) -> tuple[Stream, ...]:
        """What the enabled sensors publish, without what the hardware of a kube lacks."""
        enabled = self.sensors.enabled if self.sensors else ()
        return tuple(
            stream
            for sensor in enabled
            if not self._is_silent(sensor)
            for stream in streams_of(sensor)
        )

    def _is_silent(self, sensor: Sensor) -> bool:
        """docs/protocol.md section 2: provisioned, but never published."""
        if sensor.quantity is Quantity.PROXIMITY:
            return True
        kube = self.kube_of(sensor)
        on_flk01a = kube is not None and kube.model == "FLK01A"
        return on_flk01a and sensor.quantity in _NOT_ON_FLK01A

    def kube_of(self, sensor: Sensor) -> Kube | None:
        """The kube that a sensor is part of, where it is known."""
        if self.kubes is None or sensor.kube is None:
            return None
        return self.kubes.by_number.get(sensor.kube)


def read_config(payload: bytes, report: ConfigReport) -> dict[str, Json]:
    """The settings of a config message that are read here, without all the others.

    Raises:
        ProtocolError: not an object of objects, too long, nested too deeply, or a setting
            that is neither text nor number nor a list of them.
    """
    config = load(payload, report, longest=_LONGEST, brackets=_BRACKETS)
    if not isinstance(config, dict):
        raise ProtocolError(report, "not an object")
    return {
        name: Section(section, report).only(_KEPT[report])
        for name, section in config.items()
        if name == "main" or is_numbered(name)
    }


def parse_config(config: Json, report: ConfigReport) -> Sensors | Ports | Kubes:
    """Turn what :func:`read_config` kept into dataclasses.

    Raises:
        ProtocolError: a setting of a shape that no firmware writes.
    """
    match report:
        case Report.SENSORS:
            return parse_sensors(config)
        case Report.PORTS:
            return _parse_ports(config)
    return _parse_kubes(config)


def _parse_ports(config: Json) -> Ports:
    """docs/protocol.md section 5."""
    root = Section(config, Report.PORTS)
    main = root.section("main")
    return Ports(
        {
            number: Port(
                port.text("name"),
                port.number("current", most=10_000),
                port.number("constant", most=65_536),
            )
            for number, port in sorted(root.numbered().items())
        },
        main.text("phase"),
        main.text("math"),
    )


def _parse_kubes(config: Json) -> Kubes:
    """docs/protocol.md section 5."""
    return Kubes(
        {
            number: Kube(
                kube.text("name"), kube.whole("hw_type", most=65_535), kube.text("sw_version")
            )
            for number, kube in sorted(Section(config, Report.KUBES).numbered().items())
            if kube.flag("enable") is not False
        }
    )

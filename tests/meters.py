"""Whole meters: the messages that an FLM03, an FLM02 and a meter of kubes alone publish.

Shapes as docs/protocol.md sections 2, 4 and 5 tell them; the ids and the numbers are made up.
"""

from dataclasses import dataclass, field, replace
import json
import time
from typing import Any

type Section = dict[str, Any]

#: What config/kube holds and nobody should ever see again (docs/protocol.md section 5).
RADIO_KEY = "5ec7e7" * 5 + "00"
NULL_KEY = "0ff" * 10 + "00"
HARDWARE_IDS = ("a1" * 16, "b2" * 16)
#: The hardware types of the kubes; an FLK01A publishes less than is provisioned for it.
FLK01A, FLK01B = 19217, 19218

SERIAL = "FL07001234"
FIRMWARE = "382"
SELF_TEST = (
    f"1..2\n# date: Sun\n# serial: {SERIAL}\n# firmware: {FIRMWARE}\nok 1 - flxd\nok 2 - wifi\n"
)

#: A reading for each topic: the value and unit as the firmware prints them.
_READINGS = {
    ("pplus", "gauge"): ("1278.500", "W"),
    ("pplus", "counter"): ("2593805.400", "Wh"),
    ("pminus", "gauge"): ("0", "W"),
    ("pminus", "counter"): ("120044", "Wh"),
    **{(quadrant, "gauge"): ("12.250", "VAR") for quadrant in ("q1", "q2", "q3", "q4")},
    **{(quadrant, "counter"): ("5005.500", "VARh") for quadrant in ("q1", "q2", "q3", "q4")},
    ("vrms", "gauge"): ("231.250", "V"),
    ("irms", "gauge"): ("5.687", "A"),
    ("pf", "gauge"): ("0.972", ""),
    ("vthd", "gauge"): ("0.019", ""),
    ("ithd", "gauge"): ("0.207", ""),
    ("alpha", "gauge"): ("-12.250", "°"),
    ("electricity", "gauge"): ("420", "W"),
    ("electricity", "counter"): ("77012", "Wh"),
    ("water", "gauge"): ("0.125", "L/s"),
    ("water", "counter"): ("345678.500", "L"),
    ("gas", "gauge"): ("0.250", "L/s"),
    ("gas", "counter"): ("1234567", "L"),
    ("heat", "gauge"): ("5000", "W"),
    ("heat", "counter"): ("88000", "Wh"),
    ("fuel", "gauge"): ("0.002", "L/s"),
    ("fuel", "counter"): ("900", "L"),
    ("pellet", "gauge"): ("1.500", "g/s"),
    ("pellet", "counter"): ("640000", "g"),
    ("time", "gauge"): ("0.500", ""),
    ("time", "counter"): ("7200", "s"),
    ("other", "gauge"): ("0.500", "1/s"),
    ("other", "counter"): ("31", ""),
    ("temperature", "gauge"): ("21.31", "°C"),
    ("humidity", "gauge"): ("48.5", "%"),
    ("pressure", "gauge"): ("101325.00", "Pa"),
    ("light", "gauge"): ("140.25", "lx"),
    ("battery", "gauge"): ("3.1", "V"),
    ("error", "gauge"): ("0", ""),
    ("movement", "counter"): ("17", ""),
    ("vibration", "counter"): ("4", ""),
}
_FLM02_FLOWS = {("water", "gauge"): ("2880", "L/day"), ("gas", "gauge"): ("1440", "L/day")}

_CLAMP_SUBTYPES = (
    *("pplus", "pminus", "q1", "q2", "q3", "q4"),
    *("vrms", "irms", "pf", "vthd", "ithd", "alpha"),
)
_KUBE_TYPES = (
    *("temperature", "humidity", "pressure", "light", "battery", "error"),
    *("movement", "vibration", "proximity"),
)


@dataclass(frozen=True)
class Meter:
    """A meter by its messages; ``sensors`` are the slots of config/sensor by number."""

    device_id: str
    sensors: dict[int, Section]
    ports: dict[str, Section] | None = None
    kubes: dict[str, Section] | None = None
    prefix: str = "/"
    flows: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)

    @property
    def sensor_report(self) -> tuple[str, str]:
        """The topic and payload of config/sensor."""
        slots = {str(slot): settings for slot, settings in self.sensors.items()}
        return self._report("sensor", {"main": {"max_provisioned_sensors": 128}, **slots})

    @property
    def saved_report(self) -> tuple[str, str]:
        """The same, after another setting of the last pulse input was saved."""
        return self.changed(39, rid=1).sensor_report

    @property
    def port_report(self) -> tuple[str, str]:
        """The topic and payload of config/flx."""
        return self._report("flx", self.ports)

    @property
    def kube_report(self) -> tuple[str, str]:
        """The topic and payload of config/kube."""
        return self._report("kube", self.kubes)

    @property
    def reports(self) -> dict[str, str]:
        """The config messages that this meter publishes, by topic."""
        of_ports = [] if self.ports is None else [self.port_report]
        of_kubes = [] if self.kubes is None else [self.kube_report]
        return dict([self.sensor_report, *of_ports, *of_kubes])

    @property
    def tap_topic(self) -> str:
        """Where the self-test appears."""
        return f"{self.prefix}device/{self.device_id}/test/tap"

    def _report(self, name: str, report: object) -> tuple[str, str]:
        return f"{self.prefix}device/{self.device_id}/config/{name}", json.dumps(report)

    def sensor_id(self, slot: int) -> str:
        """The sensor id of a slot."""
        return str(self.sensors[slot]["id"])

    def topic(self, slot: int, kind: str) -> str:
        """The readings topic of a slot."""
        return f"{self.prefix}sensor/{self.sensor_id(slot)}/{kind}"

    def readings(self) -> dict[str, str]:
        """One reading on every topic that the meter publishes readings on."""
        return {
            self.topic(slot, kind): reading(*self._sample(slot, kind))
            for slot, settings in self.sensors.items()
            for kind in ("counter", "gauge")
            if settings.get("enable") and self._publishes(settings, kind)
        }

    def _sample(self, slot: int, kind: str) -> tuple[str, str]:
        settings = self.sensors[slot]
        on_clamp = settings.get("port", [9])[0] in (1, 2, 3) and settings.get("subtype")
        quantity = settings["subtype"] if on_clamp else settings["type"]
        return self.flows.get((quantity, kind)) or _READINGS[quantity, kind]

    def _publishes(self, settings: Section, kind: str) -> bool:
        if settings.get("class") != "kube":
            return kind == "gauge" or settings["data_type"] == "counter"
        assert self.kubes is not None
        simple = self.kubes[str(settings["kid"])]["hw_type"] == FLK01A
        lacking = ("pressure", "light", "vibration", "proximity") if simple else ("proximity",)
        return kind == settings["data_type"] and settings["type"] not in lacking

    def changed(self, *slots: int, **settings: object) -> Meter:
        """The same meter with other settings in some slots."""
        changed = {slot: self.sensors[slot] | settings for slot in slots}
        return replace(self, sensors=self.sensors | changed)

    def with_port(self, port: int, **settings: object) -> Meter:
        """The same meter with other settings of a port."""
        assert self.ports is not None
        return replace(self, ports=self.ports | {str(port): self.ports[str(port)] | settings})

    def with_kube(self, kube: int, **settings: object) -> Meter:
        """The same meter with other settings of a kube."""
        assert self.kubes is not None
        return replace(self, kubes=self.kubes | {str(kube): self.kubes[str(kube)] | settings})


def reading(value: float | str, unit: str, *, age: int = 0) -> str:
    """A reading as it is on the wire, ``age`` seconds old."""
    return f'[{int(time.time()) - age}, {value}, "{unit}"]'


def _id(device: int, slot: int) -> str:
    return f"{device:04x}{slot:028x}"


def _clamp(device: int, port: int) -> dict[int, Section]:
    first = 1 + (port - 1) * len(_CLAMP_SUBTYPES)
    return {
        slot: {
            "id": _id(device, slot),
            "type": "electricity",
            "subtype": subtype,
            "port": [port],
            "enable": 0 if subtype == "alpha" else 1,
            "data_type": "counter" if slot - first < 6 else "gauge",
            "rid": 0,
            "tmpo": 1,
        }
        for slot, subtype in enumerate(_CLAMP_SUBTYPES, first)
    }


def _pulse(device: int, slot: int, port: int, quantity: str) -> dict[int, Section]:
    settings = {
        "id": _id(device, slot),
        "type": quantity,
        "subtype": "pplus" if quantity == "electricity" else "",
        "port": [port],
    }
    return {slot: settings | {"enable": 0, "data_type": "counter", "rid": 0}}


def _kube_sensors(device: int, first: int, kube: int) -> dict[int, Section]:
    return {
        slot: {
            "id": _id(device, slot),
            "type": quantity,
            "class": "kube",
            "kid": kube,
            "enable": 1,
            "data_type": "gauge" if slot - first < 6 else "counter",
            "rid": 0,
        }
        for slot, quantity in enumerate(_KUBE_TYPES, first)
    }


def _unused(device: int, slots: range) -> dict[int, Section]:
    return {slot: {"id": _id(device, slot)} for slot in slots}


def _kube_config(*names: tuple[str, int]) -> dict[str, Section]:
    kubes = {
        str(kube): {
            "enable": 1,
            "name": name,
            "hw_type": hw_type,
            "hw_id": HARDWARE_IDS[kube - 1],
            "sw_version": 19,
        }
        for kube, (name, hw_type) in enumerate(names, 1)
    }
    main = {"pair_group": 212, "collect_group": 7, "key": RADIO_KEY, "null_key": NULL_KEY}
    return {"main": main, **kubes}


def _clamp_port(name: str) -> Section:
    return {"enable": 1, "class": "ct", "name": name, "current": 50, "shift": 0}


def _pulse_port(name: str, constant: float) -> Section:
    return {"enable": 1, "class": "pulse", "name": name, "constant": constant, "trigger": "edge"}


def _ports() -> dict[str, Section]:
    return {
        "main": {"led_mode": 255, "phase": "1p", "math": "none"},
        "1": _clamp_port("main"),
        "2": _clamp_port("main"),
        "3": _clamp_port("solar"),
        "4": _pulse_port("tap water", 1.0),
        "5": _pulse_port("gas", 10.0),
        "6": _pulse_port("heat pump", 0.5),
        "7": {"enable": 0, "class": "uart", "name": "P1", "dsmr": 4},
    }


def three_clamps(device: int = 0xC1A3) -> Meter:
    """An FLM03 with three clamps: 39 sensors, alpha and the pulse inputs disabled."""
    sensors = {
        slot: settings for port in (1, 2, 3) for slot, settings in _clamp(device, port).items()
    }
    sensors |= _pulse(device, 37, 4, "water")
    sensors |= _pulse(device, 38, 5, "gas")
    sensors |= _pulse(device, 39, 6, "electricity")
    sensors |= _unused(device, range(40, 129))
    return Meter(_id(device, 0), sensors, ports=_ports())


def flm03(device: int = 0xF103) -> Meter:
    """An FLM03 with everything on it: clamps, pulse inputs, an FLK01B and an FLK01A."""
    meter = three_clamps(device).changed(37, 38, 39, enable=1)
    sensors = meter.sensors | _kube_sensors(device, 40, 1) | _kube_sensors(device, 49, 2)
    kubes = _kube_config(("living room", FLK01B), ("attic", FLK01A))
    return replace(meter, sensors=sensors, kubes=kubes)


def kubes_alone(device: int = 0xCBE5) -> Meter:
    """An FLM03 with nothing on its ports, and one kube."""
    meter = three_clamps(device).changed(*range(1, 40), enable=0)
    sensors = meter.sensors | _kube_sensors(device, 40, 1)
    return replace(meter, sensors=sensors, kubes=_kube_config(("cellar", FLK01B)))


def flm02(device: int = 0xF102) -> Meter:
    """An FLM02: a clamp, three clamps as one, pulse inputs, a P1 port and a kube."""

    def sensor(slot: int, quantity: str, source: str, function: str, port: object) -> Section:
        settings = {"id": _id(device, slot), "type": quantity, "class": source, "port": port}
        return settings | {"function": function, "enable": 1, "data_type": "counter", "rid": 0}

    sensors: dict[int, Section] = {
        1: sensor(1, "electricity", "analog", "main", [1]) | {"voltage": 230, "current": 50},
        2: sensor(2, "electricity", "analog", "house", [1, 2, 3]),
        3: sensor(3, "electricity", "analog", "spare", [3]) | {"enable": 0},
        4: sensor(4, "water", "pulse", "rain water", [4]) | {"constant": 1},
        5: sensor(5, "gas", "pulse", "boiler", [5]) | {"constant": 10},
        6: sensor(6, "electricity", "cosem", "grid", "ttyS0") | {"obis": ["1.8.0"], "derive": 1},
    }
    sensors |= _kube_sensors(device, 7, 1) | _unused(device, range(16, 65))
    return Meter(_id(device, 0), sensors, kubes=_kube_config(("bath", FLK01B)), flows=_FLM02_FLOWS)

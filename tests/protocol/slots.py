"""Small configurations of meters, as their firmware writes them (docs/protocol.md section 4)."""

import json

from custom_components.flukso.protocol.quantities import Quantity
from custom_components.flukso.protocol.sensors import Sensor, Source, Stream, parse_sensors
from custom_components.flukso.protocol.topics import Kind
from custom_components.flukso.protocol.validation import Json

type Section = dict[str, Json]
type Config = dict[str, Json]

CLAMP_SUBTYPES = (
    *("pplus", "pminus", "q1", "q2", "q3", "q4"),
    *("vrms", "irms", "pf", "vthd", "ithd", "alpha"),
)


#: config/flx and config/kube of an FLM03; the keys are made up.
FLX: Config = {
    "main": {"led_mode": 255, "phase": "3p+n", "math": "p1+p2+p3", "theta": 30},
    "1": {"enable": 1, "class": "ct", "name": "main", "current": 50, "shift": 0},
    "2": {"enable": 0, "class": "ct", "name": "", "current": "100", "constant": "", "dsmr": 4},
    "4": {"enable": 1, "class": "pulse", "name": 123, "constant": 0.5, "trigger": "edge"},
    "7": {"enable": 1, "class": "uart", "name": "P1", "dsmr": 4, "uart_tx_invert": 0},
}
KUBES: Config = {
    "main": {
        "pair_group": 212,
        "collect_group": 7,
        "max_nodes": 30,
        "encryption": 1,
        "cache": "/usr/share/kube",
        "key": "5ec7e7" * 5,
        "null_key": "0ddba11" * 4,
    },
    "3": {"enable": 1, "name": "Cellar", "hw_type": 19217, "hw_id": "1dea" * 8, "sw_version": 3},
    "12": {"hw_type": "19218", "hw_id": 12345678, "sw_version": "1.2"},
    "13": {"enable": 0, "name": "Attic", "hw_type": 19218},
}


def sensor_id(number: int) -> str:
    """A sensor id."""
    return f"{number:032x}"


def payload(config: Json) -> bytes:
    """The message that carries a configuration, without blanks, as Lua writes it."""
    return json.dumps(config, separators=(",", ":"), ensure_ascii=False).encode()


def slot(number: int, **settings: Json) -> Section:
    """An enabled slot."""
    return {"id": sensor_id(number), "enable": 1, "type": "electricity", **settings}


def clamp_port(port: int) -> Config:
    """The twelve slots of an FLM03's clamp port, with alpha disabled as the port page leaves it."""
    slots: Config = {}
    for place, subtype in enumerate(CLAMP_SUBTYPES):
        number = 12 * (port - 1) + place + 1
        slots[str(number)] = slot(
            number,
            enable=int(subtype != "alpha"),
            subtype=subtype,
            data_type="counter" if place < 6 else "gauge",
            port=[port],
            rid=0,
            tmpo=1,
        )
    return slots


def sensor(
    quantity: Quantity,
    source: Source = Source.CLAMP,
    data_type: Kind = Kind.COUNTER,
    *,
    ports: tuple[int, ...] = (),
    kube: int | None = None,
    function: str | None = None,
) -> Sensor:
    """An enabled sensor."""
    return Sensor(
        sensor_id(1), quantity, source, data_type, ports=ports, kube=kube, function=function
    )


def only_sensor(config: Config) -> Sensor:
    """The one sensor of a configuration."""
    (found,) = parse_sensors(config).enabled
    return found


def topics_and_units(streams: tuple[Stream, ...]) -> list[tuple[str, str]]:
    """The topics and units of streams."""
    return [(stream.kind.value, stream.unit.value) for stream in streams]

"""Small configurations of meters, as their firmware writes them (docs/protocol.md section 4)."""

import json

from custom_components.flukso.protocol.quantities import Quantity
from custom_components.flukso.protocol.sensors import Sensor, Source
from custom_components.flukso.protocol.topics import Kind
from custom_components.flukso.protocol.wire import Json

type Section = dict[str, Json]
type Config = dict[str, Json]

CLAMP_SUBTYPES = (
    *("pplus", "pminus", "q1", "q2", "q3", "q4"),
    *("vrms", "irms", "pf", "vthd", "ithd", "alpha"),
)


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

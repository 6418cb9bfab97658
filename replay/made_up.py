"""A configuration for readings that came without one: an FLM02 whose sensors fit their units."""

from collections.abc import Iterable
import json
from pathlib import Path
import re

from record import Recorded
from simulator import Message

from .playback import without_prefix

DEVICE_ID = "f1e1d" + 27 * "0"

#: The types of sensors by their units; those of kubes are gauges.
_OF_KUBES = {
    "°C": "temperature",
    "%": "humidity",
    "Pa": "pressure",
    "hPa": "pressure",
    "lx": "light",
    "V": "battery",
}
_OF_INPUTS = {
    "W": "electricity",
    "Wh": "electricity",
    "L": "water",
    "L/s": "water",
    "L/day": "water",
    "g": "pellet",
    "g/s": "pellet",
}
_READING = re.compile(r"/sensor/([0-9a-f]{32})/(?:gauge|counter)")
_UNIT = re.compile(rb'"([^"]*)"\s*\]$')
_NAME = re.compile(r"config.(sensor|flx|kube)")


def configuration_of(messages: Iterable[Recorded], source: str) -> list[Message]:
    """Return the config messages in a recording, or one that is made up from its readings.

    ``source`` is the class of the sensors that are not a kube's: pulse, analog or cosem.
    """
    units: dict[str, str] = {}
    configs = []
    for message in messages:
        topic = without_prefix(message.topic)
        if "/config/" in topic:
            configs.append(Message(topic, message.payload, retain=True))
        elif reading := _READING.fullmatch(topic):
            unit = _UNIT.search(message.payload)
            units.setdefault(reading[1], unit[1].decode() if unit else "")
    if configs:
        return configs
    slots = {
        str(number): _slot(number, sensor_id, unit, source)
        for number, (sensor_id, unit) in enumerate(units.items(), 1)
    }
    return [_message("sensor", json.dumps(slots).encode()), _message("kube", b"{}")]


def _slot(number: int, sensor_id: str, unit: str, source: str) -> dict[str, object]:
    slot: dict[str, object] = {"id": sensor_id, "enable": 1, "rid": 0}
    if unit in _OF_KUBES:
        return slot | {
            "class": "kube",
            "kid": 1,
            "type": _OF_KUBES[unit],
            "data_type": "gauge",
        }
    return slot | {
        "class": source,
        "type": _OF_INPUTS.get(unit, "other"),
        "function": f"sensor {number}",
        "port": [number],
        "data_type": "counter",
    }


def configuration_in(paths: Iterable[Path]) -> list[Message]:
    """Return config messages from files that are named after their topics.

    Raises:
        ValueError: a file is named otherwise.
    """
    messages = []
    for path in paths:
        name = _NAME.search(path.name)
        if name is None:
            raise ValueError(f"{path.name} is not named config_sensor, config_flx or config_kube")
        messages.append(_message(name[1], path.read_bytes()))
    return messages


def _message(name: str, payload: bytes) -> Message:
    return Message(f"/device/{DEVICE_ID}/config/{name}", payload, retain=True)

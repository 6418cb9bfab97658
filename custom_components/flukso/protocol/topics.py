"""The topics of a Fluksometer (docs/protocol.md section 1).

The prefix is all that stands before ``device/`` and ``sensor/``: ``/`` on the meter's own broker. A
bridge may change it, to ``home/flukso/`` for ``home/flukso/device/<device id>/config/sensor``, to
``home/flukso//``, or to nothing.
"""

from enum import StrEnum
import re
from typing import Literal

from .validation import ProtocolError

_ID = re.compile(r"[0-9a-f]{32}")
_CONFIG = re.compile(r"(.*)device/[0-9a-f]{32}/config/[a-z]+")
_MAX_PREFIX_LENGTH = 128

#: The prefix on the meter's own broker.
OWN_PREFIX = "/"
#: The topic filter, after a prefix, of the config messages of every meter.
EVERY_CONFIG = "device/+/config/+"
#: Any topic prefix of a bridge with one or two levels, and one more for a slash at its end.
ANY_PREFIX = ("+/", "+/+/", "+/+/+/")


class Kind(StrEnum):
    """The two readings topics of a sensor."""

    GAUGE = "gauge"
    COUNTER = "counter"


class Report(StrEnum):
    """The topics on which a meter describes itself."""

    SENSORS = "config/sensor"
    PORTS = "config/flx"
    KUBES = "config/kube"
    SELF_TEST = "test/tap"


type ConfigReport = Literal[Report.SENSORS, Report.PORTS, Report.KUBES]

CONFIG_REPORTS: tuple[ConfigReport, ...] = (Report.SENSORS, Report.PORTS, Report.KUBES)


def device_id_of(topic: str, report: Report, prefix: str) -> str:
    """Return the device id in the topic of a report.

    Raises:
        ProtocolError: another topic, or an id that is not 32 lower-case hexadecimal digits.
    """
    head, tail = f"{prefix}device/", f"/{report}"
    if topic.startswith(head) and topic.endswith(tail):
        device_id = topic[len(head) : -len(tail)]
        if is_id(device_id):
            return device_id
    raise ProtocolError("topic", f"not a meter's {report}", topic)


def is_id(text: str) -> bool:
    """Return whether this is the id of a device or sensor."""
    return _ID.fullmatch(text) is not None


def report_topic(prefix: str, device_id: str, report: Report) -> str:
    """Return the topic of a report."""
    return f"{prefix}device/{device_id}/{report}"


def reading_topic(prefix: str, sensor_id: str, kind: Kind) -> str:
    """Return the topic of a sensor's readings."""
    return f"{prefix}sensor/{sensor_id}/{kind}"


def clock_topic(prefix: str, device_id: str) -> str:
    """Return the topic of a meter's clock."""
    return f"{prefix}device/{device_id}/flx/time"


def voltage_topic(prefix: str, device_id: str) -> str:
    """Return the topic of the voltage waveform; a meter has one."""
    return f"{prefix}device/{device_id}/flx/voltage/1"


def current_topic(prefix: str, device_id: str, port: int) -> str:
    """Return the topic of the current waveform of a clamp."""
    return f"{prefix}device/{device_id}/flx/current/{port}"


def clean_prefix(text: str) -> str:
    """Return a topic prefix as typed, without surrounding blanks.

    Raises:
        ProtocolError: too long, or with characters that are not allowed in a topic.
    """
    prefix = text.strip()
    if len(prefix) > _MAX_PREFIX_LENGTH or not prefix.isprintable() or set(prefix) & set("+#"):
        raise ProtocolError("topic prefix", "not part of a topic", prefix)
    return prefix


def prefix_of(topic: str) -> str:
    """Return the prefix of the topic of a config message.

    Raises:
        ProtocolError: another topic, or a prefix that can't be typed.
    """
    match = _CONFIG.fullmatch(topic)
    if match is None or clean_prefix(match[1]) != match[1]:
        raise ProtocolError("topic", "not that of a meter's configuration", topic)
    return match[1]


def similar_prefixes(prefix: str) -> tuple[str, ...]:
    """Return a topic prefix as typed, and then with a slash more or less at its end."""
    stem = prefix.rstrip("/")
    return tuple(dict.fromkeys((prefix, f"{stem}/", stem, f"{stem}//")))


def sensor_id_of(topic: str, prefix: str) -> str:
    """Return the sensor id in the topic of a reading.

    Raises:
        ProtocolError: another topic, or an id that is not 32 lower-case hexadecimal digits.
    """
    sensor_id = topic.removeprefix(f"{prefix}sensor/").partition("/")[0]
    if is_id(sensor_id) and any(topic == reading_topic(prefix, sensor_id, kind) for kind in Kind):
        return sensor_id
    raise ProtocolError("topic", "not the topic of a reading", topic)


def bridge_mapping(prefix: str) -> tuple[str, str]:
    """Return how mosquitto maps the meter's topics to a prefix.

    That is what the topic of a bridge's ``topic`` line begins with, and what the line ends with.
    """
    if prefix.endswith(OWN_PREFIX):
        return OWN_PREFIX, prefix.removesuffix(OWN_PREFIX)
    return "", f"{prefix or '""'} {OWN_PREFIX}"

"""Where a Fluksometer publishes what (docs/protocol.md section 1).

A bridge may put a prefix before the leading slash: ``home/flukso`` makes
``home/flukso/device/<device id>/config/sensor``.
"""

from enum import StrEnum
import re
from typing import Literal

from .validation import ProtocolError

_ID = re.compile(r"[0-9a-f]{32}")
_LONGEST_PREFIX = 128

#: What to subscribe to, behind a prefix, to hear of every meter.
EVERY_CONFIG = "/device/+/config/+"


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


def device_id_of(topic: str, report: Report, prefix: str = "") -> str:
    """The device id in the topic of a report.

    Raises:
        ProtocolError: another topic, or an id that is not 32 lower-case hexadecimal digits.
    """
    head, tail = f"{prefix}/device/", f"/{report}"
    if topic.startswith(head) and topic.endswith(tail):
        device_id = topic[len(head) : -len(tail)]
        if is_id(device_id):
            return device_id
    raise ProtocolError("topic", f"not a meter's {report}", topic)


def is_id(text: str) -> bool:
    """Whether this is the id of a device or sensor."""
    return _ID.fullmatch(text) is not None


def report_topic(prefix: str, device_id: str, report: Report) -> str:
    """Where a meter publishes a report."""
    return f"{prefix}/device/{device_id}/{report}"


def reading_topic(prefix: str, sensor_id: str, kind: Kind) -> str:
    """Where the readings of a sensor appear."""
    return f"{prefix}/sensor/{sensor_id}/{kind}"


def clock_topic(prefix: str, device_id: str) -> str:
    """Where a meter tells the time."""
    return f"{prefix}/device/{device_id}/flx/time"


def voltage_topic(prefix: str, device_id: str) -> str:
    """Where the waveform of a meter's one voltage appears."""
    return f"{prefix}/device/{device_id}/flx/voltage/1"


def current_topic(prefix: str, device_id: str, port: int) -> str:
    """Where the waveform of a clamp's current appears."""
    return f"{prefix}/device/{device_id}/flx/current/{port}"


def clean_prefix(text: str) -> str:
    """A topic prefix as typed, without blanks around it and slashes behind it.

    Raises:
        ProtocolError: too long, or with characters that a topic can't have.
    """
    prefix = text.strip().rstrip("/ ")
    if len(prefix) > _LONGEST_PREFIX or not prefix.isprintable() or set(prefix) & set("+#"):
        raise ProtocolError("topic prefix", "not part of a topic", prefix)
    return prefix

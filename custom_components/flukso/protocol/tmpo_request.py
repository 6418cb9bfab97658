"""Requests for the blocks in a meter's memory (docs/protocol.md section 7)."""

from collections.abc import Iterable
import json

from .sensors import Sensor

#: The level of the smallest blocks; flukso.net also names the last block it has at this level.
_LEVEL = 8


def sync_topic(prefix: str, device_id: str) -> str:
    """Return the topic on which a meter receives requests for blocks."""
    return f"{prefix}d/device/{device_id}/tmpo/sync"


def sync_list(sensors: Iterable[Sensor], since: int) -> bytes:
    """Return the payload that requests every stored block that ends after ``since``.

    It has, for the current ``rid`` of each sensor, the last block that is not wanted.
    """
    last = max((since >> _LEVEL) - 1, 0) << _LEVEL
    wanted = [
        {"sid": sensor.sensor_id, "rid": sensor.rid, "lvl": _LEVEL, "bid": last}
        for sensor in sensors
    ]
    return json.dumps(wanted, separators=(",", ":")).encode()

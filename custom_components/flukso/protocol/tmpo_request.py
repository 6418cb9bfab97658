"""Asking a meter for what is in its memory (docs/protocol.md section 7)."""

from collections.abc import Iterable
import json

from .sensors import Sensor

#: The smallest blocks, as the meter's own server names the last that it has.
_LEVEL = 8


def sync_topic(prefix: str, device_id: str) -> str:
    """Where a meter hears which blocks are wanted."""
    return f"{prefix}/d/device/{device_id}/tmpo/sync"


def sync_list(sensors: Iterable[Sensor], since: int) -> bytes:
    """What to publish there for every stored block that reaches beyond a second.

    It names, for each sensor in its present use, the last block that is not wanted.
    """
    last = max((since >> _LEVEL) - 1, 0) << _LEVEL
    wanted = [
        {"sid": sensor.sensor_id, "rid": sensor.rid, "lvl": _LEVEL, "bid": last}
        for sensor in sensors
    ]
    return json.dumps(wanted, separators=(",", ":")).encode()

"""Valid and invalid blocks of the meter's memory."""

from collections.abc import Mapping, Sequence
import gzip
import json
from random import Random
from typing import Any

from custom_components.flukso.protocol.tmpo_block import BlockAddress
from simulator import blocks

SENSOR = "0123456789abcdef" * 2
LEVEL = 12
BID = 1_750_437_888 // 4096 * 4096
ADDRESS = BlockAddress(SENSOR, 0, LEVEL, BID)
CONFIG = {"id": SENSOR, "type": "electricity", "data_type": "counter", "port": [1], "rid": 0}


def block_payload(
    readings: Sequence[blocks.Reading],
    *,
    level: int = LEVEL,
    config: Mapping[str, Any] = CONFIG,
    chance: int = 1,
) -> bytes:
    """Return the payload of a block of readings in thousandths, as the simulated meter sends it."""
    return blocks.of_readings(level, readings).payload(config, Random(chance))


def parts(**changes: Any) -> dict[str, Any]:
    """Return the content of a block of three readings, in the firmware's order, with changes."""
    header = {
        "head": [BID, 5.5],
        "tail": [BID + 3, 7],
        "vsn": 1,
        "cfg": CONFIG,
    }
    content = {"h": header, "t": [0, 1, 2], "v": [0, 0.5, 1]}
    lists = {key: changes.pop(key) for key in ("t", "v") if key in changes}
    return content | {"h": header | changes} | lists


def packed(content: Any) -> bytes:
    """Return content as JSON, or bytes unchanged, as the payload of a block."""
    return gzip.compress(content if isinstance(content, bytes) else json.dumps(content).encode())

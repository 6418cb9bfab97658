"""Reads what the simulator publishes, in its own few lines, so that it can be held to account."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
import gzip
import json
from typing import Any

from simulator import Message, Meter

DEVICE = "5f" * 16
NOON = 1_750_503_600  # 21 June 2025, 11:00 UTC: the sun is highest
EVENING = 1_750_527_000
WINTER_NIGHT = 1_736_899_200


@dataclass(frozen=True)
class Reading:
    sid: str
    kind: str
    stamp: int
    value: float
    unit: str
    payload: str
    retain: bool


def readings(messages: Iterable[Message]) -> Iterator[Reading]:
    """Pick the sensor readings, however the topic is prefixed."""
    for message in messages:
        parts = message.topic.split("/")
        if parts[-3] == "sensor" and parts[-1] in {"gauge", "counter"}:
            stamp, value, unit = json.loads(message.payload)
            text = message.payload.decode()
            yield Reading(parts[-2], parts[-1], stamp, value, unit, text, message.retain)


def play(meter: Meter, start: int, seconds: int) -> Iterator[Message]:
    for now in range(start, start + seconds):
        yield from meter.second(now)


def config(messages: Iterable[Message], name: str) -> dict[str, Any]:
    """Read one config topic out of an announcement."""
    found = [message for message in messages if message.topic.endswith(f"/config/{name}")]
    assert len(found) == 1
    content: dict[str, Any] = json.loads(found[0].payload)
    return content


@dataclass(frozen=True)
class Block:
    sid: str
    rid: int
    level: int
    bid: int
    header: dict[str, Any]
    readings: list[tuple[int, float]]


def blocks(messages: Iterable[Message]) -> Iterator[Block]:
    """Unpack the blocks of the meter's memory."""
    for message in messages:
        parts = message.topic.split("/")
        if parts[-1] != "gz":
            continue
        assert not message.retain
        content = json.loads(gzip.decompress(message.payload))
        stamp, value = content["h"]["head"]
        assert len(content["t"]) == len(content["v"])
        listed = []
        for elapsed, step in zip(content["t"], content["v"], strict=True):
            stamp, value = stamp + elapsed, round(value + step, 3)
            listed.append((stamp, value))
        sid, _, rid, level, bid = parts[-6:-1]
        yield Block(sid, int(rid), int(level), int(bid), content["h"], listed)

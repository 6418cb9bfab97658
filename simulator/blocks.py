"""The meter's memory: each sensor's readings, in compressed blocks (docs/protocol.md section 7).

A block of level n spans 2ⁿ seconds. Level 8 is made of readings; when the span of a level 12, 16 or
20 block is over, the smaller blocks within it are joined into it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
import gzip
from itertools import groupby, pairwise
from random import Random
import zlib

from . import config, wire
from .config import Json, Sensor

LEVELS = (8, 12, 16, 20)
TIMESTAMP_MIN = 1234567890
"""Older readings come from a clock that has not been set yet, and are not stored."""

type Reading = tuple[int, int]
"""A timestamp, and a value in thousandths."""


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of one sensor's readings.

    Attributes:
        level: The binary logarithm of its span.
        bid: The second that its span starts at.
        head: The first reading.
        tail: The last reading.
        times: The differences between timestamps as JSON, deflated.
        values: The differences between values as JSON, deflated.
    """

    level: int
    bid: int
    head: Reading
    tail: Reading
    times: bytes
    values: bytes

    def payload(self, cfg: Mapping[str, Json], chance: Random) -> bytes:
        """Return it as it is published."""
        head, tail = ([stamp, _plain(value)] for stamp, value in (self.head, self.tail))
        header: dict[str, Json] = {"head": head, "tail": tail, "vsn": 1, "cfg": cfg}
        times, values = zlib.decompress(self.times), zlib.decompress(self.values)
        encoded = config.encode(header, chance)
        text = b'{"h":%b,"t":[0%b],"v":[0%b]}' % (encoded, times, values)
        return gzip.compress(text, mtime=0)


def of_readings(level: int, readings: Sequence[Reading]) -> Block:
    """Create a block of readings in one span, in order."""
    steps = [(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(readings)]
    times = "".join(f",{step}" for step, _ in steps)
    values = "".join(f",{_number(step)}" for _, step in steps)
    return _packed(level, readings[0], readings[-1], times.encode(), values.encode())


def of_blocks(level: int, parts: Sequence[Block]) -> Block:
    """Join blocks in one span, in order."""
    times, values = bytearray(), bytearray()
    for before, part in zip((None, *parts), parts, strict=False):
        if before is not None:
            times += f",{part.head[0] - before.tail[0]}".encode()
            values += f",{_number(part.head[1] - before.tail[1])}".encode()
        times += zlib.decompress(part.times)
        values += zlib.decompress(part.values)
    return _packed(level, parts[0].head, parts[-1].tail, bytes(times), bytes(values))


def _packed(level: int, head: Reading, tail: Reading, times: bytes, values: bytes) -> Block:
    bid = head[0] >> level << level
    return Block(level, bid, head, tail, zlib.compress(times, 1), zlib.compress(values, 1))


def _number(thousandths: int) -> str:
    return wire.lua_number(thousandths / 1000)


def _plain(thousandths: int) -> int | float:
    return thousandths / 1000 if thousandths % 1000 else thousandths // 1000


@dataclass(slots=True)
class History:
    """The stored readings of one sensor with one `rid`.

    Attributes:
        sensor: The sensor as it was configured last.
        blocks: The blocks kept, oldest first.
    """

    sensor: Sensor
    blocks: list[Block] = field(default_factory=list)
    _pending: list[Reading] = field(default_factory=list)
    _latest: int = TIMESTAMP_MIN

    def log(self, stamp: int, thousandths: int) -> None:
        """Add a reading, unless it is not newer than the last."""
        if stamp > self._latest:
            self._latest = stamp
            self._pending.append((stamp, thousandths))

    def close(self, level: int, now: int) -> list[Block]:
        """Create the blocks of a level whose spans are over."""
        end = now >> level << level
        parts = [block for block in self.blocks if block.level < level and block.bid < end]
        parts += self._of_pending(level, end)
        kept = [block for block in self.blocks if block.level >= level or block.bid >= end]
        made = []
        for _, group in groupby(parts, key=lambda part: part.bid >> level):
            siblings = list(group)
            alone = len(siblings) == 1 and siblings[0].level == level
            made.append(siblings[0] if alone else of_blocks(level, siblings))
        self.blocks = sorted([*kept, *made], key=lambda block: block.bid)
        return made

    def _of_pending(self, level: int, end: int) -> Iterator[Block]:
        over = [reading for reading in self._pending if reading[0] < end]
        del self._pending[: len(over)]
        for _, group in groupby(over, key=lambda reading: reading[0] >> level):
            yield of_readings(level, list(group))


class MeterStorage:
    """The histories of all sensors that the meter logs, and the daemon that manages them."""

    def __init__(self, chance: Random) -> None:
        """Start without readings; ``chance`` sets how long late readings are waited for."""
        self._chance = chance
        self._grace = chance.randint(4, 68)
        self._histories: dict[tuple[str, int], History] = {}
        self._flushed = 0
        self._due: list[tuple[History, int]] = []

    def history(self, sensor: Sensor) -> History:
        """Return the history of a sensor, and note how it is configured now."""
        history = self._histories.setdefault((sensor.id, sensor.rid or 0), History(sensor))
        history.sensor = sensor
        return history

    def second(self, now: int) -> Iterator[tuple[str, bytes]]:
        """Create due blocks: level 8 after late readings, then one larger block per second.

        Yields:
            The topic, without a prefix, and the payload of each block made.
        """
        closed = (now - self._grace) >> 8
        if closed > self._flushed:
            self._flushed = closed
            yield from self._close(8, closed << 8, self._histories.values())
            self._due += [
                (history, level) for level in LEVELS[1:] for history in self._histories.values()
            ]
            return
        while self._due:
            history, level = self._due.pop(0)
            made = list(self._close(level, now, [history]))
            if made:
                yield from made
                return

    def settle(self, now: int) -> None:
        """Move everything to the largest blocks that are over, without publishing."""
        for level in reversed(LEVELS):
            for history in self._histories.values():
                history.close(level, now)
        self._flushed = now >> 8
        self._due.clear()

    def since(self, sid: str, rid: int, end: int) -> Iterator[tuple[str, bytes]]:
        """Return the stored blocks of a sensor that reach beyond a second, the largest first."""
        for (owner, use), history in sorted(self._histories.items(), key=lambda item: item[0]):
            if owner == sid and use >= rid:
                for block in sorted(history.blocks, key=lambda block: (-block.level, block.bid)):
                    if block.bid + (1 << block.level) - 1 > end:
                        yield self._written(history, block)

    def _close(
        self, level: int, now: int, histories: Iterable[History]
    ) -> Iterator[tuple[str, bytes]]:
        for history in histories:
            for block in history.close(level, now):
                yield self._written(history, block)

    def _written(self, history: History, block: Block) -> tuple[str, bytes]:
        sensor = history.sensor
        topic = f"/sensor/{sensor.id}/tmpo/{sensor.rid or 0}/{block.level}/{block.bid}/gz"
        return topic, block.payload(sensor.log_entry(), self._chance)

"""Packed readings on disk, while an import runs: those of a year don't fit into memory.

All functions are to be called in a worker thread.
"""

from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate, chain, islice, pairwise
from pathlib import Path
from time import sleep
import zlib

from ..metering.packed_readings import PackedReadings, packed
from ..protocol.tmpo_block import Block

#: The size of a piece: 18 hours of a counter that is read every second.
_PIECE_READINGS = 64 * 1024
_CHUNK_READINGS = 16 * 1024
_CHUNK_SLEEP = 0.0001


@dataclass(frozen=True, slots=True)
class CachedReadings:
    """Readings that follow each other in a file of so many bytes."""

    begin: int
    end: int
    lowest: int
    path: Path
    size: int


def write_block(path: Path, block: Block) -> tuple[CachedReadings, ...]:
    """Write the readings of a block, in pieces that are read one after the other.

    Raises:
        OSError: they can't be written.
    """
    address, times = block.address, block.times
    pieces: list[CachedReadings] = []
    for start in range(0, len(times), _PIECE_READINGS):
        piece = slice(start, start + _PIECE_READINGS)
        begin = times[start] if start else address.begin
        end = times[piece.stop] if piece.stop < len(times) else address.end
        readings = packed(begin, end, times[piece], block.thousandths[piece])
        pieces.append(write_readings(path / str(start), readings))
    return tuple(pieces)


def write_readings(path: Path, readings: PackedReadings) -> CachedReadings:
    """Write readings to a file.

    Raises:
        OSError: they can't be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("wb") as file:
            for column in (readings.times, readings.values):
                file.writelines(_packed(column))
            size = file.tell()
    except OSError:
        path.unlink(missing_ok=True)
        raise
    return CachedReadings(readings.begin, readings.end, readings.lowest, path, size)


def _packed(column: array[int]) -> Iterable[bytes]:
    """Yield the differences of a column, compressed, after their size."""
    packing = zlib.compressobj(1)
    parts = []
    before = 0
    for start in range(0, len(column), _CHUNK_READINGS):
        chunk = column[start : start + _CHUNK_READINGS]
        steps = array("q", (after - value for value, after in pairwise((before, *chunk))))
        before = chunk[-1]
        parts.append(packing.compress(steps.tobytes()))
        sleep(_CHUNK_SLEEP)
    parts.append(packing.flush())
    yield sum(map(len, parts)).to_bytes(8)
    yield from parts


def read_readings(cached: CachedReadings) -> PackedReadings:
    """Return readings from their file.

    Raises:
        OSError: they can't be read.
    """
    with cached.path.open("rb") as file:
        times, values = (_unpacked(file.read(int.from_bytes(file.read(8)))) for _ in range(2))
    return PackedReadings(cached.begin, cached.end, cached.lowest, times, values)


def _unpacked(data: bytes) -> array[int]:
    try:
        return _summed(data, array("I"))
    except OverflowError:
        return _summed(data, array("q"))


def _summed(data: bytes, column: array[int]) -> array[int]:
    unpacking = zlib.decompressobj()
    before = 0
    while data:
        steps = array("q", unpacking.decompress(data, _CHUNK_READINGS * 8))
        data = unpacking.unconsumed_tail
        column.extend(islice(accumulate(chain((before,), steps)), 1, None))
        before = column[-1]
        sleep(_CHUNK_SLEEP)
    return column

"""The cost of decoding a large block of the meter's memory in a worker, and the delay of the loop.

A block of level 20 with a reading for every second of its twelve days is unpacked in a worker, and
the values that are compared with the statistics are extracted, while an event loop wakes up every
millisecond. Its delay by the clock depends on other programs on the machine, so it is also measured
without the worker. The part of the delay that the worker causes by holding the interpreter lock is
the delay minus the time for which no processor was available: the loop is held.
"""

import asyncio
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from random import Random
import time

from custom_components.flukso.metering.block_timeline import Slack, segment_of
from custom_components.flukso.protocol.tmpo_block import BlockAddress, decode
from simulator.blocks import of_readings
from simulator.config import Json

from .loop import resident, watched
from .table import grouped, table

_LEVEL = 20
_BEGIN = 1_782_064_800 >> _LEVEL << _LEVEL
_SENSOR = "0123456789abcdef" * 2
_SLACK = Slack(60, 30)


@dataclass(slots=True)
class Figures:
    """Time (s) and memory (bytes) of the worker, and longest delays of the loop (s), per run."""

    readings: int
    worker: list[float] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)
    held: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    late_alone: list[float] = field(default_factory=list)


async def measure(runs: int) -> Figures:
    """Decode the block ``runs`` times."""
    context = get_context("spawn")
    with ProcessPoolExecutor(1, context) as elsewhere:
        loop = asyncio.get_running_loop()
        payload = await loop.run_in_executor(elsewhere, _payload)
    figures = Figures(readings=1 << _LEVEL)
    for _ in range(runs):
        before = resident()
        taken, turns = await watched(asyncio.to_thread(_work_through, payload))
        _, alone = await watched(asyncio.to_thread(time.sleep, taken))
        figures.worker.append(taken)
        figures.memory.append(turns.memory - before)
        figures.held.append(turns.held)
        figures.late.append(turns.late)
        figures.late_alone.append(alone.late)
    return figures


def report(figures: Figures) -> str:
    """Format the figures, the worst of all runs."""
    return table(
        [
            "a block of level 20",
            "readings",
            "worker, s",
            "memory, MB",
            "loop held, ms",
            "loop late, ms",
            "late alone, ms",
        ],
        [
            [
                "processed",
                grouped(figures.readings),
                f"{max(figures.worker):.2f}",
                f"{max(figures.memory) / 1e6:.0f}",
                f"{max(figures.held) * 1e3:.1f}",
                f"{max(figures.late) * 1e3:.1f}",
                f"{max(figures.late_alone) * 1e3:.1f}",
            ]
        ],
    )


def _payload() -> bytes:
    """Return a block of a meter that measures up to 3.6 kW, one watt-hour per second."""
    chance, value = Random(1), 2_593_805_400
    readings = []
    for second in range(1 << _LEVEL):
        readings.append((_BEGIN + second, value))
        value += chance.randrange(1000)
    config: dict[str, Json] = {
        "id": _SENSOR,
        "type": "electricity",
        "data_type": "counter",
        "rid": 0,
    }
    return of_readings(_LEVEL, readings).payload(config, chance)


def _work_through(payload: bytes) -> float:
    begin = time.thread_time()
    address = BlockAddress(_SENSOR, 0, _LEVEL, _BEGIN)
    block = decode(address, payload)
    segment_of(
        address.begin, address.end, block.times, block.thousandths, slack=_SLACK, power_over=5
    )
    return time.thread_time() - begin

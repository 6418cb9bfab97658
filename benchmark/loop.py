"""The delays of an event loop while something else is done, and the memory of this process."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
import os
from pathlib import Path
import time

#: How often the loop is to wake up (s).
_TURN = 0.001
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(slots=True)
class Turns:
    """The longest delays of the loop (s), the most memory (bytes), and the most of what is counted.

    Its delay by the clock depends on other programs on the machine. The part for which it was
    ``held`` by this process is the delay minus the time for which no processor was available.
    """

    held: float = 0
    late: float = 0
    memory: int = 0
    most: int = 0


async def watched[T](work: Awaitable[T], count: Callable[[], int] = int) -> tuple[T, Turns]:
    """Do some work, and measure the turns of the loop meanwhile, in each of which it counts."""
    turns = Turns()
    working = asyncio.ensure_future(work)
    while not working.done():
        queued, processor, wall = _queued(), time.process_time(), time.perf_counter()
        await asyncio.sleep(_TURN)
        late = time.perf_counter() - wall - _TURN
        held = min(time.process_time() - processor, late - (_queued() - queued))
        turns.held, turns.late = max(turns.held, held), max(turns.late, late)
        turns.memory, turns.most = max(turns.memory, resident()), max(turns.most, count())
    return await working, turns


def resident() -> int:
    """Return the memory of this process (bytes)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE


def _queued() -> float:
    """Return how long this thread has waited for a processor (s)."""
    return int(Path("/proc/thread-self/schedstat").read_text().split()[1]) / 1e9

"""Days of one meter in a Home Assistant whose clock is set ahead, as fast as the machine can.

Time passes in steps of seconds: the clock is set ahead, with all that is due by then, and the
meter's messages of these seconds are published. The next step waits until they have arrived.
"""

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
import time

from custom_components.flukso.const import DOMAIN
from simulator import Flm03
from simulator.random_values import identity
from stack import Client, HomeAssistant, Mosquitto, SettableClock, eventually

from .feed import Feed
from .load import are_live
from .memory import Memory, resident
from .taken import Taken, compare, taken

_INSIDE = Path(__file__).parent / "inside"
_MINUTE, _HOUR = 60, 3600
#: Midnight in Home Assistant's time zone, at the beginning of a week in spring.
_BEGIN = int(datetime(2026, 5, 3, 22, tzinfo=UTC).timestamp())
#: The seconds of a step, as long as the integration buffers messages that can wait.
_STEP = 5
#: The recorder's commit interval (s), Home Assistant's default.
_COMMIT = 5
#: How often to look for what is not done at once (s).
_LOOK = 0.1
#: Wait until Home Assistant has processed the published readings (s).
_ARRIVED = 2
#: A broker that waits with its answers until it has more to say, takes 40 ms for each step.
_AT_ONCE = "set_tcp_nodelay true"
#: What shows a fault in a line of the log.
_FAULTY = (" ERROR ", " CRITICAL ", "Traceback")
_FOLLOWING = 30


@dataclass(frozen=True, slots=True)
class Day:
    """The results of a day.

    Attributes:
        published: How many readings of enabled sensors were published.
        faults: Readings that were lost, withheld or are not the last value, entities that were
            unavailable at the end of an hour, and errors in the log, as text.
        memory: The memory of Home Assistant's process in each hour.
        speed: How many times faster than the real time it passed.
    """

    published: int
    faults: Sequence[str]
    memory: Sequence[Memory]
    speed: float


async def live(
    days: int,
    folder: Path,
    library: Path,
    *,
    direct: bool = False,
    hours: Sequence[int] = (_HOUR,) * 24,
) -> AsyncGenerator[Day]:
    """Let days pass, and yield the results of each when it is over.

    Args:
        days: how many.
        folder: the folder of all files, including the log of Home Assistant.
        library: libfaketime.
        direct: whether Home Assistant connects to the broker as to the meter's own.
        hours: the lengths of the hours of each day (s), shorter in tests.
    """
    home = HomeAssistant(
        folder,
        levels={"homeassistant": "warning"},
        commit_interval=_COMMIT,
        extra="settable_clock:\ninside:",
        more=[SettableClock.INTEGRATION, _INSIDE],
    )
    clock = SettableClock(home, library, _BEGIN)
    meter = Flm03(identity("soak"), start=_BEGIN)
    async with Mosquitto(folder, extra=_AT_ONCE) as broker, home, Feed(meter, broker.port) as feed:
        life = _Life(home, clock, feed)
        await life.meanwhile(_add(home.client, broker.port, direct=direct))
        for _ in range(days):
            yield await life.day(hours)


async def _add(client: Client, port: int, *, direct: bool) -> None:
    """Add the meter, and wait until its clamps have values."""
    if direct:
        await client.add_directly(DOMAIN, port)
    else:
        await client.add_mqtt(port, protocol="3.1.1")
        [flow] = await client.discovered(DOMAIN)
        await client.confirm(flow["flow_id"])
    await eventually(lambda: are_live(client, 1), "the meter, live", within=60)


class _Life:
    """What happens in Home Assistant and of the meter as the time passes."""

    def __init__(self, home: HomeAssistant, clock: SettableClock, feed: Feed) -> None:
        self._home = home
        self._clock = clock
        self._feed = feed
        #: The next second of the meter.
        self._next = int(clock.now)
        self._taken: Mapping[str, Taken] = {}
        self._lines = 0

    async def meanwhile(self, doing: Coroutine[None, None, None]) -> None:
        """Let the meter live at the pace of the real time while something is done."""
        self._next = int(self._clock.now)
        task = asyncio.create_task(doing)
        while not task.done():
            seconds = range(self._next, int(self._clock.now) + 1)
            await self._feed.publish(self._feed.says(seconds))
            self._next = seconds.stop
            await asyncio.wait([task], timeout=_LOOK)
        await task
        await self._compare()

    async def day(self, hours: Sequence[int]) -> Day:
        """Let a day pass."""
        began, begin = time.monotonic(), self._next
        memory, faults = [], []
        for seconds in hours:
            memory.append(await self._hour(seconds))
            faults += [entity_id async for entity_id in self._unavailable()]
        speed = (self._next - begin) / (time.monotonic() - began)
        published, lost = await self._compare()
        return Day(published, [*faults, *lost, *self._errors()], memory, speed)

    async def _hour(self, seconds: int) -> Memory:
        """Let an hour pass, and return its memory: the median of what was resident."""
        memory, end = [], self._next + seconds
        while self._next < end:
            await self._run(min(self._next + _MINUTE, end))
            memory.append(resident(self._home))
        return await Memory.of(self._home, median(memory))

    async def _run(self, until: int) -> None:
        while self._next < until:
            seconds = range(self._next, min(self._next + _STEP, until))
            is_busy, said = await asyncio.gather(
                self._clock.advance(seconds[-1]), asyncio.to_thread(self._feed.says, seconds)
            )
            await self._feed.publish(said)
            self._next = seconds.stop
            while is_busy:
                await asyncio.sleep(_LOOK)
                is_busy = await self._clock.advance(0)

    async def _compare(self) -> tuple[int, Sequence[str]]:
        """Return how many readings were published since the last time, and what became of them."""
        await asyncio.sleep(_ARRIVED)
        before, self._taken = self._taken, await taken(self._home.client)
        return compare(self._feed.take_published(), before, self._taken)

    async def _unavailable(self) -> AsyncGenerator[str]:
        states = await self._home.client.states()
        for entity in await self._home.client.entities(DOMAIN):
            if states.get(entity["entity_id"], {}).get("state") == "unavailable":
                yield f"{entity['entity_id']} was unavailable at {self._next}"

    def _errors(self) -> Iterator[str]:
        """Yield the faults that the log shows since the last time, each with what follows."""
        lines = self._home.log.read_text(errors="replace").splitlines()
        for number in range(self._lines, len(lines)):
            if any(faulty in lines[number] for faulty in _FAULTY):
                yield " | ".join(lines[number : number + _FOLLOWING])
        self._lines = len(lines)

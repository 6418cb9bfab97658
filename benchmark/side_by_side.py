"""The cost of a message for the whole Home Assistant process, compared to alternatives.

Each peer is a separate Home Assistant on one broker, with its recorder enabled. All are measured
over the same periods, so that other programs on the machine affect them equally. The cost of a Home
Assistant that receives no messages is subtracted.
"""

import asyncio
from collections.abc import Sequence
import contextlib
from dataclasses import dataclass, replace
from pathlib import Path
import sqlite3
from tempfile import TemporaryDirectory
from time import time

from paho.mqtt import subscribe

from stack import HomeAssistant, Mosquitto, eventually
from stack.ports import LOOPBACK

from .meters import Household, playing, three_clamps
from .peers import (
    DEFAULTS,
    DIRECT_DEFAULTS,
    DIRECT_EVERY_READING,
    EVERY_READING,
    Floor,
    Peer,
    floor,
    yaml_sensors,
)
from .program import processor_time, resident
from .table import grouped, table

FLOOR, YAML = "JSON read only", "YAML sensors"
_NOTHING, _FIRST, _AGAIN = "nothing", "JSON read only, first", "JSON read only, again"

#: Noon of a day in June: solar power is exported on one phase, the other two import.
_BEGIN = 1_782_043_200
#: Whole ones, as counters are written at the end of each (s).
_MINUTE = 60
#: How many are sent each message first, and wake the processors up for the others: of five floors
#: in seven places, on 2 processors, the first two took 134 and 140 µs a message, the others 128 to
#: 130.
_FIRST_ONES = 2
#: The time before the first measurement (s).
_WARM_UP = 40
#: Home Assistant compiles statistics every five minutes, some seconds after them. The first time it
#: also writes the metadata of each sensor, which takes as long again: once in an installation's
#: life. That is done within a minute (s).
_STATISTICS_EVERY = 300
_STATISTICS_DONE = 60
#: Meters are not synchronised: their starts are spread over this part of a second (s).
_SPREAD = 0.6
#: The delay between two messages of a meter (s).
_PAUSE = 0.0005
#: The time after the start of the last meter until all its messages are processed (s).
_READ = 0.3
#: The recorder's default (s).
_COMMIT_INTERVAL = 5
_DAY = 86_400
_DROPPED = "$SYS/broker/publish/messages/dropped"


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of one peer.

    Attributes:
        peer: its name.
        message: processor time per message (µs).
        rows: rows in the table `states` per day and meter.
        stored: growth of the database per day and meter (bytes).
        memory: memory at the end, minus that of a process without messages (bytes).
    """

    peer: str
    message: float
    rows: float
    stored: float
    memory: int


@dataclass(frozen=True, slots=True)
class Compared:
    """The comparison of all peers.

    Attributes:
        received: the messages that each of them received during the measurement.
        lost: the messages that did not reach one of them.
        idle: the load of a Home Assistant that receives no messages, as a share of one processor.
        costs: the costs of each peer.
    """

    received: int
    lost: int
    idle: float
    costs: Sequence[Cost]

    def cost(self, peer: str) -> Cost:
        """Return the cost of a peer."""
        return next(cost for cost in self.costs if cost.peer == peer)


@dataclass(frozen=True, slots=True)
class _Sample:
    """The counters at one time: processor times (s) and database sizes (bytes) of the peers."""

    at: float
    seconds: int
    received: int
    times: Sequence[float]
    sizes: Sequence[int]


async def measure(
    meters: int,
    minutes: int,
    model: type[Household] = Household,
    peers: Sequence[Peer] | None = None,
    *,
    floor_too: bool = True,
) -> Compared:
    """Measure all peers at the same time, with the floor before and after them.

    Others that do what the floor does are sent each message before, and do not count. The first
    statistics are waited for: in five minutes they are compiled once more, in four not at all. All
    the time counts, as the garbage collector runs for half a second, but not in each minute.

    Args:
        meters: the number of meters, with three clamps each.
        minutes: how long to measure.
        model: the kind of household they measure.
        peers: what to compare to the floor; if None, all that there are.
        floor_too: whether to measure the floor; if not, there is only one, that counts messages.
    """
    played = [three_clamps(number, _BEGIN, model) for number in range(meters)]
    counting = floor(FLOOR, played)
    if peers is None:
        yaml = yaml_sensors(YAML, played)
        peers = (DEFAULTS, EVERY_READING, DIRECT_DEFAULTS, DIRECT_EVERY_READING, yaml)
    peers = (counting, *peers)
    if floor_too:
        peers = (*[floor(_FIRST, played)] * _FIRST_ONES, *peers, floor(_AGAIN, played))
    peers = (floor(_NOTHING, ()), *peers)
    async with contextlib.AsyncExitStack() as parts:
        folder = Path(parts.enter_context(TemporaryDirectory()))
        broker = await parts.enter_async_context(Mosquitto(folder, extra="sys_interval 1"))
        homes = [
            await parts.enter_async_context(peer.home(folder / str(number), _COMMIT_INTERVAL))
            for number, peer in enumerate(peers)
        ]
        parts.enter_context(_playing(played, broker.port))
        joined = list(zip(peers, homes, strict=True))
        counter = homes[peers.index(counting)]
        for peer, home in joined:
            await peer.join(home, broker.port, [meter.device_id for meter in played])
        for peer, home in joined:
            await peer.live(home)
        await _play_until(played, played[-1].seconds + _WARM_UP)
        await asyncio.sleep(_until_statistics(time()))
        await _play_until(played, played[-1].seconds + 1)
        begin = await _sample(played[-1].seconds, counting, counter, homes)
        await _play_until(played, played[-1].seconds + minutes * _MINUTE)
        end = await _sample(played[-1].seconds, counting, counter, homes)
        await asyncio.sleep(2 * _COMMIT_INTERVAL)
        dropped = await asyncio.to_thread(_dropped, broker.port)
        return _compared(joined, (begin, end), len(counting.topics), meters, dropped)


def _playing(meters: Sequence[Household], port: int) -> contextlib.AbstractContextManager[None]:
    begins = [(meter, _BEGIN) for meter in meters]
    return playing(begins, port, within=_SPREAD, pause=_PAUSE)


def _until_statistics(now: float) -> float:
    """Return the time until the next statistics have been compiled (s)."""
    return _STATISTICS_EVERY - now % _STATISTICS_EVERY + _STATISTICS_DONE


async def _play_until(meters: Sequence[Household], seconds: int) -> None:
    """Wait until the meters have simulated so many seconds, and all peers have processed them."""

    async def played() -> bool:
        return meters[-1].seconds >= seconds

    await eventually(played, "the meters to play", within=2 * seconds, every=0.02)
    await asyncio.sleep(_READ)


async def _sample(
    seconds: int, counting: Floor, counter: HomeAssistant, homes: Sequence[HomeAssistant]
) -> _Sample:
    times = [processor_time(_pid(home)) for home in homes]
    received = await counting.received(counter)
    return _Sample(time(), seconds, received, times, [_size(home) for home in homes])


def _pid(home: HomeAssistant) -> int:
    home.check()
    assert home.pid is not None
    return home.pid


def _size(home: HomeAssistant) -> int:
    """Return the size of the database, including its journal (bytes)."""
    with _database(home) as connection:
        [(size,)] = connection.execute(
            "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
        )
        return int(size)


def _rows(home: HomeAssistant, start: float, end: float) -> int:
    """Return how many states were written between two times (s since 1970)."""
    query = "SELECT count(*) FROM states WHERE last_updated_ts >= ? AND last_updated_ts < ?"
    with _database(home) as connection:
        [(rows,)] = connection.execute(query, (start, end))
        return int(rows)


def _database(home: HomeAssistant) -> contextlib.closing[sqlite3.Connection]:
    path = home.config / "home-assistant_v2.db"
    return contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True))


def _dropped(port: int) -> int:
    """Return how many messages the broker could not deliver."""
    # paho has types, but not for this function
    message = subscribe.simple(_DROPPED, hostname=LOOPBACK, port=port)  # type: ignore[no-untyped-call]
    return int(message.payload)


def _compared(
    joined: Sequence[tuple[Peer, HomeAssistant]],
    samples: tuple[_Sample, _Sample],
    messages: int,
    meters: int,
    dropped: int,
) -> Compared:
    """Calculate the costs from the samples; ``messages`` is their number per second."""
    first, last = samples
    published = (last.seconds - first.seconds) * messages
    scale = _DAY / (last.at - first.at) / meters
    _, nothing = joined[0]
    costs = [
        Cost(
            peer.name,
            _taken(samples, place, messages),
            _rows(home, first.at, last.at) * scale,
            (last.sizes[place] - first.sizes[place]) * scale,
            resident(_pid(home)) - resident(_pid(nothing)),
        )
        for place, (peer, home) in enumerate(joined)
        if peer.name not in {_NOTHING, _FIRST}
    ]
    if costs[-1].peer == _AGAIN:
        *costs, again = costs
        costs[0] = replace(costs[0], message=(costs[0].message + again.message) / 2)
    lost = published - (last.received - first.received) + dropped
    idle = (last.times[0] - first.times[0]) / (last.at - first.at)
    return Compared(published, lost, idle, costs)


def _taken(samples: tuple[_Sample, _Sample], place: int, messages: int) -> float:
    """Return the processor time per message between samples (µs), minus that without messages."""
    before, after = samples
    taken = [end - start for start, end in zip(before.times, after.times, strict=True)]
    return (taken[place] - taken[0]) * 1e6 / (after.seconds - before.seconds) / messages


def report(compared: Compared) -> str:
    """Format the results of one stream."""
    bottom, yaml = compared.cost(FLOOR).message, compared.cost(YAML).message
    head = ("", "µs a message", "of the floor", "of YAML", "rows a day", "MB a day", "memory, MB")
    rows = [
        (
            cost.peer,
            f"{cost.message:.0f}",
            f"{cost.message / bottom:.2f}",
            f"{cost.message / yaml:.2f}",
            grouped(cost.rows),
            f"{cost.stored / 1e6:.1f}",
            f"{cost.memory / 1e6:.0f}",
        )
        for cost in compared.costs
    ]
    received = f"{grouped(compared.received)} messages, {compared.lost} lost"
    idle = f"a Home Assistant without messages uses {compared.idle:.2%} of a processor"
    return f"{table(head, rows)}\n\n{received}; {idle}"

"""Full meters at their real message rate, and what Home Assistant processes of them."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
import os
from pathlib import Path
import sys
import time

from custom_components.flukso.const import DOMAIN
from custom_components.flukso.metering.durations import HOUR
from simulator.__main__ import arguments, build
from stack import Client, HomeAssistant, Mosquitto, Process, eventually
from stack.ports import LOOPBACK

from .memory import resident
from .subscriber import ReadingsSubscriber, TimedReading
from .taken import Published, Taken, compare, taken_until

_CHECKOUT = Path(__file__).resolve().parent.parent
_WATCH = Path(__file__).parent / "watch"
#: Entities of a clamp that get a reading every second.
_EVERY_SECOND = ("active_power_import", "active_energy_import", "active_power_export")
_CLAMPS = 3
_LONGEST = ("hold", "work", "collection")
#: Wait after the setup, so that its temporary objects are freed before memory is measured (s).
_SETTLED = 10
#: Wait until the subscriber has received the published readings (s).
_ARRIVED = 2
#: Memory blocks that other activity of Home Assistant may add.
_NOISE = 30_000
#: How long after a full hour Home Assistant has made its rows of it (s).
_ROWS_ARE_MADE = 60


@dataclass(frozen=True, slots=True)
class Load:
    """The results.

    Attributes:
        published: How many readings of enabled sensors were published.
        faults: Readings that were lost, withheld or are not the last value, as text.
        memory: The memory of Home Assistant's process, in MB, one item per second.
        more_blocks: How many more memory blocks Python has allocated at the end than at the start.
        processor: The share of one processor that Home Assistant used.
        longest_hold: The longest time (ms) for which its event loop was blocked.
        longest_work: The most processor time (ms) that the loop took in one run.
        longest_collection: The most processor time (ms) of one garbage collection.
    """

    published: int
    faults: Sequence[str]
    memory: Sequence[float]
    more_blocks: int
    processor: float
    longest_hold: float
    longest_work: float
    longest_collection: float

    @property
    def piles_up(self) -> bool:
        """Whether more memory was allocated than Home Assistant's caches can explain."""
        return self.more_blocks > _NOISE


async def measure(meters: int, seconds: int, folder: Path, *, direct: bool = False) -> Load:
    """Simulate full meters, and measure once all of their sensors have a value.

    Args:
        meters: the number of meters.
        seconds: the duration of the measurement, at least 3.
        folder: the folder of all files, including the log of Home Assistant.
        direct: whether Home Assistant connects to the broker once for each meter.
    """
    levels = {"homeassistant": "warning"}
    async with (
        Mosquitto(folder) as broker,
        _playing(meters, broker.port, folder) as simulator,
        HomeAssistant(folder, levels=levels, extra="watch:", more=[_WATCH]) as home,
    ):
        client = home.client
        if direct:
            for meter in build(arguments(_options(meters, broker.port)), 0):
                await client.add_directly(DOMAIN, broker.port, meter.device_id)
        else:
            await client.add_mqtt(broker.port)
            for flow in await client.discovered(DOMAIN, meters):
                await client.confirm(flow["flow_id"])
        await eventually(lambda: are_live(client, meters), f"{meters} meters, live", within=180)
        await asyncio.sleep(_SETTLED)
        await asyncio.sleep(until_after_the_hour(time.time(), seconds))
        with ReadingsSubscriber(broker.port) as subscriber:
            await eventually(lambda: _receives(subscriber), "readings")
            await asyncio.sleep(_ARRIVED)
            # From a reading on that the subscriber has received as well.
            begun = await taken_until(client, subscriber.seconds(0))
            await client.call_service("watch", "begin")
            memory, busy = [resident(home)], _processor(home)
            for _ in range(seconds):
                await asyncio.sleep(1)
                memory.append(resident(home))
            busy = (_processor(home) - busy) / seconds
            await simulator.stop()
            await asyncio.sleep(_ARRIVED)
            await client.call_service("watch", "tell")
            ended = await taken_until(client, subscriber.seconds(-1))
        states = await client.states()
    published, faults = compare(_published(subscriber, begun), begun, ended)
    more_blocks = int(states["watch.more_blocks"]["state"])
    longest = [float(states[f"watch.longest_{what}"]["state"]) for what in _LONGEST]
    return Load(published, faults, memory, more_blocks, busy, *longest)


def _playing(meters: int, port: int, folder: Path) -> Process:
    command = [sys.executable, "-m", "simulator", *_options(meters, port)]
    return Process("the simulator", command, folder / "simulator.log", folder=_CHECKOUT)


def _options(meters: int, port: int) -> list[str]:
    return ["--full", "--meters", str(meters), "--broker", f"{LOOPBACK}:{port}"]


def until_after_the_hour(now: float, seconds: float) -> float:
    """Return how long to wait (s), so that there is no full hour within a measurement.

    Home Assistant makes its first hourly rows then, and keeps the statements that it compiles for
    that, which are some 10,000 memory blocks.
    """
    hour = (now + seconds) // HOUR * HOUR + _ROWS_ARE_MADE
    return max(hour - now, 0)


async def are_live(client: Client, meters: int) -> bool:
    """Return whether all clamps of these meters have a value."""
    states = await client.states()
    shown = [
        states.get(entity["entity_id"], {}).get("state", "unknown")
        for entity in await client.entities(DOMAIN)
        if entity["translation_key"] in _EVERY_SECOND
    ]
    missing = {"unknown", "unavailable"} & {*shown}
    return len(shown) == meters * _CLAMPS * len(_EVERY_SECOND) and not missing


async def _receives(subscriber: ReadingsSubscriber) -> bool:
    return bool(subscriber.received)


def _published(
    subscriber: ReadingsSubscriber, begun: Mapping[str, Taken]
) -> Mapping[str, Published]:
    """Return what was published since then, by topic."""
    since = {
        topic: _since(subscriber.received.get(topic, ()), taken) for topic, taken in begun.items()
    }
    return {
        topic: Published(len(readings), readings[-1].value)
        for topic, readings in since.items()
        if readings
    }


def _since(received: Sequence[TimedReading], begun: Taken) -> Sequence[TimedReading]:
    """Return the readings published after the last one that was processed by then."""
    if begun.second is None:
        return received
    for place in reversed(range(len(received))):
        if (received[place].second, received[place].value) == (begun.second, begun.value):
            return received[place + 1 :]
    return [each for each in received if each.second > begun.second]


def _processor(home: HomeAssistant) -> float:
    """Return the processor time it has used (s)."""
    times = Path(f"/proc/{home.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return sum(map(int, times)) / os.sysconf("SC_CLK_TCK")

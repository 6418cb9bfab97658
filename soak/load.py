"""Full meters at their real cadence, and what of them a Home Assistant takes."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
import os
from pathlib import Path
import sys

from custom_components.flukso.const import DOMAIN
from stack import Client, HomeAssistant, Mosquitto, Process, eventually
from stack.ports import LOOPBACK

from .ear import Ear, LastReport
from .taken import Taken, taken

_CHECKOUT = Path(__file__).resolve().parent.parent
_WATCH = Path(__file__).parent / "watch"
#: What speaks every second of each clamp.
_EVERY_SECOND = ("active_power_import", "active_energy_import", "voltage")
_CLAMPS = 3
_LONGEST = ("hold", "work", "collection")
#: After the setup, so that what it leaves behind is gone before memory is measured (s).
_SETTLED = 10
#: Until Home Assistant has taken what was published (s).
_ARRIVED = 2
_MB = 1 << 20
#: Blocks: so many come and go with whatever Home Assistant does besides.
_NOISE = 30_000


@dataclass(frozen=True, slots=True)
class Load:
    """What was seen.

    Attributes:
        published: How many readings of enabled sensors were published.
        faults: What was lost, held or is not there in the end, in words; nothing if all is well.
        memory: What Home Assistant's process holds, in MB, one item a second.
        more_blocks: How many more blocks of memory Python holds in the end than at first.
        processor: The share of one processor that Home Assistant took.
        longest_hold: How long (ms) its event loop was held at the longest.
        longest_work: How much processor time (ms) the loop took in one go, at the most.
        longest_collection: How much of it (ms) Python took to collect garbage once, at the most.
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
        """Whether more is left behind than the caches of Home Assistant take."""
        return self.more_blocks > _NOISE


async def measure(meters: int, seconds: int, folder: Path) -> Load:
    """Play full meters for so many seconds after all of their sensors are live.

    Args:
        meters: how many.
        seconds: for how long, at least 3.
        folder: where all files go; the log of Home Assistant is in it.
    """
    levels = {"homeassistant": "warning"}
    async with (
        Mosquitto(folder) as broker,
        _playing(meters, broker.port, folder) as simulator,
        HomeAssistant(folder, levels=levels, extra="watch:", more=[_WATCH]) as home,
    ):
        client = home.client
        await client.add_mqtt(broker.port)
        for flow in await client.discovered(DOMAIN, meters):
            await client.confirm(flow["flow_id"])
        await eventually(lambda: _live(client, meters), f"{meters} meters, live", within=60)
        await asyncio.sleep(_SETTLED)
        with Ear(broker.port) as ear:
            await eventually(lambda: _hears(ear), "readings")
            await asyncio.sleep(_ARRIVED)  # what was published before the ear heard anything
            begun = await taken(client)
            await client.call_service("watch", "begin")
            memory, busy = [_storage(home)], _processor(home)
            for _ in range(seconds):
                await asyncio.sleep(1)
                memory.append(_storage(home))
            busy = (_processor(home) - busy) / seconds
            await simulator.stop()
            await asyncio.sleep(_ARRIVED)
            await client.call_service("watch", "tell")
            ended = await taken(client)
        states = await client.states()
    published, faults = _compare(ear.heard, begun, ended)
    more_blocks = int(states["watch.more_blocks"]["state"])
    longest = [float(states[f"watch.longest_{what}"]["state"]) for what in _LONGEST]
    return Load(published, faults, memory, more_blocks, busy, *longest)


def _playing(meters: int, port: int, folder: Path) -> Process:
    options = ["--full", "--meters", str(meters), "--broker", f"{LOOPBACK}:{port}"]
    command = [sys.executable, "-m", "simulator", *options]
    return Process("the simulator", command, folder / "simulator.log", folder=_CHECKOUT)


async def _live(client: Client, meters: int) -> bool:
    states = await client.states()
    shown = [
        states.get(entity["entity_id"], {}).get("state", "unknown")
        for entity in await client.entities(DOMAIN)
        if entity["translation_key"] in _EVERY_SECOND
    ]
    missing = {"unknown", "unavailable"} & {*shown}
    return len(shown) == meters * _CLAMPS * len(_EVERY_SECOND) and not missing


async def _hears(ear: Ear) -> bool:
    return bool(ear.heard)


def _compare(
    heard: Mapping[str, Sequence[LastReport]],
    begun: Mapping[str, Taken],
    ended: Mapping[str, Taken],
) -> tuple[int, list[str]]:
    """How many readings were published, and what became of them that should not."""
    published, faults = 0, [f"{topic} is not listened to" for topic in begun.keys() - ended.keys()]
    for topic, end in ended.items():
        since = _since(heard.get(topic, ()), begun[topic]) if topic in begun else []
        messages = end.messages - begun[topic].messages if topic in begun else 0
        published += len(since)
        if messages != len(since):
            faults.append(f"{topic}: {messages} of {len(since)} messages came")
        if end.held:
            faults.append(f"{topic}: {end.held} were held")
        if since and topic.endswith("/counter") and end.value != since[-1].value:
            faults.append(f"{topic}: {end.value} in the end, not {since[-1].value}")
    return published, faults


def _since(heard: Sequence[LastReport], begun: Taken) -> Sequence[LastReport]:
    """What was published after the last reading that had been taken by then."""
    if begun.second is None:
        return heard
    for place in reversed(range(len(heard))):
        if (heard[place].second, heard[place].value) == (begun.second, begun.value):
            return heard[place + 1 :]
    return [each for each in heard if each.second > begun.second]


def _storage(home: HomeAssistant) -> float:
    pages = int(Path(f"/proc/{home.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / _MB


def _processor(home: HomeAssistant) -> float:
    """The seconds of processor time that it took."""
    times = Path(f"/proc/{home.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return sum(map(int, times)) / os.sysconf("SC_CLK_TCK")

"""The import of a meter's past: its time, its memory, and the delay of the loop meanwhile.

A simulated FLM03 with 21 counters is added to a real Home Assistant in this process, and goes on
living. Blocks of level 20 come over a real broker, each with a reading for every second of its
twelve days, of all counters. Once all are decoded, their hours, those of the powers and those of
the supply are written before the first rows. The import is told that hours have passed meanwhile.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, time

from homeassistant.components.recorder import get_instance
from homeassistant.components.recorder.models import (
    StatisticData,
    StatisticMeanType,
    StatisticMetaData,
)
from homeassistant.components.recorder.statistics import async_import_statistics
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from custom_components.flukso.const import DOMAIN
from custom_components.flukso.entity_lookup import sensor_entity_id
from custom_components.flukso.history.backfill import Backfill
from simulator import Flm03
from simulator.random_values import identity
from stack import Mosquitto, eventually

from .inside import add_directly, add_discovered, add_mqtt, home_assistant
from .large_blocks import LEVEL, send
from .loop import Turns, resident, watched
from .meters import playing
from .table import grouped, table

#: How long Home Assistant is left alone before its memory is measured, and the longest waits (s).
_REST, _PATIENCE = 15.0, 600.0
#: After so long without a block none is on its way: a connection is read once a second (s).
_PAUSE = 2.0
#: What the import is told: that the meter has answered, and that no more is expected.
_LATER = timedelta(hours=3)


@dataclass(frozen=True, slots=True)
class Phase:
    """A part of the import: the time that it took (s), and what happened meanwhile."""

    name: str
    seconds: float
    turns: Turns


@dataclass(frozen=True, slots=True)
class Figures:
    """What was imported, and how; ``idle`` is the memory before (bytes)."""

    counters: int
    blocks: int
    rows: int
    idle: int
    phases: Sequence[Phase]


async def measure(blocks: int, *, direct: bool) -> Figures:
    """Import so many blocks of twelve days of each counter.

    Args:
        blocks: how many of each counter.
        direct: whether Home Assistant is connected to the meter, without its own MQTT.
    """
    meter = Flm03(identity("benchmark", 1), start=int(time()), seed=1, kubes=0, blocks=False)
    with (
        TemporaryDirectory() as folder,
        ProcessPoolExecutor(1, get_context("spawn")) as elsewhere,
    ):
        async with (
            Mosquitto(Path(folder)) as broker,
            home_assistant(Path(folder) / "config") as hass,
        ):
            if not direct:
                await add_mqtt(hass, broker.port)
            with playing([(meter, int(time()))], broker.port):
                if direct:
                    entry = await add_directly(hass, DOMAIN, broker.port)
                else:
                    entry = await add_discovered(hass, DOMAIN)
                history: Backfill = entry.runtime_data.history
                await eventually(_ready(history), "counters in use")
                await _leave_first_rows(hass, history)
                await asyncio.sleep(_REST)
                idle = resident()
                phases = await _import(hass, history, elsewhere, broker.port, blocks)
                parts = history.past.log.imports[-1].imported.values()
                rows = sum(part.put.hours for part in parts)
                counters = len(history.blocks.counters)
    return Figures(counters, blocks * counters, rows, idle, phases)


def _ready(history: Backfill) -> Callable[[], Awaitable[bool]]:
    async def ready() -> bool:
        record = history.supply.record()
        return len(history.blocks.counters) > 0 and record is not None and bool(record.channels)

    return ready


async def _import(
    hass: HomeAssistant,
    history: Backfill,
    elsewhere: ProcessPoolExecutor,
    port: int,
    blocks: int,
) -> list[Phase]:
    """Begin an import, send its blocks one after the other for all counters, and let it end."""
    loop = asyncio.get_running_loop()
    instance, past = get_instance(hass), history.past
    await past.async_begin(0)
    await past.async_look(dt_util.utcnow())
    topics = [
        f"/sensor/{channel.stream.sensor.sensor_id}/tmpo/0/{LEVEL}"
        for channel in history.blocks.counters.values()
    ]
    newest = int(time()) >> LEVEL
    reading, decoding = Turns(), 0.0
    for number in range(newest - blocks, newest):
        began = perf_counter()
        sent = loop.run_in_executor(elsewhere, send, port, topics, number << LEVEL)
        _, turns = await watched(_async_decoded(history, sent))
        decoding += perf_counter() - began
        reading = _worst(reading, turns)
    began = perf_counter()
    _, writing = await watched(past.async_look(dt_util.utcnow() + _LATER), lambda: instance.backlog)
    return [
        Phase("sent and decoded", decoding, reading),
        Phase("computed and written", perf_counter() - began, writing),
    ]


async def _async_decoded(history: Backfill, sent: Awaitable[None]) -> None:
    """Wait until blocks are sent and decoded."""
    began = time()
    await sent

    async def is_done() -> bool:
        blocks = history.blocks
        return not blocks.is_decoding and began < blocks.last_arrived < time() - _PAUSE

    await eventually(is_done, "decoded blocks", within=_PATIENCE)


def _worst(one: Turns, other: Turns) -> Turns:
    return Turns(
        max(one.held, other.held),
        max(one.late, other.late),
        max(one.memory, other.memory),
        max(one.most, other.most),
    )


async def _leave_first_rows(hass: HomeAssistant, history: Backfill) -> None:
    """Let each entity have a first hourly row, of the last hour."""
    start = dt_util.utcnow().replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)
    for source in history.past.sources:
        for unique_id in source.unique_ids():
            entity_id = sensor_entity_id(hass, unique_id)
            state = hass.states.get(entity_id or "")
            if state is None or entity_id is None:
                continue
            is_sum = state.attributes.get("state_class") == "total_increasing" or (
                state.attributes.get("state_class") == "total"
            )
            metadata = StatisticMetaData(
                mean_type=StatisticMeanType.NONE if is_sum else StatisticMeanType.ARITHMETIC,
                has_sum=is_sum,
                name=None,
                source="recorder",
                statistic_id=entity_id,
                unit_class=None,
                unit_of_measurement=state.attributes.get("unit_of_measurement"),
            )
            row: StatisticData = {"start": start}
            if is_sum:
                row |= {"state": 1.0, "sum": 1.0}
            else:
                row |= {"mean": 1.0, "min": 1.0, "max": 1.0}
            async_import_statistics(hass, metadata, [row])
    await get_instance(hass).async_block_till_done()


def report(figures: Figures) -> str:
    """Format the figures, the worst of each phase."""
    days = figures.blocks // max(figures.counters, 1) * (1 << LEVEL) / 86_400
    title = (
        f"{figures.counters} counters, {days:.0f} days at 1 Hz: {figures.blocks} blocks, "
        f"{grouped(figures.rows)} rows; idle {figures.idle / 1e6:.0f} MB"
    )
    rows = [
        [
            phase.name,
            f"{phase.seconds:.0f}",
            f"{(phase.turns.memory - figures.idle) / 1e6:.0f}",
            f"{phase.turns.held * 1e3:.1f}",
            f"{phase.turns.late * 1e3:.1f}",
            grouped(phase.turns.most),
        ]
        for phase in figures.phases
    ]
    head = ["phase", "s", "memory, MB", "loop held, ms", "loop late, ms", "recorder's queue"]
    return f"{title}\n\n{table(head, rows)}"

"""The past of the demo's household, and its Energy dashboard.

Home Assistant imports the statistics of whole hours. Those of five minutes and the states, which
its graphs of the last day show, are written into its database.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
import time

from stack import eventually
from stack.client import Client, Json

from .day import DAY, SEED
from .past import STEP, Hour, past
from .short_term import Row, write, write_states
from .stage import DOMAIN

_METER = "sensor.fluksometer"
"""The start of the entity ids of the demo's meter."""

SCALES = {"kWh": 0.001, "kvarh": 0.001, "m³": 0.001, "L/min": 60}
"""Factors from the units of the payloads (Wh, VARh, L and L/s) to those of the statistics."""


@dataclass(frozen=True, slots=True)
class Past:
    """The imported statistics.

    Attributes:
        entities: the number of entities with statistics.
        until: the start of the hour that was not over at the time of the import.
        sums: the sum of each counter at that time, and the unit of its statistic.
        recent: the rows of five minutes of the last day, by statistic.
    """

    entities: int
    until: str
    sums: Mapping[str, tuple[float, str]]
    recent: Mapping[str, Sequence[Row]]


async def fill(client: Client, database: Path) -> Past:
    """Import ten days of statistics for the meter's entities, and write the states of the last.

    Args:
        client: Home Assistant's.
        database: the file of its recorder.
    """
    hours = await asyncio.to_thread(past, int(time.time()), SEED)
    listed = {
        each["statistic_id"]: each for each in await client.call("recorder/list_statistic_ids")
    }
    states = await client.states()
    filled, until = 0, ""
    sums: dict[str, tuple[float, str]] = {}
    recent: dict[str, Sequence[Row]] = {}
    for entity in await client.entities(DOMAIN):
        entity_id = entity["entity_id"]
        metadata, state = listed.get(entity_id), states.get(entity_id)
        shown = hours.get(entity["unique_id"].partition("_")[2])
        if metadata is None or state is None or not shown:
            continue
        unit = metadata["statistics_unit_of_measurement"]
        scale = SCALES.get(unit, 1)
        if metadata["has_sum"]:
            rows = list(_counted(shown, scale, float(state["state"])))
            recent[entity_id] = list(counted_recently(shown, scale, float(state["state"])))
            sums[entity_id] = (shown[-1].values[-1] - shown[0].values[0]) * scale, unit
        else:
            rows = list(_measured(shown, scale))
            recent[entity_id] = list(measured_recently(shown, scale))
        await client.import_statistics(metadata, rows)
        filled, until = filled + 1, _moment(shown[-1])
    await asyncio.to_thread(write_states, database, recent)
    return Past(filled, until, sums, recent)


async def go_on(client: Client, written: Past, database: Path) -> None:
    """Adjust the sums to continue from the imported ones, once Home Assistant has started at 0.

    It does so at the next full five minutes; the rows of the last day before that are added first.
    """

    async def begun() -> bool:
        short = await client.call(
            "recorder/statistics_during_period",
            start_time=written.until,
            statistic_ids=list(written.sums),
            period="5minute",
            types=["sum"],
        )
        return len(short) == len(written.sums)

    await eventually(begun, "the first statistics", 600)
    await asyncio.to_thread(write, database, written.recent)
    for statistic_id, (counted, unit) in written.sums.items():
        await client.call(
            "recorder/adjust_sum_statistics",
            statistic_id=statistic_id,
            start_time=written.until,
            adjustment=counted,
            adjustment_unit_of_measurement=unit,
        )


def _counted(hours: Sequence[Hour], scale: float, reading: float) -> Iterator[Json]:
    first, now = hours[0].values[0], hours[-1].values[-1]
    for hour in hours[:-1]:
        last = hour.values[-1]
        yield {
            "start": _moment(hour),
            "state": reading + (last - now) * scale,
            "sum": (last - first) * scale,
        }


def _measured(hours: Sequence[Hour], scale: float) -> Iterator[Json]:
    for hour in hours[:-1]:
        low, high = min(hour.values) * scale, max(hour.values) * scale
        yield {"start": _moment(hour), "mean": hour.mean * scale, "min": low, "max": high}


def counted_recently(hours: Sequence[Hour], scale: float, reading: float) -> Iterator[Row]:
    """Yield the rows of a counter, which shows ``reading`` now; ``scale`` leads to its unit.

    The sums of the hour that is not over are those since now: they are adjusted with Home
    Assistant's own.
    """
    first, now = hours[0].values[0], hours[-1].values[-1]
    for start, _, last in _recent(hours):
        base = first if start < hours[-1].start else now
        yield Row(start, state=reading + (last - now) * scale, sum=(last - base) * scale)


def measured_recently(hours: Sequence[Hour], scale: float) -> Iterator[Row]:
    """Yield the rows of what is measured; ``scale`` leads to its unit."""
    for start, first, last in _recent(hours):
        begin, end = first * scale, last * scale
        yield Row(start, mean=(begin + end) / 2, min=min(begin, end), max=max(begin, end))


def _recent(hours: Sequence[Hour]) -> Iterator[tuple[int, float, float]]:
    """Yield the start of each five minutes of the last day, and the states at both ends."""
    for hour in hours:
        if hour.start >= hours[-1].start - DAY:
            for number, (begin, end) in enumerate(pairwise(hour.values)):
                yield hour.start + number * STEP, begin, end


def _moment(hour: Hour) -> str:
    return datetime.fromtimestamp(hour.start, UTC).isoformat()


async def set_up_energy(client: Client) -> None:
    """Set up the Energy dashboard as in docs/energy.md for three netted phases with solar."""
    grid = {
        "type": "grid",
        "name": "Grid",
        "stat_energy_from": f"{_METER}_net_energy_import",
        "stat_energy_to": f"{_METER}_net_energy_export",
        "stat_cost": None,
        "stat_compensation": None,
        "power_config": {"stat_rate": f"{_METER}_net_active_power"},
        "cost_adjustment_day": 0.0,
    }
    solar = {
        "type": "solar",
        "name": "Solar",
        "stat_energy_from": f"{_METER}_solar_energy",
        "stat_rate": f"{_METER}_solar_power",
        "config_entry_solar_forecast": None,
    }
    gas, water = (
        {
            "type": what,
            "name": what.capitalize(),
            "stat_energy_from": f"{_METER}_{what}_consumption",
            "stat_rate": f"{_METER}_{what}_flow",
            "stat_cost": None,
            "entity_energy_price": None,
            "number_energy_price": None,
        }
        for what in ("gas", "water")
    )
    await client.call("energy/save_prefs", energy_sources=[grid, solar, gas, water])


async def at_ease(client: Client) -> bool:
    """Return whether the Energy dashboard reports no errors for its sources."""
    found = await client.call("energy/validate")
    return not any(found["energy_sources"])

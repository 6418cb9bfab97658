"""The rows that a meter's three clamps write to Home Assistant's database per day.

A few minutes are recorded and extrapolated. Four meters are simulated at once, each at another time
of the same day, to include night and solar power; every peer receives all of them.
"""

import asyncio
from collections.abc import Mapping, Sequence
import contextlib
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
import sqlite3
from tempfile import TemporaryDirectory
from time import time

from simulator import Flm03
from stack import HomeAssistant, Mosquitto
from stack.client import Json

from .loads import LOADS, loaded
from .meters import playing, three_clamps
from .peers import DEFAULTS, EVERY_READING, Peer, yaml_sensors
from .table import grouped, table

#: Midnight, six, noon and six in the evening of a day in June, in seconds since 1970.
_TIMES = [1_782_000_000 + hour * 3600 for hour in (0, 6, 12, 18)]
_NOON = _TIMES[2]
_DAY = 86_400
#: The values of a minute are written at its end, and statistics every five minutes (s).
_PERIOD = 60
#: The recorder commits every second in the benchmark's Home Assistants (s).
_COMMITTED = 5

_GROUPS = {
    **dict.fromkeys(("W", "var", "A"), "power and current"),
    **dict.fromkeys(("Wh", "kWh", "varh", "kvarh"), "energy"),
}
_OTHERS = "voltage and ratios"
_KINDS = (*dict.fromkeys(_GROUPS.values()), _OTHERS)
#: The integration's totals of three phases, which have no topics.
_TOTALS = "totals"


@dataclass(frozen=True, slots=True)
class Rows:
    """The entities of a peer, and for one meter its rows per day by group, and its bytes."""

    peer: str
    entities: float
    a_day: Mapping[str, float]
    stored: float

    @property
    def total(self) -> float:
        """The rows of all entities with a topic of the meter."""
        return sum(self.a_day[kind] for kind in _KINDS)


async def measure(minutes: int) -> list[Rows]:
    """Record for some minutes with all peers at once, and extrapolate to a day."""
    households = [three_clamps(number, start, Flm03) for number, start in enumerate(_TIMES)]
    yaml = (
        yaml_sensors("YAML, the same sensors", households),
        yaml_sensors("YAML, every topic", households, disabled_too=True),
    )
    rows = await _measure(minutes, households, (DEFAULTS, EVERY_READING, *yaml))
    for number, (name, load) in enumerate(LOADS.items(), len(households)):
        meter = three_clamps(number, _NOON, loaded(load))
        rows += await _measure(minutes, [meter], (replace(DEFAULTS, name=f"defaults, {name}"),))
    return rows


async def _measure(minutes: int, meters: Sequence[Flm03], peers: Sequence[Peer]) -> list[Rows]:
    async with contextlib.AsyncExitStack() as parts:
        folder = Path(parts.enter_context(TemporaryDirectory()))
        broker = await parts.enter_async_context(Mosquitto(folder))
        begins = list(zip(meters, _TIMES if len(meters) > 1 else [_NOON], strict=True))
        parts.enter_context(playing(begins, broker.port))
        homes = [
            await parts.enter_async_context(peer.home(folder / str(number)))
            for number, peer in enumerate(peers)
        ]
        joined = list(zip(peers, homes, strict=True))
        for peer, home in joined:
            await peer.join(home, broker.port, [meter.device_id for meter in meters])
        groups = [await _groups_when_live(peer, home) for peer, home in joined]
        start = (time() // _PERIOD + 1) * _PERIOD
        end = start + minutes * 60
        await asyncio.sleep(start - time() + _COMMITTED)
        sizes = [_size(home) for home in homes]
        await asyncio.sleep(end - time() + _COMMITTED)
        stored = [_size(home) - size for home, size in zip(homes, sizes, strict=True)]
        scaled = partial(_scaled, minutes=minutes, meters=len(meters))
        return [
            scaled(peer, shown, _count(home, start, end), grown)
            for (peer, home), shown, grown in zip(joined, groups, stored, strict=True)
        ]


async def _groups_when_live(peer: Peer, home: HomeAssistant) -> Mapping[str, str]:
    """Wait until all enabled entities of a peer have a value, and return their groups."""
    return {item["entity_id"]: _group(item, state) for item, state in await peer.live(home)}


def _group(entity: Json, state: Json) -> str:
    if (entity["translation_key"] or "").startswith("supply_"):
        return _TOTALS
    return _GROUPS.get(state["attributes"].get("unit_of_measurement", ""), _OTHERS)


def _count(home: HomeAssistant, start: float, end: float) -> Mapping[str, int]:
    """Return the number of rows by entity between two times (s since 1970)."""
    query = """
        SELECT meta.entity_id, count(*) FROM states JOIN states_meta AS meta USING (metadata_id)
        WHERE last_updated_ts >= ? AND last_updated_ts < ? GROUP BY metadata_id
    """
    database = f"file:{home.config / 'home-assistant_v2.db'}?mode=ro"
    with contextlib.closing(sqlite3.connect(database, uri=True)) as connection:
        return dict(connection.execute(query, (start, end)).fetchall())


def _size(home: HomeAssistant) -> int:
    """Return the size of the database (bytes)."""
    database = f"file:{home.config / 'home-assistant_v2.db'}?mode=ro"
    with contextlib.closing(sqlite3.connect(database, uri=True)) as connection:
        [(size,)] = connection.execute(
            "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
        )
        return int(size)


def _scaled(
    peer: Peer,
    groups: Mapping[str, str],
    rows: Mapping[str, int],
    stored: int,
    *,
    minutes: int,
    meters: int,
) -> Rows:
    """Extrapolate the rows and bytes of some minutes and meters to a day of one meter."""
    scale = _DAY / (minutes * 60) / meters
    a_day = dict.fromkeys((*_KINDS, _TOTALS), 0.0)
    for entity_id, group in groups.items():
        a_day[group] += rows.get(entity_id, 0) * scale
    return Rows(peer.name, len(groups) / meters, a_day, stored * scale)


def report(measured: Sequence[Rows]) -> str:
    """Format the results, relative to each of the YAML peers."""
    yaml = [rows for rows in measured if rows.peer.startswith("YAML")]
    head = ("rows a day", "entities", *_KINDS, _TOTALS, "all", "MB", "of YAML, every topic")
    return table(
        head,
        [
            (
                rows.peer,
                f"{rows.entities:.0f}",
                *(grouped(rows.a_day[kind]) for kind in _KINDS),
                grouped(rows.a_day[_TOTALS]),
                grouped(sum(rows.a_day.values())),
                f"{rows.stored / 1e6:.1f}",
                f"{rows.total / yaml[-1].total:.1%}",
            )
            for rows in measured
        ],
    )

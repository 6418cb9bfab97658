"""The time from the confirmation of a meter's discovery until its entities are added.

The meters are full: all of their 128 slots are in use. They publish at their real message rate,
from before the discovery on, to a Home Assistant in its own process.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from time import time
from typing import Any

from custom_components.flukso.const import DOMAIN
from stack import HomeAssistant, Mosquitto

from .meters import full_meters
from .peers import COUNTRY
from .table import table

#: All entities are assumed to be added if none was for this time (s).
_QUIET = 10.0


@dataclass(frozen=True, slots=True)
class Waited:
    """For one meter: its enabled entities, and the time (s) until the last one was added.

    An entity is added once it is in the state machine.
    """

    entities: int
    seconds: float


async def measure(meters: int) -> list[Waited]:
    """Confirm the meters at once, and time each."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        async with (
            Mosquitto(folder) as broker,
            full_meters(meters, broker.port, folder),
            HomeAssistant(folder, levels={"homeassistant": "warning"}, country=COUNTRY) as home,
        ):
            client = home.client
            await client.add_mqtt(broker.port)
            flows = await client.discovered(DOMAIN, meters)
            async with client.websocket.events("state_changed") as events:
                began = time()
                await asyncio.gather(*(client.confirm(flow["flow_id"]) for flow in flows))
                appeared = await _appearances(events)
            enabled = [
                entity for entity in await client.entities(DOMAIN) if entity["disabled_by"] is None
            ]
    by_meter: dict[str, list[float]] = {}
    for entity in enabled:
        after = appeared[entity["entity_id"]] - began
        by_meter.setdefault(entity["config_entry_id"], []).append(after)
    return [Waited(len(times), max(times)) for times in by_meter.values()]


async def _appearances(events: asyncio.Queue[Any]) -> Mapping[str, float]:
    """Return when each entity's first state was written (s since 1970)."""
    appeared: dict[str, float] = {}
    loop = asyncio.get_running_loop()
    last = loop.time()
    while (quiet := loop.time() - last) < _QUIET:
        try:
            event = await asyncio.wait_for(events.get(), _QUIET - quiet)
        except TimeoutError:
            break
        if event["data"]["old_state"] is None:
            last = loop.time()
            fired = datetime.fromisoformat(event["time_fired"])
            appeared[event["data"]["entity_id"]] = fired.timestamp()
    return appeared


def report(waited: Mapping[int, list[Waited]]) -> str:
    """Format the results, by the number of meters that were confirmed at once."""
    head = ("meters confirmed at once", "entities each", "first ready, s", "last ready, s")
    return table(
        head,
        [
            (
                str(meters),
                str(max(each.entities for each in of)),
                f"{min(each.seconds for each in of):.2f}",
                f"{max(each.seconds for each in of):.2f}",
            )
            for meters, of in waited.items()
        ],
    )

"""The enabled entities of an integration as a table, and whether they have a value."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from stack.client import Client, Json

_NO_VALUE = ("unknown", "unavailable")
#: Unknown until the first complete quarter-hour is over.
_QUARTERLY = ("supply_last_demand", "supply_peak_demand")


@dataclass(frozen=True, order=True)
class Row:
    """One enabled entity as it is displayed."""

    device: str
    entity: str
    state: str
    unit: str
    entity_id: str
    quarterly: bool = False

    @property
    def live(self) -> bool:
        """Whether it has a value, or is unknown until a quarter-hour is over."""
        return self.state not in _NO_VALUE or (self.quarterly and self.state == "unknown")


def rows(
    entities: Iterable[Json], devices: Iterable[Json], states: Mapping[str, Json]
) -> list[Row]:
    """Join entities, devices and states to rows, for the enabled entities only."""
    names = {device["id"]: device["name_by_user"] or device["name"] for device in devices}
    return sorted(
        _row(entity, names, states) for entity in entities if entity["disabled_by"] is None
    )


def _row(entity: Json, names: Mapping[str, str], states: Mapping[str, Json]) -> Row:
    entity_id = entity["entity_id"]
    state = states.get(entity_id, {"state": "unavailable", "attributes": {}})
    return Row(
        device=names.get(entity["device_id"], ""),
        entity=entity["name"] or entity["original_name"] or "",
        state=state["state"],
        unit=state["attributes"].get("unit_of_measurement", ""),
        entity_id=entity_id,
        quarterly=entity["translation_key"] in _QUARTERLY,
    )


async def until_live(client: Client, domain: str, within: float, every: float = 2) -> list[Row]:
    """Wait until all enabled entities of an integration are live.

    That is, until two checks in a row find the same entities with all of them live: some are added
    only after the meter has sent its other configuration topics.

    Args:
        client: a signed-in administrator.
        domain: the integration's.
        within: seconds after which the last result is returned, live or not.
        every: seconds between two checks.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within
    before: set[str] = set()
    while True:
        seen = rows(await client.entities(domain), await client.devices(), await client.states())
        now = {row.entity_id for row in seen if row.live}
        if (now and now == before and len(now) == len(seen)) or loop.time() > deadline:
            return seen
        before = now
        await asyncio.sleep(every)


def table(lines: Sequence[Row]) -> str:
    """Format the rows as a table."""
    cells = [
        ("Device", "Entity", "State", "Unit"),
        *((row.device, row.entity, row.state, row.unit) for row in lines),
    ]
    device, entity, state, _ = (
        max(len(cell) for cell in column) for column in zip(*cells, strict=True)
    )
    return "\n".join(
        f"{a:<{device}}  {b:<{entity}}  {c:>{state}}  {d}".rstrip() for a, b, c, d in cells
    )

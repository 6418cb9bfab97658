"""The Energy dashboard of a real Home Assistant takes the netted energies of a supply."""

from collections.abc import AsyncGenerator
from pathlib import Path
import sys

import pytest

from stack import HomeAssistant, Mosquitto, Process, eventually
from stack.client import Json

#: What the dashboard is given, by the names of the translations.
IMPORT, EXPORT, POWER = (
    "supply_netted_energy_import",
    "supply_netted_energy_export",
    "supply_net_active_power",
)
#: Until a sensor's first statistics, five minutes after its first state, the dashboard says this.
NOT_YET = "statistics_not_defined"


@pytest.fixture
async def meter(tmp_path: Path, mosquitto: Mosquitto) -> AsyncGenerator[Process]:
    """A meter on three phases, with solar on one of them."""
    playing = Process(
        "simulator",
        [sys.executable, "-m", "simulator", "--broker", f"127.0.0.1:{mosquitto.port}"],
        tmp_path / "simulator.log",
        folder=Path(__file__).parents[2],
    )
    await playing.start()
    yield playing
    await playing.stop(10)


async def issues(home: HomeAssistant) -> dict[str, set[str]]:
    """What the dashboard finds wrong, and with which entities."""
    found: dict[str, set[str]] = {}
    for source in (await home.client.call("energy/validate"))["energy_sources"]:
        for issue in source:
            entities = {entity_id for entity_id, _ in issue["affected_entities"]}
            found.setdefault(issue["type"], set()).update(entities)
    return found


async def statistics(home: HomeAssistant, entity_ids: set[str]) -> dict[str, Json]:
    """What statistics Home Assistant can make of entities."""
    listed = await home.client.call("recorder/list_statistic_ids")
    return {each["statistic_id"]: each for each in listed if each["statistic_id"] in entity_ids}


@pytest.mark.long
async def test_netted_energy_is_a_grid_source_with_the_net_power_as_its_power(
    home: HomeAssistant, meter: Process
) -> None:
    """The first run of statistics, for which one waits up to five minutes, is made up here."""
    client = home.client
    [card] = await client.discovered("flukso")
    await client.confirm(card["flow_id"])

    async def shown() -> dict[str, str]:
        states = await client.states()
        ids = {
            each["translation_key"]: each["entity_id"] for each in await client.entities("flukso")
        }
        wanted = {name: ids.get(name, "") for name in (IMPORT, EXPORT, POWER)}
        unknown = ("unknown", "unavailable")
        known = (states.get(each, {}).get("state", "unknown") for each in wanted.values())
        return wanted if not {*known} & {*unknown} else {}

    ids = await eventually(shown, "the totals")
    source = {
        "type": "grid",
        "stat_energy_from": ids[IMPORT],
        "stat_energy_to": ids[EXPORT],
        "stat_cost": None,
        "stat_compensation": None,
        "power_config": {"stat_rate": ids[POWER]},
        "cost_adjustment_day": 0.0,
    }
    saved = await client.call("energy/save_prefs", energy_sources=[source])
    assert [each["stat_rate"] for each in saved["energy_sources"]] == [ids[POWER]]

    entity_ids = set(ids.values())
    found = await issues(home)
    assert found.keys() <= {NOT_YET}
    for metadata in (await statistics(home, entity_ids)).values():
        await client.import_statistics(metadata, [])

    async def without_issues() -> bool:
        return not await issues(home)

    assert await eventually(without_issues, "no issue")
    made = await statistics(home, entity_ids)
    assert {entity_id: each["unit_class"] for entity_id, each in made.items()} == {
        ids[IMPORT]: "energy",
        ids[EXPORT]: "energy",
        ids[POWER]: "power",
    }
    assert {entity_id: each["has_sum"] for entity_id, each in made.items()} == {
        ids[IMPORT]: True,
        ids[EXPORT]: True,
        ids[POWER]: False,
    }

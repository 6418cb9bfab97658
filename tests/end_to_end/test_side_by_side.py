"""Ten simulated meters at the real cadence, in one Home Assistant."""

from collections.abc import AsyncGenerator
from pathlib import Path
import sys

import pytest

from stack import HomeAssistant, Mosquitto, Process, eventually

_METERS = 10
_SHOWN = ("active_power_import", "active_energy_import", "active_power_export")


@pytest.fixture
async def meters(tmp_path: Path, mosquitto: Mosquitto) -> AsyncGenerator[Process]:
    """Ten meters with three clamps each."""
    address = f"127.0.0.1:{mosquitto.port}"
    options = ["--broker", address, "--meters", str(_METERS)]
    playing = Process(
        "simulator",
        [sys.executable, "-m", "simulator", *options],
        tmp_path / "simulator.log",
        folder=Path(__file__).parents[2],
    )
    await playing.start()
    yield playing
    await playing.stop(10)


@pytest.mark.long
async def test_ten_meters_are_live_side_by_side(home: HomeAssistant, meters: Process) -> None:
    client = home.client
    for flow in await client.discovered("flukso", _METERS):
        await client.confirm(flow["flow_id"])

    async def live() -> bool:
        entities = await client.entities("flukso")
        states = await client.states()
        shown = [
            states.get(entity["entity_id"], {}).get("state", "unknown")
            for entity in entities
            if entity["translation_key"] in _SHOWN
        ]
        return len(shown) == _METERS * 3 * len(_SHOWN) and not {"unknown", "unavailable"} & {*shown}

    assert await eventually(live, "ten meters, live", within=180)
    assert " ERROR " not in home.log.read_text()

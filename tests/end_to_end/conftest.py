"""A real mosquitto and a real Home Assistant that is connected to it."""

from collections.abc import AsyncGenerator
import os
from pathlib import Path

import pytest

from stack import HomeAssistant, Mosquitto, find_mosquitto


@pytest.fixture(autouse=True)
def _real_parts(socket_enabled: None) -> None:
    """Skip, saying why, where there is no mosquitto; in continuous integration there must be."""
    if find_mosquitto() is None and not os.environ.get("CI"):
        pytest.skip("no mosquitto: scripts/setup could not bring one, install it")


@pytest.fixture
async def mosquitto(tmp_path: Path) -> AsyncGenerator[Mosquitto]:
    """The broker that Home Assistant uses."""
    async with Mosquitto(tmp_path) as broker:
        yield broker


@pytest.fixture
async def home(tmp_path: Path, mosquitto: Mosquitto) -> AsyncGenerator[HomeAssistant]:
    """Home Assistant, with MQTT set up."""
    async with HomeAssistant(tmp_path) as running:
        await running.client.add_mqtt(mosquitto.port)
        yield running

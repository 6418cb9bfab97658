"""A real mosquitto and a real Home Assistant that is connected to it."""

from collections.abc import AsyncGenerator
from pathlib import Path

from playwright.async_api import Browser
import pytest

from stack import HomeAssistant, Mosquitto

from .browser import chromium
from .parts import require_mosquitto


@pytest.fixture(autouse=True)
def _real_parts(socket_enabled: None) -> None:
    """Let the tests open sockets, where there is something to connect to."""
    require_mosquitto()


@pytest.fixture
async def mosquitto(tmp_path: Path) -> AsyncGenerator[Mosquitto]:
    """The broker that Home Assistant uses."""
    async with Mosquitto(tmp_path) as broker:
        yield broker


@pytest.fixture
async def home(tmp_path: Path, mosquitto: Mosquitto) -> AsyncGenerator[HomeAssistant]:
    """Home Assistant, with MQTT set up; its pages are open without a password."""
    async with HomeAssistant(tmp_path, passwordless=True) as running:
        await running.client.add_mqtt(mosquitto.port)
        yield running


@pytest.fixture
async def browser() -> AsyncGenerator[Browser]:
    """A Chromium, closed again after the test; `browser.pages` opens Home Assistant in it."""
    async with chromium() as running:
        yield running

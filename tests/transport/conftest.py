"""A meter's own broker, and the transport that is connected to it."""

from collections.abc import AsyncGenerator, Generator
from pathlib import Path
from unittest.mock import patch

from homeassistant.core import HomeAssistant
import pytest

from custom_components.flukso.transport.direct import DirectTransport
from stack import Mosquitto
from stack.ports import LOOPBACK

from ..end_to_end.parts import require_mosquitto
from .loop_clock import LoopClock
from .peer import Peer, peer


@pytest.fixture
async def meters_broker(tmp_path: Path, socket_enabled: None) -> AsyncGenerator[Mosquitto]:
    """A broker that speaks the MQTT versions of a meter's, 3.1 and 3.1.1."""
    require_mosquitto()
    async with Mosquitto(tmp_path, extra="accept_protocol_versions 3, 4") as running:
        yield running


@pytest.fixture
async def direct(hass: HomeAssistant, meters_broker: Mosquitto) -> AsyncGenerator[DirectTransport]:
    """A transport that is connected to the meter's broker."""
    transport = DirectTransport(hass, LOOPBACK, meters_broker.port, chance=lambda: 0)
    await transport.async_start()
    yield transport
    await transport.async_stop()


@pytest.fixture
def clock(hass: HomeAssistant, socket_enabled: None) -> Generator[LoopClock]:
    """The clock of Home Assistant's event loop."""
    moved = LoopClock(hass.loop.time())
    with patch.object(hass.loop, "time", lambda: moved.now):
        yield moved


@pytest.fixture
async def hostile(socket_enabled: None) -> AsyncGenerator[Peer]:
    """A peer that answers as a broker does until a test changes that."""
    async with peer() as running:
        yield running

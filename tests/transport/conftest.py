"""A meter's own broker, and the transport that is connected to it."""

from collections.abc import AsyncGenerator
from pathlib import Path

from homeassistant.core import HomeAssistant
import pytest

from custom_components.flukso.transport.direct import DirectTransport
from stack import Mosquitto
from stack.ports import LOOPBACK

from ..end_to_end.parts import require_mosquitto


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

"""A meter's own broker, and Home Assistant connected to it: a real mosquitto on the loopback."""

import asyncio
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
import re
from typing import Any

from homeassistant.config_entries import SOURCE_ZEROCONF, ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.helpers.service_info.zeroconf import ZeroconfServiceInfo
from paho.mqtt import publish
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flukso.const import DOMAIN
from stack import Mosquitto, eventually
from stack.ports import LOOPBACK, free_port

from .meters import Meter


class MetersBroker(Mosquitto):
    """The broker on a Fluksometer, which refuses MQTT 5; it is there under two addresses."""

    def __init__(self, folder: Path, name: str = "meter") -> None:
        self.second_port = free_port()
        second = f"listener {self.second_port} {LOOPBACK}\naccept_protocol_versions 3, 4"
        super().__init__(folder, extra=f"accept_protocol_versions 3, 4\n{second}", name=name)

    @property
    def address(self) -> dict[str, Any]:
        """What the user enters to connect to it."""
        return {"host": LOOPBACK, "port": self.port}

    @property
    def connections(self) -> int:
        """How many clients have connected to it so far, without those that publish."""
        return self.log.read_text().count(" as flukso-")

    async def is_reached(self) -> None:
        """Wait until one has connected."""

        async def reached() -> bool:
            return self.connections > 0

        await eventually(reached, "a connection", every=0.05)

    async def is_left(self) -> None:
        """Wait until all of these have disconnected."""

        async def left() -> bool:
            ended = re.findall(r"Client flukso-\w+ .* disconnected", self.log.read_text())
            return len(ended) == self.connections

        await eventually(left, "the end of all connections", within=5, every=0.05)

    async def publish(self, *meters: Meter) -> None:
        """Let meters publish their configuration and a reading on every topic."""
        for meter in meters:
            await self.send(meter.reports, retain=True)
            await self.send(meter.readings())

    async def send(self, messages: Mapping[str, str], *, retain: bool = False) -> None:
        """Publish messages by topic."""
        batch: list[Any] = [
            {"topic": topic, "payload": payload, "retain": retain}
            for topic, payload in messages.items()
        ]
        await asyncio.to_thread(publish.multiple, batch, LOOPBACK, self.port)


def direct_entry(meter: Meter, address: dict[str, Any]) -> MockConfigEntry:
    """The config entry of a meter that is connected to directly, as the config flow makes it."""
    data = {"device_id": meter.device_id, **address, "topic_prefix": "/"}
    return MockConfigEntry(
        domain=DOMAIN, title="Fluksometer", unique_id=meter.device_id, data=data, version=4
    )


async def set_up_directly(
    hass: HomeAssistant, meter: Meter, address: dict[str, Any]
) -> MockConfigEntry:
    """Set up a meter at its address."""
    entry = direct_entry(meter, address)
    entry.add_to_hass(hass)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    return entry


def announced_service(
    meter: Meter, port: int | None, host: str = LOOPBACK, service: str = "_mqtt._tcp.local."
) -> ZeroconfServiceInfo:
    """What a meter announces by mDNS: its broker, or (an FLM02) its web interface."""
    what = "MQTT Broker" if service.startswith("_mqtt") else "Flukso RESTful API"
    address = ip_address(host)
    return ZeroconfServiceInfo(
        ip_address=address,
        ip_addresses=[address],
        port=port,
        hostname=f"flukso-{meter.device_id[:6]}.local.",
        type=service,
        name=f"{what} on flukso-{meter.device_id[:6]}.{service}",
        properties={},
    )


async def announce(
    hass: HomeAssistant,
    meter: Meter,
    port: int | None,
    *,
    host: str = LOOPBACK,
    service: str = "_mqtt._tcp.local.",
) -> ConfigFlowResult:
    """Announce a meter by mDNS, and return what comes of it."""
    result = await hass.config_entries.flow.async_init(
        DOMAIN,
        context={"source": SOURCE_ZEROCONF},
        data=announced_service(meter, port, host, service),
    )
    await hass.async_block_till_done()
    return result


async def connected(entry: MockConfigEntry, *, is_connected: bool = True) -> None:
    """Wait until a meter is connected, or is not."""

    async def reached() -> bool:
        connection: bool = entry.runtime_data.transport.connected
        return connection is is_connected

    await eventually(reached, "the connection", within=12, every=0.05)

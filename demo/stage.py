"""Starts the components of the demo in order, and stops them in any case."""

import asyncio
from collections.abc import AsyncIterator
import contextlib
from dataclasses import dataclass
from functools import partial
from pathlib import Path
import sys
from typing import override

from stack import (
    EmbeddedBroker,
    FlowError,
    HomeAssistant,
    Mosquitto,
    Process,
    eventually,
    find_mosquitto,
)
from stack.client import Client, Json
from stack.ports import LOOPBACK

CHECKOUT = Path(__file__).resolve().parent.parent
DOMAIN = "flukso"

_MQTT_VERSIONS = ("5", "3.1.1")

# The log should show only errors. The MQTT client logs an error because rumqttd acknowledges an
# unsubscription once for each of its topics.
_LEVELS = {
    "homeassistant": "warning",
    f"custom_components.{DOMAIN}": "info",
    "paho.mqtt.client": "critical",
}

# Seconds until the discovery is confirmed, so that Home Assistant can end the subscriptions of its
# discovery: the embedded broker would not send the retained configuration for a second one.
_A_MOMENT = 1


#: The path of the dashboard.
DASHBOARD = "energy-meter"


class BrokerError(Exception):
    """Home Assistant can't use the broker."""


@dataclass(frozen=True)
class BrokerAddress:
    """The address of a broker, and its credentials."""

    host: str
    port: int = 1883
    username: str | None = None
    password: str | None = None

    @override
    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True)
class SimulatedMeter:
    """The process of the simulated meter, and the port of the broker that it publishes to."""

    process: Process
    port: int


@dataclass(frozen=True)
class Stage:
    """The running components."""

    home: HomeAssistant
    broker: Mosquitto | EmbeddedBroker | None = None
    #: None with the meters of the user's broker.
    simulated: SimulatedMeter | None = None
    #: The port of the meter's own broker, if Home Assistant connects to it directly.
    meter_port: int | None = None

    def check(self) -> None:
        """Raise `ProcessError` if one of the components has ended."""
        self.home.check()
        if self.broker is not None:
            self.broker.check()
        if self.simulated is not None:
            self.simulated.process.check()


def say(what: str) -> None:
    """Print a progress message."""
    print(f"demo: {what}", flush=True)


@contextlib.asynccontextmanager
async def stage(
    folder: Path, port: int, address: BrokerAddress | None, *, bridge: bool
) -> AsyncIterator[Stage]:
    """Start all components; the meter is not added to Home Assistant yet.

    Args:
        folder: the folder of all files.
        port: Home Assistant's port.
        address: the user's broker; if None, a broker and a simulated meter are started.
        bridge: whether Home Assistant uses its MQTT integration, also without ``address``.

    Raises:
        ProcessError: a component ended.
        TimeoutError: a component did not start.
        BrokerError: Home Assistant can't use the broker.
    """
    if address is not None:
        async with home_assistant(folder, port, address) as home:
            yield Stage(home)
        return
    say("starting a broker")
    async with broker_in(folder) as broker:
        own = BrokerAddress(LOOPBACK, broker.port) if bridge else None
        async with home_assistant(folder, port, own) as home:
            say("starting a simulated Fluksometer")
            async with simulated_meter(folder, broker.meter_port) as process:
                meter = SimulatedMeter(process, broker.meter_port)
                yield Stage(home, broker, meter, None if bridge else meter.port)


def broker_in(folder: Path) -> Mosquitto | EmbeddedBroker:
    """Return a broker, not yet started: mosquitto, which scripts/setup brings where it can.

    The embedded one sends retained messages once per connection: a meter that is reloaded over Home
    Assistant's connection would not receive its configuration again.
    """
    return EmbeddedBroker(folder) if find_mosquitto() is None else Mosquitto(folder)


@contextlib.asynccontextmanager
async def home_assistant(
    folder: Path, port: int, address: BrokerAddress | None
) -> AsyncIterator[HomeAssistant]:
    """Start Home Assistant, and connect its MQTT integration to a broker if there is one."""
    say("starting Home Assistant (a few seconds; the first time it takes longer)")
    house = HomeAssistant(
        folder,
        port=port,
        passwordless=True,
        levels=_LEVELS,
    )
    async with house as home:
        await add_dashboard(home.client)
        if address is not None:
            await connect(home, address)
        yield home


async def add_dashboard(client: Client) -> None:
    """Add the dashboard that the integration offers, as a user does in the settings."""
    await client.call(
        "lovelace/dashboards/create",
        url_path=DASHBOARD,
        title="Energy meter",
        icon="mdi:meter-electric",
    )
    config = {"strategy": {"type": f"custom:{DOMAIN}"}}
    await client.call("lovelace/config/save", url_path=DASHBOARD, config=config)


def simulated_meter(folder: Path, port: int) -> Process:
    """Return the simulator's process, not yet started, for a broker on the loopback address."""
    command = [sys.executable, "-m", "demo.meter", LOOPBACK, str(port)]
    return Process("the simulated Fluksometer", command, folder / "meter.log", folder=CHECKOUT)


async def connect(home: HomeAssistant, address: BrokerAddress) -> None:
    """Add Home Assistant's MQTT integration; an old broker, as in a meter, supports only 3.1.1.

    Raises:
        BrokerError: Home Assistant can't use the broker.
    """
    say(f"connecting Home Assistant to the broker at {address}")
    refusal: FlowError | None = None
    for version in _MQTT_VERSIONS:
        try:
            await home.client.add_mqtt(
                address.port,
                address.host,
                protocol=version,
                username=address.username,
                password=address.password,
            )
        except FlowError as error:
            refusal = error
        else:
            return
    raise BrokerError(f"Home Assistant can't use the broker at {address} ({refusal})")


async def add_meters(running: Stage, within: float) -> int:
    """Add the Fluksometers that Home Assistant can reach, and return how many.

    Args:
        running: the running components.
        within: seconds to wait for the first one.
    """
    home = running.home
    if running.meter_port is not None:
        say("adding the Fluksometer by its address")
        add = partial(_add_directly, home, running.meter_port)
        try:
            entry = await eventually(add, "a Fluksometer", within)
        except TimeoutError:
            return 0
        assert entry is not None
        say(f"connected to and added: {entry['title']}")
        return 1
    say("waiting for Home Assistant to discover a Fluksometer")
    try:
        flows = await home.client.discovered(DOMAIN, within=within)
    except TimeoutError:
        return 0
    await asyncio.sleep(_A_MOMENT)
    for flow in flows:
        entry = await home.client.confirm(flow["flow_id"])
        say(f"discovered and added: {entry['title']}")
    return len(flows)


async def _add_directly(home: HomeAssistant, port: int) -> Json | None:
    """Add the meter at a port; return None while it is not there yet."""
    try:
        return await home.client.add_directly(DOMAIN, port)
    except FlowError:
        return None


async def watch(running: Stage) -> None:
    """Raise `ProcessError` when a component ends; never return."""
    while True:
        running.check()
        await asyncio.sleep(1)

"""The demo's meter: when it can be asked for, and when it is live."""

import asyncio
from datetime import datetime
from pathlib import Path
import sys
import threading

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from simulator.random_values import identity
from stack import HomeAssistant, Process
from stack.ports import LOOPBACK

_CHECKOUT = Path(__file__).parents[2]
DEVICE_ID = identity("demo")
#: What its clamps measure all the time.
_READINGS = [
    f"sensor.fluksometer_{port}_{what}"
    for port in ("l1", "l2", "l3")
    for what in ("active_power_import", "active_energy_import", "voltage", "current")
]


def demo_meter(folder: Path, port: int) -> Process:
    """The meter, not started, which publishes to a broker on the loopback device."""
    command = [sys.executable, "-m", "demo.meter", LOOPBACK, str(port)]
    return Process("meter", command, folder / "meter.log", folder=_CHECKOUT)


async def is_configured(port: int) -> None:
    """Wait until its broker has its configuration; without it, nobody knows the meter."""
    is_received = threading.Event()
    client = Client(CallbackAPIVersion.VERSION2)
    client.on_message = lambda *_: is_received.set()
    client.connect(LOOPBACK, port)
    client.subscribe(f"/device/{DEVICE_ID}/config/sensor")
    client.loop_start()
    try:
        assert await asyncio.to_thread(is_received.wait, 30), "the meter has no configuration"
    finally:
        client.disconnect()
        client.loop_stop()


async def is_live(home: HomeAssistant, since: float) -> bool:
    """Whether all its clamps have been read since a time (s since 1970)."""
    states = await home.client.states()
    return all(
        entity_id in states
        and states[entity_id]["state"] not in ("unavailable", "unknown")
        and datetime.fromisoformat(states[entity_id]["last_updated"]).timestamp() > since
        for entity_id in _READINGS
    )

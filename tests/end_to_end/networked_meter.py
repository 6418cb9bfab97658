"""A meter on a network: its address, its broker, its readings and what it announces."""

import json
from pathlib import Path
import subprocess
import sys

import pytest_socket

from stack import Mosquitto, Process

from . import announcement
from .demo_meter import DEVICE_ID, demo_meter, is_configured

_CHECKOUT = Path(__file__).parents[2]
#: A meter's broker, at whatever address the meter has.
_OPEN = "accept_protocol_versions 3, 4"
_BROKER = f"{_OPEN}\nlistener 1883\n{_OPEN}"
_LAN, _MULTICAST = "10.42.0.0/24", "224.0.0.0/4"
_HOME = "10.42.0.1"
#: The addresses that a meter has there.
METER, METER_LATER = "10.42.0.2", "10.42.0.3"


def ip(command: str) -> None:
    """Change the network of this process."""
    subprocess.run(["ip", *command.split()], check=True)


def enter_own_network() -> None:
    """Make a network of the loopback device alone, with multicast; nothing leads out of it."""
    shown = subprocess.run(
        ["ip", "-json", "link", "show"], check=True, capture_output=True, text=True
    )
    is_new = not any("UP" in device["flags"] for device in json.loads(shown.stdout))
    assert is_new, "these tests are run by test_announced.py, in a new network"
    ip("link set lo up multicast on")
    ip(f"address add {_HOME}/32 dev lo")
    ip(f"route add {_LAN} dev lo src {_HOME}")
    ip(f"route add {_MULTICAST} dev lo src {_HOME}")
    pytest_socket.enable_socket()


class NetworkedMeter:
    """The demo's meter, which is somewhere on the network that it can change."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._address = ""
        self._broker = Mosquitto(folder, extra=_BROKER)
        self._readings = demo_meter(folder, self._broker.port)
        self._announcement: Process

    async def switch_on(self, address: str) -> None:
        """Start all of it."""
        await self._broker.start()
        await self._readings.start()
        await is_configured(self._broker.port)
        await self._appear(address)

    async def move(self, address: str) -> None:
        """Be at another address all of a sudden, and nobody at the old one."""
        await self._announcement.kill()
        ip(f"address delete {self._address}/32 dev lo")
        await self._appear(address)

    async def _appear(self, address: str) -> None:
        ip(f"address add {address}/32 dev lo")
        self._address = address
        host = f"flukso-{DEVICE_ID[:6]}"
        command = [sys.executable, "-m", announcement.__name__, host, address]
        log = self._folder / "announcement.log"
        self._announcement = Process("announcement", command, log, folder=_CHECKOUT)
        await self._announcement.start()

    async def switch_off(self) -> None:
        """Stop all of it."""
        await self._announcement.kill()
        await self._readings.stop()
        await self._broker.stop()

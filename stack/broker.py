"""Brokers: mosquitto where it is needed, the embedded rumqttd elsewhere."""

import os
from pathlib import Path
import pwd
import shutil
import sys
from typing import Protocol, Self

from .ports import LOOPBACK, free_port
from .process import Process

_CHECKOUT = Path(__file__).resolve().parent.parent


class Broker(Protocol):
    """A broker for Home Assistant and a meter.

    Home Assistant uses MQTT 5, a meter MQTT 3.1.1; a broker may need a separate port for each.
    """

    @property
    def port(self) -> int:
        """The port for MQTT 5."""

    @property
    def meter_port(self) -> int:
        """The port for MQTT 3.1.1."""


def find_mosquitto() -> Path | None:
    """Find the mosquitto broker: installed, or unpacked into the checkout by scripts/setup."""
    unpacked = _CHECKOUT / ".tools" / "debian" / "usr" / "sbin"
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", str(unpacked)])
    found = shutil.which("mosquitto", path=path)
    return Path(found) if found else None


class _Served:
    """The common parts of both brokers: a process, a configuration file, a log."""

    def __init__(self, process: Process, configuration: Path, text: str, ports: list[int]) -> None:
        self._process = process
        self._configuration = configuration
        self._text = text
        self._ports = ports

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def log(self) -> Path:
        """The log file of the broker."""
        return self._process.log

    async def start(self) -> None:
        """Start the broker, again on the same ports, and wait until it accepts connections.

        Raises:
            ProcessError: it ended, for instance because of its configuration.
            TimeoutError: it did not start.
        """
        self._configuration.parent.mkdir(parents=True, exist_ok=True)
        self._configuration.write_text(self._text)
        await self._process.start()
        for port in self._ports:
            await self._process.listens(port)

    async def stop(self) -> None:
        """Stop the broker; its retained messages are lost."""
        await self._process.stop()

    def check(self) -> None:
        """Raise `ProcessError` if the broker is not running."""
        self._process.check()

    async def kill(self) -> None:
        """Kill the broker without disconnecting its clients."""
        await self._process.kill()

    def pause(self) -> None:
        """Suspend the broker, with all connections open."""
        self._process.pause()

    def resume(self) -> None:
        """Resume a suspended broker."""
        self._process.resume()


class Mosquitto(_Served):
    """A mosquitto without authentication, on the loopback address."""

    def __init__(
        self, folder: Path, *, port: int | None = None, extra: str = "", name: str = "mosquitto"
    ) -> None:
        """Configure the broker without starting it.

        Args:
            folder: the folder of its configuration and log.
            port: the port to listen on; a free one by default.
            extra: further configuration lines, a bridge for instance.
            name: of the two files, so that several brokers share a folder.

        Raises:
            FileNotFoundError: there is no mosquitto on this machine.
        """
        program = find_mosquitto()
        if program is None:
            raise FileNotFoundError("mosquitto is neither installed nor in .tools/debian")
        self.port = port or free_port()
        configuration = folder / f"{name}.conf"
        super().__init__(
            Process(name, [program, "-c", configuration], folder / f"{name}.log"),
            configuration,
            f"listener {self.port} {LOOPBACK}\n"
            "allow_anonymous true\n"
            "persistence false\n"
            f"user {pwd.getpwuid(os.geteuid()).pw_name}\n"
            f"{extra}\n",
            [self.port],
        )

    @property
    def meter_port(self) -> int:
        """The port for MQTT 3.1.1: mosquitto supports both versions on one port."""
        return self.port


class EmbeddedBroker(_Served):
    """rumqttd, from the package `iotcore` on PyPI; one listener per MQTT version.

    It violates the specification in two ways (iotcore 0.4.0): a second subscription to the same
    topic on a connection does not send the retained message again, and an unsubscription from
    several topics is acknowledged once for each.
    """

    def __init__(self, folder: Path) -> None:
        """Configure the broker without starting it; `folder` has its configuration and log."""
        self.port = free_port()
        self.meter_port = free_port()
        configuration = folder / "broker.toml"
        # rumqttd reports every routed packet as an error to Python's logging.
        options = ["--config", str(configuration), "--log-level", "CRITICAL"]
        program = [sys.executable, "-P", "-m", "iotcore"]
        super().__init__(
            Process("broker", [*program, *options], folder / "broker.log"),
            configuration,
            _ROUTER + _listener("v5", self.port) + _listener("v4", self.meter_port),
            [self.port, self.meter_port],
        )


_ROUTER = """\
id = 0

[router]
id = 0
max_connections = 1000
max_outgoing_packet_count = 1000
max_segment_size = 1048576
max_segment_count = 10
"""


def _listener(version: str, port: int) -> str:
    return f"""
[{version}.1]
name = "{version}"
listen = "{LOOPBACK}:{port}"
next_connection_delay_ms = 1

[{version}.1.connections]
connection_timeout_ms = 60000
max_payload_size = 1048576
max_inflight_count = 500
dynamic_filters = true
"""

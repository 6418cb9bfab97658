"""A direct connection in memory, which also works while the clock stands still."""

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
import time
from typing import Any, override
from unittest.mock import patch

from homeassistant.core import CALLBACK_TYPE, HomeAssistant
from paho.mqtt.client import topic_matches_sub

from custom_components.flukso.transport.interface import (
    BufferedSubscription,
    ConnectionState,
    Message,
    Receive,
    Transport,
)

from ..meters import Meter

ADDRESS: dict[str, Any] = {"host": "flukso-c1a300", "port": 1883}


class Connection(Transport):
    """What a meter sends to its subscribers; ``reports`` are retained."""

    def __init__(self, reports: dict[str, str]) -> None:
        self.reports = reports
        self._connected = True
        self._receivers: list[tuple[str, Receive]] = []
        self._listeners: list[Callable[[], None]] = []

    def lose(self) -> None:
        """Let the connection end."""
        self._set_connected(connected=False)

    def restore(self) -> None:
        """Let it be there again."""
        self._set_connected(connected=True)

    def _set_connected(self, *, connected: bool) -> None:
        self._connected = connected
        for changed in list(self._listeners):
            changed()

    def publish(self, messages: Mapping[str, str]) -> None:
        """Deliver messages by topic."""
        for topic, payload in messages.items():
            for subscribed, receive in list(self._receivers):
                if topic_matches_sub(subscribed, topic):
                    receive(Message(topic, payload.encode(), retained=False, arrived=time.time()))

    @property
    @override
    def connection_state(self) -> ConnectionState:
        return ConnectionState.CONNECTED if self._connected else ConnectionState.DISCONNECTED

    @property
    @override
    def connected(self) -> bool:
        return self._connected

    @override
    async def async_start(self) -> None:
        pass

    @override
    async def async_stop(self) -> None:
        pass

    @override
    async def async_subscribe(self, topic: str, receive: Receive) -> CALLBACK_TYPE:
        subscription = (topic, receive)
        self._receivers.append(subscription)
        for retained, payload in self.reports.items():
            if self._connected and topic_matches_sub(topic, retained):
                receive(Message(retained, payload.encode(), retained=True, arrived=time.time()))
        return lambda: self._receivers.remove(subscription)

    @override
    async def async_subscribe_buffered(self, subscription: BufferedSubscription) -> CALLBACK_TYPE:
        return await self.async_subscribe(
            subscription.topic, lambda message: subscription.receive([message])
        )

    @override
    def flush(self) -> None:
        pass

    @override
    def discard_buffer(self) -> None:
        pass

    @override
    async def async_publish(self, topic: str, payload: bytes) -> None:
        pass

    @override
    def listen_to_connection(self, changed: Callable[[], None]) -> CALLBACK_TYPE:
        self._listeners.append(changed)
        return lambda: self._listeners.remove(changed)


@contextmanager
def connection_in_memory(meter: Meter) -> Generator[Connection]:
    """Connect to a meter in memory wherever its address is."""
    connection = Connection(meter.reports)

    def connect(_hass: HomeAssistant, _host: str, _port: int) -> Transport:
        return connection

    package = "custom_components.flukso.transport"
    with (
        patch(f"{package}.choice.DirectTransport", connect),
        patch(f"{package}.discovery.DirectTransport", connect),
    ):
        yield connection

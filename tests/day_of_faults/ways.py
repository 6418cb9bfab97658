"""The two ways from a meter to Home Assistant, for tests that let whole days pass.

Neither needs a network, nor any time by the clock that such a test moves.
"""

from abc import ABC, abstractmethod
import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
import socket
from typing import Protocol, override
from unittest.mock import patch

from homeassistant.core import HomeAssistant

from custom_components.flukso.transport.mqtt_connection import ConnectFailure, MqttConnection

from ..broker import Broker, matches
from ..transport import peer

_CONNECTION = "custom_components.flukso.transport.mqtt_connection"
#: Its kernel takes so much at once, which is what an old burst of messages needs (bytes).
_BUFFER = 4 * 1024 * 1024


class Spoken(Protocol):
    """A message of a meter."""

    @property
    def topic(self) -> str:
        """The topic, as the meter publishes it."""

    @property
    def payload(self) -> bytes:
        """The payload."""

    @property
    def retain(self) -> bool:
        """Whether the broker keeps it."""


class Way(ABC):
    """The way of one meter; ``address`` is what its config entry has of it."""

    address: dict[str, object]

    @property
    def is_connecting(self) -> bool:
        """Whether Home Assistant is not connected, or has only begun to be."""
        return False

    @abstractmethod
    def send(self, messages: Iterable[Spoken]) -> None:
        """Let the meter publish messages, and don't wait."""

    @abstractmethod
    async def settle(self) -> None:
        """Wait until what is under way has arrived."""

    @abstractmethod
    async def lose_connection(self) -> None:
        """Let the broker go."""

    @abstractmethod
    async def restore_connection(self) -> None:
        """Let it come back."""

    @abstractmethod
    def move(self) -> None:
        """Give the meter another address; what was retained at the old one is gone."""


class Bridged(Way):
    """Through Home Assistant's broker; the address is the prefix of the topics."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._prefixes = ["/", "attic/"]
        self.address = {"topic_prefix": self._prefixes[0]}

    @override
    def send(self, messages: Iterable[Spoken]) -> None:
        prefix = self._prefixes[0].removesuffix("/")
        for each in messages:
            self._broker.send(prefix + each.topic, each.payload, retain=each.retain)

    @override
    async def settle(self) -> None:
        await self._broker.settle()

    @override
    async def lose_connection(self) -> None:
        await self._broker.lose_connection()

    @override
    async def restore_connection(self) -> None:
        await self._broker.restore_connection()

    @override
    def move(self) -> None:
        left = self._prefixes[0]
        for topic in [each for each in self._broker.retained if each.startswith(left)]:
            del self._broker.retained[topic]
        self._prefixes.reverse()
        self.address = {"topic_prefix": self._prefixes[0]}


class Direct(Way):
    """The meter's own broker, in memory; it is reached through real sockets of this process."""

    def __init__(self, hass: HomeAssistant, network: Network, *hosts: str) -> None:
        self._hass, self._network, self._hosts = hass, network, list(hosts)
        self._retained: dict[str, bytes] = {}
        self._clients: list[_Client] = []
        self._attach()

    def _attach(self) -> None:
        self.address = {"host": self._hosts[0], "port": 1883, "topic_prefix": "/"}
        self._network[self._hosts[0]] = self

    @property
    @override
    def is_connecting(self) -> bool:
        return not self._clients or not all(client.is_served for client in self._clients)

    @override
    def send(self, messages: Iterable[Spoken]) -> None:
        spoken = list(messages)
        self._retained |= {each.topic: each.payload for each in spoken if each.retain}
        for client in self._clients:
            client.send(b"".join(map(client.packet, spoken)))

    def accept(self, there: socket.socket) -> None:
        """Serve a client at the other end of a socket."""
        self._clients.append(_Client(self._hass, there, self._retained))

    @override
    async def settle(self) -> None:
        for _ in range(5):
            await self._hass.async_block_till_done()
            await asyncio.sleep(0)
        self._clients = [client for client in self._clients if not client.is_gone]
        # time stands still, so that there is nothing else to wait for than the loop itself
        while not all(client.is_served or client.is_gone for client in self._clients):  # noqa: ASYNC110
            await asyncio.sleep(0)

    @override
    async def lose_connection(self) -> None:
        """Go in the middle of a packet."""
        self._network.pop(self._hosts[0])
        for client in self._clients:
            client.send(b"\x30\x7f\x00")
            client.close()
        self._clients.clear()
        await self.settle()

    @override
    async def restore_connection(self) -> None:
        self._attach()
        await self.settle()

    @override
    def move(self) -> None:
        self._network.pop(self._hosts[0])
        for client in self._clients:
            client.close()
        self._clients.clear()
        self._retained.clear()
        self._hosts.reverse()
        self._attach()


type Network = dict[str, Direct]


class _Client:
    """A client of a broker in memory, and what it has subscribed to."""

    def __init__(
        self, hass: HomeAssistant, there: socket.socket, retained: dict[str, bytes]
    ) -> None:
        self._loop, self._there, self._retained = hass.loop, there, retained
        self._received = bytearray()
        self._topics: set[str] = set()
        self.is_gone = False
        #: Whether all that a client asks for before its first subscription was answered.
        self.is_served = False
        there.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
        self._loop.add_reader(there, self._receive)

    def packet(self, message: Spoken, kind: int = peer.PUBLISH) -> bytes:
        """Return a message as a packet; nothing if it was not subscribed to."""
        topic = message.topic
        if topic in self._topics or any(matches(each, topic) for each in self._topics):
            return peer.publish(topic, message.payload, kind=kind)
        return b""

    def send(self, packets: bytes) -> None:
        """Send packets, unless the client is gone."""
        if packets and not self.is_gone:
            with suppress(ConnectionError):
                self._there.sendall(packets)

    def close(self) -> None:
        """End the connection, if it has not ended."""
        if not self.is_gone:
            self.is_gone = True
            self._loop.remove_reader(self._there)
            self._there.close()

    def _receive(self) -> None:
        try:
            received = self._there.recv(_BUFFER)
        except ConnectionError:
            received = b""
        if not received:
            self.close()
            return
        self._received += received
        while (whole := peer.cut_off(self._received)) is not None:
            self._answer(*whole)

    def _answer(self, kind: int, body: bytes) -> None:
        if kind in peer.ANSWERS or kind == peer.CONNECT:
            self.send(peer.CONNACK if kind == peer.CONNECT else peer.answer(kind, body))
        if kind == peer.PINGREQ:
            self.is_served = True
        topics = set(peer.topics_of(kind, body))
        if kind == peer.UNSUBSCRIBE:
            self._topics -= topics
        if kind == peer.SUBSCRIBE:
            self._topics |= topics
            for topic, payload in self._retained.items():
                if any(matches(each, topic) for each in topics):
                    self.send(peer.publish(topic, payload, kind=peer.PUBLISH | 1))


@contextmanager
def network() -> Iterator[Network]:
    """Let the brokers that are put into it, by host, be all that can be connected to."""
    brokers: Network = {}

    async def connect(connection: MqttConnection, host: str, _port: int) -> ConnectFailure | None:
        if (broker := brokers.get(host)) is None:
            return ConnectFailure.UNREACHABLE
        here, there = socket.socketpair()
        here.setblocking(False)
        there.setblocking(False)
        connection._socket = here
        broker.accept(there)
        return await connection._async_handshake()

    with (
        patch.object(MqttConnection, "_async_connect", connect),
        patch(f"{_CONNECTION}._POLL", 0),
    ):
        yield brokers

"""Publishes the messages of meters to a broker, second by second, like a real meter's bridge."""

from collections.abc import Callable, Iterable, Sequence
import logging
import queue
from threading import Event
import time
from typing import Protocol

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from .message import Message
from .pace import beat

LOGGER = logging.getLogger(__name__)
KEEP_ALIVE = 60


class Played(Protocol):
    """A simulated meter, or anything else that returns the messages of each second."""

    @property
    def sync_topic(self) -> str:
        """The topic on which it takes requests."""

    def announce(self) -> Iterable[Message]:
        """Return the retained messages."""

    def hear(self, message: Message) -> Iterable[Message]:
        """Return the answer to a request."""

    def second(self, now: int) -> Iterable[Message]:
        """Return the messages of a second."""


def play(
    meters: Sequence[Played],
    host: str,
    port: int = 1883,
    *,
    speed: float = 1.0,
    stop: Event | None = None,
    begin: int | None = None,
    client_id: str = "",
    pause: float = 0.0,
    clock: Callable[[], float] = time.time,
) -> None:
    """Publish the messages of meters to a broker until stopped.

    The retained messages are published on every connection, then the messages of each second.
    Without a connection the meters continue counting, and their messages are lost. A player that is
    too slow skips no second: it falls behind, and logs by how much.

    Args:
        meters: Meters that have not simulated ``begin`` or later yet.
        host: The broker.
        port: Its port.
        speed: The simulated seconds per second.
        stop: Set it to end.
        begin: The first second to simulate; by default now.
        client_id: The client's name at the broker; by default the broker chooses.
        pause: The delay (s) between two messages.
        clock: What time it is, in seconds since the epoch.
    """
    stop = stop or Event()
    player = _Player(meters, client_id, pause)
    player.connect(host, port)
    try:
        for second in beat(int(clock()) if begin is None else begin, speed, stop):
            player.second(second)
    finally:
        player.disconnect()


class _Player:
    """One connection for several meters, like the bridge of a shared broker."""

    def __init__(self, meters: Sequence[Played], client_id: str, pause: float) -> None:
        self._meters = meters
        self._pause = pause
        self._connected = Event()
        self._heard: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id, protocol=mqtt.MQTTv311)
        self._client.reconnect_delay_set(1, 5)
        self._client.on_connect = self._on_connect
        self._client.on_connect_fail = self._on_connect_fail
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = self._on_message

    def connect(self, host: str, port: int) -> None:
        self._client.connect_async(host, port, KEEP_ALIVE)
        self._client.loop_start()

    def disconnect(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def second(self, now: int) -> None:
        """Simulate one second of all meters, and publish their messages."""
        if self._connected.is_set():
            self._connected.clear()
            for meter in self._meters:
                self._publish(meter.announce())
        while not self._heard.empty():
            message = self._heard.get()
            for meter in self._meters:
                self._publish(meter.hear(message))
        for meter in self._meters:
            self._publish(meter.second(now))

    def _publish(self, messages: Iterable[Message]) -> None:
        if self._client.is_connected():
            for message in messages:
                self._client.publish(message.topic, message.payload, 0, message.retain)
                if self._pause:
                    time.sleep(self._pause)

    def _on_connect(
        self,
        client: mqtt.Client,
        _userdata: object,
        _flags: mqtt.ConnectFlags,
        reason: ReasonCode,
        _properties: object,
    ) -> None:
        if reason.is_failure:
            LOGGER.warning("The broker refuses: %s", reason)
            return
        LOGGER.info("Connected")
        client.subscribe([(meter.sync_topic, 0) for meter in self._meters])
        self._connected.set()

    def _on_connect_fail(self, _client: mqtt.Client, _userdata: object) -> None:
        LOGGER.warning("The broker can't be reached; trying again")

    def _on_disconnect(
        self,
        _client: mqtt.Client,
        _userdata: object,
        _flags: object,
        reason: ReasonCode,
        _properties: object,
    ) -> None:
        if reason.is_failure:
            LOGGER.warning("The connection is lost: %s; trying again", reason)

    def _on_message(
        self, _client: mqtt.Client, _userdata: object, message: mqtt.MQTTMessage
    ) -> None:
        self._heard.put(Message(message.topic, message.payload))

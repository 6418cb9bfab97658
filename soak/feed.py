"""A simulated meter that publishes what it says in some seconds at once, as fast as it can."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
import json
from typing import Self

from custom_components.flukso.protocol import mqtt_packets
from simulator import Message, Meter
from stack.ports import LOOPBACK

from .taken import Published

#: The broker knows that there is life by the pings after each span.
_NO_KEEPALIVE = 0
_CHUNK = 64 * 1024
_READINGS = ("gauge", "counter")
_RETAINED = mqtt_packets.RETAINED_PUBLISH.to_bytes()


class Feed:
    """The connection of a meter to a broker while its context is open, and what was published."""

    def __init__(self, meter: Meter, port: int) -> None:
        self._meter = meter
        self._port = port
        self._messages: Counter[str] = Counter()
        self._last: dict[str, bytes] = {}
        self._requests: list[Message] = []
        self._received = bytearray()
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_connection(LOOPBACK, self._port)
        self._writer.write(mqtt_packets.connect("meter", _NO_KEEPALIVE))
        await self._receive(mqtt_packets.CONNACK)
        self._writer.write(mqtt_packets.subscribe([self._meter.sync_topic]))
        await self._receive(mqtt_packets.SUBACK)
        await self.publish(self._meter.announce())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()
        with suppress(OSError):
            await self._writer.wait_closed()

    def says(self, seconds: Iterable[int]) -> Sequence[Message]:
        """Return what the meter answers to the requests so far, and what it says in some seconds.

        It takes a while, and may be called in a thread.
        """
        requests, self._requests = self._requests, []
        answers = (answer for request in requests for answer in self._meter.hear(request))
        said = (message for second in seconds for message in self._meter.second(second))
        return [*answers, *said]

    async def publish(self, messages: Sequence[Message]) -> None:
        """Publish, and wait until the broker has sent all of it to its subscribers."""
        for message in messages:
            if message.topic.endswith(_READINGS):
                self._messages[message.topic] += 1
                self._last[message.topic] = message.payload
        self._writer.write(b"".join(map(_packet, messages)) + mqtt_packets.PINGREQ)
        await self._receive(mqtt_packets.PINGRESP)

    def take_published(self) -> dict[str, Published]:
        """Return what was published by topic since this was called last."""
        published = {
            topic: Published(messages, json.loads(self._last[topic])[1])
            for topic, messages in self._messages.items()
        }
        self._messages.clear()
        return published

    async def _receive(self, kind: int) -> None:
        """Receive until a packet of a kind has come, and keep the requests that come before it."""
        received = self._received
        while True:
            packet = mqtt_packets.find_packet(received, 0)
            if packet is None or packet.end > len(received):
                received += await self._chunk()
                continue
            if packet.kind in mqtt_packets.MESSAGES:
                self._requests.append(Message(*mqtt_packets.read_message(received, packet)))
            del received[: packet.end]
            if packet.kind == kind:
                return

    async def _chunk(self) -> bytes:
        chunk = await self._reader.read(_CHUNK)
        if not chunk:
            raise ConnectionError("the broker has ended the connection")
        return chunk


def _packet(message: Message) -> bytes:
    packet = mqtt_packets.publish(message.topic, message.payload)
    return _RETAINED + packet[1:] if message.retain else packet

"""A peer in place of a broker, which sends whatever a test wants it to."""

import asyncio
from collections.abc import AsyncGenerator, Generator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
import socket
import struct

from stack.ports import LOOPBACK

CONNACK, PINGRESP = b"\x20\x02\x00\x00", b"\xd0\x00"
#: The kinds of packets that a client sends.
CONNECT, PUBLISH, SUBSCRIBE, UNSUBSCRIBE, PINGREQ, DISCONNECT = 0x10, 0x30, 0x82, 0xA2, 0xC0, 0xE0
#: What a broker answers to them.
ANSWERS = {SUBSCRIBE: b"\x90\x03%s\x00", UNSUBSCRIBE: b"\xb0\x02%s", PINGREQ: PINGRESP}

#: How much is read at once (bytes).
_CHUNK = 64 * 1024


def publish(topic: str | bytes, payload: bytes, *, kind: int = PUBLISH) -> bytes:
    """Return a message as a packet."""
    name = topic.encode() if isinstance(topic, str) else topic
    body = len(name).to_bytes(2, "big") + name + payload
    return bytes([kind]) + length_of(len(body)) + body


def length_of(remaining: int) -> bytes:
    """Return a length as MQTT writes it: seven bits a byte, the lowest first."""
    written = bytearray()
    while True:
        remaining, low = divmod(remaining, 128)
        written.append(low | (0x80 if remaining else 0))
        if not remaining:
            return bytes(written)


class Peer:
    """Accepts connections, and answers as a broker does, or only as far as ``answers`` says."""

    def __init__(self) -> None:
        self.port = 0
        #: The kinds of packets that are answered.
        self.answers = {CONNECT, SUBSCRIBE, UNSUBSCRIBE, PINGREQ}
        self.connack = CONNACK
        #: What clients have sent, by kind and content.
        self.received: list[tuple[int, bytes]] = []
        #: How many connections are open.
        self.open = 0
        self.writers: list[asyncio.StreamWriter] = []
        #: Cleared while it leaves what clients send in the socket.
        self.reads = asyncio.Event()
        self.reads.set()
        self._heard = asyncio.Event()

    def count(self, kind: int) -> int:
        """Return how many packets of a kind were received."""
        return sum(received == kind for received, _ in self.received)

    async def receives(self, kind: int, count: int = 1) -> None:
        """Wait until so many packets of a kind have been received."""
        while self.count(kind) < count:
            self._heard.clear()
            await self._heard.wait()

    def is_left(self) -> bool:
        """Return whether all clients have closed their connections."""
        return self.open == 0

    async def send(self, data: bytes) -> None:
        """Send bytes over the latest connection."""
        self.writers[-1].write(data)
        await self.writers[-1].drain()

    def reset(self) -> None:
        """End the latest connection as a device that has restarted does, with a RST segment."""
        opened = self.writers[-1].get_extra_info("socket")
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writers[-1].transport.abort()

    def close(self) -> None:
        """Close all connections."""
        for writer in self.writers:
            writer.close()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Handle a connection."""
        self.writers.append(writer)
        self.open += 1
        unread = bytearray()
        with suppress(EOFError, ConnectionError):
            while True:
                await self.reads.wait()
                while (packet := cut_off(unread)) is None:
                    unread += await _read(reader)
                kind, body = packet
                self.received.append((kind, body))
                self._heard.set()
                if kind in self.answers:
                    writer.write(self.connack if kind == CONNECT else answer(kind, body))
        writer.close()
        self.open -= 1


async def _read(reader: asyncio.StreamReader) -> bytes:
    """Return what has arrived, once it has; raise EOFError at the end of the connection."""
    if not (received := await reader.read(_CHUNK)):
        raise EOFError
    return received


def answer(kind: int, body: bytes) -> bytes:
    """Return what a broker answers to a packet."""
    template = ANSWERS[kind]
    return template % body[:2] if b"%s" in template else template


def cut_off(received: bytearray) -> tuple[int, bytes] | None:
    """Take the first packet off what was received, if it is whole; return its kind and content."""
    remaining = shift = 0
    for place, byte in enumerate(received[1:5], 1):
        remaining |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            begin, end = place + 1, place + 1 + remaining
            if end > len(received):
                return None
            kind, body = received[0], bytes(received[begin:end])
            del received[:end]
            return kind, body
    return None


def topics_of(kind: int, body: bytes) -> Iterator[str]:
    """Return the topics that a packet subscribes to or unsubscribes from."""
    place = 2
    while kind in (SUBSCRIBE, UNSUBSCRIBE) and place < len(body):
        end = place + 2 + int.from_bytes(body[place : place + 2], "big")
        yield body[place + 2 : end].decode()
        place = end + (kind == SUBSCRIBE)


@asynccontextmanager
async def peer() -> AsyncGenerator[Peer]:
    """Run a peer on the loopback address."""
    made = Peer()
    server = await asyncio.start_server(made.serve, LOOPBACK, 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        made.close()


@contextmanager
def full_port() -> Generator[int]:
    """A port that drops what arrives: its only place is taken, and nobody accepts."""
    with socket.socket() as full:
        full.bind((LOOPBACK, 0))
        full.listen(0)
        with socket.create_connection(full.getsockname()):
            yield full.getsockname()[1]

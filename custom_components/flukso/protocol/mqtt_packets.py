"""The packets of MQTT 3.1.1 at QoS 0 that a client sends and receives.

Source: MQTT Version 3.1.1, OASIS Standard, sections 2.2 (fixed header) and 3 (packets).
"""

from collections.abc import Iterable
from typing import NamedTuple

from .validation import ProtocolError

#: The longest packet: a block of twelve days at one reading a second has some 3 MB.
MAX_MESSAGE = 4 * 1024 * 1024
#: Acknowledgements have two bytes, and one more for each topic that was subscribed to.
_MAX_ACKNOWLEDGEMENT = 16 * 1024
#: The bytes of the length: seven bits each, the lowest first, the last without the eighth bit.
_LENGTH_BYTES = 4
_CONTINUES = 0x80

#: First bytes of the packets that a client receives: a message, the same retained, and answers.
PUBLISH, RETAINED_PUBLISH = 0x30, 0x31
CONNACK, SUBACK, UNSUBACK, PINGRESP = 0x20, 0x90, 0xB0, 0xD0
MESSAGES = frozenset((PUBLISH, RETAINED_PUBLISH))
#: The shortest content of each packet that a client at QoS 0 receives; a topic has a character.
_SHORTEST = {PUBLISH: 3, RETAINED_PUBLISH: 3, CONNACK: 2, SUBACK: 3, UNSUBACK: 2, PINGRESP: 0}
#: The bytes of a topic's length, in front of it.
_TOPIC_LENGTH = 2
#: First bytes of the packets that a client sends.
_CONNECT, _SUBSCRIBE, _UNSUBSCRIBE = 0x10, 0x82, 0xA2
PINGREQ, DISCONNECT = b"\xc0\x00", b"\xe0\x00"
#: The name and the level of MQTT 3.1.1, and the flag of a clean session (section 3.1.2).
_PROTOCOL = b"\x00\x04MQTT\x04\x02"
#: The number that an answer has too, which nobody waits for.
_PACKET_ID = b"\x00\x01"
_QOS_0 = b"\x00"


class Packet(NamedTuple):
    """A packet in what was received: its first byte, and where its content begins and ends.

    The content may end beyond what has been received.
    """

    kind: int
    content: int
    end: int


def connect(client_id: str, keepalive: int) -> bytes:
    """Return the packet that begins a clean session; ``keepalive`` in seconds."""
    return _packet(_CONNECT, _PROTOCOL + keepalive.to_bytes(2, "big") + _text(client_id))


def subscribe(topics: Iterable[str]) -> bytes:
    """Return the packet that subscribes to topics or filters."""
    return _packet(_SUBSCRIBE, _PACKET_ID + b"".join(_text(topic) + _QOS_0 for topic in topics))


def unsubscribe(topics: Iterable[str]) -> bytes:
    """Return the packet that ends subscriptions."""
    return _packet(_UNSUBSCRIBE, _PACKET_ID + b"".join(map(_text, topics)))


def publish(topic: str, payload: bytes) -> bytes:
    """Return the packet with a message that is not retained."""
    return _packet(PUBLISH, _text(topic) + payload)


def find_packet(received: bytes | bytearray, start: int) -> Packet | None:
    """Find the packet that begins at ``start``; None while its length has not arrived.

    Raises:
        ProtocolError: no broker sends it to a client that subscribes at QoS 0, or it is longer than
            any of a meter's.
    """
    if start >= len(received):
        return None
    kind = received[start]
    if kind not in _SHORTEST:
        raise ProtocolError("MQTT packet", "of a kind that was not asked for", kind)
    length = 0
    for place in range(_LENGTH_BYTES):
        content = start + 1 + place
        if content == len(received):
            return None
        length |= (received[content] & ~_CONTINUES) << 7 * place
        if not received[content] & _CONTINUES:
            break
    else:
        raise ProtocolError("MQTT packet", "its length has more than four bytes")
    if length < _SHORTEST[kind]:
        raise ProtocolError("MQTT packet", "too short", length)
    if length > (MAX_MESSAGE if kind in MESSAGES else _MAX_ACKNOWLEDGEMENT):
        raise ProtocolError("MQTT packet", "too long", length)
    return Packet(kind, content + 1, content + 1 + length)


def read_message(received: bytes | bytearray, packet: Packet) -> tuple[str, bytes]:
    """Return the topic and the payload of a message that has been received.

    Raises:
        ProtocolError: it has no topic, or one that is not UTF-8.
    """
    topic = packet.content + _TOPIC_LENGTH
    payload = topic + int.from_bytes(received[packet.content : topic], "big")
    if not topic < payload <= packet.end:
        raise ProtocolError("MQTT packet", "no topic in it")
    try:
        return received[topic:payload].decode(), bytes(received[payload : packet.end])
    except UnicodeDecodeError:
        raise ProtocolError("MQTT packet", "its topic is not UTF-8") from None


def connack_code(received: bytes | bytearray, packet: Packet) -> int:
    """Return the code of a CONNACK that has been received, 0 for an accepted connection.

    Raises:
        ProtocolError: it accepts another version of MQTT.
    """
    code = received[packet.content + 1]
    length = packet.end - packet.content
    if not code and length > _SHORTEST[CONNACK]:
        raise ProtocolError("MQTT packet", "a CONNACK of another version", length)
    return code


def _text(text: str) -> bytes:
    encoded = text.encode()
    return len(encoded).to_bytes(2, "big") + encoded


def _packet(kind: int, content: bytes) -> bytes:
    length, remaining = bytearray(), len(content)
    while remaining >= _CONTINUES:
        length.append(remaining % _CONTINUES | _CONTINUES)
        remaining //= _CONTINUES
    length.append(remaining)
    return bytes((kind, *length)) + content

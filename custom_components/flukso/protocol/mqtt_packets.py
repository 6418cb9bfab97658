"""What a broker sends over MQTT 3.1.1: how long each packet is, told from its first bytes.

Source: MQTT Version 3.1.1, OASIS Standard, sections 2.2 (fixed header) and 3 (packets).
"""

from typing import NamedTuple

from .validation import ProtocolError

#: The longest packet: a block of twelve days at one reading a second has some 3 MB.
MAX_MESSAGE = 4 * 1024 * 1024
#: Acknowledgements have two bytes, and one more for each topic that was subscribed to.
_MAX_ACKNOWLEDGEMENT = 16 * 1024
#: The bytes of the length: seven bits each, the lowest first, the last without the eighth bit.
_LENGTH_BYTES = 4
_CONTINUES = 0x80

#: First bytes: a message at QoS 0, the same retained, and what answers a client.
_PUBLISH = frozenset((0x30, 0x31))
_CONNACK, _SUBACK, _UNSUBACK, _PINGRESP = 0x20, 0x90, 0xB0, 0xD0
#: Its kind, its length, flags, and the code (section 3.2).
_CONNACK_LENGTH = 4
_ACKNOWLEDGEMENTS = frozenset((_CONNACK, _SUBACK, _UNSUBACK, _PINGRESP))


class Packets(NamedTuple):
    """How many whole packets some bytes have, and how long (bytes) the one after them will be.

    ``next_length`` is 0 while too little of that packet is there.
    """

    whole: int
    next_length: int


def count_packets(received: memoryview) -> Packets:
    """Count the packets in what has been received, which begins with the first byte of one.

    Raises:
        ProtocolError: it has one that no broker sends to a client that subscribes at QoS 0, or
            one that is longer than any of a meter's.
    """
    whole = start = 0
    while True:
        length = _length(received, start)
        if not length or start + length > len(received):
            return Packets(whole, length)
        whole += 1
        start += length


def connack_code(received: memoryview) -> int | None:
    """Return the code of the CONNACK that starts there, 0 for an accepted connection.

    It is None if what starts there is another packet, or is not complete.
    """
    if len(received) < _CONNACK_LENGTH or received[0] != _CONNACK:
        return None
    return received[_CONNACK_LENGTH - 1]


def _length(received: memoryview, start: int) -> int:
    """The whole length of the packet that starts there; 0 while its header is not complete."""
    if start == len(received):
        return 0
    kind = received[start]
    if kind not in _PUBLISH and kind not in _ACKNOWLEDGEMENTS:
        raise ProtocolError("MQTT packet", "of a kind that was not asked for", kind)
    header, remaining = start + 1, 0
    for place in range(_LENGTH_BYTES):
        if header + place >= len(received):
            return 0
        byte = received[header + place]
        remaining |= (byte & ~_CONTINUES) << 7 * place
        if not byte & _CONTINUES:
            longest = MAX_MESSAGE if kind in _PUBLISH else _MAX_ACKNOWLEDGEMENT
            if remaining > longest:
                raise ProtocolError("MQTT packet", "too long", remaining)
            return 1 + place + 1 + remaining
    raise ProtocolError("MQTT packet", "its length has more than four bytes")

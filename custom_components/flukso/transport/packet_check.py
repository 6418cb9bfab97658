"""Packets that have arrived in a socket, checked there before paho reads them.

paho accepts packets of every kind and of up to 256 MB.
"""

import socket

from ..protocol.mqtt_packets import connack_code, count_packets

#: How many bytes are checked at once.
_PEEK = 64 * 1024


class PacketCheck:
    """Checks the headers of the packets in a socket (``MSG_PEEK``)."""

    def __init__(self, opened: socket.socket) -> None:
        #: The code of the broker's CONNACK, once it has arrived.
        self.connack: int | None = None
        self._socket = opened
        self._peeked = memoryview(bytearray(_PEEK))
        #: What paho has read of an incomplete header, and how much of one waits in the socket.
        self._header = b""
        self._waiting = 0
        #: Whether paho has read a part of a packet whose header was checked.
        self._is_partly_read = False

    def count_readable(self) -> int:
        """Return how often paho can read: once for each complete packet, and for a partial one.

        A part of a packet does not stay in the socket until the rest has arrived: where segments
        are long, as on the loopback device, Linux would not accept the rest.

        Raises:
            ProtocolError: no meter sends such a packet.
        """
        try:
            length = self._socket.recv_into(self._peeked, flags=socket.MSG_PEEK)
        except BlockingIOError:
            return 0
        except OSError:
            length = 0
        if not length or self._is_partly_read:
            return 1  # paho finds the end of a connection itself
        received = memoryview(self._header + self._peeked[:length])
        if self.connack is None:
            self.connack = connack_code(received)
        packets = count_packets(received)
        if packets.whole or packets.next_length:
            self._header = b""
            self._is_partly_read = not packets.whole
        elif self._waiting == length:
            self._header = bytes(received)
            self._waiting = 0
        else:
            self._waiting = length
            return 0
        return packets.whole or 1

    def note_complete(self) -> None:
        """Note that paho has read a packet to its end."""
        self._is_partly_read = False

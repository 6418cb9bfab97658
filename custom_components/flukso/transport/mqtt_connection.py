"""A connection to an MQTT 3.1.1 broker, without a thread, read only when asked to.

Waking up for every packet costs more than handling it, so the kernel gathers the packets, and
``read`` takes all that have arrived. paho-mqtt reads each packet with three calls of the kernel or
more, which took a quarter of all the time; here one call reads many.
"""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from enum import StrEnum
from secrets import token_hex
import socket
from time import monotonic

from aiohappyeyeballs import start_connection
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError

from ..const import DOMAIN
from ..protocol import mqtt_packets
from ..protocol.validation import ProtocolError

#: How long resolving, connecting and the broker's answers may take together (s).
CONNECT_TIMEOUT = 5
#: After how long the next address of a name is tried as well, such as IPv4 where IPv6 leads
#: nowhere (s); the recommendation of RFC 8305.
_NEXT_ADDRESS = 0.25
#: The keepalive that the broker is told, and after how long without a packet one is sent (s).
_KEEPALIVE, _MAX_PAUSE = 60, 30
#: After so long without a byte an answer is requested; without one in time it is lost (s).
_MAX_SILENCE, _ANSWER_TIMEOUT = 4, 3
#: How long one read may take (s), and how many bytes are received at once. While blocks are being
#: decoded, each of these gives the processor away for some milliseconds.
_SLICE, _CHUNK = 0.01, 64 * 1024
#: How much may wait until the broker reads it (bytes).
_MAX_OUTGOING = 16 * 1024 * 1024
#: How often to look for the answers to a new connection (s).
_POLL = 0.02
#: Codes of a CONNACK: MQTT 3.1.1, section 3.2.2.3, and the same in MQTT 5.
_ACCEPTED = 0
_VERSION_CODES = frozenset((0x01, 0x84))
_PASSWORD_CODES = frozenset((0x04, 0x05, 0x86, 0x87))


class ConnectFailure(StrEnum):
    """Why a connection could not be made, by translation key."""

    UNRESOLVED = "cannot_resolve"
    UNREACHABLE = "cannot_connect"
    SILENT = "no_answer"
    PASSWORD = "password_required"  # a translation key
    VERSION = "wrong_mqtt_version"
    NO_BROKER = "not_a_broker"


class CannotConnectError(HomeAssistantError):
    """A connection could not be made; ``failure`` says why."""

    def __init__(self, failure: ConnectFailure, host: str) -> None:
        super().__init__(
            translation_domain=DOMAIN,
            translation_key=failure,
            translation_placeholders={"host": host},
        )
        self.failure = failure


class MqttConnection:
    """One clean session at QoS 0 with a broker.

    ``received`` is called with the topic, the payload and the retain flag of each message, in the
    event loop and in their order. ``lost`` is called once, with the reason and whether it was the
    broker's fault, when an open connection ends that was not closed here.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        received: Callable[[str, bytes, bool], None],
        lost: Callable[[str, bool], None],
    ) -> None:
        self._loop = hass.loop
        self._received = received
        self._lost = lost
        self._socket: socket.socket | None = None
        self._incoming = bytearray()
        self._outgoing = bytearray()
        #: The code of the broker's CONNACK, once it has arrived.
        self._connack: int | None = None
        self._is_answered = False
        self._is_open = False
        self._heard_at = self._sent_at = 0.0
        self._requested_at: float | None = None

    async def async_open(self, host: str, port: int) -> None:
        """Connect, and wait until the broker has accepted it and answered a first packet.

        Raises:
            CannotConnectError: it did not, or not in time.
        """
        failure: ConnectFailure | None = ConnectFailure.SILENT
        with suppress(TimeoutError):
            async with asyncio.timeout(CONNECT_TIMEOUT):
                failure = await self._async_connect(host, port)
        if failure is not None:
            self.close()
            raise CannotConnectError(failure, host)
        self._is_open = True

    async def _async_connect(self, host: str, port: int) -> ConnectFailure | None:
        """Connect, and return why it failed."""
        try:
            found = await self._loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except socket.gaierror, UnicodeError:
            return ConnectFailure.UNRESOLVED
        try:
            self._socket = await start_connection(found, happy_eyeballs_delay=_NEXT_ADDRESS)
        except OSError:
            return ConnectFailure.UNREACHABLE
        return await self._async_handshake()

    async def _async_handshake(self) -> ConnectFailure | None:
        """Wait for the broker's answers; return why it failed."""
        # every broker has to accept 23 characters (section 3.1.3.1)
        self._send(mqtt_packets.connect(f"flukso-{token_hex(8)}", _KEEPALIVE))
        while not self._is_answered:
            await asyncio.sleep(_POLL)
            self._read_all()
            if self._connack:
                return _failure_of(self._connack)
            if self._socket is None:
                return ConnectFailure.NO_BROKER
        return None

    @callback
    def close(self) -> None:
        """End the connection without a call of ``lost``."""
        opened, self._socket = self._socket, None
        self._is_open = False
        if opened is not None:
            with suppress(OSError):
                opened.send(mqtt_packets.DISCONNECT)
            opened.close()

    @callback
    def subscribe(self, topics: Iterable[str]) -> None:
        """Subscribe to topics, all in one packet."""
        self._send(mqtt_packets.subscribe(topics))

    @callback
    def unsubscribe(self, topics: Iterable[str]) -> None:
        """End subscriptions, all in one packet."""
        self._send(mqtt_packets.unsubscribe(topics))

    @callback
    def publish(self, topic: str, payload: bytes) -> None:
        """Publish a message, not retained."""
        self._send(mqtt_packets.publish(topic, payload))

    @callback
    def read(self) -> bool:
        """Take what has arrived, for no longer than a slice; return whether more is waiting."""
        if not self._is_open:
            return False
        self._write()
        more = self._read_all()
        if not more and self._is_open:
            self._check_silence()
        return more

    def _send(self, packet: bytes) -> None:
        self._sent_at = monotonic()
        self._outgoing += packet
        self._write()
        if len(self._outgoing) > _MAX_OUTGOING:
            self._end("it does not read what it is sent", at_fault=False)

    def _write(self) -> None:
        """Send what waits to be sent, as much as the kernel takes."""
        if self._socket is None or not self._outgoing:
            return
        try:
            sent = self._socket.send(self._outgoing)
        except BlockingIOError:
            return
        except OSError as error:
            self._end(f"it was closed: {error}", at_fault=False)
        else:
            del self._outgoing[:sent]

    def _read_all(self) -> bool:
        end = monotonic() + _SLICE
        while True:
            if self._handle_packets(end) or monotonic() >= end:
                return True
            if not self._receive():
                return False

    def _receive(self) -> bool:
        """Receive bytes; return whether there were any."""
        if self._socket is None:
            return False
        try:
            received = self._socket.recv(_CHUNK)
        except BlockingIOError:
            return False
        except OSError as error:
            self._end(f"it was closed: {error}", at_fault=False)
            return False
        if not received:
            self._end("it was closed", at_fault=False)
            return False
        self._incoming += received
        self._heard_at, self._requested_at = monotonic(), None
        return True

    def _handle_packets(self, end: float) -> bool:
        """Handle the packets that have been received whole; return whether the time was over."""
        incoming, handled = self._incoming, 0
        try:
            while True:
                packet = mqtt_packets.find_packet(incoming, handled)
                if packet is None or packet.end > len(incoming):
                    break
                if monotonic() >= end:
                    return True
                handled = packet.end
                self._handle(packet)
        except ProtocolError as error:
            self._end(str(error), at_fault=True)
        finally:
            del incoming[:handled]
        return False

    def _handle(self, packet: mqtt_packets.Packet) -> None:
        """Handle a packet.

        Raises:
            ProtocolError: no broker sends it, or not as the first, or not once more.
        """
        if self._connack is None and packet.kind != mqtt_packets.CONNACK:
            raise ProtocolError("MQTT packet", "sent before a CONNACK", packet.kind)
        if packet.kind in mqtt_packets.MESSAGES:
            topic, payload = mqtt_packets.read_message(self._incoming, packet)
            if self._is_open:
                self._received(topic, payload, packet.kind == mqtt_packets.RETAINED_PUBLISH)
        elif packet.kind == mqtt_packets.PINGRESP:
            self._is_answered = True
        elif packet.kind == mqtt_packets.CONNACK:
            if self._connack is not None:
                raise ProtocolError("MQTT packet", "a second CONNACK")
            self._connack = mqtt_packets.connack_code(self._incoming, packet)
            if self._connack == _ACCEPTED:
                self._send(mqtt_packets.PINGREQ)

    def _check_silence(self) -> None:
        """Request an answer from a silent broker, and end the connection without one."""
        now = monotonic()
        if self._requested_at is not None:
            if now - self._requested_at >= _ANSWER_TIMEOUT:
                self._end("it does not answer any more", at_fault=False)
        elif now - self._heard_at >= _MAX_SILENCE:
            self._requested_at = now
            self._send(mqtt_packets.PINGREQ)
        elif now - self._sent_at >= _MAX_PAUSE:
            self._send(mqtt_packets.PINGREQ)

    def _end(self, reason: str, *, at_fault: bool) -> None:
        was_open = self._is_open
        self.close()
        if was_open:
            self._lost(reason, at_fault)


def _failure_of(connack: int) -> ConnectFailure:
    if connack in _VERSION_CODES:
        return ConnectFailure.VERSION
    return ConnectFailure.PASSWORD if connack in _PASSWORD_CODES else ConnectFailure.UNREACHABLE

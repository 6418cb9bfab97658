"""A connection to an MQTT 3.1.1 broker over paho-mqtt, without a thread, read only when asked to.

Waking up for every packet costs more than handling it, so the kernel gathers the packets, and
``read`` takes all that have arrived, after their headers have been checked.
"""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from enum import StrEnum
from secrets import token_hex
import socket
import struct
from time import monotonic
from typing import TYPE_CHECKING

from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from paho.mqtt.client import Client, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from ..const import DOMAIN
from ..protocol.validation import ProtocolError
from .packet_check import PacketCheck

#: How long resolving, connecting and the broker's answers may take together (s).
CONNECT_TIMEOUT = 5
#: The keepalive that the broker is told (s). A broker that is lost is noticed by its silence.
_KEEPALIVE = 60
#: After so long without a byte an answer is requested; without one in time it is lost (s).
_MAX_SILENCE, _ANSWER_TIMEOUT = 4, 3
#: How long one read may take (s).
_SLICE = 0.02
#: How often to look for the answers to a new connection (s).
_POLL = 0.02
#: Codes of a CONNACK: MQTT 3.1.1, section 3.2.2.3, and the same in MQTT 5.
_VERSION_CODES = frozenset((0x01, 0x84))
_PASSWORD_CODES = frozenset((0x04, 0x05, 0x86, 0x87))
#: What paho raises on a malformed packet.
_PAHO_ERRORS = (struct.error, ValueError, IndexError, KeyError, OSError)


class Refusal(StrEnum):
    """Why a connection could not be made, by translation key."""

    UNRESOLVED = "cannot_resolve"
    UNREACHABLE = "cannot_connect"
    SILENT = "no_answer"
    PASSWORD = "password_required"  # a translation key
    VERSION = "wrong_mqtt_version"
    NO_BROKER = "not_a_broker"


class CannotConnectError(HomeAssistantError):
    """A connection could not be made; ``refusal`` says why."""

    def __init__(self, refusal: Refusal, host: str) -> None:
        super().__init__(
            translation_domain=DOMAIN,
            translation_key=refusal,
            translation_placeholders={"host": host},
        )
        self.refusal = refusal


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
        self._hass = hass
        self._received = received
        self._lost = lost
        # every broker has to accept 23 characters (section 3.1.3.1)
        self._client_id = f"flukso-{token_hex(8)}"
        self._client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._client_id,
            clean_session=True,
            protocol=MQTTProtocolVersion.MQTTv311,
            reconnect_on_failure=False,
        )
        self._client.connect_timeout = CONNECT_TIMEOUT
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = self._on_message
        self._client.on_subscribe = self._on_subscribe
        self._check: PacketCheck | None = None
        self._is_answered = False
        self._is_open = False
        self._message: MQTTMessage | None = None
        self._heard_at = 0.0
        self._requested_at: float | None = None

    async def async_open(self, host: str, port: int) -> None:
        """Connect, and wait until the broker has accepted it and answered a first packet.

        Raises:
            CannotConnectError: it did not, or not in time.
        """
        refusal: Refusal | None = Refusal.SILENT
        with suppress(TimeoutError):
            async with asyncio.timeout(CONNECT_TIMEOUT):
                refusal = await self._async_connect(host, port)
        if refusal is not None:
            self.close()
            raise CannotConnectError(refusal, host)
        self._is_open = True

    async def _async_connect(self, host: str, port: int) -> Refusal | None:
        """Connect, and return why it failed; resolving and connecting can block."""
        connecting = self._hass.async_add_executor_job(self._client.connect, host, port, _KEEPALIVE)
        try:
            await asyncio.wait((connecting,))  # which, unlike a shield, logs no error that is late
        except asyncio.CancelledError:
            connecting.add_done_callback(self._abandon)
            raise
        try:
            connecting.result()
        except socket.gaierror, UnicodeError:
            return Refusal.UNRESOLVED
        except TimeoutError:
            return Refusal.SILENT
        except OSError:
            return Refusal.UNREACHABLE
        opened = self._client.socket()
        if TYPE_CHECKING:
            assert isinstance(opened, socket.socket)  # no TLS, no WebSocket
        self._check = PacketCheck(opened)
        self._heard_at = monotonic()
        return await self._async_handshake(self._check)

    async def _async_handshake(self, check: PacketCheck) -> Refusal | None:
        """Wait for the broker's answers; return why it failed."""
        is_requested = False
        while not self._is_answered:
            await asyncio.sleep(_POLL)
            self._read_all()
            if check.connack:
                return _refusal_of(check.connack)
            if self._check is None:
                return Refusal.NO_BROKER
            if check.connack is not None and not is_requested:
                is_requested = True
                self._request_answer()
        return None

    @callback
    def _abandon(self, connecting: asyncio.Future[MQTTErrorCode]) -> None:
        """Close a connection that was made when nobody waited for it any more."""
        with suppress(asyncio.CancelledError):
            connecting.exception()
        self.close()

    @callback
    def close(self) -> None:
        """End the connection without a call of ``lost``."""
        self._is_open = False
        self._check = None
        self._client.on_disconnect = None
        opened = self._client.socket()
        with suppress(*_PAHO_ERRORS):
            self._client.disconnect()
        if opened is not None:
            opened.close()

    @callback
    def subscribe(self, topics: Iterable[str]) -> None:
        """Subscribe to topics, all in one packet."""
        self._client.subscribe([(topic, 0) for topic in topics])

    @callback
    def unsubscribe(self, topics: Iterable[str]) -> None:
        """End subscriptions, all in one packet."""
        self._client.unsubscribe(list(topics))

    @callback
    def publish(self, topic: str, payload: bytes) -> None:
        """Publish a message, not retained."""
        self._client.publish(topic, payload)

    @callback
    def read(self) -> bool:
        """Take what has arrived, for no longer than a slice; return whether more is waiting."""
        if not self._is_open:
            return False
        self._client.loop_misc()
        if self._client.want_write():
            self._client.loop_write()
        more = self._read_all()
        if not more and self._is_open:
            self._check_silence()
        return more

    def _read_all(self) -> bool:
        end = monotonic() + _SLICE
        while count := self._count_readable():
            self._heard_at, self._requested_at = monotonic(), None
            for _ in range(count):
                self._read_packet()
                if self._check is None:
                    return False
                if monotonic() >= end:
                    return True
        return False

    def _count_readable(self) -> int:
        """Return how often paho can read; 0 after a packet that no meter sends."""
        if TYPE_CHECKING:
            assert self._check is not None
        try:
            return self._check.count_readable()
        except ProtocolError as error:
            self._end(str(error), at_fault=True)
            return 0

    def _read_packet(self) -> None:
        """Let paho read a packet, or what has arrived of a long one, and deliver its message."""
        try:
            self._client.loop_read()
        except _PAHO_ERRORS as error:
            self._end(f"a packet can't be read: {error}", at_fault=True)
        message, self._message = self._message, None
        if message is None or self._check is None:
            return
        self._check.note_complete()
        try:
            topic = message.topic
        except UnicodeDecodeError:
            self._end("a topic is not UTF-8", at_fault=True)
        else:
            if self._is_open:
                self._received(topic, message.payload, message.retain)

    def _check_silence(self) -> None:
        """Request an answer from a silent broker, and end the connection without one.

        paho's own ping is sent once per keepalive, and ends the connection only after another one.
        """
        now = monotonic()
        if self._requested_at is None:
            if now - self._heard_at >= _MAX_SILENCE:
                self._requested_at = now
                self._request_answer()
        elif now - self._requested_at >= _ANSWER_TIMEOUT:
            self._end("it does not answer any more", at_fault=False)

    def _request_answer(self) -> None:
        """Subscribe to a topic on which nobody publishes: that is answered, and nothing else."""
        self._client.subscribe(self._client_id)

    def _end(self, reason: str, *, at_fault: bool) -> None:
        was_open = self._is_open
        self.close()
        if was_open:
            self._lost(reason, at_fault)

    def _on_message(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        """Keep the message until paho has finished with its packet: it must not raise in there."""
        self._message = message

    def _on_subscribe(
        self,
        _client: Client,
        _userdata: object,
        _mid: int,
        _codes: list[ReasonCode],
        _properties: Properties | None,
    ) -> None:
        if TYPE_CHECKING:
            assert self._check is not None  # it is in a read
        self._check.note_complete()
        self._is_answered = True

    def _on_disconnect(
        self,
        _client: Client,
        _userdata: object,
        _flags: DisconnectFlags,
        code: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        """Handle the end of the connection by the broker or the network."""
        self._end(f"it was closed: {code}", at_fault=False)


def _refusal_of(connack: int) -> Refusal:
    if connack in _VERSION_CODES:
        return Refusal.VERSION
    return Refusal.PASSWORD if connack in _PASSWORD_CODES else Refusal.UNREACHABLE

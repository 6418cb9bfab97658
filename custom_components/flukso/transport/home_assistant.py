"""Transport through Home Assistant's MQTT integration; no other module uses it."""

from asyncio import TimerHandle
from collections.abc import Callable
from enum import Enum, auto
from functools import partial
import logging
from time import monotonic, time
from typing import TYPE_CHECKING, NamedTuple

from homeassistant.components import mqtt
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback

from ..redaction import shortened

_LOGGER = logging.getLogger(__name__)

#: A meter sends all readings of a second in one burst; how long to wait for the rest of it (s).
BURST = 0.1


class Message(NamedTuple):
    """A message that arrived, at the time ``arrived`` (s since 1970)."""

    topic: str
    payload: bytes
    retained: bool
    arrived: float


type Receive = Callable[[Message], None]


class ConnectionState(Enum):
    """State of the connection between Home Assistant and its broker; MISSING is no MQTT entry."""

    MISSING = auto()
    DISCONNECTED = auto()
    CONNECTED = auto()


class Transport:
    """Subscriptions, publishing and connection state; to be used in the event loop."""

    def __init__(self, hass: HomeAssistant) -> None:
        self._hass = hass
        self._buffer: list[tuple[Receive, mqtt.ReceiveMessage]] = []
        self._flush_timer: TimerHandle | None = None
        self._is_urgent = False

    async def async_ready(self) -> bool:
        """Wait until MQTT is ready; return False if it is not set up, or not ready in time."""
        return await mqtt.async_wait_for_mqtt_client(self._hass)

    @property
    def connection_state(self) -> ConnectionState:
        """Return the current state of the connection."""
        if not self._hass.config_entries.async_loaded_entries(mqtt.DOMAIN):
            return ConnectionState.MISSING
        return ConnectionState.CONNECTED if self.connected else ConnectionState.DISCONNECTED

    @property
    def connected(self) -> bool:
        """Return whether the broker is connected."""
        return mqtt.is_connected(self._hass)

    async def async_subscribe(self, topic: str, receive: Receive) -> CALLBACK_TYPE:
        """Call ``receive`` with every message on a topic; returns an unsubscribe function.

        Messages that arrive while Home Assistant stops are ignored: MQTT keeps running until the
        end, but the data for the next start is saved when the stop begins.

        Raises:
            HomeAssistantError: it can't subscribe.
        """
        received = partial(self._deliver, receive)
        return await mqtt.async_subscribe(self._hass, topic, received, encoding=None)

    async def async_subscribe_buffered(
        self, topic: str, receive: Receive, urgent: Callable[[], bool]
    ) -> CALLBACK_TYPE:
        """Subscribe like ``async_subscribe``, but buffer the messages until ``flush``.

        After a message for which ``urgent`` returns True, and for all messages after it until
        ``flush`` is called, the buffer is handled as soon as the burst is over.

        Handling buffered messages together, and writing the changed states together, costs Home
        Assistant and its recorder much less than one wake-up per message.
        """
        received = partial(self._buffer_message, receive, urgent)
        return await mqtt.async_subscribe(self._hass, topic, received, encoding=None)

    @callback
    def flush(self) -> None:
        """Deliver the buffered messages in their order; the messages after them are not urgent."""
        self._is_urgent = False
        self._flush_buffer()

    @callback
    def discard_buffer(self) -> None:
        """Drop the buffered messages."""
        self._take_buffer()

    @callback
    def _buffer_message(
        self, receive: Receive, urgent: Callable[[], bool], message: mqtt.ReceiveMessage
    ) -> None:
        self._buffer.append((receive, message))
        if self._flush_timer is None and (self._is_urgent or urgent()):
            self._is_urgent = True
            self._flush_timer = self._hass.loop.call_later(BURST, self._flush_buffer)

    def _take_buffer(self) -> list[tuple[Receive, mqtt.ReceiveMessage]]:
        """Empty the buffer and return its messages."""
        if self._flush_timer is not None:
            self._flush_timer.cancel()
            self._flush_timer = None
        buffered = self._buffer
        self._buffer = []
        return buffered

    @callback
    def _flush_buffer(self) -> None:
        for receive, message in self._take_buffer():
            try:
                self._deliver(receive, message)
            except Exception:  # the others must be delivered all the same
                _LOGGER.exception("Error while handling a message on %s", shortened(message.topic))

    @callback
    def _deliver(self, receive: Receive, message: mqtt.ReceiveMessage) -> None:
        if self._hass.is_stopping:
            return
        if TYPE_CHECKING:
            assert isinstance(message.payload, bytes)  # no encoding was asked for
        arrived = time() - monotonic() + message.timestamp
        receive(Message(message.topic, message.payload, message.retain, arrived))

    async def async_publish(self, topic: str, payload: bytes) -> None:
        """Publish a message at QoS 0, not retained.

        Raises:
            HomeAssistantError: MQTT is not set up, or the broker is not connected.
        """
        await mqtt.async_publish(self._hass, topic, payload)

    @callback
    def listen_to_connection(self, changed: Callable[[], None]) -> CALLBACK_TYPE:
        """Call ``changed`` on connection and disconnection; returns an unsubscribe function."""

        @callback
        def connection_changed(_connected: bool) -> None:
            changed()

        return mqtt.async_subscribe_connection_status(self._hass, connection_changed)

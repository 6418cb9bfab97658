"""The one module that touches Home Assistant's MQTT."""

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

#: A meter sends what it measured in a second in one burst: the rest is waited for so long (s).
BURST = 0.1


class Message(NamedTuple):
    """What arrived: ``arrived`` in seconds since 1970."""

    topic: str
    payload: bytes
    retained: bool
    arrived: float


type Receive = Callable[[Message], None]


class ConnectionState(Enum):
    """How things stand between Home Assistant and its broker."""

    MISSING = auto()
    DISCONNECTED = auto()
    CONNECTED = auto()


class Transport:
    """Subscribe, publish and learn of the connection, in Home Assistant's event loop."""

    def __init__(self, hass: HomeAssistant) -> None:
        self._hass = hass
        self._buffer: list[tuple[Receive, mqtt.ReceiveMessage]] = []
        self._flush_timer: TimerHandle | None = None
        self._is_urgent = False

    async def async_ready(self) -> bool:
        """Wait until one can subscribe; False where MQTT is not set up, or not in time."""
        return await mqtt.async_wait_for_mqtt_client(self._hass)

    @property
    def connection_state(self) -> ConnectionState:
        """The state of the connection at this moment."""
        if not self._hass.config_entries.async_loaded_entries(mqtt.DOMAIN):
            return ConnectionState.MISSING
        return ConnectionState.CONNECTED if self.connected else ConnectionState.DISCONNECTED

    @property
    def connected(self) -> bool:
        """Whether messages can arrive at this moment."""
        return mqtt.is_connected(self._hass)

    async def async_subscribe(self, topic: str, receive: Receive) -> CALLBACK_TYPE:
        """Call ``receive`` with every message on a topic until the returned function is called.

        What comes while Home Assistant stops is left for its next start: MQTT goes on until the
        end, but what is kept over the restart is written down when the stop begins.
        """
        received = partial(self._hand_over, receive)
        return await mqtt.async_subscribe(self._hass, topic, received, encoding=None)

    async def async_subscribe_buffered(
        self, topic: str, receive: Receive, urgent: Callable[[], bool]
    ) -> CALLBACK_TYPE:
        """Do the same, but buffer the messages until ``flush``.

        A message that is ``urgent``, and whatever comes after it until ``flush`` is called, waits
        for the rest of its burst only.

        Home Assistant wakes up for each message anew. Working on many in one go, and writing what
        they change together, costs it and its recorder much less.
        """
        received = partial(self._buffer_message, receive, urgent)
        return await mqtt.async_subscribe(self._hass, topic, received, encoding=None)

    @callback
    def flush(self) -> None:
        """Hand over the buffered messages in their order; those that follow are not urgent."""
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
        """Empty the buffer, and return what was in it."""
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
                self._hand_over(receive, message)
            except Exception:  # an error in one does the others no harm
                _LOGGER.exception("A message on %s met an error", shortened(message.topic))

    @callback
    def _hand_over(self, receive: Receive, message: mqtt.ReceiveMessage) -> None:
        if self._hass.is_stopping:
            return
        if TYPE_CHECKING:
            assert isinstance(message.payload, bytes)  # no encoding was asked for
        arrived = time() - monotonic() + message.timestamp
        receive(Message(message.topic, message.payload, message.retain, arrived))

    async def async_publish(self, topic: str, payload: bytes) -> None:
        """Publish a message once, at QoS 0, for those who listen now.

        Raises:
            HomeAssistantError: MQTT is not set up, or the broker is out of reach.
        """
        await mqtt.async_publish(self._hass, topic, payload)

    @callback
    def listen_to_connection(self, changed: Callable[[], None]) -> CALLBACK_TYPE:
        """Call ``changed`` whenever the connection comes or goes."""

        @callback
        def connection_changed(_connected: bool) -> None:
            changed()

        return mqtt.async_subscribe_connection_status(self._hass, connection_changed)

"""Transport through Home Assistant's MQTT integration; no other module uses it."""

from asyncio import TimerHandle
from collections.abc import Callable, Iterable
from functools import partial
import logging
from time import monotonic, time
from typing import TYPE_CHECKING, NamedTuple, override

from homeassistant.components import mqtt
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError

from ..const import DOMAIN
from ..redaction import shortened
from .interface import ConnectionState, Message, Receive, Transport

_LOGGER = logging.getLogger(__name__)

#: A meter sends all readings of a second in one burst; how long to wait for the rest of it (s).
BURST = 0.1

#: A message that waits: payload, retain flag, and when it arrived by the monotonic clock.
#: Plain tuples of these are nothing to the garbage collector, unlike the messages of MQTT.
type _Buffered = tuple[bytes, bool, float]


class _Subscription(NamedTuple):
    """A topic, what receives its messages, and what tells whether one is urgent."""

    topic: str
    receive: Receive
    urgent: Callable[[bytes], bool]


class HomeAssistantTransport(Transport):
    """The broker of Home Assistant's MQTT integration, which a bridge brings the topics to."""

    def __init__(self, hass: HomeAssistant) -> None:
        self._hass = hass
        self._messages: list[_Buffered] = []
        #: The subscription of each message in the buffer.
        self._subscriptions: list[_Subscription] = []
        #: How many messages in the buffer are of bursts that are over.
        self._ended = 0
        self._burst_timer: TimerHandle | None = None
        self._is_urgent = False

    @override
    async def async_start(self) -> None:
        """Wait until MQTT is ready.

        Raises:
            HomeAssistantError: it is not set up, or not ready in time.
        """
        if not await mqtt.async_wait_for_mqtt_client(self._hass):
            raise HomeAssistantError(translation_domain=DOMAIN, translation_key="mqtt_unavailable")

    @override
    async def async_stop(self) -> None:
        """Leave the connection to the MQTT integration, which others use too."""

    @property
    @override
    def connection_state(self) -> ConnectionState:
        if not self._hass.config_entries.async_loaded_entries(mqtt.DOMAIN):
            return ConnectionState.MISSING
        return ConnectionState.CONNECTED if self.connected else ConnectionState.DISCONNECTED

    @property
    @override
    def connected(self) -> bool:
        return mqtt.is_connected(self._hass)

    @override
    async def async_subscribe(self, topic: str, receive: Receive) -> CALLBACK_TYPE:
        received = partial(self._deliver, receive)
        return await mqtt.async_subscribe(self._hass, topic, received, encoding=None)

    @override
    async def async_subscribe_buffered(
        self, topic: str, receive: Receive, urgent: Callable[[bytes], bool]
    ) -> CALLBACK_TYPE:
        """Subscribe like ``async_subscribe``, but buffer the messages until ``flush``.

        After a burst with a message for which ``urgent`` returns True, and after all bursts until
        ``flush`` is called, the buffer is handled at once.

        Handling buffered messages together, and writing the changed states together, costs Home
        Assistant and its recorder much less than one wake-up per message.
        """
        received = partial(self._buffer_message, _Subscription(topic, receive, urgent))
        return await mqtt.async_subscribe(self._hass, topic, received, encoding=None)

    @override
    @callback
    def flush(self) -> None:
        """Deliver the buffered messages in their order; the messages after them are not urgent."""
        self._is_urgent = False
        self._flush_buffer()

    @override
    @callback
    def discard_buffer(self) -> None:
        self._take_buffer()

    @callback
    def _buffer_message(self, subscription: _Subscription, message: mqtt.ReceiveMessage) -> None:
        if TYPE_CHECKING:
            assert isinstance(message.payload, bytes)  # no encoding was asked for
        self._messages.append((message.payload, message.retain, message.timestamp))
        self._subscriptions.append(subscription)
        if self._burst_timer is None:
            self._burst_timer = self._hass.loop.call_later(BURST, self._end_burst)

    @callback
    def _end_burst(self) -> None:
        """Deliver the buffer if a message of the burst is urgent, or one before was."""
        self._burst_timer = None
        begin, self._ended = self._ended, len(self._messages)
        burst = zip(self._subscriptions[begin:], self._messages[begin:], strict=True)
        if self._is_urgent or any(each.urgent(payload) for each, (payload, _, _) in burst):
            self._is_urgent = True
            self._flush_buffer()
            if self.delivered is not None:
                self.delivered()

    def _take_buffer(self) -> Iterable[tuple[_Subscription, _Buffered]]:
        """Empty the buffer and return its messages with their subscriptions."""
        if self._burst_timer is not None:
            self._burst_timer.cancel()
            self._burst_timer = None
        buffered = zip(self._subscriptions, self._messages, strict=True)
        self._subscriptions, self._messages, self._ended = [], [], 0
        return buffered

    @callback
    def _flush_buffer(self) -> None:
        buffered = self._take_buffer()
        if not self._hass.is_stopping:
            started = time() - monotonic()
            for (topic, receive, _), (payload, retained, timestamp) in buffered:
                try:
                    receive(Message(topic, payload, retained, started + timestamp))
                except Exception:  # the others must be delivered all the same
                    _LOGGER.exception("Error while handling a message on %s", shortened(topic))

    @callback
    def _deliver(self, receive: Receive, message: mqtt.ReceiveMessage) -> None:
        if self._hass.is_stopping:
            return
        if TYPE_CHECKING:
            assert isinstance(message.payload, bytes)  # no encoding was asked for
        arrived = time() - monotonic() + message.timestamp
        receive(Message(message.topic, message.payload, message.retain, arrived))

    @override
    async def async_publish(self, topic: str, payload: bytes) -> None:
        await mqtt.async_publish(self._hass, topic, payload)

    @override
    @callback
    def listen_to_connection(self, changed: Callable[[], None]) -> CALLBACK_TYPE:
        @callback
        def connection_changed(_connected: bool) -> None:
            changed()

        return mqtt.async_subscribe_connection_status(self._hass, connection_changed)

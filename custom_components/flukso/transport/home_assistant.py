"""Transport through Home Assistant's MQTT integration; no other module uses it."""

from asyncio import TimerHandle
from collections.abc import Callable
from functools import partial
from time import monotonic, time
from typing import TYPE_CHECKING, override

from homeassistant.components import mqtt
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError

from ..const import DOMAIN
from .interface import BufferedSubscription, ConnectionState, Message, Receive, Transport
from .waiting_messages import KEPT_BYTES, WaitingMessages

#: A meter sends all readings of a second in one burst; how long to wait for the rest of it (s).
BURST = 0.1


class _Buffer:
    """Messages in the order in which they arrived: all lists have a value of each.

    To append to the same few lists costs less than to look up those of each topic in every second.
    """

    def __init__(self) -> None:
        self.subscriptions: list[BufferedSubscription] = []
        self.payloads: list[bytes] = []
        self.retained: list[bool] = []
        #: When they arrived, by the monotonic clock.
        self.timestamps: list[float] = []


class HomeAssistantTransport(Transport):
    """The broker of Home Assistant's MQTT integration, which a bridge brings the topics to."""

    def __init__(self, hass: HomeAssistant) -> None:
        self._hass = hass
        self._buffer = _Buffer()
        self._waiting = WaitingMessages(hass)
        self._burst_timer: TimerHandle | None = None

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
    async def async_subscribe_buffered(self, subscription: BufferedSubscription) -> CALLBACK_TYPE:
        """Subscribe like ``async_subscribe``, but buffer the messages until ``flush``.

        After a burst with an urgent message, those of topics that may have urgent ones are
        delivered at once; after each burst all are while it is eager.

        Handling buffered messages together, and writing the changed states together, costs Home
        Assistant and its recorder much less than one wake-up per message.
        """
        received = partial(self._buffer_message, subscription)
        return await mqtt.async_subscribe(self._hass, subscription.topic, received, encoding=None)

    @override
    @callback
    def flush(self) -> None:
        self.is_eager = False
        self._sort_buffer()
        self._waiting.deliver()

    @override
    @callback
    def discard_buffer(self) -> None:
        self._sort_buffer()
        self._waiting.discard()

    @callback
    def _buffer_message(
        self, subscription: BufferedSubscription, message: mqtt.ReceiveMessage
    ) -> None:
        payload = message.payload
        if TYPE_CHECKING:
            assert isinstance(payload, bytes)  # no encoding was asked for
        buffer = self._buffer
        buffer.subscriptions.append(subscription)
        buffer.payloads.append(payload[:KEPT_BYTES])
        buffer.retained.append(message.retain)
        buffer.timestamps.append(message.timestamp)
        is_urgent = subscription.is_urgent is not None and subscription.is_urgent(payload)
        if (is_urgent or self.is_eager) and self._burst_timer is None:
            self._burst_timer = self._hass.loop.call_later(BURST, self._end_burst)

    @callback
    def _end_burst(self) -> None:
        """Deliver the messages of topics that may have urgent ones, or all."""
        self._sort_buffer()
        self._waiting.deliver(only_urgent=True)
        if self.is_eager:
            self._waiting.deliver()
        if self.delivered is not None:
            self.delivered()

    def _sort_buffer(self) -> None:
        """Let the messages in the buffer wait by topic, and end the burst."""
        if self._burst_timer is not None:
            self._burst_timer.cancel()
            self._burst_timer = None
        buffer, self._buffer = self._buffer, _Buffer()
        started = time() - monotonic()
        for subscription, payload, retained, timestamp in zip(
            buffer.subscriptions, buffer.payloads, buffer.retained, buffer.timestamps, strict=True
        ):
            message = Message(subscription.topic, payload, retained, started + timestamp)
            self._waiting.add(subscription, message)

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

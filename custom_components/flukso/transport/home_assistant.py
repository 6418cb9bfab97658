"""Transport through Home Assistant's MQTT integration; no other module uses it."""

from asyncio import TimerHandle
from collections.abc import Callable, Iterable
from functools import partial
import logging
from time import monotonic, time
from typing import TYPE_CHECKING, override

from homeassistant.components import mqtt
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError

from ..const import DOMAIN
from ..redaction import shortened
from .interface import ConnectionState, Message, Receive, Transport

_LOGGER = logging.getLogger(__name__)

#: A meter sends all readings of a second in one burst; how long to wait for the rest of it (s).
BURST = 0.1


#: A message that waits: topic, payload, retain flag, and when it arrived by the monotonic clock.
#: Plain tuples of these are nothing to the garbage collector, unlike the messages of MQTT.
type _Buffered = tuple[str, bytes, bool, float]


class HomeAssistantTransport(Transport):
    """The broker of Home Assistant's MQTT integration, which a bridge brings the topics to."""

    def __init__(self, hass: HomeAssistant) -> None:
        self._hass = hass
        self._receivers: list[Receive] = []
        self._messages: list[_Buffered] = []
        self._flush_timer: TimerHandle | None = None
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

        After a message for which ``urgent`` returns True, and for all messages after it until
        ``flush`` is called, the buffer is handled as soon as the burst is over.

        Handling buffered messages together, and writing the changed states together, costs Home
        Assistant and its recorder much less than one wake-up per message.
        """
        received = partial(self._buffer_message, topic, receive, urgent)
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
    def _buffer_message(
        self,
        topic: str,
        receive: Receive,
        urgent: Callable[[bytes], bool],
        message: mqtt.ReceiveMessage,
    ) -> None:
        payload = message.payload
        if TYPE_CHECKING:
            assert isinstance(payload, bytes)  # no encoding was asked for
        self._receivers.append(receive)
        self._messages.append((topic, payload, message.retain, message.timestamp))
        if self._flush_timer is None and (self._is_urgent or urgent(payload)):
            self._is_urgent = True
            self._flush_timer = self._hass.loop.call_later(BURST, self._flush_buffer)

    def _take_buffer(self) -> Iterable[tuple[Receive, _Buffered]]:
        """Empty the buffer and return its messages with their receivers."""
        if self._flush_timer is not None:
            self._flush_timer.cancel()
            self._flush_timer = None
        buffered = zip(self._receivers, self._messages, strict=True)
        self._receivers, self._messages = [], []
        return buffered

    @callback
    def _flush_buffer(self) -> None:
        buffered = self._take_buffer()
        if not self._hass.is_stopping:
            started = time() - monotonic()
            for receive, (topic, payload, retained, timestamp) in buffered:
                try:
                    receive(Message(topic, payload, retained, started + timestamp))
                except Exception:  # the others must be delivered all the same
                    _LOGGER.exception("Error while handling a message on %s", shortened(topic))
        if self.delivered is not None:
            self.delivered()

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

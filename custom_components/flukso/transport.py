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

from .redaction import shortened

_LOGGER = logging.getLogger(__name__)

#: A meter sends what it measured in a second at one blow: an urgent message waits for the rest (s).
SOON = 0.1


class Message(NamedTuple):
    """What arrived: ``arrived`` in seconds since 1970."""

    topic: str
    payload: bytes
    retained: bool
    arrived: float


type Receive = Callable[[Message], None]


class Link(Enum):
    """How things stand between Home Assistant and its broker."""

    MISSING = auto()
    DISCONNECTED = auto()
    CONNECTED = auto()


class Transport:
    """Subscribe, publish and learn of the connection, in Home Assistant's event loop."""

    def __init__(self, hass: HomeAssistant) -> None:
        self._hass = hass
        self._gathered: list[tuple[Receive, mqtt.ReceiveMessage]] = []
        self._soon: TimerHandle | None = None
        self._hurried = False

    async def async_ready(self) -> bool:
        """Wait until one can subscribe; False where MQTT is not set up, or not in time."""
        return await mqtt.async_wait_for_mqtt_client(self._hass)

    @property
    def link(self) -> Link:
        """The state of the connection at this moment."""
        if not self._hass.config_entries.async_loaded_entries(mqtt.DOMAIN):
            return Link.MISSING
        return Link.CONNECTED if self.connected else Link.DISCONNECTED

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

    async def async_gather(
        self, topic: str, receive: Receive, urgent: Callable[[], bool]
    ) -> CALLBACK_TYPE:
        """Do the same, but keep the messages until ``hand_over``; once one is urgent, not for long.

        Home Assistant wakes up for each message anew. Working on many in one go, and writing what
        they change together, costs it and its recorder much less.
        """
        gather = partial(self._gather, receive, urgent)
        return await mqtt.async_subscribe(self._hass, topic, gather, encoding=None)

    @callback
    def hand_over(self) -> None:
        """Hand over what was gathered, in its order, and hurry no more."""
        self._hurried = False
        self._hand_over_gathered()

    @callback
    def forget(self) -> list[tuple[Receive, mqtt.ReceiveMessage]]:
        """Do without what was gathered: it is the answer."""
        if self._soon is not None:
            self._soon.cancel()
            self._soon = None
        gathered, self._gathered = self._gathered, []
        return gathered

    @callback
    def _gather(
        self, receive: Receive, urgent: Callable[[], bool], message: mqtt.ReceiveMessage
    ) -> None:
        self._gathered.append((receive, message))
        if self._soon is None and (self._hurried or urgent()):
            self._hurried = True
            self._soon = self._hass.loop.call_later(SOON, self._hand_over_gathered)

    @callback
    def _hand_over_gathered(self) -> None:
        for receive, message in self.forget():
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
    def listen_to_link(self, changed: Callable[[], None]) -> CALLBACK_TYPE:
        """Call ``changed`` whenever the connection comes or goes."""

        @callback
        def connection_changed(_connected: bool) -> None:
            changed()

        return mqtt.async_subscribe_connection_status(self._hass, connection_changed)

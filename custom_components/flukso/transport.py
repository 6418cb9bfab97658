"""The one module that touches Home Assistant's MQTT."""

from collections.abc import Callable
from enum import Enum, auto
from time import time
from typing import TYPE_CHECKING, NamedTuple

from homeassistant.components import mqtt
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback


class Message(NamedTuple):
    """What arrived: ``arrived`` in seconds since 1970."""

    topic: str
    payload: bytes
    retained: bool
    arrived: float


class Link(Enum):
    """How things stand between Home Assistant and its broker."""

    MISSING = auto()
    DISCONNECTED = auto()
    CONNECTED = auto()


class Transport:
    """Subscribe, publish and learn of the connection, in Home Assistant's event loop."""

    def __init__(self, hass: HomeAssistant) -> None:
        self._hass = hass

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

    async def async_subscribe(
        self, topic: str, receive: Callable[[Message], None]
    ) -> CALLBACK_TYPE:
        """Call ``receive`` with every message on a topic until the returned function is called.

        What comes while Home Assistant stops is left for its next start: MQTT goes on until the
        end, but what is kept over the restart is written down when the stop begins.
        """

        @callback
        def received(message: mqtt.ReceiveMessage) -> None:
            if self._hass.is_stopping:
                return
            if TYPE_CHECKING:
                assert isinstance(message.payload, bytes)  # no encoding was asked for
            receive(Message(message.topic, message.payload, message.retain, time()))

        return await mqtt.async_subscribe(self._hass, topic, received, encoding=None)

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

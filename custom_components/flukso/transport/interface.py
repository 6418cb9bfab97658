"""What both ways to a meter have in common; what reads its messages does not know which it is."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import NamedTuple

from homeassistant.core import CALLBACK_TYPE, callback
from homeassistant.exceptions import HomeAssistantError


class Message(NamedTuple):
    """A message that arrived, at the time ``arrived`` (s since 1970)."""

    topic: str
    payload: bytes
    retained: bool
    arrived: float


type Receive = Callable[[Message], None]


@dataclass(slots=True, eq=False)
class BufferedSubscription:
    """A topic, and what receives its messages: at least one of them at a time.

    ``is_urgent`` returns whether a message with this payload is to be delivered soon. It may be
    set at any time; with None, no message is urgent. ``waiting`` are those to be delivered.
    """

    topic: str
    receive: Callable[[Sequence[Message]], None]
    is_urgent: Callable[[bytes], bool] | None = None
    waiting: list[Message] = field(default_factory=list)


class ConnectionState(Enum):
    """State of the connection to the broker; MISSING is without Home Assistant's MQTT set up."""

    MISSING = auto()
    DISCONNECTED = auto()
    CONNECTED = auto()


class Transport(ABC):
    """Subscriptions, publishing and the connection; to be used in the event loop.

    Messages that arrive while Home Assistant stops are ignored: the data for the next start is
    saved when the stop begins.
    """

    #: Why there is no connection, for the user; None if there is one, or if the reason is unknown.
    error: HomeAssistantError | None = None
    #: Called after messages that arrived together were delivered, but not by ``flush``.
    delivered: Callable[[], None] | None = None
    #: Whether all messages are delivered soon, urgent or not; ``flush`` ends it.
    is_eager = False

    @property
    @abstractmethod
    def connection_state(self) -> ConnectionState:
        """Return the current state of the connection."""

    @property
    @abstractmethod
    def connected(self) -> bool:
        """Return whether messages can arrive now."""

    @abstractmethod
    async def async_start(self) -> None:
        """Wait until it is connected, or has failed to; it may connect later then.

        Raises:
            HomeAssistantError: it can't connect later either.
        """

    @abstractmethod
    async def async_stop(self) -> None:
        """End the connection."""

    @abstractmethod
    async def async_subscribe(self, topic: str, receive: Receive) -> CALLBACK_TYPE:
        """Call ``receive`` with every message on a topic; returns an unsubscribe function.

        Raises:
            HomeAssistantError: it can't subscribe.
        """

    @abstractmethod
    async def async_subscribe_buffered(self, subscription: BufferedSubscription) -> CALLBACK_TYPE:
        """Subscribe like ``async_subscribe``, but messages may be delivered later, together.

        ``flush`` delivers them, and so does the arrival of one that may be urgent.
        """

    @abstractmethod
    @callback
    def flush(self) -> None:
        """Deliver the messages that have arrived: those of a topic together, in their order."""

    @abstractmethod
    @callback
    def discard_buffer(self) -> None:
        """Drop the messages that have arrived and were not delivered."""

    @abstractmethod
    async def async_publish(self, topic: str, payload: bytes) -> None:
        """Publish a message at QoS 0, not retained.

        Raises:
            HomeAssistantError: there is no connection.
        """

    @abstractmethod
    @callback
    def listen_to_connection(self, changed: Callable[[], None]) -> CALLBACK_TYPE:
        """Call ``changed`` on connection and disconnection; returns an unsubscribe function."""

"""What receives the messages of each topic."""

from collections.abc import Set as AbstractSet
import logging

from homeassistant.core import callback
from paho.mqtt.client import topic_matches_sub

from ..redaction import shortened
from .interface import Message, Receive

_LOGGER = logging.getLogger(__name__)


class TopicReceivers:
    """The receivers of topics, and of filters with wildcards.

    No filter may match a topic that has receivers of its own: they alone would get its messages.
    """

    def __init__(self) -> None:
        self._exact: dict[str, list[Receive]] = {}
        self._filters: dict[str, list[Receive]] = {}

    @property
    def topics(self) -> AbstractSet[str]:
        """All topics and filters that have receivers."""
        return self._exact.keys() | self._filters.keys()

    @callback
    def add(self, topic: str, receive: Receive) -> bool:
        """Add a receiver of a topic. Returns whether it is its first."""
        receivers = self._table(topic).setdefault(topic, [])
        receivers.append(receive)
        return len(receivers) == 1

    @callback
    def remove(self, topic: str, receive: Receive) -> bool:
        """Remove a receiver of a topic. Returns whether it has no more."""
        table = self._table(topic)
        table[topic].remove(receive)
        if table[topic]:
            return False
        del table[topic]
        return True

    @callback
    def deliver(self, message: Message) -> None:
        """Deliver a message to the receivers of its topic."""
        topic = message.topic
        if (exact := self._exact.get(topic)) is not None:
            for receive in list(exact):
                _call(receive, message)
            return
        for pattern, receivers in list(self._filters.items()):
            if topic_matches_sub(pattern, topic):
                for receive in list(receivers):
                    _call(receive, message)

    def _table(self, topic: str) -> dict[str, list[Receive]]:
        return self._filters if "+" in topic or "#" in topic else self._exact


def _call(receive: Receive, message: Message) -> None:
    try:
        receive(message)
    except Exception:  # the others must be delivered all the same
        _LOGGER.exception("Error while handling a message on %s", shortened(message.topic))

"""Messages that have arrived and are delivered later, those of a topic together."""

import logging

from homeassistant.core import HomeAssistant, callback

from ..protocol.reading import MAX_BYTES
from ..redaction import shortened
from .interface import BufferedSubscription, Message

_LOGGER = logging.getLogger(__name__)

#: So many messages of a topic are delivered even if nothing about them is urgent.
_MAX_WAITING = 100
#: So many bytes of a message wait: one more than a reading can have, by which it is refused.
KEPT_BYTES = MAX_BYTES + 1


class WaitingMessages:
    """Messages that wait, by topic, in the order in which the first of each has arrived.

    None is delivered while Home Assistant stops.
    """

    def __init__(self, hass: HomeAssistant) -> None:
        self._hass = hass
        self._subscriptions: list[BufferedSubscription] = []

    @callback
    def add(self, subscription: BufferedSubscription, message: Message) -> None:
        """Let a message wait, or its beginning if it is too long to be a reading."""
        if len(message.payload) > KEPT_BYTES:
            message = message._replace(payload=message.payload[:KEPT_BYTES])
        if not subscription.waiting:
            self._subscriptions.append(subscription)
        subscription.waiting.append(message)

    @callback
    def deliver(self, *, only_urgent: bool = False) -> None:
        """Deliver all, or only those of topics that may have urgent ones, or very many."""
        if self._hass.is_stopping:
            self.discard()
        subscriptions, self._subscriptions = self._subscriptions, []
        for each in subscriptions:
            can_wait = each.is_urgent is None and len(each.waiting) < _MAX_WAITING
            if only_urgent and can_wait:
                self._subscriptions.append(each)
            else:
                self._deliver(each)

    def _deliver(self, subscription: BufferedSubscription) -> None:
        messages, subscription.waiting = subscription.waiting, []
        try:
            subscription.receive(messages)
        except Exception:  # the others must be delivered all the same
            topic = shortened(subscription.topic)
            _LOGGER.exception("Error while handling messages on %s", topic)

    @callback
    def discard(self) -> None:
        """Drop all."""
        for each in self._subscriptions:
            each.waiting = []
        self._subscriptions = []

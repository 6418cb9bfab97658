"""The channels whose messages arrived together and are not all processed yet."""

import logging

from homeassistant.core import callback

from ..redaction import shortened
from .channel import Channel

_LOGGER = logging.getLogger(__name__)


class UnsettledChannels:
    """Channels to settle, in the order in which they were added."""

    def __init__(self) -> None:
        self._channels: dict[Channel, None] = {}

    @callback
    def add(self, channel: Channel) -> None:
        """Add one; adding it again does nothing."""
        self._channels[channel] = None

    @callback
    def settle(self, now: float, *, only_urgent: bool) -> None:
        """Settle and remove all, or only those of which a message may be urgent."""
        channels = [each for each in self._channels if each.can_be_urgent or not only_urgent]
        for channel in channels:
            del self._channels[channel]
            try:
                channel.settle(now)
            except Exception:  # the others must be settled all the same
                _LOGGER.exception("Error while handling messages on %s", shortened(channel.topic))

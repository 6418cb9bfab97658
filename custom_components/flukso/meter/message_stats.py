"""What becomes of a channel's messages: counted for diagnostics, and logged for who looks on."""

import logging

from ..protocol.reading import Reading
from ..transport.home_assistant import Message

_LOGGER = logging.getLogger(__name__)

#: Of a broken payload so much is kept (bytes), and of any payload so much is logged.
_KEPT = 128
_LOGGED = 80


class MessageStats:
    """Counts the messages on a topic; times are seconds since 1970, None for never.

    It lies on the way of every reading, so it does no more than count and keep.
    """

    def __init__(self, topic: str) -> None:
        self.topic = topic
        self.taken = 0
        self.held = 0
        self.dropped = 0
        self.broken = 0
        self.last_broken = b""
        self.reading: Reading | None = None
        self.read_at: float | None = None
        self.arrived: float | None = None

    @property
    def accepted(self) -> int:
        """How many readings were taken and not held."""
        return self.taken - self.held

    def arrive(self, message: Message) -> None:
        """A message is there."""
        self.arrived = message.arrived
        if _LOGGER.isEnabledFor(logging.DEBUG):
            _LOGGER.debug("%s: %r arrived", self.topic, message.payload[:_LOGGED])

    def take(self, reading: Reading, at: float) -> None:
        """It is a reading, true ``at`` that time, and counts."""
        self.taken += 1
        self.reading, self.read_at = reading, at

    def hold(self, held: int) -> None:
        """The guard does not believe the last; it has held so many by now."""
        self.held = held
        _LOGGER.debug("%s: held, as the counter can't have counted so", self.topic)

    def drop(self, why: str) -> None:
        """It is a reading that tells nothing of now."""
        self.dropped += 1
        _LOGGER.debug("%s: dropped, as it is %s", self.topic, why)

    def note_broken(self, payload: bytes) -> None:
        """It can't be read."""
        self.broken += 1
        self.last_broken = payload[:_KEPT]

    def show(self, value: float | None) -> None:
        """The value that the readings amount to is shown."""
        _LOGGER.debug("%s: shows %s", self.topic, value)

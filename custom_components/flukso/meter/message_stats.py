"""Statistics of a channel's messages for diagnostics, and their debug log."""

from collections.abc import Sequence
import logging

from ..protocol.quantities import Unit
from ..protocol.reading import Reading
from ..transport.interface import Message

_LOGGER = logging.getLogger(__name__)

#: How much of the last broken payload is stored, and how much of any payload is logged (bytes).
_STORED_BYTES = 128
_LOGGED_BYTES = 80


class MessageStats:
    """Counts the messages on a topic; times are seconds since 1970, None for never.

    It is called for every reading, so it only counts and stores.
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
        #: The unit of the last reading in another one, and how many in a row have it; the readings
        #: that were taken before them.
        self._other_unit: Unit | None = None
        self._in_other_unit = self._taken_before = 0
        #: When the last message arrived that the meter had just sent, as far as can be told.
        self.live_at: float | None = None

    @property
    def accepted(self) -> int:
        """Return how many readings were taken and not withheld."""
        return self.taken - self.held

    def note_arrived(self, messages: Sequence[Message]) -> None:
        """Record the arrival of messages."""
        self.arrived = messages[-1].arrived
        if _LOGGER.isEnabledFor(logging.DEBUG):
            for message in messages:
                _LOGGER.debug("%s: %r arrived", self.topic, message.payload[:_LOGGED_BYTES])

    def note_taken(self, reading: Reading, at: float, count: int) -> None:
        """Count valid readings, the last of which was measured ``at`` that time."""
        self.taken += count
        self.reading, self.read_at = reading, at

    def note_held(self, held: int) -> None:
        """Record that the guard withholds the last reading; ``held`` is how many by now."""
        self.held = held
        _LOGGER.debug("%s: withheld, impossible for this counter", self.topic)

    def note_dropped(self, why: str) -> None:
        """Count a reading that is not used: no news, or not possible."""
        self.dropped += 1
        _LOGGER.debug("%s: dropped, %s", self.topic, why)

    def note_broken(self, payload: bytes) -> None:
        """Count a broken message."""
        self.broken += 1
        self.last_broken = payload[:_STORED_BYTES]

    def note_other_unit(self, unit: Unit) -> int:
        """Count a reading in another unit; returns how many in a row have that one."""
        if unit is not self._other_unit or self.taken != self._taken_before:
            self._other_unit, self._taken_before, self._in_other_unit = unit, self.taken, 0
        self._in_other_unit += 1
        return self._in_other_unit

    def note_value(self, value: float | None) -> None:
        """Log the value that the readings resulted in."""
        _LOGGER.debug("%s: value %s", self.topic, value)

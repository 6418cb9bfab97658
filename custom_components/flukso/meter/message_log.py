"""Log of the messages of a meter: the last of each report, and the broken ones."""

from collections import Counter
from dataclasses import dataclass
import logging

from homeassistant.core import callback

from ..protocol.topics import Report
from ..protocol.validation import ProtocolError
from ..redaction import shortened
from ..transport.home_assistant import Message

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LastReport:
    """The last message on the topic of a report, which arrived ``at`` (s since 1970).

    ``wrong`` is the reason why it is broken, without any text of the message.
    """

    at: float
    retained: bool
    wrong: str | None = None


class MessageLog:
    """Records when messages arrived and what was wrong with them, never a payload."""

    def __init__(self) -> None:
        self.reports: dict[Report, LastReport] = {}
        self.broken: Counter[tuple[str, str]] = Counter()

    @callback
    def note_read(self, report: Report, message: Message) -> None:
        """Record a valid report."""
        self.reports[report] = LastReport(message.arrived, message.retained)
        _LOGGER.debug("%s: %d bytes read", message.topic, len(message.payload))

    @callback
    def note_unreadable(self, report: Report, message: Message, error: ProtocolError) -> None:
        """Record a broken report; an empty message is the deletion of a retained one."""
        if message.payload:
            self.reports[report] = LastReport(message.arrived, message.retained, error.wrong)
        else:
            self.reports.pop(report, None)
        self.note_broken(message.topic, error)

    @callback
    def note_broken(self, topic: str, error: ProtocolError) -> None:
        """Count a broken message, and log a warning for the first of its kind."""
        kind = (error.what, error.wrong)
        self.broken[kind] += 1
        if self.broken[kind] == 1:
            _LOGGER.warning("Ignoring a message on %s: %s", shortened(topic), shortened(error))
        else:
            _LOGGER.debug("Ignoring a message on %s: %s", topic, error)

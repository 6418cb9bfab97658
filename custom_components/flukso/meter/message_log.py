"""Log of the messages of a meter: the last of each report, and the broken ones."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
import logging

from homeassistant.core import callback

from ..protocol.topics import Report
from ..protocol.validation import ProtocolError, Unread
from ..redaction import shortened
from ..transport.interface import Message

_LOGGER = logging.getLogger(__name__)


#: How many parts that can't be read are named in a line.
_MOST_LISTED = 5


def listed(unread: Sequence[tuple[Report, Unread]]) -> str:
    """Return the first parts of reports that can't be read, with what is wrong with them."""
    parts = [f"{report} {part.entry}: {part.wrong}" for report, part in unread[:_MOST_LISTED]]
    return "; ".join([*parts, "…"] if len(unread) > _MOST_LISTED else parts)


@dataclass(frozen=True, slots=True)
class LastReport:
    """The last message on the topic of a report, which arrived ``at`` (s since 1970).

    ``wrong`` is the reason why it is broken, without any text of the message; ``repeated`` is
    whether it says the same as the one before.
    """

    at: float
    retained: bool
    wrong: str | None = None
    repeated: bool = False


class MessageLog:
    """Records when messages arrived and what was wrong with them, never a payload."""

    def __init__(self) -> None:
        self.reports: dict[Report, LastReport] = {}
        self.broken: Counter[tuple[str, str]] = Counter()
        self._unread: set[tuple[Report, int]] = set()

    @callback
    def note_read(
        self,
        report: Report,
        message: Message,
        unread: Sequence[Unread] = (),
        *,
        repeated: bool = False,
    ) -> None:
        """Record a valid report, and log what can't be read of it the first time."""
        self.reports[report] = LastReport(message.arrived, message.retained, repeated=repeated)
        _LOGGER.debug("%s: %d bytes read", message.topic, len(message.payload))
        if unread:
            level = logging.INFO if all(part.minor for part in unread) else logging.WARNING
            first = (report, level) not in self._unread
            self._unread.add((report, level))
            _LOGGER.log(
                level if first else logging.DEBUG,
                "Leaving out what is not known of a message on %s: %s",
                shortened(message.topic),
                listed([(report, part) for part in unread]),
            )

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

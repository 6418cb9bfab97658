"""The channel of what a kube detects: each reading is an event."""

from typing import override

from homeassistant.core import callback

from ..protocol.reading import Reading
from ..protocol.topics import Kind
from .channel import Channel
from .reading_storage import LastReading


class EventChannel(Channel):
    """The last reading of what a kube detects, or of its error code."""

    _latest: float | None = None

    @callback
    def restore(self, last: LastReading) -> None:
        """Continue from the last reading before a reload, before there is a newer."""
        self.value = self._latest = last.value
        self.stats.read_at = last.at

    @override
    def _take(self, reading: Reading, at: float) -> bool:
        self._latest = reading.value
        return True

    @override
    def _takes_old(self, reading: Reading) -> bool:
        """Return whether it is the first count, from which the next one is a change."""
        return self._latest is None and self.stream.kind is Kind.COUNTER

    @override
    def _current(self, now: float) -> float | None:
        return self._latest

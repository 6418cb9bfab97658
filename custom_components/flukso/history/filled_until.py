"""Up to when the statistics of a meter's counters are known to agree with its memory."""

from collections.abc import Callable, Collection
from contextlib import ExitStack
from typing import override

from homeassistant.core import callback

from ..meter.observable import Observable


class FilledUntil(Observable):
    """Shows the end of the newest hour that agrees, of the counter in use that is furthest behind.

    It is in seconds since 1970. A counter of which nothing is known yet is where all were when
    Home Assistant was stopped, and at first where the meter was added.
    """

    def __init__(self, in_use: Callable[[], Collection[str]]) -> None:
        super().__init__()
        self._in_use = in_use
        self._ends: dict[str, float] = {}
        self._kept: float | None = None

    @property
    @override
    def available(self) -> bool:
        """What is recorded stays true, whether the meter is heard or not."""
        return True

    @callback
    def note(self, unique_id: str, end: float) -> None:
        """Learn that a counter's hours up to ``end`` were looked at, and the last one agrees."""
        self._ends[unique_id] = max(end, self._ends.get(unique_id, end))
        self._settle()

    @callback
    def restore(self, kept: float) -> None:
        """Go on from before a restart."""
        self._kept = kept
        self._settle()

    def _settle(self) -> None:
        ends = [self._ends.get(unique_id, self._kept) for unique_id in self._in_use()]
        known = [end for end in ends if end is not None]
        self.value = min(known) if known and len(known) == len(ends) else self._kept
        self.notify()

    @override
    async def _async_start(self, work: ExitStack) -> None:
        """There is nothing to begin: it is told."""

"""The time up to which a meter's counters are known to agree with its memory."""

from collections.abc import Callable, Collection
from typing import override

from homeassistant.core import callback

from ..meter.observable import Observable
from ..transport.subscriptions import Subscriptions


class FilledUntil(Observable):
    """The end of the newest agreeing hour of the counter in use that is furthest behind.

    ``value`` is in seconds since 1970. A counter that was not compared yet counts with the value
    restored from before Home Assistant's restart; on a new meter, with when it was added.
    """

    def __init__(self, in_use: Callable[[], Collection[str]]) -> None:
        super().__init__()
        self._in_use = in_use
        self._ends: dict[str, float] = {}
        self._restored: float | None = None

    @property
    @override
    def available(self) -> bool:
        """True: what is recorded does not depend on the meter's connection."""
        return True

    @callback
    def note(self, unique_id: str, end: float) -> None:
        """Note that a counter's hours up to ``end`` were compared, and the last one agrees."""
        self._ends[unique_id] = max(end, self._ends.get(unique_id, end))
        self._update()

    @callback
    def restore(self, restored: float) -> None:
        """Continue from the value before a restart."""
        self._restored = restored
        self._update()

    def _update(self) -> None:
        ends = [self._ends.get(unique_id, self._restored) for unique_id in self._in_use()]
        known = [end for end in ends if end is not None]
        self.value = min(known) if known and len(known) == len(ends) else self._restored
        self.notify()

    @override
    async def _async_start(self, work: Subscriptions) -> None:
        """Nothing to start: ``note`` supplies the values."""

"""The time from which on a meter's history is recorded, and how far an import of it has come."""

from typing import override

from homeassistant.core import callback

from ..meter.observable import Observable
from ..transport.subscriptions import Subscriptions


class ReachesBack(Observable):
    """The begin of the oldest hour that was imported, or else when the meter was added.

    ``value`` is in seconds since 1970. ``progress`` is that of the running import in percent; None
    if none is running.
    """

    def __init__(self) -> None:
        super().__init__()
        self.progress: int | None = None
        self._imported: float | None = None
        self._added: float | None = None

    @property
    @override
    def available(self) -> bool:
        """True: what is recorded does not depend on the meter's connection."""
        return True

    @callback
    def restore(self, added: float) -> None:
        """Begin at the time when the meter was added."""
        self._added = added
        self._update()

    @callback
    def note(self, imported: float | None, progress: int | None) -> None:
        """Set the begin of the oldest imported hour, if any, and the progress."""
        if (imported, progress) != (self._imported, self.progress):
            self._imported, self.progress = imported, progress
            self._notified_state = None  # the progress alone may have changed
            self._update()

    def _update(self) -> None:
        known = [begin for begin in (self._imported, self._added) if begin is not None]
        self.value = min(known, default=None)
        self.notify()

    @override
    async def _async_start(self, work: Subscriptions) -> None:
        """Nothing to start: ``note`` supplies the values."""

"""The listeners of a meter."""

from collections.abc import Callable
from contextlib import ExitStack

from homeassistant.core import CALLBACK_TYPE

from .write_intervals import Tick


class MeterListeners:
    """Functions to call when something of a meter has changed, by what that is."""

    def __init__(self) -> None:
        self.changed: list[Callable[[], None]] = []
        self.ticked: list[Callable[[Tick], None]] = []
        self.settled: list[Callable[[], None]] = []

    def add(
        self,
        changed: Callable[[], None],
        ticked: Callable[[Tick], None] | None,
        settled: Callable[[], None] | None,
    ) -> CALLBACK_TYPE:
        """Add those that are not None; returns a function to remove them again."""
        with ExitStack() as added:
            _add(added, self.changed, changed)
            if ticked is not None:
                _add(added, self.ticked, ticked)
            if settled is not None:
                _add(added, self.settled, settled)
            return added.pop_all().close


def _add[Listener](added: ExitStack, listeners: list[Listener], listener: Listener) -> None:
    listeners.append(listener)
    added.callback(listeners.remove, listener)

"""The listeners of a meter."""

from collections.abc import Callable
from functools import partial

from homeassistant.core import CALLBACK_TYPE

from ..transport.subscriptions import Subscriptions
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
        with Subscriptions() as added:
            _add(added, self.changed, changed)
            if ticked is not None:
                _add(added, self.ticked, ticked)
            if settled is not None:
                _add(added, self.settled, settled)
            return added.close


def _add[Listener](added: Subscriptions, listeners: list[Listener], listener: Listener) -> None:
    listeners.append(listener)
    added.add(partial(listeners.remove, listener))

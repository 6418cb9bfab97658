"""Unsubscribe functions that are called together."""

from contextlib import ExitStack
from typing import Self

from homeassistant.core import CALLBACK_TYPE, callback


class Subscriptions:
    """Unsubscribe functions, to be called by ``close``, the last first.

    They are also called if the ``with`` block raises in which they are added. A meter has hundreds
    of them for as long as it runs, for which an ExitStack would keep eight objects each.
    """

    __slots__ = ("_unsubscribes",)

    def __init__(self) -> None:
        self._unsubscribes: list[CALLBACK_TYPE] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        if error is not None:
            self.close()

    @callback
    def add(self, unsubscribe: CALLBACK_TYPE) -> None:
        """Add one."""
        self._unsubscribes.append(unsubscribe)

    @callback
    def close(self) -> None:
        """Unsubscribe from everything, whatever one raises; calling it again does nothing."""
        unsubscribes, self._unsubscribes = self._unsubscribes, []
        with ExitStack() as remaining:
            for unsubscribe in unsubscribes:
                remaining.callback(unsubscribe)

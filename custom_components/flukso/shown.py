"""A value that is shown: listeners are told when it, or whether it can be relied on, changes."""

from abc import ABC, abstractmethod
from collections.abc import Callable

from homeassistant.core import CALLBACK_TYPE, callback


class Shown(ABC):
    """Something that entities show; it works for its value only while somebody listens."""

    def __init__(self) -> None:
        self.value: float | None = None
        self._listeners: list[Callable[[], None]] = []
        self._told: tuple[float | None, bool] | None = None

    @property
    @abstractmethod
    def available(self) -> bool:
        """Whether its value can be relied on now."""

    @property
    def listening(self) -> bool:
        """Whether anybody wants its value."""
        return bool(self._listeners)

    async def async_listen(self, changed: Callable[[], None]) -> CALLBACK_TYPE:
        """Call ``changed`` when value or availability change, until the answer is called."""
        self._listeners.append(changed)
        if len(self._listeners) == 1:
            await self._async_begin()

        @callback
        def stop() -> None:
            self._listeners.remove(changed)
            if not self._listeners:
                self._end()

        return stop

    @callback
    def tell(self) -> None:
        """Tell the listeners what changed, if anything."""
        state = (self.value, self.available)
        if state != self._told:
            self._told = state
            for changed in self._listeners:
                changed()

    @abstractmethod
    async def _async_begin(self) -> None:
        """Begin to work: there is a first listener."""

    @abstractmethod
    def _end(self) -> None:
        """Rest: the last listener is gone."""

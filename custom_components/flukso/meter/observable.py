"""A value that is shown: listeners are told when it, or whether it can be relied on, changes."""

from abc import ABC, abstractmethod
import asyncio
from collections.abc import Callable
from contextlib import ExitStack

from homeassistant.core import CALLBACK_TYPE, callback


class OnDemand(ABC):
    """Something that works while somebody listens to it, and rests otherwise."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[], None]] = []
        self._beginning = asyncio.Lock()
        self._work: ExitStack | None = None

    @property
    def listening(self) -> bool:
        """Whether anybody listens."""
        return bool(self._listeners)

    async def async_listen(self, changed: Callable[[], None]) -> CALLBACK_TYPE:
        """Call ``changed`` when there is news; returns an unsubscribe function.

        The first listener lets the work begin, and those who come meanwhile wait for it. If it
        can't begin, nothing of it is left, and the next listener lets it try again.

        Raises:
            HomeAssistantError: it can't begin, and ``changed`` will not be called.
        """
        with ExitStack() as listening:
            self._listeners.append(changed)
            listening.callback(self._leave, changed)
            async with self._beginning:
                if self._work is None:
                    with ExitStack() as work:
                        await self._async_start(work)
                        self._work = work.pop_all()
            return listening.pop_all().close

    async def async_keep_active(self) -> CALLBACK_TYPE:
        """Let it work without being told of news; returns a function that ends that.

        Raises:
            HomeAssistantError: it can't begin.
        """
        return await self.async_listen(_take_no_note)

    @callback
    def _leave(self, changed: Callable[[], None]) -> None:
        self._listeners.remove(changed)
        if not self._listeners and self._work is not None:
            self._work.close()
            self._work = None

    @abstractmethod
    async def _async_start(self, work: ExitStack) -> None:
        """Begin to work, and leave with ``work`` what ends it.

        Raises:
            HomeAssistantError: it can't subscribe.
        """


class Observable(OnDemand):
    """Something that entities show; it works for its value only while somebody listens."""

    def __init__(self) -> None:
        super().__init__()
        self.value: float | None = None
        self._told: tuple[float | None, bool] | None = None

    @property
    @abstractmethod
    def available(self) -> bool:
        """Whether its value can be relied on now."""

    @callback
    def notify(self) -> None:
        """Tell the listeners what changed, if anything: the value, or whether it is available."""
        state = (self.value, self.available)
        if state != self._told:
            self._told = state
            for changed in self._listeners:
                changed()


@callback
def _take_no_note() -> None:
    """Listen for the sake of the work alone."""

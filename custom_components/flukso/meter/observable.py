"""A value with listeners, which are notified when it or its availability changes."""

from abc import ABC, abstractmethod
import asyncio
from collections.abc import Callable
from functools import partial

from homeassistant.core import CALLBACK_TYPE, callback

from ..transport.subscriptions import Subscriptions


class OnDemand(ABC):
    """Something that is active only while it has listeners."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[], None]] = []
        self._starting = asyncio.Lock()
        self._work: Subscriptions | None = None

    @property
    def listening(self) -> bool:
        """Return whether it has listeners."""
        return bool(self._listeners)

    async def async_listen(self, changed: Callable[[], None]) -> CALLBACK_TYPE:
        """Call ``changed`` on every change; returns an unsubscribe function.

        The first listener starts it; listeners that are added meanwhile wait for that. If it
        can't start, everything is undone, and the next listener starts it.

        Raises:
            HomeAssistantError: it can't start, and ``changed`` will not be called.
        """
        with Subscriptions() as subscription:
            self._listeners.append(changed)
            subscription.add(partial(self._remove_listener, changed))
            async with self._starting:
                if self._work is None:
                    with Subscriptions() as work:
                        await self._async_start(work)
                        self._work = work
            return subscription.close

    async def async_keep_active(self) -> CALLBACK_TYPE:
        """Keep it active without listening to changes; returns a function to stop that.

        Raises:
            HomeAssistantError: it can't start.
        """
        return await self.async_listen(_ignore_change)

    @callback
    def _remove_listener(self, changed: Callable[[], None]) -> None:
        self._listeners.remove(changed)
        if not self._listeners and self._work is not None:
            self._work.close()
            self._work = None

    @abstractmethod
    async def _async_start(self, work: Subscriptions) -> None:
        """Start, and add the functions that stop it to ``work``.

        Raises:
            HomeAssistantError: it can't subscribe.
        """


class Observable(OnDemand):
    """A value of entities, kept up to date only while it has listeners."""

    def __init__(self) -> None:
        super().__init__()
        self.value: float | None = None
        self._notified_state: tuple[float | None, bool] | None = None

    @property
    @abstractmethod
    def available(self) -> bool:
        """Return whether its value is valid now."""

    @callback
    def notify(self) -> None:
        """Call the listeners if the value or the availability changed."""
        state = (self.value, self.available)
        if state != self._notified_state:
            self._notified_state = state
            for changed in self._listeners:
                changed()


@callback
def _ignore_change() -> None:
    """Do nothing on a change."""

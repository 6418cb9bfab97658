"""A file with energies that are counted here, which a restart must not lose."""

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING

from homeassistant.core import HomeAssistant, callback

from ..const import DOMAIN
from ..storage import Storage

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_VERSION = 1
#: The interval at which Home Assistant itself dumps states to restore (s).
_SAVE_WITHIN = 900


class StateStorage[State: DataclassInstance]:
    """The file with a state, which ``layout`` validates; ``contents`` names it in log messages."""

    def __init__(
        self,
        hass: HomeAssistant,
        key: str,
        layout: Callable[[object], State],
        *,
        contents: str,
    ) -> None:
        self._storage = Storage(
            hass, _VERSION, f"{DOMAIN}.{key}", self._data, contents=f"{contents} on disk"
        )
        self._layout = layout
        self._loaded: State | None = None
        self._has_file = False
        self._get_state: Callable[[], State | None] = lambda: self._loaded

    @property
    def state(self) -> State | None:
        """The current state, or the loaded one before ``save_from`` was called."""
        return self._get_state()

    async def async_load(self) -> None:
        """Load the file."""
        self._loaded = await self._storage.async_load(self._layout)
        self._has_file = self._loaded is not None

    @callback
    def save_from(self, get_state: Callable[[], State | None]) -> None:
        """Save what ``get_state`` returns from now on."""
        self._get_state = get_state

    @callback
    def save_soon(self) -> None:
        """Save within a quarter of an hour, or when Home Assistant stops.

        The first state is saved at once: without a file, a crash would lose all since then.
        """
        self._storage.save_soon(_SAVE_WITHIN if self._has_file else 0)
        self._has_file = True

    async def async_save(self) -> None:
        """Save now."""
        self._has_file = True
        await self._storage.async_save()

    async def async_flush(self) -> None:
        """Save now if a save is scheduled."""
        await self._storage.async_flush()

    async def async_remove(self) -> None:
        """Delete the file."""
        await self._storage.async_remove()

    def _data(self) -> dict[str, object]:
        state = self.state
        if TYPE_CHECKING:
            assert state is not None  # nothing is saved before something was counted
        return asdict(state)

"""Files in Home Assistant's storage folder: checked when read, written when something changed."""

from collections.abc import Callable, Mapping
import logging

from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.storage import Store
import voluptuous as vol

from .redaction import shortened

_LOGGER = logging.getLogger(__name__)


class Storage[Data: Mapping[str, object]]:
    """One file, in which ``data`` is written.

    A file that a newer version of this integration wrote, or that the system does not let read,
    is left as it is: nothing is written to it after it was loaded.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        version: int,
        key: str,
        data: Callable[[], Data],
        *,
        contents: str,
        serialize_in_event_loop: bool = True,
    ) -> None:
        self._store = Store[Data](
            hass, version, key, serialize_in_event_loop=serialize_in_event_loop
        )
        self._data = data
        self._contents = contents
        self._changed = False

    async def async_load[Result](self, read: Callable[[object], Result]) -> Result | None:
        """What ``read`` makes of the data, or None where there is no file or it is of no use.

        ``read`` raises ``vol.Invalid`` for data of another shape.
        """
        try:
            stored = await self._store.async_load()
            return None if stored is None else read(stored)
        except HomeAssistantError as error:
            self._store.make_read_only()
            _LOGGER.warning(
                "The %s cannot be read and nothing will be saved; the file stays as it is: %s",
                self._contents,
                shortened(error),
            )
        except (vol.Invalid, KeyError, TypeError, NotImplementedError) as error:
            # all but the first come from Home Assistant, for a file that is none of its own
            _LOGGER.warning(
                "The %s cannot be read and will be replaced: %s", self._contents, shortened(error)
            )
        return None

    @callback
    def save_soon(self, within: float) -> None:
        """Write after so many seconds, or earlier if that is already planned.

        ``Store.async_delay_save`` alone would begin to wait anew with every change.
        """
        if not self._changed:
            self._changed = True
            self._store.async_delay_save(self._take_data, within)

    async def async_save(self) -> None:
        """Write now."""
        await self._store.async_save(self._take_data())

    async def async_flush(self) -> None:
        """Write now what would have been written soon."""
        if self._changed:
            await self.async_save()

    async def async_remove(self) -> None:
        """Delete the file, whoever wrote it, and write nothing more."""
        self._store.make_read_only()
        await self._store.async_remove()

    def _take_data(self) -> Data:
        self._changed = False
        return self._data()

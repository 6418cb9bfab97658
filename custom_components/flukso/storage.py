"""Files in Home Assistant's storage folder: validated when loaded, written after a change."""

from collections.abc import Callable, Mapping
import logging

from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.storage import Store
import voluptuous as vol

from .const import DOMAIN
from .redaction import shortened

_LOGGER = logging.getLogger(__name__)


class Storage[Data: Mapping[str, object]]:
    """One file, to which the return value of ``data`` is written.

    ``contents`` names the file in log messages. A file that a newer version of this integration
    wrote, or that can't be read for an error of the system, is left unchanged: after loading it,
    nothing is written to it.
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
        self._is_left_alone = False

    async def async_load[Result](self, read: Callable[[object], Result]) -> Result | None:
        """Return the data converted by ``read``, or None if there is no file or it is invalid.

        ``read`` raises ``vol.Invalid`` for data of another layout.
        """
        try:
            stored = await self._store.async_load()
            return None if stored is None else read(stored)
        except HomeAssistantError as error:
            self._leave_alone()
            _LOGGER.warning(
                "The %s cannot be read and nothing will be saved; the file is left unchanged: %s",
                self._contents,
                shortened(error),
            )
        except (vol.Invalid, KeyError, TypeError, NotImplementedError) as error:
            # Store raises all but the first, for a file that does not have its layout
            _LOGGER.warning(
                "The %s cannot be read and will be replaced: %s", self._contents, shortened(error)
            )
        return None

    @callback
    def save_soon(self, within: float) -> None:
        """Write within ``within`` seconds; a write that is already scheduled is kept.

        ``Store.async_delay_save`` alone would restart its delay with every change.
        """
        if not self._changed:
            self._changed = True
            self._store.async_delay_save(self._take_data, within)

    async def async_save(self) -> None:
        """Write now."""
        await self._store.async_save(self._take_data())

    async def async_save_surely(self) -> None:
        """Write now, and read it again: Home Assistant only logs that the disk is full.

        Raises:
            HomeAssistantError: it was not written.
        """
        data = self._take_data()
        await self._store.async_save(data)
        if not self._is_left_alone and await self._store.async_load() != data:
            raise HomeAssistantError(translation_domain=DOMAIN, translation_key="not_saved")

    async def async_flush(self) -> None:
        """Write now if a write is scheduled."""
        if self._changed:
            await self.async_save()

    async def async_remove(self) -> None:
        """Delete the file, even one of a newer version, and write nothing afterwards."""
        self._leave_alone()
        await self._store.async_remove()

    def _leave_alone(self) -> None:
        self._is_left_alone = True
        self._store.make_read_only()

    def _take_data(self) -> Data:
        self._changed = False
        return self._data()

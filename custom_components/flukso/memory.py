"""What outlives a restart: the last good configuration, without its secrets, and learnt units."""

import logging
from typing import TypedDict

from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import UnsupportedStorageVersionError
from homeassistant.helpers.storage import Store
import voluptuous as vol

from .const import DOMAIN
from .protocol.quantities import Unit
from .protocol.topics import CONFIG_REPORTS, ConfigReport
from .protocol.wire import Json

_LOGGER = logging.getLogger(__name__)

_VERSION = 1
_SAVE_WITHIN = 5


class _Stored(TypedDict):
    """The layout of the file, one for each config entry."""

    reports: dict[ConfigReport, Json]
    units: dict[str, Unit]


_LAYOUT = vol.Schema(
    {
        vol.Required("reports"): {vol.In(CONFIG_REPORTS): dict},
        vol.Required("units"): {str: vol.In(list(Unit))},
    }
)


class Memory:
    """Kept in Home Assistant's storage folder, and written only when something changed."""

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        self._store = Store[_Stored](hass, _VERSION, f"{DOMAIN}.{entry_id}")
        self._stored: _Stored = {"reports": {}, "units": {}}
        self._unsaved = False

    async def async_load(self) -> None:
        """Take up what was kept; the meter tells anew what can't be taken up."""
        try:
            stored = await self._store.async_load()
            self._stored = self._stored if stored is None else _LAYOUT(stored)
        except (UnsupportedStorageVersionError, vol.Invalid) as error:
            _LOGGER.warning("Doing without what was kept on disk: %s", error)

    async def async_flush(self) -> None:
        """Write now what would have been written soon."""
        if self._unsaved:
            await self._store.async_save(self._to_store())

    async def async_remove(self) -> None:
        """Forget everything."""
        await self._store.async_remove()

    @property
    def reports(self) -> dict[ConfigReport, Json]:
        """The last good config messages, as ``protocol.config.read_config`` left them."""
        return self._stored["reports"]

    @callback
    def keep_report(self, report: ConfigReport, config: Json) -> None:
        """Keep a config message."""
        self._stored["reports"][report] = config
        self._save_soon()

    def unit_of(self, channel: str) -> Unit | None:
        """The unit that a channel turned out to have, if it was not the expected one."""
        unit = self._stored["units"].get(channel)
        return None if unit is None else Unit(unit)

    @callback
    def keep_unit(self, channel: str, unit: Unit) -> None:
        """Keep the unit that a channel turned out to have."""
        self._stored["units"][channel] = unit
        self._save_soon()

    def _save_soon(self) -> None:
        self._unsaved = True
        self._store.async_delay_save(self._to_store, _SAVE_WITHIN)

    def _to_store(self) -> _Stored:
        self._unsaved = False
        return self._stored

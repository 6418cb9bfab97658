"""What outlives a restart: the last good configuration, without its secrets, and learnt units."""

from typing import TypedDict

from homeassistant.core import HomeAssistant, callback
import voluptuous as vol

from ..const import DOMAIN
from ..protocol.quantities import Unit
from ..protocol.topics import CONFIG_REPORTS, ConfigReport
from ..protocol.validation import Json
from ..storage import Storage

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


class MeterStorage:
    """Kept in Home Assistant's storage folder, and written only when something changed."""

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        self._stored: _Stored = {"reports": {}, "units": {}}
        self._storage = Storage(
            hass,
            _VERSION,
            f"{DOMAIN}.{entry_id}",
            lambda: self._stored,
            contents="configuration of the meter on disk",
        )

    async def async_load(self) -> None:
        """Take up what was kept; the meter tells anew what can't be taken up."""
        stored: _Stored | None = await self._storage.async_load(_LAYOUT)
        if stored is not None:
            self._stored = stored

    async def async_flush(self) -> None:
        """Write now what would have been written soon."""
        await self._storage.async_flush()

    async def async_remove(self) -> None:
        """Forget everything."""
        await self._storage.async_remove()

    @property
    def reports(self) -> dict[ConfigReport, Json]:
        """The last good config messages, as ``protocol.config.read_config`` left them."""
        return self._stored["reports"]

    @callback
    def keep_report(self, report: ConfigReport, config: Json) -> None:
        """Keep a config message."""
        self._stored["reports"][report] = config
        self._storage.save_soon(_SAVE_WITHIN)

    def unit_of(self, channel: str) -> Unit | None:
        """The unit that a channel turned out to have, if it was not the expected one."""
        unit = self._stored["units"].get(channel)
        return None if unit is None else Unit(unit)

    @callback
    def keep_unit(self, channel: str, unit: Unit) -> None:
        """Keep the unit that a channel turned out to have."""
        self._stored["units"][channel] = unit
        self._storage.save_soon(_SAVE_WITHIN)

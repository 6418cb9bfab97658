"""Storage of a meter: its last valid configuration, without secrets, and its learned units."""

from typing import TypedDict

from homeassistant.core import HomeAssistant, callback
import voluptuous as vol

from ..const import DOMAIN
from ..protocol.quantities import Unit
from ..protocol.sensors import Stream
from ..protocol.topics import CONFIG_REPORTS, ConfigReport
from ..protocol.validation import Json
from ..storage import Storage

_VERSION = 1
_SAVE_WITHIN = 5


class _Stored(TypedDict):
    """Layout of the file; each config entry has one."""

    reports: dict[ConfigReport, Json]
    units: dict[str, Unit]


_LAYOUT = vol.Schema(
    {
        vol.Required("reports"): {vol.In(CONFIG_REPORTS): dict},
        vol.Required("units"): {str: vol.In(list(Unit))},
    }
)


class MeterStorage:
    """A file in Home Assistant's storage folder, written only after a change."""

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
        """Load the file; the meter sends again what can't be read."""
        stored: _Stored | None = await self._storage.async_load(_LAYOUT)
        if stored is not None:
            self._stored = stored

    async def async_flush(self) -> None:
        """Write now if a write is scheduled."""
        await self._storage.async_flush()

    async def async_remove(self) -> None:
        """Delete the file."""
        await self._storage.async_remove()

    @property
    def reports(self) -> dict[ConfigReport, Json]:
        """Return the last valid config messages, as read by ``read_config``."""
        return self._stored["reports"]

    @callback
    def store_report(self, report: ConfigReport, config: Json) -> None:
        """Store a config message."""
        self._stored["reports"][report] = config
        self._storage.save_soon(_SAVE_WITHIN)

    def unit_of(self, stream: Stream) -> Unit | None:
        """Return the learned unit of a stream; None if it has the expected one."""
        unit = self._stored["units"].get(_key(stream))
        return None if unit is None else Unit(unit)

    @callback
    def store_unit(self, stream: Stream, unit: Unit) -> None:
        """Store the learned unit of a stream."""
        self._stored["units"][_key(stream)] = unit
        self._storage.save_soon(_SAVE_WITHIN)


def _key(stream: Stream) -> str:
    """Return the key of a stream on disk, another one if its sensor measures another quantity."""
    return f"{stream.sensor.sensor_id}/{stream.kind}/{stream.sensor.quantity}"

"""The stored energies and demand of a supply, restored after a restart."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.restore_state import ExtraStoredData
import voluptuous as vol

from ..const import DOMAIN
from ..meter.counter_storage import COUNTER, NUMBER, SECOND, dataclass_schema, read_extra
from ..metering.counter_guard import CounterState
from ..metering.counter_sum import CounterSumState
from ..metering.demand import Peak, QuarterHourDemandState
from ..metering.netting import NettingState
from ..protocol.quantities import Unit
from ..storage import Storage

_VERSION = 1
#: The interval at which Home Assistant itself dumps states to restore (s).
_SAVE_WITHIN = 900


@dataclass(frozen=True, slots=True)
class SupplyEnergyState:
    """The state to restore after a restart, including the guards of the counters."""

    netting: NettingState
    imported: CounterSumState | None
    exported: CounterSumState | None
    demand: QuarterHourDemandState
    counters: Mapping[str, CounterState]


_VALUES = {str: NUMBER}
_SUM = vol.Any(None, dataclass_schema(CounterSumState, total=NUMBER, values=_VALUES))
_NUMBER_OR_NONE = vol.Any(None, NUMBER)
_LAYOUT = vol.Schema(
    dataclass_schema(
        SupplyEnergyState,
        netting=dataclass_schema(
            NettingState, time=SECOND, values=_VALUES, imported=NUMBER, exported=NUMBER
        ),
        imported=_SUM,
        exported=_SUM,
        demand=dataclass_schema(
            QuarterHourDemandState,
            time=SECOND,
            energy=NUMBER,
            begin_energy=_NUMBER_OR_NONE,
            last=_NUMBER_OR_NONE,
            peak=vol.Any(None, dataclass_schema(Peak, demand=NUMBER, quarter=SECOND)),
        ),
        counters={str: COUNTER},
    ),
    extra=vol.REMOVE_EXTRA,
)


def supply_energy_from(stored: ExtraStoredData | None) -> SupplyEnergyState | None:
    """Return the state that a version without the file stored with each entity, if it did."""
    return read_extra(_LAYOUT, stored, Unit.WATT_HOUR)


class SupplyStorage:
    """The file with the energies of a supply, whichever of its entities are enabled."""

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        self._storage = Storage(
            hass,
            _VERSION,
            f"{DOMAIN}.{entry_id}.supply",
            self._data,
            contents="energies of the supply on disk",
        )
        self._loaded: SupplyEnergyState | None = None
        self._has_file = False
        self._get_state: Callable[[], SupplyEnergyState | None] = lambda: self._loaded

    @property
    def state(self) -> SupplyEnergyState | None:
        """The current state, or the loaded one before ``save_from`` was called."""
        return self._get_state()

    async def async_load(self) -> None:
        """Load the file."""
        self._loaded = await self._storage.async_load(_LAYOUT)
        self._has_file = self._loaded is not None

    @callback
    def save_from(self, get_state: Callable[[], SupplyEnergyState | None]) -> None:
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
            assert state is not None  # nothing is saved before something was netted
        return asdict(state)

"""The file of a supply's ledger, from which its energies and its demand go on after a restart."""

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
#: The same as Home Assistant's own interval for the states that it restores (s).
_SAVE_WITHIN = 900


@dataclass(frozen=True, slots=True)
class SupplyEnergyState:
    """What to keep over a restart, the guards of the counters included."""

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


def ledger_from(stored: ExtraStoredData | None) -> SupplyEnergyState | None:
    """The ledger as every entity of it kept it before there was a file; None if it did not."""
    return read_extra(_LAYOUT, stored, Unit.WATT_HOUR)


class LedgerStore:
    """Where the ledger of a supply goes on from, whichever of its entities are enabled."""

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        self._storage = Storage(
            hass,
            _VERSION,
            f"{DOMAIN}.{entry_id}.supply",
            self._data,
            contents="energies of the supply on disk",
        )
        self._loaded: SupplyEnergyState | None = None
        self._current: Callable[[], SupplyEnergyState | None] = lambda: self._loaded

    @property
    def state(self) -> SupplyEnergyState | None:
        """The state of the ledger that was followed last, or else what was on disk."""
        return self._current()

    async def async_load(self) -> None:
        """Read the file."""
        self._loaded = await self._storage.async_load(_LAYOUT)

    @callback
    def follow(self, current: Callable[[], SupplyEnergyState | None]) -> None:
        """Keep the state of this ledger from now on."""
        self._current = current

    @callback
    def save_soon(self) -> None:
        """Write within a quarter of an hour, or when Home Assistant stops."""
        self._storage.save_soon(_SAVE_WITHIN)

    async def async_save(self) -> None:
        """Write now."""
        await self._storage.async_save()

    async def async_flush(self) -> None:
        """Write now what would have been written soon."""
        await self._storage.async_flush()

    async def async_remove(self) -> None:
        """Delete the file."""
        await self._storage.async_remove()

    def _data(self) -> dict[str, object]:
        state = self.state
        if TYPE_CHECKING:
            assert state is not None  # nothing is written before there is something to keep
        return asdict(state)

"""The stored energies and demand of a supply, restored after a restart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from homeassistant.core import HomeAssistant
from homeassistant.helpers.restore_state import ExtraStoredData
import voluptuous as vol

from ..meter.counter_storage import COUNTER
from ..meter.extra_data import NUMBER, SECOND, dataclass_schema, read_extra
from ..metering.counter_guard import CounterState
from ..metering.counter_sum import CounterSumState
from ..metering.demand import QuarterHourDemandState
from ..metering.house_energy import HouseEnergyState
from ..metering.monthly_peaks import Peak
from ..metering.netting import NettingState
from ..metering.outages import Outage, SupplyEnergies
from ..protocol.quantities import Unit
from .state_storage import StateStorage


@dataclass(frozen=True, slots=True)
class SupplyEnergyState:
    """The state to restore after a restart, including the guards of the counters.

    That of the ``house`` is there where production is measured, and the ``outages`` are those for
    which the energies were booked at once.
    """

    netting: NettingState
    imported: CounterSumState | None
    exported: CounterSumState | None
    demand: QuarterHourDemandState
    counters: Mapping[str, CounterState]
    house: HouseEnergyState | None = None
    outages: Sequence[Outage] = ()


_VALUES = {str: NUMBER}
_SUM = vol.Any(None, dataclass_schema(CounterSumState, total=NUMBER, values=_VALUES))
_HOUSE = dataclass_schema(
    HouseEnergyState,
    time=SECOND,
    imported=NUMBER,
    exported=NUMBER,
    values=_VALUES,
    house=NUMBER,
    self_consumed=NUMBER,
)
_NUMBER_OR_NONE = vol.Any(None, NUMBER)
_ENERGIES = dataclass_schema(
    SupplyEnergies,
    imported=NUMBER,
    exported=NUMBER,
    house=_NUMBER_OR_NONE,
    self_consumed=_NUMBER_OR_NONE,
)
_PEAK = dataclass_schema(Peak, demand=NUMBER, quarter=SECOND)
_OUTAGE = dataclass_schema(
    Outage,
    begin=SECOND,
    end=SECOND,
    before=_ENERGIES,
    settled=vol.Any(None, SECOND),
    after=vol.Any(None, _ENERGIES),
)
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
            peak=vol.Any(None, _PEAK),
            optional={"past": [_PEAK]},
        ),
        counters={str: COUNTER},
        optional={"house": vol.Any(None, _HOUSE), "outages": [_OUTAGE]},
    ),
    extra=vol.REMOVE_EXTRA,
)


def supply_energy_from(stored: ExtraStoredData | None) -> SupplyEnergyState | None:
    """Return the state that a version without the file stored with each entity, if it did."""
    return read_extra(_LAYOUT, stored, Unit.WATT_HOUR)


class SupplyStorage(StateStorage[SupplyEnergyState]):
    """The file with the energies of a supply, whichever of its entities are enabled."""

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        super().__init__(hass, f"{entry_id}.supply", _LAYOUT, contents="energies of the supply")

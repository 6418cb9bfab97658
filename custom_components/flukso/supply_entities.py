"""Sensors of the supply, and of the import and export of a net counter."""

from collections.abc import Callable, Mapping
from typing import override

from homeassistant.components.sensor import RestoreSensor, SensorEntity
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from .devices import device_info, meter_info
from .entity import FluksoEntity
from .entity_lookup import meter_unique_id, sensor_unique_id
from .metering.demand import QuarterHourDemand
from .models import FluksoConfigEntry
from .supply.net_counters import NetCounterTotal
from .supply.storage import supply_energy_from
from .supply.supply import SupplyEnergyTotal
from .supply.totals import EnergyTotal, Total
from .supply_descriptions import NET_COUNTER, TOTALS


def _of_quarter(demand: QuarterHourDemand) -> dict[str, object]:
    return {"incomplete": not demand.is_complete}


def _of_peak(demand: QuarterHourDemand) -> dict[str, object]:
    peak = demand.peak
    return {"quarter_began": dt_util.utc_from_timestamp(peak.quarter) if peak else None}


def _of_mean_peak(demand: QuarterHourDemand) -> dict[str, object]:
    return {"months": demand.mean_peak.months if demand.mean_peak else None}


#: The attributes of a demand.
_ATTRIBUTES: Mapping[str, Callable[[QuarterHourDemand], dict[str, object]]] = {
    "demand": _of_quarter,
    "expected_demand": _of_quarter,
    "peak_demand": _of_peak,
    "mean_peak_demand": _of_mean_peak,
}


class FluksoTotal(FluksoEntity, SensorEntity):
    """A total of the supply."""

    def __init__(self, hass: HomeAssistant, entry: FluksoConfigEntry, total: Total) -> None:
        meter = entry.runtime_data.meter
        super().__init__(total, meter_unique_id(meter.device_id, total.what), meter_info(meter))
        description = self.entity_description = TOTALS[total.what]
        if description.belgian:
            self._attr_entity_registry_enabled_default = hass.config.country == "BE"

    @override
    def _take_value(self) -> None:
        self._attr_native_value = self.observable.value


class FluksoEnergyTotal(FluksoTotal, RestoreSensor):
    """An energy or demand of the supply."""

    def __init__(
        self, hass: HomeAssistant, entry: FluksoConfigEntry, energy_total: SupplyEnergyTotal
    ) -> None:
        super().__init__(hass, entry, energy_total)
        self._energy_total = energy_total

    @override
    async def async_added_to_hass(self) -> None:
        """Restore what the file of the supply does not have.

        Earlier versions stored the energies of the supply with each of its entities. Where the
        file was lost, this energy continues from its last state.
        """
        state = supply_energy_from(await self.async_get_last_extra_data())
        if state is not None:
            await self._energy_total.supply_energy.async_take_over(state)
        await _async_resume(self, self._energy_total)
        await super().async_added_to_hass()

    @override
    def _take_value(self) -> None:
        super()._take_value()
        attributes = _ATTRIBUTES.get(self._energy_total.what)
        if attributes is not None:
            demand = self._energy_total.supply_energy.demand
            self._attr_extra_state_attributes = attributes(demand)


def create_total(hass: HomeAssistant, entry: FluksoConfigEntry, total: Total) -> FluksoTotal:
    """Return the entity of a total of the supply."""
    if isinstance(total, SupplyEnergyTotal):
        return FluksoEnergyTotal(hass, entry, total)
    return FluksoTotal(hass, entry, total)


class FluksoNetCounterTotal(FluksoEntity, RestoreSensor):
    """The import or the export of a net counter."""

    def __init__(
        self, hass: HomeAssistant, entry: FluksoConfigEntry, total: NetCounterTotal
    ) -> None:
        device_id = entry.runtime_data.meter.device_id
        unique_id = sensor_unique_id(device_id, total.sensor.sensor_id, total.what)
        super().__init__(total, unique_id, device_info(hass, entry, total.sensor))
        self.entity_description = NET_COUNTER[total.what]
        self._total = total

    @override
    async def async_added_to_hass(self) -> None:
        """Continue from the last state where the file was lost."""
        await _async_resume(self, self._total)
        await super().async_added_to_hass()

    @override
    def _take_value(self) -> None:
        self._attr_native_value = self.observable.value


async def _async_resume(entity: RestoreSensor, total: EnergyTotal) -> None:
    """Let the source of a total continue from the last state of its entity, if in its unit."""
    stored = await entity.async_get_last_sensor_data()
    if (
        stored is not None
        and isinstance(stored.native_value, int | float)
        and stored.native_unit_of_measurement == entity.native_unit_of_measurement
    ):
        total.source.resume(total.what, stored.native_value)

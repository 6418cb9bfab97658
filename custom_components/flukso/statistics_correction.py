"""Correction of the statistics that the older integration left (``migration.py``)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
import logging

from homeassistant.const import (
    UnitOfElectricPotential,
    UnitOfPressure,
    UnitOfReactiveEnergy,
    UnitOfReactivePower,
    UnitOfVolumeFlowRate,
)
from homeassistant.core import HomeAssistant

from .history.statistics_store import (
    Statistic,
    StoredRow,
    async_read,
    async_statistic,
    clear,
    write,
    write_recent,
)
from .metering.durations import DAY, MINUTE
from .protocol.quantities import Unit
from .protocol.sensors import Stream

_LOGGER = logging.getLogger(__name__)

#: The period of a row of Home Assistant's short-term statistics (s).
_SHORT_TERM = 5 * MINUTE


@dataclass(frozen=True, slots=True)
class _Correction:
    """The correct unit of mislabelled values; those over ``over`` are multiplied by ``factor``."""

    unit: str
    unit_class: str
    factor: float = 1
    over: float = 0

    def apply(self, value: float | None) -> float | None:
        """Return a recorded value as it should have been; None stays None."""
        return value * self.factor if value is not None and value > self.over else value


#: The corrections by the meter's unit and the recorded one. No air pressure exceeds 2000 hPa: such
#: values were in Pa. Before 2023, reactive power was in "VAR" and a flow of water in "L".
_CORRECTIONS: dict[tuple[Unit, str | None], _Correction] = {
    (Unit.VAR_HOUR, "VARh"): _Correction(
        UnitOfReactiveEnergy.VOLT_AMPERE_REACTIVE_HOUR, "reactive_energy"
    ),
    (Unit.VAR, "VAR"): _Correction(UnitOfReactivePower.VOLT_AMPERE_REACTIVE, "reactive_power"),
    (Unit.LITRE_PER_SECOND, "L"): _Correction(
        UnitOfVolumeFlowRate.LITERS_PER_SECOND, "volume_flow_rate"
    ),
    (Unit.LITRE_PER_DAY, "L"): _Correction(
        UnitOfVolumeFlowRate.LITERS_PER_MINUTE, "volume_flow_rate", MINUTE / DAY
    ),
    (Unit.LITRE_PER_DAY, "L/s"): _Correction(
        UnitOfVolumeFlowRate.LITERS_PER_MINUTE, "volume_flow_rate", MINUTE / DAY
    ),
    (Unit.LITRE_PER_DAY, "m³/s"): _Correction(
        UnitOfVolumeFlowRate.LITERS_PER_MINUTE, "volume_flow_rate", 1000 * MINUTE / DAY
    ),
    (Unit.PASCAL, "hPa"): _Correction(UnitOfPressure.HPA, "pressure", 0.01, over=2000),
    (Unit.VOLT, "%"): _Correction(UnitOfElectricPotential.VOLT, "voltage", 3.3 / 100),
}


def is_mislabelled(stream: Stream, unit: str | None) -> bool:
    """Return whether values of a stream that are in ``unit``, it is said, are in another."""
    return (stream.unit, unit) in _CORRECTIONS


async def async_correct_statistics(
    hass: HomeAssistant, streams: Mapping[str, Stream], now: datetime
) -> None:
    """Correct the statistics of entities (by entity id), and let their sums continue."""
    for statistic_id, stream in streams.items():
        recorded = await async_statistic(hass, statistic_id)
        if recorded is None:
            continue
        correction = _CORRECTIONS.get((stream.unit, recorded.unit))
        statistic = recorded
        if correction is not None:
            statistic = recorded.relabelled(correction.unit, correction.unit_class)
        if stream.unit is Unit.DEGREE:
            _LOGGER.warning(
                "The statistics of %s are cleared: they are arithmetic means of angles, "
                "in which 359° is far from 1°",
                statistic_id,
            )
            clear(hass, recorded)
        elif recorded.has_sum:
            end = await _async_end_of_sum(hass, recorded, now)
            if correction is not None:
                write(hass, statistic, [])
            write_recent(hass, statistic, end)
        elif correction is not None:
            hours = await async_read(hass, recorded)
            five_minutes = await async_read(hass, recorded, recent=True)
            write(hass, statistic, [_corrected(row, correction) for row in hours])
            write_recent(hass, statistic, [_corrected(row, correction) for row in five_minutes])


def _corrected(row: StoredRow, correction: _Correction) -> StoredRow:
    return StoredRow(
        row.hour,
        mean=correction.apply(row.mean),
        min=correction.apply(row.min),
        max=correction.apply(row.max),
    )


async def _async_end_of_sum(
    hass: HomeAssistant, statistic: Statistic, now: datetime
) -> list[StoredRow]:
    """Return the end of a sum as a current five-minute row; nothing if five-minute rows exist.

    Home Assistant continues the sum of the latest five-minute row, and deletes these rows after
    some days. An entity that returns later would start from 0, and the Energy dashboard would
    display all that was ever counted as a negative consumption.
    """
    if await async_read(hass, statistic, recent=True):
        return []
    start = int(now.timestamp() // _SHORT_TERM * _SHORT_TERM - 2 * _SHORT_TERM)
    summed = [row for row in await async_read(hass, statistic) if row.sum is not None]
    return [StoredRow(start, state=row.state, sum=row.sum) for row in summed[-1:]]

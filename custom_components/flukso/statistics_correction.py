"""Correction of the statistics that the older integration left (``migration.py``)."""

from dataclasses import dataclass
from datetime import datetime

from homeassistant.const import (
    UnitOfElectricPotential,
    UnitOfPressure,
    UnitOfReactiveEnergy,
    UnitOfReactivePower,
    UnitOfVolumeFlowRate,
)
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from .history.recorder_errors import failed
from .history.statistics_store import (
    Statistic,
    StoredRow,
    async_read,
    async_settle,
    async_statistic,
    clear,
    write,
    write_short_term,
)
from .history.statistics_units import conversion
from .metering.durations import DAY, MINUTE
from .protocol.quantities import Unit
from .protocol.sensors import Stream

#: The period of a row of Home Assistant's short-term statistics (s).
_SHORT_TERM = 5 * MINUTE


@dataclass(frozen=True, slots=True)
class _Correction:
    """The correct unit of mislabelled values; those over ``over`` are multiplied by ``factor``."""

    unit: str
    unit_class: str
    factor: float = 1
    over: float = 0

    def apply(self, value: float) -> float:
        """Return a recorded value as it should have been."""
        return value * self.factor if value > self.over else value


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


async def async_correct_statistic(
    hass: HomeAssistant, statistic_id: str, stream: Stream, taken_over_at: float
) -> bool:
    """Correct the statistic of an entity, and let its sum continue.

    A statistic that is correct stays as it is. Where Home Assistant can convert to the recorded
    unit, its rows from ``taken_over_at`` on (s since 1970) are in that unit indeed. Returns whether
    it was cleared, as one with arithmetic means of angles is.

    Raises:
        HomeAssistantError: the recorder is too busy, or failed.
    """
    recorded = await async_statistic(hass, statistic_id)
    if recorded is None:
        return False
    if recorded.has_sum:
        await _async_continue_sum(hass, recorded, stream)
        return False
    # Rows that an earlier attempt has queued must not be corrected again.
    recorded = await _async_settled(hass, recorded)
    if recorded is None:
        return False
    correction = _CORRECTIONS.get((stream.unit, recorded.unit))
    if stream.unit is Unit.DEGREE and recorded.has_mean:
        await _async_clear(hass, recorded)
        return True
    if correction is not None:
        await _async_correct_means(hass, recorded, correction, taken_over_at)
    return False


async def _async_continue_sum(hass: HomeAssistant, recorded: Statistic, stream: Stream) -> None:
    end = await _async_end_of_sum(hass, recorded, dt_util.utcnow())
    correction = _CORRECTIONS.get((stream.unit, recorded.unit))
    statistic = recorded
    if correction is not None:
        statistic = recorded.relabelled(correction.unit, correction.unit_class)
        write(hass, statistic, [])  # no rows: only the metadata
    is_continued = write_short_term(hass, statistic, end)
    if correction is not None or is_continued:
        await _async_verify_unit(hass, statistic)
    if is_continued and not await async_read(hass, statistic, short_term=True):
        raise failed("a sum was not written")


async def _async_clear(hass: HomeAssistant, recorded: Statistic) -> None:
    clear(hass, recorded)
    remaining = await _async_settled(hass, recorded)
    if remaining is not None and remaining.has_mean:
        raise failed("means of angles were not cleared")


async def _async_correct_means(
    hass: HomeAssistant, recorded: Statistic, correction: _Correction, taken_over_at: float
) -> None:
    """Correct the hours, and the five minutes after the hours have the correct unit."""
    convert = conversion(of=recorded.unit, to=correction.unit) or correction.apply

    def corrected(row: StoredRow) -> StoredRow:
        change = correction.apply if row.hour < taken_over_at else convert
        mean, least, most = (
            None if value is None else change(value) for value in (row.mean, row.min, row.max)
        )
        return StoredRow(row.hour, mean=mean, min=least, max=most)

    statistic = recorded.relabelled(correction.unit, correction.unit_class)
    hours = await async_read(hass, recorded)
    five_minutes = await async_read(hass, recorded, short_term=True)
    write(hass, statistic, [corrected(row) for row in hours])
    await _async_verify_unit(hass, statistic)
    write_short_term(hass, statistic, [corrected(row) for row in five_minutes])


async def _async_settled(hass: HomeAssistant, statistic: Statistic) -> Statistic | None:
    """Return a statistic as it is after everything that was queued; None if it was cleared."""
    await async_settle(hass, statistic)
    return await async_statistic(hass, statistic.metadata["statistic_id"])


async def _async_verify_unit(hass: HomeAssistant, statistic: Statistic) -> None:
    stored = await _async_settled(hass, statistic)
    if stored is None or stored.unit != statistic.unit:
        raise failed("a statistic was not written")


async def _async_end_of_sum(
    hass: HomeAssistant, statistic: Statistic, now: datetime
) -> list[StoredRow]:
    """Return the end of a sum as a current five-minute row; nothing if five-minute rows exist.

    Home Assistant continues the sum of the latest five-minute row, and deletes these rows after
    some days. An entity that returns later would start from 0, and the Energy dashboard would
    display all that was ever counted as a negative consumption.
    """
    if await async_read(hass, statistic, short_term=True):
        return []
    start = int(now.timestamp() // _SHORT_TERM * _SHORT_TERM - 2 * _SHORT_TERM)
    summed = [row for row in await async_read(hass, statistic) if row.sum is not None]
    return [StoredRow(start, state=row.state, sum=row.sum) for row in summed[-1:]]

"""Fills the power in the gaps of counters, derived from these."""

from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_registry import RegistryEntry

from ..entity_lookup import channel_unique_id, enabled_sensor
from ..meter.counter_channel import CounterChannel
from ..meter.meter import Meter
from ..metering.absence import made_up_rows
from ..metering.block_timeline import Timeline
from ..metering.durations import HOUR
from ..metering.gaps import Gap
from ..metering.history_comparison import power_rows
from ..protocol.quantities import Unit
from ..protocol.topics import Kind
from .fill_file import Fill
from .fill_log import FillLog
from .gauge_backfill import AbsentHours
from .statistics_units import async_mean_rows


class PowerBackfill:
    """Fills the power of the hours in which the energy of the same input was filled.

    Hours are filled that have no row, or one that was made for a time when nothing was recorded;
    ``absent_hours`` proves that time.
    """

    def __init__(
        self, hass: HomeAssistant, meter: Meter, fill_log: FillLog, absent_hours: AbsentHours
    ) -> None:
        self._hass = hass
        self._meter = meter
        self._fill_log = fill_log
        self._absent_hours = absent_hours

    async def async_fill(
        self, channel: CounterChannel, timeline: Timeline, gap: Gap, now: float
    ) -> Fill | None:
        """Fill the power in a gap of a counter; returns None if there is nothing to fill.

        Raises:
            HomeAssistantError: the recorder is too busy, or failed.
        """
        entity = power_entity(self._hass, self._meter, channel)
        if entity is None:
            return None
        begin, end, unit = gap.begin - HOUR, gap.end, Unit.WATT
        existing = await async_mean_rows(self._hass, entity.entity_id, begin, end, unit)
        recorded = {row.hour: row for row in existing}
        known = list(power_rows(gap, timeline))
        made_up = {row.hour for row in made_up_rows(known, recorded, recorded)}
        if made_up:
            made_up &= await self._absent_hours(gap.begin, gap.end)
        rows = [row for row in known if row.hour not in recorded or row.hour in made_up]
        if not rows:
            return None
        return await self._fill_log.async_fill(
            entity.unique_id, rows, unit=unit, amount=None, at=now
        )


def power_entity(
    hass: HomeAssistant, meter: Meter, counter: CounterChannel
) -> RegistryEntry | None:
    """Return the enabled entity with the power (W) of the input that a counter is of, if any."""
    sensor_id = counter.stream.sensor.sensor_id
    gauge = meter.channels.get((sensor_id, Kind.GAUGE))
    if gauge is None or gauge.stream.unit is not Unit.WATT:
        return None
    return enabled_sensor(hass, channel_unique_id(meter.device_id, sensor_id, Kind.GAUGE))

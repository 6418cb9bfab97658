"""Fills the power in the gaps of counters, derived from these."""

from homeassistant.core import HomeAssistant

from ..entity_lookup import channel_unique_id, sensor_entry
from ..meter.channel_types import CounterChannel
from ..meter.meter import Meter
from ..metering.absence import made_up_rows
from ..metering.block_timeline import Timeline
from ..metering.durations import HOUR
from ..metering.gaps import Gap
from ..metering.history_comparison import power_rows
from ..protocol.quantities import Unit
from ..protocol.topics import Kind
from ..sensor_descriptions import native_unit_of
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
        sensor_id = channel.stream.sensor.sensor_id
        gauge = self._meter.channels.get((sensor_id, Kind.GAUGE))
        unique_id = channel_unique_id(self._meter.device_id, sensor_id, Kind.GAUGE)
        entity = sensor_entry(self._hass, unique_id)
        if gauge is None or gauge.stream.unit is not Unit.WATT or entity is None or entity.disabled:
            return None
        unit = native_unit_of(gauge.stream)
        begin, end = gap.begin - HOUR, gap.end
        existing = await async_mean_rows(self._hass, entity.entity_id, begin, end, unit)
        recorded = {row.hour: row for row in existing}
        known = list(power_rows(gap, timeline))
        made_up = {row.hour for row in made_up_rows(known, recorded, recorded)}
        if made_up:
            made_up &= await self._absent_hours(gap.begin, gap.end)
        rows = [row for row in known if row.hour not in recorded or row.hour in made_up]
        if not rows:
            return None
        return await self._fill_log.async_fill(unique_id, rows, unit=unit, amount=None, at=now)

"""The past of the gauges in use: those that the meter logs, and the powers of its counters."""

from collections.abc import Collection, Sequence
from functools import partial

from homeassistant.core import HomeAssistant

from ..meter.channel import Channel
from ..meter.counter_channel import CounterChannel
from ..meter.meter import Meter
from ..metering.durations import HOUR
from ..metering.past_rows import PastRows, missing_of, part_known
from ..metering.rows import AngleRow, MeanRow, Row
from ..protocol.quantities import Unit
from ..protocol.sensors import Sensor
from ..sensor_descriptions import native_unit_of
from .block_reader import BlockReader
from .gauge_memory import GaugeMemory
from .past_counters import PastCounters, law_of
from .power_backfill import power_entity


class PastGauges:
    """The hours of gauges before their first rows (a ``PastSource``)."""

    def __init__(
        self,
        hass: HomeAssistant,
        meter: Meter,
        blocks: BlockReader,
        memory: GaugeMemory,
        counters: PastCounters,
    ) -> None:
        self._hass = hass
        self._meter = meter
        self._blocks = blocks
        self._memory = memory
        self._counters = counters
        self._since = 0

    def unique_ids(self) -> Collection[str]:
        """Return the entities of the gauges in use that the meter logs, and of the powers."""
        return [*self._blocks.gauges, *self._powers()]

    def sensors(self, wanted: Collection[str], *, again: bool) -> Collection[Sensor]:
        """Return the sensors that sent no block yet; with ``again`` all."""
        channels: dict[str, Channel] = {**self._blocks.gauges, **self._powers()}
        return [
            channel.stream.sensor
            for unique_id, channel in channels.items()
            if unique_id in wanted and (again or self._span(unique_id) == (0, 0))
        ]

    def begin(self, since: int) -> None:
        """Keep the blocks since a time (s since 1970)."""
        self._since = since
        self._memory.begin(since)

    def end(self) -> None:
        """Drop what was kept for the import alone."""
        self._memory.end()

    def unit_of(self, unique_id: str) -> str | None:
        """Return the native unit of an entity."""
        channel = self._blocks.gauges.get(unique_id)
        return str(Unit.WATT) if channel is None else native_unit_of(channel.stream)

    def part_known(self, unique_id: str) -> float:
        """Return which part of the time since the first known hour is known."""
        return part_known(self._span(unique_id), self._blocks.last_arrived)

    async def async_rows(
        self, unique_id: str, first: Row | MeanRow | AngleRow, *, final: bool
    ) -> PastRows | None:
        """Return the hours before the first row; None until the last of them are known."""
        begin, end = self._span(unique_id)
        if end < first.hour and not final:
            return None
        gauge, counter = self._blocks.gauges.get(unique_id), self._powers().get(unique_id)
        begin = max(begin, self._since) // HOUR * HOUR
        if gauge is not None and end:
            rows = self._memory.timeline_of(gauge.stream).rows
            hours = range(begin, first.hour, HOUR)
            known = await self._hass.async_add_executor_job(rows, hours)
            return _past(gauge, known, first.hour)
        if counter is not None:
            power_rows = partial(
                self._counters.known(counter).power_rows,
                begin=begin,
                end=first.hour,
                law=law_of(counter),
            )
            return _past(counter, await self._hass.async_add_executor_job(power_rows), first.hour)
        return PastRows([])

    def _span(self, unique_id: str) -> tuple[int, int]:
        """Return the begin and end of what is known of an entity."""
        gauge: Channel | None = self._blocks.gauges.get(unique_id)
        if gauge is not None:
            return self._memory.timeline_of(gauge.stream).span
        counter = self._powers().get(unique_id)
        return (0, 0) if counter is None else self._counters.known(counter).span

    def _powers(self) -> dict[str, CounterChannel]:
        """Return the counters of energy by the entities of their powers, those that are enabled."""
        powers = {}
        for counter in self._blocks.counters.values():
            entity = power_entity(self._hass, self._meter, counter)
            if entity is not None and counter.stream.unit is Unit.WATT_HOUR:
                powers[entity.unique_id] = counter
        return powers


def _past(channel: Channel, rows: Sequence[MeanRow | AngleRow], until: int) -> PastRows:
    hours = {channel.stream.sensor.sensor_id: {row.hour for row in rows}}
    return PastRows(rows, missing=missing_of(hours, until))

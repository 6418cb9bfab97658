"""Fills the hours of the gauges that Home Assistant missed, from the meter's memory."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import partial
import logging
from math import ceil, floor

from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util

from ..entity_lookup import channel_unique_id, sensor_entity_id
from ..meter.channel import Channel
from ..meter.meter import Meter
from ..metering.absence import made_up_rows, missing_rows
from ..metering.durations import DAY, HOUR
from ..metering.rows import AngleRow, MeanRow
from ..protocol.topics import Kind
from ..redaction import shortened
from ..sensor_descriptions import native_unit_of
from .block_reader import clock_is_off
from .fill_file import Fill
from .fill_log import RECORDER_IS_FIRST, FillLog
from .gauge_memory import GaugeMemory
from .statistics_units import async_mean_rows

_LOGGER = logging.getLogger(__name__)

#: How far before and after the data of a block the rows may be that an hour lies between (s).
_REACH = 31 * DAY

#: Returns the hours of a span (s since 1970) in which nothing was recorded of the meter.
type AbsentHours = Callable[[int, int], Awaitable[set[int]]]


class GaugeBackfill:
    """Fills the hours of the gauges in use when their blocks arrive.

    An hour between two rows that has none gets that of the meter's memory. A row that was made for
    a time when nothing was recorded is replaced by it; ``absent_hours`` proves that time.
    """

    def __init__(
        self, hass: HomeAssistant, meter: Meter, fill_log: FillLog, absent_hours: AbsentHours
    ) -> None:
        self.memory = GaugeMemory(meter, self._note)
        self._hass = hass
        self._meter = meter
        self._fill_log = fill_log
        self._absent_hours = absent_hours
        self._due: dict[Channel, tuple[int, int]] = {}
        self._unproven: dict[Channel, tuple[int, int]] = {}
        self._is_filling = False
        self._stopped = False

    @callback
    def stop(self) -> None:
        """Fill no further hours."""
        self._stopped = True

    @callback
    def recheck(self, begin: int, end: int) -> None:
        """Compare again what could not be proven, as there is news of a counter in a span."""
        for channel, (first, last) in list(self._unproven.items()):
            if begin < last and first < end:
                self._note(channel, first, last)

    @callback
    def _note(self, channel: Channel, begin: int, end: int) -> None:
        """Note that a gauge has new data in a span."""
        first, last = self._due.get(channel, (begin, end))
        self._due[channel] = (min(first, begin), max(last, end))
        if not self._is_filling:
            self._is_filling = True
            self._hass.async_create_background_task(
                self._async_fill_due(), "fill the hours of gauges"
            )

    async def _async_fill_due(self) -> None:
        try:
            while self._due:
                channel = next(iter(self._due))
                span = self._due.pop(channel)
                try:
                    await self.async_fill(channel, *span)
                except HomeAssistantError as error:
                    topic = shortened(channel.topic)
                    _LOGGER.warning("The history of %s will be compared later: %s", topic, error)
        finally:
            self._is_filling = False

    async def async_fill(self, channel: Channel, begin: int, end: int) -> list[Fill]:
        """Fill the hours of a gauge in a span (s since 1970).

        Raises:
            HomeAssistantError: the recorder is too busy, or failed.
        """
        stream, now = channel.stream, dt_util.utcnow().timestamp()
        unique_id = channel_unique_id(self._meter.device_id, stream.sensor.sensor_id, Kind.GAUGE)
        fills: list[Fill] = []
        async with self._fill_log.lock:
            for rows in _runs(await self._async_missed(unique_id, channel, begin, end, now)):
                if self._stopped:
                    break
                fill = await self._fill_log.async_fill(
                    unique_id, rows, unit=native_unit_of(stream), amount=None, at=now
                )
                fills += [fill] if fill else []
        return fills

    async def _async_missed(
        self, unique_id: str, channel: Channel, begin: int, end: int, now: float
    ) -> list[MeanRow | AngleRow]:
        """Return the rows of the hours that were missed, by the meter."""
        stream = channel.stream
        timeline = self.memory.timeline_of(stream)
        unproven = self._unproven.get(channel, (begin, end))
        begin, end = min(begin, unproven[0]), max(end, unproven[1])
        first, last = timeline.span
        begin = max(begin, first) // HOUR * HOUR
        end = min(ceil(min(end, last) / HOUR), floor((now - RECORDER_IS_FIRST) / HOUR)) * HOUR
        statistic_id = sensor_entity_id(self._hass, unique_id)
        if statistic_id is None or begin >= end or self._stopped or clock_is_off(channel):
            return []
        read = partial(async_mean_rows, self._hass, statistic_id, unit=native_unit_of(stream))
        changes = [fill.change for fill in self._fill_log.filled if fill.unique_id == unique_id]
        known = await self._hass.async_add_executor_job(timeline.rows, range(begin, end, HOUR))
        recorded = _by_hour(await read(begin=begin - HOUR, end=end))
        original = _by_hour(await read(begin=begin - HOUR, end=end, before=changes))
        if any(row.hour not in recorded for row in known):
            recorded = _by_hour(await read(begin=begin - _REACH, end=end + _REACH))
        made_up = await self._async_proven(channel, made_up_rows(known, recorded, original))
        excluded = self._fill_log.excluded_hours(unique_id)
        missed = [*missing_rows(known, recorded.keys()), *made_up]
        return sorted((row for row in missed if row.hour not in excluded), key=_hour_of)

    async def _async_proven(self, channel: Channel, rows: Sequence[MeanRow]) -> list[MeanRow]:
        """Return the rows of those hours in which nothing was recorded for certain."""
        self._unproven.pop(channel, None)
        if not rows:
            return []
        begin, end = rows[0].hour, rows[-1].hour + HOUR
        absent = await self._absent_hours(begin, end)
        proven = [row for row in rows if row.hour in absent]
        if len(proven) < len(rows):
            self._unproven[channel] = begin, end
        return proven


def _by_hour(rows: Sequence[MeanRow | AngleRow]) -> dict[int, MeanRow | AngleRow]:
    return {row.hour: row for row in rows}


def _hour_of(row: MeanRow | AngleRow) -> int:
    return row.hour


def _runs(rows: Sequence[MeanRow | AngleRow]) -> Iterator[Sequence[MeanRow | AngleRow]]:
    """Yield the rows of consecutive hours together."""
    start = 0
    for index, row in enumerate(rows, 1):
        if index == len(rows) or rows[index].hour != row.hour + HOUR:
            yield rows[start:index]
            start = index

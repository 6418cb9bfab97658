"""The statistics held against the meter's memory, and the gaps in them filled."""

import asyncio
from collections.abc import Sequence
from functools import partial
import logging
from math import ceil, floor

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util

from ..entity_lookup import channel_unique_id, sensor_entity_id, sensor_entry
from ..meter.channel_types import CounterChannel
from ..meter.meter import Meter
from ..metering.block_timeline import Timeline
from ..metering.durations import DAY, HOUR
from ..metering.gaps import Finding, Gap, Hour, Reason, Row, find_gaps, rows_for
from ..metering.history_comparison import compare, power_rows
from ..protocol.quantities import Unit
from ..protocol.sensors import Source, Stream
from ..protocol.topics import Kind
from ..redaction import shortened
from ..sensor_descriptions import description_of
from ..transport.home_assistant import Transport
from .audit import Audit, AuditedHour, Outcome, Refusal
from .block_reader import LAG, BlockReader, slack_of
from .fill_log import RECORDER_IS_FIRST, Fill, FillLog
from .filled_until import FilledUntil
from .statistics_units import async_mean_rows, async_rows

_LOGGER = logging.getLogger(__name__)

#: How long unloading a meter waits for the gap that is being filled (s).
STOP_TIMEOUT = 10
#: How far around a block a gap may reach that it helps to fill (s).
_REACH = 31 * DAY


class Backfill:
    """Audits the counters in use whenever a block brings something new, and on request.

    ``refusals`` are the gaps that were left alone when each counter was looked at last.
    """

    def __init__(
        self, hass: HomeAssistant, meter: Meter, transport: Transport, fill_log: FillLog
    ) -> None:
        self.blocks = BlockReader(hass, meter, transport, self._async_told)
        self.filled_until = FilledUntil(lambda: self.blocks.counters)
        self._hass = hass
        self._meter = meter
        self._fill_log = fill_log
        self._refusals: dict[str, list[Refusal]] = {}
        self._mending = asyncio.Lock()
        self._stopped = asyncio.Event()

    @property
    def refusals(self) -> list[Refusal]:
        """Of all counters."""
        return [refusal for refusals in self._refusals.values() for refusal in refusals]

    async def async_stop(self) -> None:
        """Fill no further gap, and wait for the one that is being filled, but not for long.

        If that takes longer, it is finished in the background.
        """
        self._stopped.set()
        self.blocks.stop()
        try:
            async with asyncio.timeout(STOP_TIMEOUT), self._mending:
                pass
        except TimeoutError:
            _LOGGER.info(
                "The recorder is busy: the history of Fluksometer %s is written later",
                self._meter.device_id[:6],
            )

    async def async_audit(self, begin: int, end: int) -> list[Audit]:
        """Compare the hours from ``begin`` to before ``end`` (s since 1970), and change nothing."""
        audits = []
        for unique_id, channel in self.blocks.counters.items():
            held = self._fill_log.held(unique_id)
            hours = tuple(
                AuditedHour(
                    hour.hour,
                    hour.row.state if hour.row else None,
                    hour.known.value if hour.known else None,
                    Reason.UNDONE if hour.missed and hour.hour in held else hour.finding,
                )
                for hour in await self._async_hours(unique_id, channel, begin, end)
            )
            audits.append(Audit(unique_id, _unit_of(channel.stream), hours))
        return audits

    async def async_fill(self, begin: int, end: int) -> Outcome:
        """Fill the gaps that reach into these hours, also what was taken back of them.

        Raises:
            HomeAssistantError: the recorder does not come round to it.
        """
        await self._fill_log.async_release(begin, end)
        outcomes = [
            await self._async_mend(unique_id, channel, _around(begin, end), range(begin, end))
            for unique_id, channel in self.blocks.counters.items()
        ]
        return Outcome(
            tuple(fill for outcome in outcomes for fill in outcome.filled),
            tuple(refusal for outcome in outcomes for refusal in outcome.refused),
        )

    async def _async_told(
        self, unique_id: str, channel: CounterChannel, begin: int, end: int
    ) -> None:
        try:
            seen = _around(begin, end)
            await self._async_mend(unique_id, channel, seen, seen)
        except HomeAssistantError as error:
            topic = shortened(channel.topic)
            _LOGGER.warning("The history of %s is looked at later: %s", topic, error)

    async def _async_mend(
        self, unique_id: str, channel: CounterChannel, seen: range, meant: range
    ) -> Outcome:
        """Look at the hours ``seen``, and fill the gaps that reach into those ``meant``.

        Once the meter is being unloaded, no further gap is filled.
        """
        filled: list[Fill] = []
        refused: list[Refusal] = []
        async with self._mending:
            if self._stopped.is_set():
                return Outcome((), ())
            span = self.blocks.timeline_of(channel).span
            begin, end = max(seen.start, span[0] - HOUR), min(seen.stop, span[1] + HOUR)
            hours = await self._async_hours(unique_id, channel, begin, end)
            agreeing, gaps = await self._hass.async_add_executor_job(_reviewed, hours)
            for gap in gaps:
                if self._stopped.is_set():
                    break
                is_meant = gap.begin < meant.stop and meant.start < gap.end
                if not is_meant or self._is_older_than_all(unique_id, gap):
                    continue
                made = await self._async_fill_gap(unique_id, channel, gap)
                if isinstance(made, Reason):
                    refused.append(Refusal(unique_id, gap.begin, gap.end, made))
                else:
                    filled += made
                    agreeing = max(agreeing, gap.end)
            self._refusals[unique_id] = refused
        if agreeing:
            self.filled_until.note(unique_id, agreeing)
        return Outcome(tuple(filled), tuple(refused))

    async def _async_hours(
        self, unique_id: str, channel: CounterChannel, begin: int, end: int
    ) -> list[Hour]:
        """The hours that the recorder is done with, as they are recorded and as the meter says."""
        settled = dt_util.utcnow().timestamp() - RECORDER_IS_FIRST
        begin = begin // HOUR * HOUR
        end = min(ceil(end / HOUR), floor(settled / HOUR)) * HOUR
        statistic_id = sensor_entity_id(self._hass, unique_id)
        if statistic_id is None or begin >= end:
            return []
        rows = await async_rows(self._hass, statistic_id, begin, end, _unit_of(channel.stream))
        timeline = self.blocks.timeline_of(channel)
        beside = partial(
            compare,
            rows,
            timeline,
            range(begin, end, HOUR),
            slack=slack_of(channel),
            offset=channel.guard.offset,
            unrecorded=_besides(channel),
        )
        return await self._hass.async_add_executor_job(beside)

    def _is_older_than_all(self, unique_id: str, gap: Gap) -> bool:
        """Whether it is but the time before anything was recorded."""
        entity = sensor_entry(self._hass, unique_id)
        return (
            gap.before is None
            and all(hour.row is None for hour in gap.hours)
            and (entity is None or gap.end <= entity.created_at.timestamp() + HOUR)
        )

    async def _async_fill_gap(
        self, unique_id: str, channel: CounterChannel, gap: Gap
    ) -> list[Fill] | Reason:
        held = self._fill_log.held(unique_id)
        if any(hour.hour in held for hour in gap.hours):
            return Reason.UNDONE
        if _clock_is_off(channel):
            return Reason.CLOCK
        rows = rows_for(gap, fastest=channel.guard.fastest, both_ways=channel.stream.both_ways)
        if isinstance(rows, Reason):
            return rows
        timeline, now = self.blocks.timeline_of(channel), dt_util.utcnow().timestamp()
        fill = await self._fill_log.async_fill(
            unique_id, rows, unit=_unit_of(channel.stream), amount=_amount(gap, rows), at=now
        )
        if fill is None:
            return Reason.NOT_WRITTEN
        power = await self._async_fill_power(channel, timeline, gap, now)
        return [fill] if power is None else [fill, power]

    async def _async_fill_power(
        self, channel: CounterChannel, timeline: Timeline, gap: Gap, now: float
    ) -> Fill | None:
        """Give the hours of a filled gap that have no power the one that the counter tells."""
        sensor_id = channel.stream.sensor.sensor_id
        gauge = self._meter.channels.get((sensor_id, Kind.GAUGE))
        unique_id = channel_unique_id(self._meter.device_id, sensor_id, Kind.GAUGE)
        entity = sensor_entry(self._hass, unique_id)
        if gauge is None or gauge.stream.unit is not Unit.WATT or entity is None or entity.disabled:
            return None
        unit = _unit_of(gauge.stream)
        there = await async_mean_rows(self._hass, entity.entity_id, gap.begin, gap.end, unit)
        hours = {row.hour for row in there}
        powers = power_rows(gap, timeline)
        rows = [row for row in powers if row.hour not in hours]
        if not rows:
            return None
        return await self._fill_log.async_fill(unique_id, rows, unit=unit, amount=None, at=now)


def _around(begin: int, end: int) -> range:
    """Where the ends of a gap can be."""
    return range(begin - _REACH, end + _REACH)


def _reviewed(hours: Sequence[Hour]) -> tuple[int, list[Gap]]:
    """The end of the last hour that agrees, 0 if none does, and the gaps; made for a worker."""
    agreeing = (hour.hour + HOUR for hour in hours if hour.finding is Finding.AGREES)
    return max(agreeing, default=0), find_gaps(hours)


def _amount(gap: Gap, rows: Sequence[Row]) -> float:
    """What was counted in a gap, of whose begin is known what the counter showed."""
    begin = gap.before.row.state if gap.before and gap.before.row else 0
    return round(rows[-1].state - begin, 3)


def _unit_of(stream: Stream) -> str | None:
    """The unit that Home Assistant gets a stream in."""
    description = description_of(stream)
    return description.native_unit_of_measurement if description else None


def _besides(channel: CounterChannel) -> float:
    """What more than the meter remembers of a second may have been counted in it.

    Of the pulses of a second it remembers the first.
    """
    is_pulse = channel.stream.sensor.source is Source.PULSE
    return (channel.guard.fastest or 0) if is_pulse else 0


def _clock_is_off(channel: CounterChannel) -> bool:
    """Whether the meter dates what it sends so that hours of its clock are not those of here."""
    reading, read_at = channel.stats.reading, channel.stats.read_at
    return reading is not None and read_at is not None and abs(read_at - reading.time) > LAG

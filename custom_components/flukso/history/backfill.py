"""The history of a meter: its statistics against its memory, their gaps, and the past."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
import logging
from math import ceil, floor

from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util

from ..entity_lookup import sensor_entity_id, sensor_entry
from ..meter.counter_channel import CounterChannel
from ..meter.meter import Meter
from ..meter.supply_record import SupplyRecord
from ..metering.absence import absent_hours
from ..metering.durations import DAY, HOUR
from ..metering.gaps import Gap, Hour, Reason, find_gaps, rows_for
from ..metering.history_comparison import compare
from ..metering.rounding import rounded
from ..metering.rows import Row
from ..protocol.sensors import Source
from ..redaction import shortened
from ..sensor_descriptions import native_unit_of
from ..transport.interface import Transport
from .audit import Audit, audited
from .block_reader import BlockReader, clock_is_off, slack_of
from .fill_file import Fill
from .fill_log import RECORDER_IS_FIRST, FillLog
from .filled_until import FilledUntil
from .gauge_backfill import GaugeBackfill
from .import_log import ImportLog
from .outcome import Outcome, Refusal
from .past_gauges import PastGauges
from .past_import import PastImport
from .power_backfill import PowerBackfill
from .statistics_units import Change, async_rows
from .supply_gaps import SupplyGaps
from .supply_past import SupplyPast

_LOGGER = logging.getLogger(__name__)

#: How long unloading a meter waits for the gap that is being filled (s).
STOP_TIMEOUT = 10
#: How far before and after a block a gap that it helps to fill may extend (s).
_GAP_REACH = 31 * DAY


class Backfill:
    """Fills the gaps of the counters in use when blocks arrive, and audits them on request.

    It has the other parts of the history as well: gauges, the supply, and the import of the past.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        meter: Meter,
        transport: Transport,
        fill_log: FillLog,
        import_log: ImportLog,
    ) -> None:
        self.blocks = BlockReader(hass, meter, transport, self._async_update)
        self.past = PastImport(hass, meter, transport, self.blocks, import_log)
        self.supply = SupplyGaps(hass, meter, fill_log)
        self.blocks.users.append(self.supply)
        self.gauges = GaugeBackfill(hass, meter, fill_log, self._async_absent_hours)
        self.blocks.users.append(self.gauges.memory)
        self.past.sources.append(
            PastGauges(hass, meter, self.blocks, self.gauges.memory, self.past.counters)
        )
        self._power = PowerBackfill(hass, meter, fill_log, self._async_absent_hours)
        self.filled_until = FilledUntil(lambda: self.blocks.counters)
        self._hass = hass
        self._meter = meter
        self._fill_log = fill_log
        self._refusals: dict[str, list[Refusal]] = {}
        self._stopped = asyncio.Event()

    @callback
    def follow_supply(self, entry_id: str, record: Callable[[], SupplyRecord | None]) -> None:
        """Mend and import the energies of a supply, too."""
        self.supply.record = record
        past = SupplyPast(self._hass, self._meter, entry_id, record, self.past.counters)
        self.blocks.users.append(past)
        self.past.sources.append(past)

    @property
    def refusals(self) -> list[Refusal]:
        """The gaps that were not filled when each counter was last compared."""
        of_counters = [refusal for refusals in self._refusals.values() for refusal in refusals]
        return [*of_counters, *self.supply.refusals]

    async def async_stop(self) -> None:
        """Fill no further gap, and wait up to ``STOP_TIMEOUT`` for the one that is being filled.

        If that takes longer, it is finished in the background.
        """
        self._stopped.set()
        self.gauges.stop()
        self.blocks.stop()
        self.supply.stop()
        try:
            async with asyncio.timeout(STOP_TIMEOUT), self._fill_log.lock:
                pass
        except TimeoutError:
            _LOGGER.info(
                "The recorder is busy: the history of Fluksometer %s will be written later",
                self._meter.device_id[:6],
            )

    async def async_audit(self, begin: int, end: int) -> list[Audit]:
        """Compare the hours from ``begin`` to before ``end`` (s since 1970); change nothing.

        Raises:
            HomeAssistantError: the recorder is too busy, or failed.
        """
        audits = []
        for unique_id, channel in self.blocks.counters.items():
            excluded = self._fill_log.excluded_hours(unique_id)
            hours = tuple(
                audited(hour, is_undone=hour.hour in excluded)
                for hour in await self._async_hours(unique_id, channel, begin, end)
            )
            audits.append(Audit(unique_id, native_unit_of(channel.stream), hours))
        return audits

    async def async_fill(self, begin: int, end: int) -> Outcome:
        """Fill the gaps that overlap these hours (s since 1970), including fills that were undone.

        Raises:
            HomeAssistantError: the recorder is too busy, or failed.
        """
        await self._fill_log.async_release(begin, end)
        outcomes = [
            await self._async_fill_gaps(unique_id, channel, _around(begin, end), range(begin, end))
            for unique_id, channel in self.blocks.counters.items()
        ]
        outcomes.append(await self.supply.async_mend(begin, end))
        gauges = [
            await self.gauges.async_fill(gauge, begin, end) for gauge in self.blocks.gauges.values()
        ]
        return Outcome(
            tuple(fill for outcome in outcomes for fill in outcome.filled)
            + tuple(fill for fills in gauges for fill in fills),
            tuple(refusal for outcome in outcomes for refusal in outcome.refused),
        )

    async def _async_update(
        self, unique_id: str, channel: CounterChannel, begin: int, end: int
    ) -> None:
        try:
            hours = _around(begin, end)
            await self._async_fill_gaps(unique_id, channel, hours, hours)
            self.gauges.recheck(begin, end)
        except HomeAssistantError as error:
            topic = shortened(channel.topic)
            _LOGGER.warning("The history of %s will be compared later: %s", topic, error)

    async def _async_fill_gaps(
        self, unique_id: str, channel: CounterChannel, compared: range, wanted: range
    ) -> Outcome:
        """Compare the hours ``compared``, and fill the gaps that overlap the hours ``wanted``.

        Once the meter is being unloaded, no further gap is filled.
        """
        filled: list[Fill] = []
        refused: list[Refusal] = []
        async with self._fill_log.lock:
            if self._stopped.is_set():
                return Outcome((), ())
            span = self.blocks.timeline_of(channel).span
            begin, end = max(compared.start, span[0] - HOUR), min(compared.stop, span[1] + HOUR)
            hours = await self._async_hours(unique_id, channel, begin, end)
            agreeing_until, gaps = await self._hass.async_add_executor_job(
                _agreement_and_gaps, hours
            )
            for gap in gaps:
                if self._stopped.is_set():
                    break
                is_wanted = gap.begin < wanted.stop and wanted.start < gap.end
                if not is_wanted or self._is_before_first_row(unique_id, gap):
                    continue
                result = await self._async_fill_gap(unique_id, channel, gap)
                if isinstance(result, Reason):
                    refused.append(Refusal(unique_id, gap.begin, gap.end, result))
                else:
                    filled += result
                    agreeing_until = max(agreeing_until, gap.end)
            self._refusals[unique_id] = refused
        if agreeing_until:
            self.filled_until.note(unique_id, agreeing_until)
        return Outcome(tuple(filled), tuple(refused))

    async def _async_absent_hours(self, begin: int, end: int) -> set[int]:
        """Return the hours of a span in which nothing was recorded of the counters in use.

        Their rows are taken as they were before they were filled.
        """
        around, counters = _around(begin, end), []
        for unique_id, channel in self.blocks.counters.items():
            if not channel.stream.both_ways:
                span = self.blocks.timeline_of(channel).span
                first, last = max(around.start, span[0] - HOUR), min(around.stop, span[1] + HOUR)
                filled = (fill for fill in self._fill_log.filled if fill.unique_id == unique_id)
                changes = [fill.change for fill in filled]
                counters.append(await self._async_hours(unique_id, channel, first, last, changes))
        absent = await self._hass.async_add_executor_job(absent_hours, counters)
        return absent.intersection(range(begin, end, HOUR))

    async def _async_hours(
        self,
        unique_id: str,
        channel: CounterChannel,
        begin: int,
        end: int,
        changes: Sequence[Change] = (),
    ) -> list[Hour]:
        """Return the hours the recorder has finished, as recorded and as the meter has them.

        The rows are as they were before ``changes``.
        """
        settled = dt_util.utcnow().timestamp() - RECORDER_IS_FIRST
        begin = begin // HOUR * HOUR
        end = min(ceil(end / HOUR), floor(settled / HOUR)) * HOUR
        statistic_id = sensor_entity_id(self._hass, unique_id)
        if statistic_id is None or begin >= end:
            return []
        unit = native_unit_of(channel.stream)
        rows = await async_rows(self._hass, statistic_id, begin, end, unit, before=changes)
        timeline = self.blocks.timeline_of(channel)
        comparison = partial(
            compare,
            rows,
            timeline,
            range(begin, end, HOUR),
            slack=slack_of(channel),
            offset=channel.guard.offset,
            unrecorded=_unrecorded(channel),
        )
        return await self._hass.async_add_executor_job(comparison)

    def _is_before_first_row(self, unique_id: str, gap: Gap) -> bool:
        """Whether the gap is only the time before anything was recorded."""
        entity = sensor_entry(self._hass, unique_id)
        return (
            gap.before is None
            and all(hour.row is None for hour in gap.hours)
            and (entity is None or gap.end <= entity.created_at.timestamp() + HOUR)
        )

    async def _async_fill_gap(
        self, unique_id: str, channel: CounterChannel, gap: Gap
    ) -> list[Fill] | Reason:
        excluded = self._fill_log.excluded_hours(unique_id)
        if any(hour.hour in excluded for hour in gap.hours):
            return Reason.UNDONE
        if clock_is_off(channel):
            return Reason.CLOCK
        rows = rows_for(gap, fastest=channel.guard.fastest, both_ways=channel.stream.both_ways)
        if isinstance(rows, Reason):
            return rows
        timeline, now = self.blocks.timeline_of(channel), dt_util.utcnow().timestamp()
        fill = await self._fill_log.async_fill(
            unique_id, rows, unit=native_unit_of(channel.stream), amount=_amount(gap, rows), at=now
        )
        if fill is None:
            return Reason.NOT_WRITTEN
        power = await self._power.async_fill(channel, timeline, gap, now)
        return [fill] if power is None else [fill, power]


def _around(begin: int, end: int) -> range:
    """Return the hours in which a gap that overlaps these can begin or end."""
    return range(begin - _GAP_REACH, end + _GAP_REACH)


def _agreement_and_gaps(hours: Sequence[Hour]) -> tuple[int, list[Gap]]:
    """Return the end of the last hour that agrees (0 if none does), and the gaps.

    Runs in a worker thread.
    """
    agreeing = (hour.hour + HOUR for hour in hours if hour.sound is not None)
    return max(agreeing, default=0), find_gaps(hours)


def _amount(gap: Gap, rows: Sequence[Row]) -> float:
    """Return what was counted in a gap, in the counter's unit."""
    begin = gap.before.row.state if gap.before and gap.before.row else 0
    return rounded(rows[-1].state - begin, 3)


def _unrecorded(channel: CounterChannel) -> float:
    """Return how much more may have been counted in a second than the meter remembers.

    It stores the first of the pulses of a second only.
    """
    is_pulse = channel.stream.sensor.source is Source.PULSE
    return (channel.guard.fastest or 0) if is_pulse else 0

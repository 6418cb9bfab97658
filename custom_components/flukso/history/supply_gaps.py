"""Outages of a supply, mended from the blocks of its counters: its energies, its peak demand."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
import logging

from homeassistant.const import ATTR_DEVICE_ID, ATTR_ENTITY_ID
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.event import async_call_later
from homeassistant.util import dt as dt_util

from ..const import EVENT_PEAK_RAISED
from ..entity_lookup import enabled_sensor, meter_unique_id
from ..meter.channel import Channel
from ..meter.input_limits import memory_silence
from ..meter.meter import Meter
from ..meter.supply_record import SupplyRecord
from ..metering.durations import DAY, HOUR, QUARTER
from ..metering.gaps import Reason
from ..metering.mended_outage import Mended, mended_rows, mended_sum_rows
from ..metering.monthly_peaks import Peak
from ..metering.outages import Outage
from ..metering.packed_readings import CounterReadings, PackedReadings
from ..metering.rounding import rounded
from ..metering.rows import Row
from ..protocol.quantities import Unit
from ..protocol.tmpo_block import Block, BlockAddress
from .fill_file import Fill
from .fill_log import RECORDER_IS_FIRST, FillLog
from .outcome import Outcome, Refusal
from .statistics_units import async_rows
from .supply_blocks import OutageFigures, clipped, merged, outage_figures, overlap, span_of

_LOGGER = logging.getLogger(__name__)

#: An outage that ended longer ago is left alone (s).
_MAX_AGE = 31 * DAY
#: A longer one is left alone, too: its readings would take too much memory (s).
_LONGEST = 12 * DAY
#: After a block it is waited for more of them so long (s).
_MORE_BLOCKS = 10


class SupplyGaps:
    """Mends the outages of a supply once the blocks of all its counters tell of them.

    It uses the blocks that the block reader decodes. ``record`` returns what the supply is made of.
    """

    def __init__(self, hass: HomeAssistant, meter: Meter, fill_log: FillLog) -> None:
        self.record: Callable[[], SupplyRecord | None] = lambda: None
        self.refusals: list[Refusal] = []
        self._hass = hass
        self._meter = meter
        self._fill_log = fill_log
        self._readings: dict[str, CounterReadings] = {}
        self._done: set[int] = set()
        self._spans: tuple[range, ...] = ()
        self._scheduled: CALLBACK_TYPE | None = None
        self._is_stopped = False

    @callback
    def stop(self) -> None:
        """Mend nothing more."""
        self._is_stopped = True
        self._unschedule()

    def wants(self, channel: Channel, address: BlockAddress) -> bool:
        """Return whether a block tells of an outage."""
        record = self.record()
        if record is None or channel not in record.channels.values():
            return False
        self._spans = merged([span_of(outage) for outage in self._open(record)])
        return any(overlap(span, address) for span in self._spans)

    def reduce(self, channel: Channel, block: Block) -> tuple[PackedReadings, ...]:
        """Return the readings around each outage; runs in a worker thread."""
        spans = [span for span in self._spans if overlap(span, block.address)]
        return tuple(clipped(block, span) for span in spans)

    @callback
    def take(self, channel: Channel, address: BlockAddress, reduced: object) -> None:
        """Keep these readings."""
        if not isinstance(reduced, tuple) or self._is_stopped:
            return
        stream = channel.stream
        new = CounterReadings(both_ways=stream.both_ways, max_silence=memory_silence(stream))
        known = self._readings.setdefault(address.sensor_id, new)
        for readings in reduced:
            known.add(readings)
        known.forget(int(dt_util.utcnow().timestamp()) - _MAX_AGE - _LONGEST)
        self._schedule(_MORE_BLOCKS)

    async def async_mend(self, begin: int, end: int) -> Outcome:
        """Mend the outages that overlap these seconds (s since 1970), also those left alone before.

        Raises:
            HomeAssistantError: the recorder is too busy, or failed.
        """
        record = self.record()
        if record is None:
            return Outcome((), ())
        wanted = [each for each in record.outages if each.begin < end and begin < each.end]
        self._done -= {outage.begin for outage in wanted}
        filled: list[Fill] = []
        refused: list[Refusal] = []
        for outage in self._open(record):
            if outage not in wanted or self._is_stopped:
                continue
            for result in await self._async_mend(record, outage):
                if isinstance(result, Refusal):
                    refused.append(result)
                else:
                    filled.append(result)
        kept = [each for each in self.refusals if not (each.begin < end and begin < each.end)]
        self.refusals = [*kept, *refused]
        return Outcome(tuple(filled), tuple(refused))

    def _open(self, record: SupplyRecord) -> list[Outage]:
        """Return the outages that are not mended yet."""
        oldest = dt_util.utcnow().timestamp() - _MAX_AGE
        return [
            outage
            for outage in record.outages
            if outage.end > oldest
            and outage.end - outage.begin <= _LONGEST
            and outage.begin not in self._done
        ]

    @callback
    def _schedule(self, delay: float) -> None:
        self._unschedule()
        self._scheduled = async_call_later(self._hass, delay, self._async_mend_all)

    @callback
    def _unschedule(self) -> None:
        if self._scheduled is not None:
            self._scheduled()
            self._scheduled = None

    async def _async_mend_all(self, _now: object) -> None:
        self._scheduled = None
        try:
            await self.async_mend(0, 2**33)
        except HomeAssistantError as error:
            _LOGGER.warning("The energies of the supply will be compared later: %s", error)

    async def _async_mend(self, record: SupplyRecord, outage: Outage) -> list[Fill | Refusal]:
        span = span_of(outage)
        missing = await self._hass.async_add_executor_job(
            _missing, record, dict(self._readings), span
        )
        if outage.settled is None or missing:
            return [
                self._refusal(what, outage, Reason.NOT_REPORTED, missing)
                for what in (*record.energies, *record.sums)
            ]
        wait = (
            outage.settled // HOUR * HOUR + HOUR + RECORDER_IS_FIRST - dt_util.utcnow().timestamp()
        )
        if wait > 0:
            self._schedule(wait + 1)
            return []
        read = partial(outage_figures, record, dict(self._readings), outage)
        figures = await self._hass.async_add_executor_job(read)
        results = []
        for what in (*record.energies, *record.sums):
            async with self._fill_log.lock:
                results += await self._async_fill(record, outage, figures, what)
        if not any(isinstance(each, Refusal) and each.reason is Reason.LEAP for each in results):
            self._raise_peak(record, outage, figures.quarters)
        self._done.add(outage.begin)
        return results

    def _refusal(
        self, what: str, outage: Outage, reason: Reason, missing: Sequence[str] = ()
    ) -> Refusal:
        unique_id = meter_unique_id(self._meter.device_id, what)
        begin, end = outage.begin // HOUR * HOUR, -(-outage.end // HOUR) * HOUR
        return Refusal(unique_id, begin, end, reason, tuple(missing))

    async def _async_fill(
        self, record: SupplyRecord, outage: Outage, figures: OutageFigures, what: str
    ) -> list[Fill | Refusal]:
        unique_id = meter_unique_id(self._meter.device_id, what)
        entity = enabled_sensor(self._hass, unique_id)
        if entity is None or outage.settled is None:
            return []
        begin, end = outage.begin // HOUR * HOUR, outage.settled // HOUR * HOUR + HOUR
        stored = await async_rows(self._hass, entity.entity_id, begin - HOUR, end, Unit.WATT_HOUR)
        rows = {row.hour: row for row in stored}
        mended = self._mended(record, outage, figures, what, rows)
        excluded = self._fill_log.excluded_hours(unique_id)
        if isinstance(mended, Mended) and any(row.hour in excluded for row in mended.rows):
            mended = Reason.UNDONE
        if isinstance(mended, Reason):
            return [self._refusal(what, outage, mended)]
        fill = await self._fill_log.async_fill(
            unique_id,
            mended.rows,
            unit=Unit.WATT_HOUR,
            amount=_amount(mended.rows, rows[begin - HOUR]),
            at=dt_util.utcnow().timestamp(),
            lift=mended.lift,
        )
        return [] if fill is None else [fill]

    def _mended(
        self,
        record: SupplyRecord,
        outage: Outage,
        figures: OutageFigures,
        what: str,
        rows: Mapping[int, Row],
    ) -> Mended | Reason:
        if what in record.sums:
            return mended_sum_rows(outage, figures.sums[what], rows)
        steps = sum(limits.step for limits in record.layout.counters.values())
        total = record.energies[what]
        return mended_rows(
            outage, figures.energies, total.energy, rows, tolerance=2 * steps, ahead=total.offset
        )

    @callback
    def _raise_peak(self, record: SupplyRecord, outage: Outage, quarters: Sequence[Peak]) -> None:
        """Correct the peak of the month, if the demand was higher while nothing was received."""
        in_outage = [
            each for each in quarters if outage.begin - QUARTER < each.quarter < outage.end
        ]
        highest = max(in_outage, key=lambda peak: peak.demand, default=None)
        if highest is None or not record.take_peak(highest):
            return
        entity = enabled_sensor(self._hass, meter_unique_id(self._meter.device_id, "peak_demand"))
        if entity is not None:
            data = {
                ATTR_ENTITY_ID: entity.entity_id,
                ATTR_DEVICE_ID: entity.device_id,
                "begin": dt_util.utc_from_timestamp(highest.quarter).isoformat(),
                "amount": highest.demand,
                "unit": Unit.WATT,
            }
            self._hass.bus.async_fire(EVENT_PEAK_RAISED, data)


def _missing(
    record: SupplyRecord, readings: Mapping[str, CounterReadings], span: range
) -> list[str]:
    """Return the counters that are not known in some time; runs in a worker thread."""
    return [
        key
        for key in record.layout.counters
        if key not in readings or not readings[key].is_known(span.start, span.stop - 1)
    ]


def _amount(rows: Sequence[Row], before: Row) -> float:
    return rounded(rows[-1].sum - before.sum, 3)

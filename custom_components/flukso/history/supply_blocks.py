"""What the blocks of a supply's counters say of an outage."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..meter.supply_record import SupplyRecord
from ..metering.durations import HOUR, QUARTER
from ..metering.monthly_peaks import Peak
from ..metering.outages import Outage, SupplyEnergies
from ..metering.packed_readings import CounterReadings, PackedReadings, packed
from ..metering.rounding import rounded
from ..metering.supply_replay import SupplyReplay
from ..protocol.tmpo_block import Block, BlockAddress

_THOUSAND = 1000


@dataclass(frozen=True, slots=True)
class OutageFigures:
    """What blocks say of an outage: energies, states of sums at the ends of hours, and demands."""

    energies: Mapping[int, SupplyEnergies]
    sums: Mapping[str, Mapping[int, float]]
    quarters: Sequence[Peak]


def span_of(outage: Outage) -> range:
    """Return the seconds that blocks have to tell of: whole quarter-hours around the outage."""
    end = outage.end if outage.settled is None else outage.settled
    return range(
        outage.begin // QUARTER * QUARTER - QUARTER, (end // QUARTER + 1) * QUARTER + QUARTER
    )


def merged(spans: Sequence[range]) -> tuple[range, ...]:
    """Return spans that don't overlap, the oldest first."""
    merged: list[range] = []
    for span in sorted(spans, key=lambda span: span.start):
        if merged and span.start <= merged[-1].stop:
            merged[-1] = range(merged[-1].start, max(merged[-1].stop, span.stop))
        else:
            merged.append(span)
    return tuple(merged)


def clipped(block: Block, span: range) -> PackedReadings:
    """Return the readings of a block in a span, from the last one before it on."""
    first = max(bisect_left(block.times, span.start) - 1, 0)
    last = max(bisect_left(block.times, span.stop), first + 1)
    begin = block.times[first] if first else block.address.begin
    end = max(min(span.stop, block.address.end), block.times[last - 1] + 1)
    return packed(begin, end, block.times[first:last], block.thousandths[first:last])


def overlap(span: range, address: BlockAddress) -> bool:
    """Return whether a block is of a part of these seconds."""
    return span.start < address.end and address.begin < span.stop


def outage_figures(
    record: SupplyRecord, readings: Mapping[str, CounterReadings], outage: Outage
) -> OutageFigures:
    """Return the figures of an outage, from the readings of blocks; runs in a worker thread."""
    span = span_of(outage)
    marks = [outage.begin, outage.settled or outage.end]
    replay = SupplyReplay(record.layout, record.zone)
    replay.run(readings, span.start, span.stop - 1, marks=marks)
    ends = range((outage.begin // HOUR + 1) * HOUR, span.stop, HOUR)
    sums = {
        what: {
            end: rounded(
                plain.offset + sum(_state_at(record, readings, key, end) for key in plain.counters),
                3,
            )
            for end in ends
        }
        for what, plain in record.sums.items()
    }
    return OutageFigures(replay.hours, sums, replay.quarters)


def _state_at(
    record: SupplyRecord, readings: Mapping[str, CounterReadings], key: str, time: int
) -> float:
    """Return what a counter showed at a second, with what its guard carries over breaks."""
    _, values = readings[key].last_until(time)
    return values[0] / _THOUSAND + record.channels[key].guard.offset

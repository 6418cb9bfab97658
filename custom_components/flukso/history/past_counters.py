"""The past of the counters in use, from the blocks in the meter's memory."""

from collections.abc import Collection
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..meter.channel import Channel
from ..meter.counter_channel import CounterChannel
from ..meter.input_limits import memory_silence
from ..meter.meter import Meter
from ..metering.durations import HOUR
from ..metering.past_block import CountingLaw, PastBlock, past_block
from ..metering.past_counter import PastCounter
from ..metering.past_rows import PastRows, missing_of, part_known
from ..metering.rows import AngleRow, MeanRow, Row
from ..protocol.sensors import Sensor
from ..protocol.tmpo_block import Block, BlockAddress
from ..sensor_descriptions import native_unit_of
from .block_reader import BlockReader, power_over


class PastCounters:
    """The hours of the counters before their first rows; a user of blocks while an import runs."""

    def __init__(self, hass: HomeAssistant, meter: Meter, blocks: BlockReader) -> None:
        self._hass = hass
        self._meter = meter
        self.blocks = blocks
        self._since: int | None = None
        self._began = 0.0
        self._known: dict[CounterChannel, tuple[int, PastCounter]] = {}

    # A user of blocks

    def wants(self, channel: Channel, address: BlockAddress) -> bool:
        """Return whether a block has hours that are not known."""
        return (
            isinstance(channel, CounterChannel)
            and self._since is not None
            and address.end > self._since
            and not self.known(channel).covers(address.begin, address.end)
        )

    def reduce(self, channel: Channel, block: Block) -> PastBlock:
        """Return the hours of a block; called in a worker thread."""
        if TYPE_CHECKING:  # what is wanted is of a counter
            assert isinstance(channel, CounterChannel)
        address = block.address
        return past_block(
            address.begin,
            address.end,
            block.times,
            block.thousandths,
            law=law_of(channel),
            power_over=power_over(self._meter, channel),
        )

    def take(self, channel: Channel, _address: BlockAddress, reduced: object) -> None:
        """Keep the hours of a block."""
        if TYPE_CHECKING:  # what is wanted is of a counter, and reduced here
            assert isinstance(channel, CounterChannel)
            assert isinstance(reduced, PastBlock)
        self.known(channel).add(reduced)

    def known(self, channel: CounterChannel) -> PastCounter:
        """Return what is known of a counter for the current revision of its sensor id."""
        rid = channel.stream.sensor.rid
        known_rid, known = self._known.get(channel, (rid, None))
        if known is None or known_rid != rid:
            known = PastCounter()
            self._known[channel] = rid, known
        return known

    # A source of past rows

    def begin(self, since: int) -> None:
        """Keep the blocks since a time (s since 1970)."""
        self._since, self._began = since, dt_util.utcnow().timestamp()

    def end(self) -> None:
        """Drop what was kept."""
        self._since = None
        self._known.clear()

    def unique_ids(self) -> Collection[str]:
        """Return the entities of the counters in use that the meter remembers."""
        return self.blocks.counters

    def sensors(self, wanted: Collection[str], *, again: bool) -> Collection[Sensor]:
        """Return the sensors that sent no block of before the import yet; with ``again`` all."""
        recently = self._began - 2 * HOUR
        return [
            channel.stream.sensor
            for unique_id, channel in self.blocks.counters.items()
            if unique_id in wanted and (again or not 0 < self.known(channel).span[0] < recently)
        ]

    def unit_of(self, unique_id: str) -> str | None:
        """Return the native unit of an entity."""
        channel = self.blocks.counters.get(unique_id)
        return native_unit_of(channel.stream) if channel else None

    def part_known(self, unique_id: str) -> float:
        """Return which part of the time since the first known hour is known."""
        channel = self.blocks.counters.get(unique_id)
        span = self.known(channel).span if channel else (0, 0)
        return part_known(span, self.blocks.last_arrived)

    async def async_rows(
        self, unique_id: str, first: Row | MeanRow | AngleRow, *, final: bool
    ) -> PastRows | None:
        """Return the hours before the first row; None until the last of them are known."""
        channel = self.blocks.counters.get(unique_id)
        if channel is None or not isinstance(first, Row) or self._since is None:
            return PastRows() if final else None
        read = partial(
            self.known(channel).rows,
            first,
            since=self._since,
            law=law_of(channel),
            offsets=sorted({0.0, channel.guard.offset}),
        )
        past = await self._hass.async_add_executor_job(read)
        if not final and past.counted_in_first is None:
            return None
        hours = {channel.stream.sensor.sensor_id: {row.hour for row in past.rows}}
        return replace(past, missing=missing_of(hours, first.hour))


def law_of(channel: CounterChannel) -> CountingLaw:
    """Return what a counter can count; no limit if it is not known."""
    guard = channel.guard
    fastest = None if guard.fastest is None else max(guard.fastest, guard.proven)
    return CountingLaw(fastest, channel.stream.both_ways, memory_silence(channel.stream))

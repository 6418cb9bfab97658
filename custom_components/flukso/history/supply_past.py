"""The past of a supply, computed from the blocks of its counters while an import runs."""

from collections.abc import Callable, Collection
from dataclasses import replace
from functools import partial
from itertools import chain
import logging
from pathlib import Path
from shutil import rmtree

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..const import DOMAIN
from ..entity_lookup import enabled_sensor, meter_unique_id
from ..meter.channel import Channel
from ..meter.meter import Meter
from ..meter.supply_record import PlainSum, SupplyRecord
from ..metering.past_counter import past_sum_rows
from ..metering.past_rows import PastRows, missing_of
from ..metering.past_supply import past_supply_rows
from ..metering.rows import AngleRow, MeanRow, Row
from ..protocol.quantities import Unit
from ..protocol.sensors import Sensor
from ..protocol.tmpo_block import Block, BlockAddress
from ..redaction import shortened
from .past_counters import PastCounters, law_of
from .readings_cache import CachedReadings, write_block
from .supply_replays import Replays, replayed

_LOGGER = logging.getLogger(__name__)
_NOT_COMPUTED = "The past of the supply can't be computed: %s"
#: The largest total size of the files of an import (bytes): 21 counters that are read every second
#: need 1.3 GB for a year. Anybody on the meter's broker can send blocks of any year.
_MAX_BYTES = 4 * 1024**3
#: The most blocks of a counter: each takes a file, and a meter has some 60 of a year.
_MAX_BLOCKS = 2000


class SupplyPast:
    """The hours of the energies of a supply before their first rows.

    For those that are counted second by second, the blocks of all counters are needed at once, and
    come counter by counter: they wait in Home Assistant's folder for data that can be had again. A
    block that can't be written there counts as dropped: the meter is asked for it again. It is not
    once they take too much room.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        meter: Meter,
        entry_id: str,
        record: Callable[[], SupplyRecord | None],
        counters: PastCounters,
    ) -> None:
        self._hass = hass
        self._meter = meter
        self._counters = counters
        self._root = _folder_of(hass, entry_id)
        self._folder = self._root
        self._record = record
        self._since: int | None = None
        self._files: dict[str, dict[BlockAddress, tuple[CachedReadings, ...]]] = {}
        self._unwritten: set[BlockAddress] = set()
        self._size = 0
        self._is_full = False
        self._replays: Replays | None = None

    # A user of blocks

    def wants(self, channel: Channel, address: BlockAddress) -> bool:
        """Return whether a block has readings of the past of the supply."""
        record = self._record()
        if record is None or self._since is None or channel not in record.channels.values():
            return False
        known = self._files.get(address.sensor_id, {})
        is_known = any(_contains(each, address) for each in known)
        return not self._is_full and self._since < address.end and not is_known

    def reduce(self, _channel: Channel, block: Block) -> tuple[CachedReadings, ...] | OSError:
        """Write the readings of a block; runs in a worker thread."""
        address = block.address
        try:
            return write_block(
                self._folder / f"{address.sensor_id}.{address.level}.{address.bid}", block
            )
        except OSError as error:
            return error

    def take(self, _channel: Channel, address: BlockAddress, reduced: object) -> None:
        """Note that they are written, or that they can't be."""
        if self._since is None:
            return
        if isinstance(reduced, tuple):
            known = self._files.get(address.sensor_id, {})
            others = {each: known[each] for each in known if not _contains(address, each)}
            self._files[address.sensor_id] = others | {address: reduced}
            self._unwritten.discard(address)
            self._replays = None
            self._size += sum(piece.size for piece in reduced)
            is_full = self._size > _MAX_BYTES or len(self._files[address.sensor_id]) > _MAX_BLOCKS
            if is_full and not self._is_full:
                self._is_full = True
                _LOGGER.warning(_NOT_COMPUTED, "there are too many readings")
        else:
            if not self._unwritten:
                _LOGGER.warning(_NOT_COMPUTED, shortened(reduced))
            self._unwritten.add(address)
            self._counters.blocks.has_dropped = True

    # A source of past rows

    def begin(self, since: int) -> None:
        """Keep the blocks since a time (s since 1970)."""
        self._since, self._replays = since, None
        self._files.clear()
        self._unwritten.clear()
        self._size, self._is_full = 0, False
        self._folder = self._root / f"{dt_util.utcnow().timestamp():.6f}"
        self._hass.async_add_executor_job(_remove_others, self._root, self._folder)

    def end(self) -> None:
        """Drop what was kept."""
        self._since, self._replays = None, None
        self._files.clear()
        self._hass.async_add_executor_job(partial(rmtree, self._folder, ignore_errors=True))

    def unique_ids(self) -> Collection[str]:
        """Return the entities in use of its energies."""
        record = self._record()
        energies = (*record.energies, *record.sums) if record else ()
        ids = (meter_unique_id(self._meter.device_id, what) for what in energies)
        return [unique_id for unique_id in ids if enabled_sensor(self._hass, unique_id)]

    def sensors(self, wanted: Collection[str], *, again: bool) -> Collection[Sensor]:
        """Return the sensors of its counters that sent no block yet; with ``again`` all."""
        record = self._record()
        if record is None or self._is_full:
            return []
        if not any(unique_id in wanted for unique_id in self.unique_ids()):
            return []
        sensors = [channel.stream.sensor for channel in record.channels.values()]
        return [each for each in sensors if again or each.sensor_id not in self._files]

    def unit_of(self, _unique_id: str) -> str | None:
        """Return the unit of all its energies."""
        return Unit.WATT_HOUR

    def part_known(self, _unique_id: str) -> float:
        """Return which part of its counters has sent blocks."""
        record = self._record()
        return len(self._files) / len(record.channels) if record and record.channels else 0

    async def async_rows(
        self, unique_id: str, first: Row | MeanRow | AngleRow, *, final: bool
    ) -> PastRows | None:
        """Return the hours before the first row; None until no more blocks are expected."""
        record = self._record()
        if not final:
            return None
        if record is None or self._since is None or not isinstance(first, Row):
            return PastRows()
        what = unique_id.removeprefix(meter_unique_id(self._meter.device_id, ""))
        if what in record.sums:
            return await self._async_summed(record, record.sums[what], first, self._since)
        return await self._async_computed(record, what, first, self._since)

    async def _async_summed(
        self, record: SupplyRecord, plain: PlainSum, first: Row, since: int
    ) -> PastRows:
        """Return the hours of a sum of counters."""
        channels = {key: record.channels[key] for key in plain.counters}
        counters = {
            key: (self._counters.known(channel), law_of(channel))
            for key, channel in channels.items()
        }
        ahead = plain.offset + sum(channel.guard.offset for channel in channels.values())
        offsets = sorted({0.0, plain.offset, ahead})
        read = partial(past_sum_rows, counters, first, since=since, offsets=offsets)
        return await self._hass.async_add_executor_job(read)

    async def _async_computed(
        self, record: SupplyRecord, what: str, first: Row, since: int
    ) -> PastRows:
        """Return the hours of an energy that is counted second by second."""
        if self._unwritten or self._is_full:
            return PastRows()
        if self._replays is None:
            files = {
                key: tuple(chain.from_iterable(self._files.get(key, {}).values()))
                for key in record.channels
            }
            compute = partial(replayed, record, files, int(dt_util.utcnow().timestamp()))
            try:
                self._replays = await self._hass.async_add_executor_job(compute)
            except OSError as error:
                _LOGGER.warning(_NOT_COMPUTED, shortened(error))
                return PastRows()
        energy, replays = record.energies[what].energy, self._replays
        known = {
            key: {hour for hour in hours if hour >= since} for key, hours in replays.known.items()
        }
        past = past_supply_rows(replays.energies, energy, first, since=since)
        return replace(past, missing=missing_of(known, first.hour))


def _contains(larger: BlockAddress, smaller: BlockAddress) -> bool:
    return larger.begin <= smaller.begin and smaller.end <= larger.end


def _remove_others(folder: Path, but: Path) -> None:
    """Delete what is in a folder, but for one folder; runs in a worker thread."""
    for path in {*folder.glob("*")} - {but}:
        rmtree(path, ignore_errors=True)


def _folder_of(hass: HomeAssistant, entry_id: str) -> Path:
    return Path(hass.config.cache_path(DOMAIN, entry_id))


async def async_remove_readings(hass: HomeAssistant, entry_id: str) -> None:
    """Delete what an import has on disk of a meter, because it is removed or no longer filled."""
    remove = partial(rmtree, _folder_of(hass, entry_id), ignore_errors=True)
    await hass.async_add_executor_job(remove)

"""The past of a supply, computed from the blocks of its counters while an import runs."""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
import logging
from pathlib import Path
from shutil import rmtree

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..entity_lookup import enabled_sensor, meter_unique_id
from ..meter.channel import Channel
from ..meter.meter import Meter
from ..meter.supply_record import SupplyRecord
from ..metering.durations import HOUR
from ..metering.gaps import AngleRow, MeanRow, Row
from ..metering.outages import SupplyEnergies
from ..metering.packed_readings import CounterReadings, PackedReadings, packed
from ..metering.past_rows import PastRows
from ..metering.supply_past import past_rows
from ..metering.supply_replay import SupplyReplay
from ..protocol.quantities import Unit
from ..protocol.sensors import Sensor
from ..protocol.tmpo_block import Block, BlockAddress
from .readings_cache import CachedReadings, read_readings, write_readings

_LOGGER = logging.getLogger(__name__)
_NOT_COMPUTED = "The past of the supply can't be computed: %s"

type _Files = Mapping[str, Sequence[CachedReadings]]


class SupplyPast:
    """The hours of the netted energies before their first rows.

    The blocks of all counters are needed at once, and come counter by counter: they wait in Home
    Assistant's folder for data that can be had again.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        meter: Meter,
        entry_id: str,
        record: Callable[[], SupplyRecord | None],
    ) -> None:
        self._hass = hass
        self._meter = meter
        self._root = Path(hass.config.cache_path("flukso", entry_id))
        self._folder = self._root
        self._record = record
        self._since: int | None = None
        self._files: dict[str, list[CachedReadings]] = {}
        self._replays: Sequence[Mapping[int, SupplyEnergies]] | None = None

    # A user of blocks

    def wants(self, channel: Channel, address: BlockAddress) -> bool:
        """Return whether a block has readings of the past of the supply."""
        record = self._record()
        if record is None or self._since is None or channel not in record.channels.values():
            return False
        known = self._files.get(address.sensor_id, ())
        is_known = any(each.begin <= address.begin and address.end <= each.end for each in known)
        return address.end > self._since and not is_known

    def reduce(self, _channel: Channel, block: Block) -> CachedReadings | None:
        """Write the readings of a block; runs in a worker thread."""
        address = block.address
        readings = packed(address.begin, address.end, block.times, block.thousandths)
        path = self._folder / f"{address.sensor_id}.{address.level}.{address.bid}"
        try:
            return write_readings(path, readings)
        except OSError as error:
            _LOGGER.warning(_NOT_COMPUTED, error)
            return None

    def take(self, _channel: Channel, address: BlockAddress, reduced: object) -> None:
        """Take over that they are written."""
        if isinstance(reduced, CachedReadings) and self._since is not None:
            self._files.setdefault(address.sensor_id, []).append(reduced)
            self._replays = None

    # A source of past rows

    def begin(self, since: int) -> None:
        """Keep the blocks since a time (s since 1970)."""
        self._since, self._replays = since, None
        self._files.clear()
        self._folder = self._root / f"{dt_util.utcnow().timestamp():.6f}"
        self._hass.async_add_executor_job(_remove_others, self._root, self._folder)

    def end(self) -> None:
        """Drop what was kept."""
        self._since, self._replays = None, None
        self._files.clear()
        self._hass.async_add_executor_job(partial(rmtree, self._folder, ignore_errors=True))

    def unique_ids(self) -> Collection[str]:
        """Return the entities in use of the energies that are counted second by second."""
        record = self._record()
        energies = record.energies if record else {}
        ids = (meter_unique_id(self._meter.device_id, what) for what in energies)
        return [unique_id for unique_id in ids if enabled_sensor(self._hass, unique_id)]

    def sensors(self, wanted: Collection[str], *, again: bool) -> Collection[Sensor]:
        """Return the sensors of its counters that sent no block yet; with ``again`` all."""
        record = self._record()
        if record is None or not any(unique_id in wanted for unique_id in self.unique_ids()):
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
        if self._replays is None:
            files = {key: tuple(self._files.get(key, ())) for key in record.channels}
            end = int(dt_util.utcnow().timestamp())
            compute = partial(_replayed, record, files, end)
            try:
                self._replays = await self._hass.async_add_executor_job(compute)
            except OSError as error:
                _LOGGER.warning(_NOT_COMPUTED, error)
                return PastRows()
        what = unique_id.removeprefix(meter_unique_id(self._meter.device_id, ""))
        return past_rows(self._replays, record.energies[what], first, since=self._since)


def _remove_others(folder: Path, but: Path) -> None:
    """Delete what is in a folder, but for one folder; runs in a worker thread."""
    for path in {*folder.glob("*")} - {but}:
        rmtree(path, ignore_errors=True)


def _replayed(
    record: SupplyRecord, files: _Files, end: int
) -> Sequence[Mapping[int, SupplyEnergies]]:
    """Compute the hours that the blocks of all counters tell of; runs in a worker thread."""
    if not all(files.values()):
        return ()
    begin = max(min(each.begin for each in of_counter) for of_counter in files.values())
    loader = _Loader(record, files)
    replays: list[SupplyReplay] = []
    follows = False
    for hour in range(-(-begin // HOUR) * HOUR, end, HOUR):
        readings = loader.around(hour)
        if not all(each.is_known(hour, hour + HOUR) for each in readings.values()):
            follows = False
            continue
        if not follows:
            replays.append(SupplyReplay(record.layout, record.zone))
        follows = True
        replays[-1].run(readings, hour, hour + HOUR)
    return [replay.hours for replay in replays]


class _Loader:
    """Reads the files of some hours, one hour after the other."""

    def __init__(self, record: SupplyRecord, files: _Files) -> None:
        self._record = record
        self._files = files
        self._loaded: dict[CachedReadings, PackedReadings] = {}
        self._readings: dict[str, CounterReadings] = {}

    def around(self, hour: int) -> Mapping[str, CounterReadings]:
        """Return the readings of each counter around an hour."""
        needed = {
            each: key
            for key, of_counter in self._files.items()
            for each in of_counter
            if each.begin <= hour + HOUR and hour - HOUR < each.end
        }
        if needed.keys() != self._loaded.keys():
            self._loaded = {
                each: self._loaded[each] if each in self._loaded else read_readings(each)
                for each in needed
            }
            self._readings = {
                key: CounterReadings(both_ways=limits.both_ways)
                for key, limits in self._record.layout.counters.items()
            }
            for each, key in needed.items():
                self._readings[key].add(self._loaded[each])
        return self._readings

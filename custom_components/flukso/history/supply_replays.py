"""The hours of a supply that blocks on disk tell of; to be computed in a worker thread."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..meter.supply_record import SupplyRecord
from ..metering.durations import HOUR, MINUTE
from ..metering.outages import SupplyEnergies
from ..metering.packed_readings import CounterReadings, PackedReadings
from ..metering.supply_replay import SupplyReplay
from .readings_cache import CachedReadings, read_readings

type Files = Mapping[str, Sequence[CachedReadings]]


@dataclass(frozen=True, slots=True)
class Replays:
    """The energies at the ends of hours that follow each other, once for each such time.

    ``known`` are the hours (their first seconds) that are known of each counter.
    """

    energies: Sequence[Mapping[int, SupplyEnergies]]
    known: Mapping[str, set[int]]


def replayed(record: SupplyRecord, files: Files, end: int) -> Replays:
    """Compute the hours until ``end`` of which the blocks of all counters tell.

    Raises:
        OSError: a file can't be read.
    """
    known: dict[str, set[int]] = {key: set() for key in record.channels}
    begin = min((each.begin for of_counter in files.values() for each in of_counter), default=end)
    loader = _Loader(record, files)
    replays: list[SupplyReplay] = []
    follows = False
    for hour in range(-(-begin // HOUR) * HOUR, end, HOUR):
        readings = loader.around(hour)
        for key, of_counter in readings.items():
            if of_counter.is_known(hour, hour + HOUR):
                known[key].add(hour)
        if not all(hour in hours for hours in known.values()):
            if follows:  # its last hour is over once there is a reading of the next one
                replays[-1].run(readings, hour, hour + MINUTE)
            follows = False
            continue
        if not follows:
            replays.append(SupplyReplay(record.layout, record.zone, counts_on=True))
        follows = True
        replays[-1].run(readings, hour, hour + HOUR)
    return Replays([replay.hours for replay in replays], known)


class _Loader:
    """Reads the files of some hours, one hour after the other."""

    def __init__(self, record: SupplyRecord, files: Files) -> None:
        self._record = record
        self._files = files
        self._loaded: dict[CachedReadings, PackedReadings] = {}
        self._readings: dict[str, CounterReadings] = {}

    def around(self, hour: int) -> Mapping[str, CounterReadings]:
        """Return the readings of each counter around an hour."""
        needed = {
            each: key
            for key, of_counter in self._files.items()
            for each in _around(of_counter, hour - HOUR, hour + HOUR)
        }
        if needed.keys() != self._loaded.keys():
            self._loaded = {
                each: self._loaded[each] if each in self._loaded else read_readings(each)
                for each in needed
            }
            self._readings = {
                key: CounterReadings(both_ways=limits.both_ways, max_silence=limits.max_silence)
                for key, limits in self._record.layout.counters.items()
            }
            for each, key in needed.items():
                self._readings[key].add(self._loaded[each])
        return self._readings


def _around(files: Sequence[CachedReadings], begin: int, end: int) -> list[CachedReadings]:
    """Return the files of a time, and those next to it where there are none.

    An input without pulses has no blocks: the readings around that time tell that it was idle.
    """
    around = [each for each in files if each.begin <= end and begin < each.end]
    before = [each for each in files if each.end <= begin]
    after = [each for each in files if end < each.begin]
    if before and not any(each.begin <= begin for each in around):
        around.append(max(before, key=lambda each: each.end))
    if after and not any(end < each.end for each in around):
        around.append(min(after, key=lambda each: each.begin))
    return around

"""The hours of a supply that blocks on disk tell of."""

from array import array
from collections.abc import Sequence
from pathlib import Path
from unittest.mock import MagicMock
from zoneinfo import ZoneInfo

import pytest

from custom_components.flukso.history.readings_cache import CachedReadings, write_readings
from custom_components.flukso.history.supply_replays import replayed
from custom_components.flukso.meter.supply_record import SupplyRecord
from custom_components.flukso.metering.packed_readings import packed
from custom_components.flukso.metering.supply_replay import SupplyCounterLimits, SupplyLayout

HOUR = 3600
#: The begin of an hour and of a block of level 12.
BEGIN = 102400 * 4096 // HOUR * HOUR
EVERY, BLOCK = 60, 4096
#: The inverter sends pulses in the first and in the last of so many hours.
HOURS = 10


def record() -> SupplyRecord:
    """A supply of one phase, with the pulses of an inverter."""
    clamp = SupplyCounterLimits(5.0)
    layout = SupplyLayout(
        {"import": clamp}, {"export": clamp}, production={"solar": SupplyCounterLimits(5.0, step=1)}
    )
    channels = dict.fromkeys(layout.counters, MagicMock())
    return SupplyRecord(layout, channels, {}, {}, ZoneInfo("UTC"), (), MagicMock())


def blocks(folder: Path, key: str, readings: Sequence[tuple[int, int]]) -> list[CachedReadings]:
    """Files of blocks, as far as there are readings."""
    files = []
    for begin in range(BEGIN // BLOCK * BLOCK, BEGIN + (HOURS + 2) * HOUR, BLOCK):
        within = [each for each in readings if begin <= each[0] < begin + BLOCK]
        if within:
            times, values = (array("q", each) for each in zip(*within, strict=True))
            path = folder / f"{key}.{begin}"
            files.append(write_readings(path, packed(begin, begin + BLOCK, times, values)))
    return files


@pytest.mark.parametrize(("counted", "are_known"), [(0, True), (1, True), (500, False)])
def test_a_night_without_blocks_of_the_inverter_is_known_if_it_counted_no_more_than_a_pulse(
    tmp_path: Path, counted: int, are_known: bool
) -> None:
    times = range(BEGIN, BEGIN + HOURS * HOUR, EVERY)
    files = {
        "import": blocks(tmp_path, "import", [(time, 10 * (time - BEGIN)) for time in times]),
        "export": blocks(tmp_path, "export", [(time, 0) for time in times]),
        "solar": blocks(
            tmp_path,
            "solar",
            [
                (time, 1000 * ((time - BEGIN) // EVERY if is_morning else 59 + counted))
                for time in times
                if (is_morning := time < BEGIN + HOUR) or time >= BEGIN + (HOURS - 1) * HOUR
            ],
        ),
    }
    replays = replayed(record(), files, BEGIN + HOURS * HOUR)

    night = set(range(BEGIN + 3 * HOUR, BEGIN + 6 * HOUR, HOUR))
    assert (night <= replays.known["solar"]) is are_known
    ends = {end for energies in replays.energies for end in energies}
    assert ({hour + HOUR for hour in night} <= ends) is are_known

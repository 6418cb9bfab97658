"""The netted energies before Home Assistant are computed from the blocks of all phases."""

from array import array
import errno
from pathlib import Path
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder import Recorder
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest

from custom_components.flukso.const import DOMAIN
from custom_components.flukso.history import supply_past
from custom_components.flukso.history.backfill import Backfill
from custom_components.flukso.history.readings_cache import (
    read_readings,
    write_block,
    write_readings,
)
from custom_components.flukso.history.supply_past import SupplyPast
from custom_components.flukso.metering.packed_readings import CounterReadings, packed
from custom_components.flukso.metering.past_rows import Missing, PastRows
from custom_components.flukso.metering.rows import MeanRow, Row
from custom_components.flukso.protocol.tmpo_block import Block, BlockAddress
from custom_components.flukso.protocol.topics import Kind

from ..broker import Broker
from ..home import caching_in
from ..past import NOW
from ..statistics import HOUR
from ..supplies import EXPORT, IMPORT, METER, PLAIN_EXPORT, PLAIN_IMPORT, set_up_with, slot
from .test_supply_gaps import AFTER, BEGIN, LEVEL, PHASES, at, statistic, tell, truth

FIRST = Row(AFTER, 5000.0, 100.0)
UNIQUE_ID = f"{METER.device_id}_{IMPORT}"


@pytest.fixture(autouse=True)
def _this_integration(
    recorder_mock: Recorder, enable_custom_integrations: None, freezer: FrozenDateTimeFactory
) -> None:
    """Let Home Assistant record."""
    freezer.move_to(NOW)


def files_in(folder: Path) -> list[Path]:
    """The files that are left in a folder."""
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.fixture
async def past(hass: HomeAssistant, broker: Broker, tmp_path: Path) -> Any:
    """The source of the rows, while an import runs."""
    with caching_in(hass, tmp_path):
        entry = await set_up_with(hass, broker, METER)
        source = entry.runtime_data.history.past.sources[-1]
        assert isinstance(source, SupplyPast)
        older = tmp_path / "flukso" / entry.entry_id / "older"
        older.mkdir(parents=True)
        (older / "readings").touch()
        source.begin(0)
        await hass.async_block_till_done(wait_background_tasks=True)
        assert files_in(tmp_path) == []
        yield source
        source.end()
        await hass.async_block_till_done(wait_background_tasks=True)
        assert files_in(tmp_path) == []


async def test_every_hour_before_the_first_row_is_that_of_a_meter_that_nets(
    hass: HomeAssistant,
    broker: Broker,
    freezer: FrozenDateTimeFactory,
    past: SupplyPast,
) -> None:
    await tell(hass, broker, freezer)

    assert await past.async_rows(UNIQUE_ID, FIRST, final=False) is None
    for place, what in enumerate((IMPORT, EXPORT)):
        rows = await past.async_rows(f"{METER.device_id}_{what}", FIRST, final=True)
        assert rows is not None
        assert_true(rows, place)
    assert past.part_known(UNIQUE_ID) == 1
    assert past.unit_of(UNIQUE_ID) == "Wh"
    assert past.sensors([UNIQUE_ID], again=False) == []


def assert_true(rows: PastRows, place: int) -> None:
    """Assert that the rows have what a meter that nets its phases counts."""
    hours = [row.hour for row in rows.rows]
    assert hours == list(range(hours[0], AFTER, HOUR))
    assert hours[0] < BEGIN - 18 * HOUR
    total = 0.0
    for row in rows.rows:
        total += truth(row.hour, row.hour + HOUR)[place]
        assert isinstance(row, Row)
        assert row.sum == pytest.approx(total, abs=0.1)
    assert rows.counted_in_first == pytest.approx(truth(AFTER, AFTER + HOUR)[place], abs=0.1)


async def test_a_phase_without_blocks_for_a_time_leaves_that_time_alone(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory, past: SupplyPast
) -> None:
    missing = BEGIN >> LEVEL << LEVEL
    await tell(hass, broker, freezer, lost=("pplus2", missing))

    rows = await past.async_rows(UNIQUE_ID, FIRST, final=True)

    assert rows is not None
    hours = {row.hour for row in rows.rows}
    assert not any(missing - HOUR < hour < missing + (1 << LEVEL) for hour in hours)
    assert min(hours) < missing
    assert max(hours) > missing
    lost = set(range(min(hours), AFTER, HOUR)) - hours
    phase = METER.sensor_id(slot(2, "pplus"))
    assert rows.missing == Missing(len(lost), min(lost), max(lost) + HOUR, (phase,))


async def test_a_phase_without_any_block_has_no_rows(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory, past: SupplyPast
) -> None:
    await tell(hass, broker, freezer, but="pplus2")

    rows = await past.async_rows(UNIQUE_ID, FIRST, final=True)
    assert rows is not None
    assert rows.rows == []
    assert rows.missing is not None
    assert rows.missing.sensors == (METER.sensor_id(slot(2, "pplus")),)
    assert rows.missing.end == AFTER
    [sensor] = past.sensors([UNIQUE_ID], again=False)
    assert sensor.sensor_id == METER.sensor_id(slot(2, "pplus"))
    assert len(past.sensors([UNIQUE_ID], again=True)) == 6


async def test_a_full_disk_is_told_and_nothing_is_computed(
    hass: HomeAssistant,
    broker: Broker,
    freezer: FrozenDateTimeFactory,
    past: SupplyPast,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with patch(
        "custom_components.flukso.history.supply_past.write_block",
        side_effect=OSError(errno.ENOSPC, "No space left on device", f"/{'5f' * 16}.20.0"),
    ):
        await tell(hass, broker, freezer)

    [told] = [line for line in caplog.messages if "can't be computed" in line]
    assert told == (
        "The past of the supply can't be computed: [Errno 28] No space left on device: "
        "'/5f5f5f….20.0'"
    )
    assert history_of(hass).blocks.has_dropped
    assert await past.async_rows(UNIQUE_ID, FIRST, final=True) == PastRows()

    await tell(hass, broker, freezer)

    rows = await past.async_rows(UNIQUE_ID, FIRST, final=True)
    assert rows is not None
    assert_true(rows, 0)


async def test_blocks_without_end_fill_no_disk_and_are_not_asked_for_again(
    hass: HomeAssistant,
    broker: Broker,
    freezer: FrozenDateTimeFactory,
    past: SupplyPast,
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert supply_past._MAX_BYTES == 4 * 1024**3

    with patch.object(supply_past, "_MAX_BYTES", 10_000):
        await tell(hass, broker, freezer)
        await tell(hass, broker, freezer)

        sizes = [path.stat().st_size for path in files_in(Path(hass.config.cache_path(DOMAIN)))]
        assert 10_000 < sum(sizes) <= 10_000 + max(sizes)
        assert not history_of(hass).blocks.has_dropped
        assert past.sensors([UNIQUE_ID], again=True) == []
        assert await past.async_rows(UNIQUE_ID, FIRST, final=True) == PastRows()
        [told] = [line for line in caplog.messages if "can't be computed" in line]
        assert told == "The past of the supply can't be computed: there are too many readings"

        past.begin(0)
        assert past.sensors([UNIQUE_ID], again=True) != []


async def test_more_blocks_than_a_meter_has_take_no_files_without_end(
    hass: HomeAssistant,
    broker: Broker,
    freezer: FrozenDateTimeFactory,
    past: SupplyPast,
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert supply_past._MAX_BLOCKS == 2000

    with patch.object(supply_past, "_MAX_BLOCKS", 2):
        await tell(hass, broker, freezer)

    files = files_in(Path(hass.config.cache_path(DOMAIN)))
    assert len(files) == 3
    assert past.sensors([UNIQUE_ID], again=True) == []
    assert caplog.text.count("there are too many readings") == 1


def history_of(hass: HomeAssistant) -> Backfill:
    """The history of the meter."""
    [entry] = hass.config_entries.async_entries(DOMAIN)
    history = entry.runtime_data.history
    assert isinstance(history, Backfill)
    return history


@pytest.mark.usefixtures("all_entities_enabled")
async def test_the_hours_of_a_plain_sum_have_what_all_phases_counted(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory, past: SupplyPast
) -> None:
    history_of(hass).past.counters.begin(0)
    await tell(hass, broker, freezer)

    for way, what in (("pplus", PLAIN_IMPORT), ("pminus", PLAIN_EXPORT)):
        shown = sum_at(AFTER + HOUR - 3, way)
        first = Row(AFTER, shown, 100.0)
        rows = await past.async_rows(f"{METER.device_id}_{what}", first, final=True)
        assert rows is not None
        hours = [row.hour for row in rows.rows]
        assert hours == list(range(hours[0], AFTER, HOUR))
        assert hours[0] < BEGIN - 18 * HOUR
        for row in rows.rows:
            assert isinstance(row, Row)
            counted = sum_at(row.hour + HOUR, way) - sum_at(hours[0], way)
            assert row.sum == pytest.approx(counted, abs=0.01)
            assert row.state == pytest.approx(sum_at(row.hour + HOUR, way), abs=0.01)
        assert rows.counted_in_first == pytest.approx(shown - sum_at(AFTER, way), abs=0.01)
        assert rows.missing is None


def sum_at(second: int, way: str) -> float:
    """What the counters of all phases showed at a second (Wh)."""
    return sum(at(second)[way, port] for port in PHASES) / 1000


async def test_a_phase_that_was_silent_within_a_block_leaves_that_time_alone(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory, past: SupplyPast
) -> None:
    silence = range(BEGIN + 5 * HOUR, BEGIN + 9 * HOUR)
    await tell(hass, broker, freezer, silent=("pminus3", silence), but="pminus2")
    await tell(hass, broker, freezer, silent=("pminus2", silence))

    rows = await past.async_rows(UNIQUE_ID, FIRST, final=True)

    assert rows is not None
    hours = {row.hour for row in rows.rows}
    assert set(range(min(hours), AFTER, HOUR)) - hours == {
        hour for hour in range(min(hours), AFTER, HOUR) if overlaps(silence, hour)
    }
    assert rows.missing is not None
    assert rows.missing.sensors == (METER.sensor_id(slot(2, "pminus")),)


def overlaps(span: range, hour: int) -> bool:
    """Whether an hour has a part of some time."""
    return span.start < hour + HOUR and hour < span.stop


async def test_files_that_are_gone_are_told_and_nothing_is_computed(
    hass: HomeAssistant,
    broker: Broker,
    freezer: FrozenDateTimeFactory,
    past: SupplyPast,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await tell(hass, broker, freezer)
    with patch(
        "custom_components.flukso.history.supply_replays.read_readings",
        side_effect=FileNotFoundError(f"no file {'5f' * 16}"),
    ):
        assert await past.async_rows(UNIQUE_ID, FIRST, final=True) == PastRows()
    assert "The past of the supply can't be computed: no file 5f5f5f…" in caplog.text


async def test_there_are_no_rows_where_nothing_is_to_be_imported(
    hass: HomeAssistant, past: SupplyPast
) -> None:
    assert await past.async_rows(UNIQUE_ID, MeanRow(AFTER, 1, 1, 1), final=True) == PastRows()
    assert past.unique_ids() == [UNIQUE_ID, f"{METER.device_id}_{EXPORT}"]
    er.async_get(hass).async_update_entity(
        statistic(hass, IMPORT), disabled_by=er.RegistryEntryDisabler.USER
    )
    assert UNIQUE_ID not in past.unique_ids()
    assert past.sensors([], again=True) == []


async def test_what_is_decoded_after_the_end_of_an_import_is_dropped(
    hass: HomeAssistant, past: SupplyPast
) -> None:
    record = history_of(hass).supply.record()
    assert record is not None
    key, channel = next(iter(record.channels.items()))
    past.end()

    past.take(channel, BlockAddress(key, 0, LEVEL, 0), OSError())

    assert not history_of(hass).blocks.has_dropped


def test_a_large_block_is_written_in_pieces_that_adjoin(tmp_path: Path) -> None:
    seconds = [*range(70_000), *range(90_000, 150_000)]
    address = BlockAddress("a" * 32, 0, 20, BEGIN >> 20 << 20)
    times = array("q", (address.begin + second for second in seconds))
    block = Block(address, Kind.COUNTER, None, times, array("q", seconds))

    pieces = write_block(tmp_path / "block", block)

    assert [len(read_readings(piece).times) for piece in pieces] == [65536, 64464]
    assert [piece.begin for piece in pieces] == [address.begin, address.begin + 65536]
    assert [piece.end for piece in pieces] == [address.begin + 65536, address.end]
    found = CounterReadings()
    for piece in pieces:
        found.add(read_readings(piece))
    assert found.between(address.begin - 1, address.end) == (list(times), seconds)
    assert found.is_known(address.begin, address.end - 1)


async def test_a_block_replaces_the_smaller_ones_that_it_was_made_of(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory, past: SupplyPast
) -> None:
    record = history_of(hass).supply.record()
    assert record is not None
    key, channel = next(iter(record.channels.items()))
    small, large = (
        BlockAddress(key, 0, 12, BEGIN >> 16 << 16),
        BlockAddress(key, 0, 16, BEGIN >> 16 << 16),
    )

    past.take(channel, small, ())
    assert past.wants(channel, large)
    past.take(channel, large, ())

    assert not past.wants(channel, large)
    assert not past.wants(channel, small)
    assert list(past._files[key]) == [large]


def test_a_file_that_could_not_be_written_whole_is_deleted(tmp_path: Path) -> None:
    readings = packed(BEGIN, BEGIN + 9, array("q", [BEGIN]), array("q", [1]))
    full = OSError(errno.ENOSPC, "No space left on device")
    with (
        patch("custom_components.flukso.history.readings_cache._packed", side_effect=full),
        pytest.raises(OSError, match="No space left"),
    ):
        write_readings(tmp_path / "of" / "a_counter", readings)

    assert files_in(tmp_path) == []


@pytest.mark.parametrize("step", [1, 1 << 20])
def test_readings_come_back_from_their_file_as_they_were(tmp_path: Path, step: int) -> None:
    times = array("q", range(BEGIN, BEGIN + 40_000))
    values = array("q", range(-7, 40_000 * step - 7, step))
    readings = packed(BEGIN, BEGIN + 50_000, times, values)

    found = read_readings(write_readings(tmp_path / "of" / "a_counter", readings))

    assert found.between(BEGIN - 1, BEGIN + 50_000) == (list(times), list(values))

"""The netted energies before Home Assistant are computed from the blocks of all phases."""

from array import array
from pathlib import Path
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder import Recorder
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest

from custom_components.flukso.history.readings_cache import read_readings, write_readings
from custom_components.flukso.history.supply_past import SupplyPast
from custom_components.flukso.metering.gaps import MeanRow, Row
from custom_components.flukso.metering.packed_readings import packed
from custom_components.flukso.metering.past_rows import PastRows

from ..broker import Broker
from ..past import NOW
from ..statistics import HOUR
from ..supplies import EXPORT, IMPORT, METER, set_up_with, slot
from .test_supply_gaps import AFTER, BEGIN, LEVEL, statistic, tell, truth

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
    with patch.object(
        type(hass.config), "cache_path", lambda _, *parts: str(tmp_path.joinpath(*parts))
    ):
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


async def test_a_phase_without_any_block_has_no_rows(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory, past: SupplyPast
) -> None:
    await tell(hass, broker, freezer, but="pplus2")

    assert await past.async_rows(UNIQUE_ID, FIRST, final=True) == PastRows([])
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
        "custom_components.flukso.history.supply_past.write_readings",
        side_effect=OSError("No space left on device"),
    ):
        await tell(hass, broker, freezer)

    assert "The past of the supply can't be computed: No space left on device" in caplog.text
    assert await past.async_rows(UNIQUE_ID, FIRST, final=True) == PastRows([])


async def test_files_that_are_gone_are_told_and_nothing_is_computed(
    hass: HomeAssistant,
    broker: Broker,
    freezer: FrozenDateTimeFactory,
    past: SupplyPast,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await tell(hass, broker, freezer)
    with patch(
        "custom_components.flukso.history.supply_past.read_readings",
        side_effect=FileNotFoundError("no file"),
    ):
        assert await past.async_rows(UNIQUE_ID, FIRST, final=True) == PastRows()
    assert "The past of the supply can't be computed: no file" in caplog.text


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


@pytest.mark.parametrize("step", [1, 1 << 20])
def test_readings_come_back_from_their_file_as_they_were(tmp_path: Path, step: int) -> None:
    times = array("q", range(BEGIN, BEGIN + 40_000))
    values = array("q", range(-7, 40_000 * step - 7, step))
    readings = packed(BEGIN, BEGIN + 50_000, times, values)

    found = read_readings(write_readings(tmp_path / "of" / "a_counter", readings))

    assert found.between(BEGIN - 1, BEGIN + 50_000) == (list(times), list(values))

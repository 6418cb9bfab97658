"""Only two modules import the recorder, and the store works without the recorder's internals."""

import ast
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from homeassistant.components.recorder import Recorder, get_instance
from homeassistant.components.recorder.statistics import statistics_during_period
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest

import custom_components.flukso as integration
from custom_components.flukso.history.statistics_units import Change, async_apply, async_plan
from custom_components.flukso.metering.rows import MeanRow, Row

from .. import other_recorder
from ..other_recorder import OTHER_RECORDER, WARNING
from ..statistics import HOUR, leave_counter, leave_gauge, table

HOUSE = Path(integration.__file__).parent
RECORDER = ("homeassistant.components.recorder", "homeassistant.helpers.recorder")

COUNTER, GAUGE = "sensor.grid_energy", "sensor.grid_power"
BEGIN = int(datetime(2026, 3, 28, 22, tzinfo=UTC).timestamp())
HOLE = [BEGIN + hour * HOUR for hour in (1, 2, 3)]
EMPTY = (None, None, None, None, None, None)


@pytest.fixture(autouse=True)
def _this_integration(recorder_mock: Recorder) -> None:
    """Let Home Assistant record."""


def imports(path: Path) -> Iterator[str]:
    """Everything that a module imports, and every string that could be a module to import."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        match node:
            case ast.Import(names=names):
                yield from (name.name for name in names)
            case ast.ImportFrom(module=str(module), names=names):
                yield from (f"{module}.{name.name}" for name in names)
            case ast.Constant(value=str(text)):
                yield text


def test_only_the_store_and_its_internals_import_the_recorder() -> None:
    using = {
        path.relative_to(HOUSE).as_posix()
        for path in HOUSE.rglob("*.py")
        if any(f"{name}.".startswith(tuple(f"{of}." for of in RECORDER)) for name in imports(path))
    }

    assert using == {"history/recorder_internals.py", "history/statistics_store.py"}


async def fill(hass: HomeAssistant) -> Change:
    """Fill three hours of a counter with 1 kWh each."""
    rows = [Row(hour, 71000 + 1000 * at, 2000 + 1000 * at) for at, hour in enumerate(HOLE)]
    change = await async_plan(hass, COUNTER, rows, "Wh")
    assert change is not None
    assert await async_apply(hass, COUNTER, change)
    return change


async def used(hass: HomeAssistant) -> list[float | None]:
    """What the Energy dashboard shows for each hour from the first of the gap on (kWh)."""

    def read() -> list[float | None]:
        begin = dt_util.utc_from_timestamp(HOLE[0])
        found = statistics_during_period(hass, begin, None, {COUNTER}, "hour", None, {"change"})
        return [row["change"] for row in found[COUNTER]]

    return await get_instance(hass).async_add_executor_job(read)


@OTHER_RECORDER
async def test_hours_that_can_t_be_deleted_have_no_consumption(
    hass: HomeAssistant,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    change: other_recorder.Change,
) -> None:
    around = [(BEGIN, 70.0, 1.0), (BEGIN + 4 * HOUR, 74.5, 5.5)]
    await leave_counter(hass, COUNTER, "kWh", around)
    await leave_gauge(hass, GAUGE, "W", [(BEGIN, 900.0)])
    before = await table(hass, COUNTER)
    change(monkeypatch)

    filled = await fill(hass)
    power = await async_plan(hass, GAUGE, [MeanRow(HOLE[0], 1000, 500, 1500)], "W")
    assert power is not None
    assert await async_apply(hass, GAUGE, power)
    assert await used(hass) == [1, 1, 1, 1.5]
    assert WARNING not in caplog.text
    assert await async_apply(hass, COUNTER, filled.reverse)
    assert await async_apply(hass, GAUGE, power.reverse)

    monkeypatch.undo()
    assert await used(hass) == [0, 0, 0, 4.5]
    assert await table(hass, COUNTER) == before | dict.fromkeys(HOLE, before[BEGIN])
    assert (await table(hass, GAUGE))[HOLE[0]] == EMPTY
    assert caplog.text.count(WARNING) == 1
    await fill(hass)
    assert await used(hass) == [1, 1, 1, 1.5]


@OTHER_RECORDER
async def test_rows_that_existed_before_are_restored_nevertheless(
    hass: HomeAssistant,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    change: other_recorder.Change,
) -> None:
    await leave_counter(hass, COUNTER, "kWh", [(hour, 70.7, 1.1) for hour in HOLE])
    before = await table(hass, COUNTER)
    change(monkeypatch)

    filled = await fill(hass)
    assert await async_apply(hass, COUNTER, filled.reverse)

    monkeypatch.undo()
    assert await table(hass, COUNTER) == before
    assert WARNING not in caplog.text


async def test_hours_with_nothing_before_them_are_left_empty(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    await leave_counter(hass, COUNTER, "kWh", [(BEGIN + 4 * HOUR, 74.5, 5.5)])
    before = await table(hass, COUNTER)
    monkeypatch.setattr("homeassistant.components.recorder.db_schema.Statistics", None)

    filled = await fill(hass)
    assert await async_apply(hass, COUNTER, filled.reverse)

    monkeypatch.undo()
    assert await table(hass, COUNTER) == before | dict.fromkeys(HOLE, EMPTY)
    assert await used(hass) == [None, None, None, 5.5]

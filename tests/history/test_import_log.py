"""Rows before the first one of a statistic: written in portions, whatever happens, and undone."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
import errno
from threading import Event
from typing import Any
from unittest.mock import patch

from homeassistant.components.recorder import Recorder, get_instance
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.storage import Store
from homeassistant.util.file import WriteError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)

from custom_components.flukso.const import DOMAIN, EVENT_HISTORY_IMPORTED
from custom_components.flukso.history import (
    import_log as import_log_module,
    statistics_past,
    statistics_store,
)
from custom_components.flukso.history.fill_log import FillLog, RestoreFailure
from custom_components.flukso.history.import_file import Import
from custom_components.flukso.history.import_log import ImportLog
from custom_components.flukso.history.statistics_past import async_first_row
from custom_components.flukso.history.statistics_store import Statistic, StoredRow
from custom_components.flukso.metering.past_rows import PastRows
from custom_components.flukso.metering.rows import MeanRow, Row

from ..other_recorder import OTHER_RECORDER, Change
from ..statistics import HOUR, Columns, leave_counter, leave_gauge, table

FIRST = int(datetime(2026, 3, 28, 22, tzinfo=UTC).timestamp())
DAY = 24 * HOUR
ENERGY, POWER = "sensor.import", "sensor.power"
#: So many hours that they are written in three portions.
PORTION = 20
MANY = 2 * PORTION + 5


@pytest.fixture(autouse=True)
def _this_integration(
    recorder_mock: Recorder, enable_custom_integrations: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Let Home Assistant record, and have portions that are quick to write."""
    monkeypatch.setattr(statistics_past, "PORTION", PORTION)


@pytest.fixture
async def log(_this_integration: None, hass: HomeAssistant) -> ImportLog:
    """The import log of a meter with a counter and a power that have three hours each."""
    entry = MockConfigEntry(domain=DOMAIN, entry_id="entry")
    entry.add_to_hass(hass)
    for name in ("import", "power"):
        er.async_get(hass).async_get_or_create(
            "sensor", DOMAIN, name, config_entry=entry, suggested_object_id=name
        )
    hours = [(FIRST + hour * HOUR, 5000.25 + hour, 0.25 + hour) for hour in range(3)]
    await leave_counter(hass, ENERGY, "kWh", hours)
    await leave_gauge(hass, POWER, "W", [(FIRST + hour * HOUR, 100.0) for hour in range(3)])
    return await loaded(hass)


async def loaded(hass: HomeAssistant) -> ImportLog:
    """The import log as loaded at a start of Home Assistant."""
    fill_log = FillLog(hass, "entry")
    await fill_log.async_load()
    log = ImportLog(hass, "entry", fill_log)
    await log.async_load()
    return log


def past(count: int = MANY, *, until: int = FIRST) -> PastRows:
    """So many hours of 1 kWh, until 5000 kWh at a time; 1 kWh was counted in the next, too."""
    begin = until - count * HOUR
    state = 5_000_000 - (FIRST - until) // HOUR * 1000
    rows = [
        Row(begin + at * HOUR, state - (count - at - 1) * 1000, (at + 1) * 1000)
        for at in range(count)
    ]
    return PastRows(rows, 250.0 if until == FIRST else 1000.0)


async def begun(log: ImportLog) -> Import:
    """An import that has begun."""
    await log.async_begin(0, FIRST)
    assert log.running is not None
    return log.running


def counted(rows: dict[int, Columns]) -> list[float]:
    """What was counted in each hour, in kWh."""
    sums = [float(total or 0) for _, total, *_ in rows.values()]
    return [after - before for before, after in zip([0.0, *sums], sums, strict=False)]


def is_whole(rows: dict[int, Columns], count: int = MANY) -> bool:
    """Whether all rows are there, and count what they should."""
    hours = range(FIRST - count * HOUR, FIRST + 3 * HOUR, HOUR)
    wanted = [1.0] * count + [0.25, 1.0, 1.0]
    return rows.keys() == set(hours) and counted(rows) == pytest.approx(wanted)


async def test_rows_are_written_in_portions_and_the_later_ones_lifted(
    hass: HomeAssistant, log: ImportLog
) -> None:
    before, told = await table(hass, ENERGY), async_capture_events(hass, EVENT_HISTORY_IMPORTED)
    sizes = []

    def write(hass: HomeAssistant, statistic: Statistic, rows: Sequence[StoredRow]) -> None:
        sizes.append(len(rows))
        real_write(hass, statistic, rows)

    real_write = statistics_past.write
    with patch.object(statistics_past, "write", write):
        assert await log.async_write(await begun(log), "import", past(), "Wh")

    after = await table(hass, ENERGY)
    assert sizes == [PORTION, PORTION, 5]
    assert is_whole(after)
    assert min(float(total or 0) for _, total, *_ in after.values()) == 1.0
    assert [after[hour][0] for hour in before] == [state for state, *_ in before.values()]
    [event] = told
    assert (event.data["hours"], event.data["amount"], event.data["unit"]) == (MANY, MANY, "kWh")

    assert [reason for _, reason in await log.async_restore()] == [None]
    assert await table(hass, ENERGY) == before
    assert log.imports == (await loaded(hass)).imports == []


async def test_what_was_written_before_is_not_read_again_with_each_portion(
    hass: HomeAssistant, log: ImportLog
) -> None:
    reads, count = [], 20 * PORTION

    async def read(hass: HomeAssistant, statistic: Statistic, *span: int, **end: int) -> Any:
        rows = await real(hass, statistic, *span, **end)
        reads.append(len(rows))
        return rows

    real = statistics_past.async_read
    with patch.object(statistics_past, "async_read", read):
        assert await log.async_write(await begun(log), "import", past(count), "Wh")

    assert is_whole(await table(hass, ENERGY), count)
    assert sum(reads) < 3 * count


async def test_the_first_row_keeps_what_it_has_if_nothing_else_is_known(
    hass: HomeAssistant, log: ImportLog
) -> None:
    assert await log.async_write(await begun(log), "import", PastRows(past(2).rows), "Wh")

    assert counted(await table(hass, ENERGY)) == [1.0, 1.0, 0.25, 1.0, 1.0]


async def test_rows_of_a_gauge_are_written_and_undone(hass: HomeAssistant, log: ImportLog) -> None:
    before = await table(hass, POWER)
    rows = [MeanRow(FIRST - HOUR, 0.1, 0.05, 0.2)]

    assert await log.async_write(await begun(log), "power", PastRows(rows), "kW")

    after = await table(hass, POWER)
    assert after == {FIRST - HOUR: (None, None, 100.0, 50.0, 200.0, None)} | before
    assert await async_first_row(hass, POWER, "kW") == rows[0]
    [(part, reason)] = await log.async_restore()
    assert (part.amount, reason) == (None, None)
    assert await table(hass, POWER) == before


@pytest.mark.parametrize(
    ("unique_id", "rows", "unit"),
    [
        ("nobody", past(2), "Wh"),
        ("import", PastRows(), "Wh"),
        ("import", past(2), "L"),
        ("import", PastRows([MeanRow(FIRST - HOUR, 1, 1, 1)]), "Wh"),
        ("import", PastRows([Row(FIRST, 5_000_250, 250)]), "Wh"),
    ],
    ids=["no entity", "no row", "another kind of unit", "another kind of row", "a row not before"],
)
async def test_what_does_not_fit_is_not_written(
    hass: HomeAssistant, log: ImportLog, unique_id: str, rows: PastRows, unit: str
) -> None:
    before, running = await table(hass, ENERGY), await begun(log)

    assert await log.async_write(running, unique_id, rows, unit)
    await log.async_end(running)

    assert await table(hass, ENERGY) == before
    assert log.imports == []


@pytest.mark.parametrize("step", ["write", "lift", "async_settle"])
async def test_what_an_end_of_home_assistant_cut_short_is_made_good(
    hass: HomeAssistant, log: ImportLog, step: str
) -> None:
    """In the second portion, before rows are written, before the lift, or after it."""
    before, running, calls = await table(hass, ENERGY), await begun(log), []
    real = getattr(statistics_past, step)

    def cut_short(*args: object) -> object:
        calls.append(args)
        if len(calls) == 2:
            raise HomeAssistantError
        return real(*args)

    with patch.object(statistics_past, step, cut_short), pytest.raises(HomeAssistantError):
        await log.async_write(running, "import", past(), "Wh")
    log = await loaded(hass)
    assert log.running is not None
    done = (await table(hass, ENERGY)).keys()
    known = log.running.imported["import"]
    assert known.pending is not None
    begin = known.pending.begin if step == "async_settle" else known.put.begin
    assert min(done) in {begin, known.pending.begin}

    missing = (FIRST - begin) // HOUR
    rows = past(MANY - missing, until=begin)
    assert await log.async_write(log.running, "import", rows, "Wh")

    assert is_whole(await table(hass, ENERGY))
    assert log.running.imported["import"].put.hours == MANY
    await log.async_restore()
    after = await table(hass, ENERGY)
    assert after.keys() == before.keys()
    for hour, row in before.items():
        assert after[hour] == pytest.approx(row, abs=1e-9)


@pytest.mark.parametrize("is_waited_for", [True, False])
async def test_an_import_is_finished_after_the_recorder_stood_still_in_the_middle(
    hass: HomeAssistant, log: ImportLog, *, is_waited_for: bool
) -> None:
    """It does what was queued when it goes on, before or after the next attempt begins."""
    before, running, writes, go_on = await table(hass, ENERGY), await begun(log), [], Event()
    real_write = statistics_past.write

    def write(*args: Any) -> None:
        writes.append(args)
        if len(writes) == 2:
            get_instance(hass).async_update_statistics_metadata(ENERGY, on_done=go_on.wait)
        real_write(*args)

    with (
        patch.object(statistics_past, "write", write),
        patch.object(statistics_store, "_TIMEOUT", 2),
        pytest.raises(HomeAssistantError) as error,
    ):
        await log.async_write(running, "import", past(), "Wh")
    assert error.value.translation_key == "recorder_busy"
    if is_waited_for:
        go_on.set()
        await async_wait_recording_done(hass)
    else:
        hass.loop.call_later(0.2, go_on.set)
    done = (2 if is_waited_for else 1) * PORTION
    left = past(MANY - done, until=FIRST - done * HOUR)

    assert await log.async_write(running, "import", left, "Wh")

    assert is_whole(await table(hass, ENERGY))
    assert [reason for _, reason in await log.async_restore()] == [None]
    after = await table(hass, ENERGY)
    assert after.keys() == before.keys()
    for hour, row in before.items():
        assert after[hour] == pytest.approx(row, abs=1e-9)


@pytest.mark.parametrize("step", ["write", "lift"])
async def test_a_portion_that_the_database_refused_in_part_is_taken_back(
    hass: HomeAssistant, log: ImportLog, step: str
) -> None:
    before, running = await table(hass, ENERGY), await begun(log)
    real, tries = getattr(statistics_past, step), []

    def fail_once(*args: object) -> None:
        tries.append(args)
        if len(tries) > 1:
            real(*args)

    with patch.object(statistics_past, step, fail_once):
        assert not await log.async_write(running, "import", past(10), "Wh")

    assert await table(hass, ENERGY) == before
    assert running.imported == {}


async def test_nothing_is_written_once_it_is_undone_or_removed(
    hass: HomeAssistant, log: ImportLog
) -> None:
    before, running = await table(hass, ENERGY), await begun(log)

    assert await log.async_restore() == []
    assert not await log.async_write(running, "import", past(10), "Wh")
    running = await begun(log)
    await log.async_remove()
    assert not await log.async_write(running, "import", past(10), "Wh")

    assert await table(hass, ENERGY) == before


async def test_rows_that_were_changed_meanwhile_are_left_alone(
    hass: HomeAssistant, log: ImportLog
) -> None:
    running = await begun(log)

    async def is_changed(*_: object) -> bool:
        return False

    with patch.object(import_log_module, "async_is_there", is_changed):
        assert not await log.async_write(running, "import", past(10), "Wh")

    assert len(await table(hass, ENERGY)) == 3


async def test_an_undoing_that_was_cut_short_is_continued(
    hass: HomeAssistant, log: ImportLog
) -> None:
    before = await table(hass, ENERGY)
    await log.async_write(await begun(log), "import", past(), "Wh")

    with (
        patch.object(statistics_past, "async_remove", side_effect=HomeAssistantError),
        pytest.raises(HomeAssistantError),
    ):
        await log.async_restore()
    log = await loaded(hass)
    assert log.running is None
    await log.async_restore()

    assert await table(hass, ENERGY) == before
    assert log.imports == []


async def test_an_import_that_is_undone_twice_at_once_is_undone_once(
    hass: HomeAssistant, log: ImportLog
) -> None:
    before = await table(hass, ENERGY)
    await log.async_write(await begun(log), "import", past(), "Wh")

    first, second = await asyncio.gather(log.async_restore(), log.async_restore())

    assert [reason for _, reason in first] == [None]
    assert second == []
    assert await table(hass, ENERGY) == before


async def test_an_import_of_which_nothing_was_written_yet_is_undone_without_a_trace(
    hass: HomeAssistant, log: ImportLog
) -> None:
    before, running = await table(hass, ENERGY), await begun(log)
    with (
        patch.object(statistics_past, "write", side_effect=HomeAssistantError),
        pytest.raises(HomeAssistantError),
    ):
        await log.async_write(running, "import", past(), "Wh")

    assert await log.async_restore() == []

    assert await table(hass, ENERGY) == before
    assert log.imports == []


async def test_rows_that_were_changed_since_are_not_taken_away(
    hass: HomeAssistant, log: ImportLog
) -> None:
    await log.async_write(await begun(log), "import", past(10), "Wh")
    await leave_counter(hass, ENERGY, "kWh", [(FIRST, 5000.25, 77.0)])
    changed = await table(hass, ENERGY)

    [(part, reason)] = await log.async_restore()

    assert (part.unique_id, reason) == ("import", RestoreFailure.CHANGED)
    assert await table(hass, ENERGY) == changed
    assert log.imports == []


@pytest.mark.parametrize("when", ["before", "while"])
async def test_an_entity_that_is_gone_is_left(
    hass: HomeAssistant, log: ImportLog, when: str
) -> None:
    running = await begun(log)
    await log.async_write(running, "import", past(10), "Wh")
    running.is_undone = when == "while"
    er.async_get(hass).async_remove(ENERGY)

    assert [reason for _, reason in await log.async_restore()] == [RestoreFailure.GONE]


async def test_rows_that_changed_while_an_undoing_was_cut_short_are_told(
    hass: HomeAssistant, log: ImportLog
) -> None:
    running = await begun(log)
    await log.async_write(running, "import", past(10), "Wh")
    running.is_undone = True
    with patch.object(statistics_past, "lift", lambda *_: None):
        results = await log.async_restore()

    assert [reason for _, reason in results] == [RestoreFailure.CHANGED]


@pytest.mark.parametrize("what", ["statistic", "unit", "first row"])
async def test_a_statistic_that_is_no_longer_the_same_is_left(
    hass: HomeAssistant, log: ImportLog, what: str
) -> None:
    running = await begun(log)
    await log.async_write(running, "import", past(10), "Wh")
    put = running.imported["import"].put
    if what == "statistic":
        assert await statistics_past.async_reduce(hass, "sensor.nobody", put.nothing) is None
        assert not await statistics_past.async_is_there(hass, "sensor.nobody", put)
    elif what == "unit":
        other = statistics_past.replace(put, unit="MWh")
        assert await statistics_past.async_reduce(hass, ENERGY, other) is None
        assert not await statistics_past.async_is_there(hass, ENERGY, other)
        portion = statistics_past.Portion((), other, other)
        assert not await statistics_past.async_prepend(hass, ENERGY, portion)
    else:
        other = statistics_past.replace(put, end=put.end + 99 * HOUR)
        assert await statistics_past.async_reduce(hass, ENERGY, other) is None
    assert len(await table(hass, ENERGY)) == 13


async def test_fills_from_before_an_import_can_be_undone_after_it_and_after_its_undoing(
    hass: HomeAssistant, log: ImportLog
) -> None:
    fill_log = log.fill_log
    means = [MeanRow(FIRST - HOUR, 1, 1, 1)]
    assert await fill_log.async_fill("power", means, unit="W", amount=None, at=FIRST + 98 * HOUR)
    rows = [Row(FIRST + HOUR, 5_001_000, 1000)]
    before = await table(hass, ENERGY)
    assert await fill_log.async_fill("import", rows, unit="Wh", amount=0, at=FIRST + 99 * HOUR)
    filled = await table(hass, ENERGY)
    assert filled != before
    await log.async_write(await begun(log), "import", past(10), "Wh")
    for _ in range(2):
        assert [reason for _, reason in await fill_log.async_restore()] == [None]
        assert counted(await table(hass, ENERGY))[-2:] == pytest.approx([1.0, 1.0])
        await fill_log.async_release(0, FIRST + 99 * HOUR)
        total = (await table(hass, ENERGY))[FIRST][1]
        rows = [Row(FIRST + HOUR, 5_001_000, float(total or 0) * 1000 + 750)]
        assert await fill_log.async_fill("import", rows, unit="Wh", amount=0, at=FIRST + 99 * HOUR)
        if log.imports:
            await log.async_restore()
    assert await table(hass, ENERGY) == filled


@pytest.mark.parametrize("days", [1, 45])
async def test_a_fill_within_an_import_is_undone_with_it_however_old_it_is(
    hass: HomeAssistant, log: ImportLog, days: int
) -> None:
    before, fill_log, hole = await table(hass, ENERGY), log.fill_log, FIRST - 4 * HOUR
    rows = [row for row in past(10).rows if row.hour != hole]
    await log.async_write(await begun(log), "import", PastRows(rows, 250.0), "Wh")
    imported = await table(hass, ENERGY)
    filled = [Row(hole, 4_997_000, float(imported[hole - HOUR][1] or 0) * 1000 + 1000)]
    assert await fill_log.async_fill("import", filled, unit="Wh", amount=1000, at=FIRST + DAY)
    assert counted(await table(hass, ENERGY))[:10] == pytest.approx([1.0] * 10)
    later = [MeanRow(FIRST + HOUR, 5, 5, 5)]
    at = FIRST + days * DAY
    assert await fill_log.async_fill("power", later, unit="W", amount=None, at=at)

    assert [reason for _, reason in await log.async_restore()] == [None]

    assert await table(hass, ENERGY) == before
    assert [fill.unique_id for fill in fill_log.filled] == ["power"]


@pytest.mark.parametrize("portions", [1, 2])
async def test_nothing_is_written_while_the_disk_is_full_and_all_of_it_afterwards(
    hass: HomeAssistant, log: ImportLog, portions: int
) -> None:
    running, writes = await begun(log), []
    real = Store._async_write_data

    async def fill_up(store: Store[Any], data: dict[str, Any]) -> None:
        writes.append(store.key)
        if len(writes) >= 2 * portions - 1:
            raise WriteError(OSError(errno.ENOSPC, "No space left on device"))
        await real(store, data)

    with (
        patch.object(Store, "_async_write_data", fill_up),
        pytest.raises(HomeAssistantError) as error,
    ):
        await log.async_write(running, "import", past(), "Wh")

    assert error.value.translation_key == "not_saved"
    written = (portions - 1) * PORTION
    assert len(await table(hass, ENERGY)) == written + 3
    assert sum(part.put.hours for part in running.imported.values()) == written
    assert await log.async_write(
        running, "import", past(MANY - written, until=FIRST - written * HOUR), "Wh"
    )
    assert is_whole(await table(hass, ENERGY))


async def test_no_hour_is_filled_while_the_disk_is_full(
    hass: HomeAssistant, log: ImportLog
) -> None:
    before, rows = await table(hass, ENERGY), [Row(FIRST + HOUR, 5_001_000, 1000)]
    full = WriteError(OSError(errno.ENOSPC, "No space left on device"))

    with (
        patch.object(Store, "_async_write_data", side_effect=full),
        pytest.raises(HomeAssistantError) as error,
    ):
        await log.fill_log.async_fill("import", rows, unit="Wh", amount=0, at=FIRST + DAY)

    assert error.value.translation_key == "not_saved"
    assert await table(hass, ENERGY) == before
    assert log.fill_log.filled == []


async def test_the_first_row_is_looked_for_in_all_rows_once_only(
    hass: HomeAssistant, log: ImportLog
) -> None:
    reads = []

    async def read(hass: HomeAssistant, statistic: Statistic, **span: int) -> list[StoredRow]:
        rows = await real(hass, statistic, **span)
        reads.append(len(rows))
        return rows

    real = statistics_past.async_read
    with patch.object(statistics_past, "async_read", read):
        for _ in range(3):
            found = await async_first_row(hass, ENERGY, "Wh")
            assert found is not None
            assert found.hour == FIRST
    assert reads == [3, 1, 1]
    await leave_counter(hass, ENERGY, "kWh", [(FIRST - HOUR, 4999.0, 0.0)])
    found = await async_first_row(hass, ENERGY, "Wh")
    assert found == Row(FIRST - HOUR, 4_999_000, 0)
    get_instance(hass).async_clear_statistics([ENERGY])
    await async_wait_recording_done(hass)
    assert await async_first_row(hass, ENERGY, "Wh") is None


async def test_one_import_runs_at_a_time(log: ImportLog) -> None:
    await begun(log)

    with pytest.raises(HomeAssistantError) as error:
        await log.async_begin(0, FIRST)

    assert error.value.translation_key == "import_running"
    assert len(log.imports) == 1


async def test_a_first_row_without_a_value_is_none(hass: HomeAssistant, log: ImportLog) -> None:
    await leave_counter(hass, ENERGY, "kWh", [(FIRST - HOUR, None, None)])

    assert await async_first_row(hass, ENERGY, "Wh") is None
    assert await async_first_row(hass, "sensor.nobody", "Wh") is None


@OTHER_RECORDER
async def test_hours_that_can_t_be_deleted_are_without_a_value(
    hass: HomeAssistant, log: ImportLog, monkeypatch: pytest.MonkeyPatch, change: Change
) -> None:
    before = await table(hass, ENERGY)
    await log.async_write(await begun(log), "import", past(3), "Wh")
    change(monkeypatch)

    assert [reason for _, reason in await log.async_restore()] == [None]

    after = await table(hass, ENERGY)
    assert {hour: after[hour] for hour in before} == before
    assert {after[hour] for hour in after.keys() - before.keys()} == {(None,) * 6}

"""Months that a meter remembers, imported into a real Home Assistant, taken back, and again.

Two meters are added after some days (`PAST_DAYS`), one directly and one over Home Assistant's
broker. After a third of the time the board of the second was exchanged, the import of its first
phase was something else until a ninth of it, and for a while nothing was stored of its second
phase. The import is taken back and begun again; in the middle of it the meters are loaded again,
and then Home Assistant is restarted. At last it is down for 26 hours. Hours pass in seconds, as its
clock is set.
"""

from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
import os
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
import pytest_socket

from stack.client import Json

from .faults import only_expected_errors
from .parts import require_mosquitto
from .past_household import COUNTERS, HOUR, Household
from .past_meter import Faults, RememberedMeter
from .past_stage import TOTALS, Played, Stage, Table, iso, set_up

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(3600),
    pytest.mark.long,
]

_DAY = 24 * HOUR
_MINUTE = 60
_HOME = ZoneInfo("Europe/Brussels")
_DAYS = int(os.environ.get("PAST_DAYS", "6"))
#: The meters are added on a morning, after the clocks of Europe were put forward on 29 March.
_NOW = int(datetime(2026, 4, 1, 5, 46, tzinfo=UTC).timestamp())
_BEGIN = _NOW - _DAYS * _DAY - 29 * _MINUTE
#: The hour of the first rows.
_FIRST = _NOW // HOUR * HOUR
#: The hour in which most is used, in the following night.
_BUSY = int(datetime(2026, 4, 2, 3, tzinfo=UTC).timestamp())


def _after(ninetieths: int) -> int:
    """When so many ninetieths of the time had passed: days, if there are ninety."""
    return _BEGIN + ninetieths * _DAYS * 24 * 60 // 90 * _MINUTE


_RESET, _REUSED, _LOST = _after(30), _after(10), range(_after(50), _after(52))
#: The hours that have no row in the lost time, and the one after them.
_LOST_HOURS = range(_LOST.start // HOUR * HOUR, _LOST.stop // HOUR * HOUR, HOUR)
_NONE = range(0)
#: How near to the truth an hour or a day must be (Wh, V), beyond what floats can't hold.
_NEAR, _NEAR_VOLTS = 1 + 1e-6, 0.1
#: How near to the truth the highest demand must be (W).
_NEAR_DEMAND = 5
#: How near to each other a sum and a state must be before and afterwards (Wh).
_SAME = 1e-3
#: How long Home Assistant is watched after each step.
_WATCHED = 2 * HOUR
#: How long after a restart it may take until all counters are known to be heard (s).
_SETTLES = 5 * _MINUTE
#: What is booked for a restart at once, and how it changes when its blocks are there.
_SIGNS = {"netted_energy_import": 1, "netted_energy_export": 1, "self_consumption": -1}
#: How long it is down, how long it takes until the blocks of that are there, and then the rows.
_OUTAGE, _TOLD, _MENDED = 26 * HOUR, 2 * HOUR, HOUR // 2


@dataclass
class Timeline:
    """The rows of each meter, by its device id, one step after the other."""

    stage: Stage
    before: dict[str, Table] = field(default_factory=dict)
    imported: dict[str, Table] = field(default_factory=dict)
    days: dict[str, Mapping[str, list[Json]]] = field(default_factory=dict)
    later: dict[str, Table] = field(default_factory=dict)
    undone: dict[str, Table] = field(default_factory=dict)
    undone_later: dict[str, Table] = field(default_factory=dict)
    restarted: range = range(0)
    again: dict[str, Table] = field(default_factory=dict)
    outage: range = range(0)
    mended: dict[str, Table] = field(default_factory=dict)
    peaks: dict[str, Json] = field(default_factory=dict)

    @property
    def plain(self) -> Played:
        """The meter that had no faults."""
        return self.stage.meters[0]

    @property
    def faulty(self) -> Played:
        """The other one."""
        return self.stage.meters[1]

    async def note(self, where: dict[str, Table]) -> None:
        """Note the rows of both meters."""
        for played in self.stage.meters:
            where[played.meter.device_id] = await self.stage.table(played)


@pytest.fixture
def verify_cleanup() -> None:
    """The stage outlives each test, with its tasks."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def timeline(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Timeline]:
    """All that happens, once."""
    require_mosquitto()
    pytest_socket.enable_socket()
    begin, end = _BEGIN // HOUR * HOUR, _FIRST + 4 * _DAY
    plain, faulty = (Household(name, begin, end, _BUSY) for name in ("plain", "faulty"))
    faults = Faults(_RESET, ("import1", _REUSED), _LOST)
    meters = [
        RememberedMeter("plain", plain, _BEGIN, _NOW, faults=Faults()),
        RememberedMeter("faulty", faulty, _BEGIN, _NOW, faults=faults),
    ]
    folder = tmp_path_factory.mktemp("past")
    async with set_up(folder, _NOW, meters[:1], meters[1:]) as stage:
        with only_expected_errors(stage.home) as lines:
            lines.append("There is nothing to undo")
            yield await _go_through(stage)


async def _go_through(stage: Stage) -> Timeline:
    timeline = Timeline(stage)
    await stage.run(_FIRST + HOUR + 30)
    await timeline.note(timeline.before)

    await stage.until_imported(within=4 * HOUR)
    await timeline.note(timeline.imported)
    for played in stage.meters:
        timeline.days[played.meter.device_id] = await stage.days(played)
    await stage.run(stage.now + _WATCHED)
    await timeline.note(timeline.later)

    for played in stage.meters:
        await stage.undo(played)
    await timeline.note(timeline.undone)
    await stage.run(stage.now + _WATCHED)
    await timeline.note(timeline.undone_later)

    for played in stage.meters:
        await stage.act(played, "import_history", answers=False)
    await stage.until_partly_imported(within=2 * HOUR)
    begin = int(stage.now)
    for played in stage.meters:
        await stage.home.client.reload_entry(played.entry_id)
    await stage.until_partly_imported(within=2 * HOUR)
    await stage.restart()
    timeline.restarted = range(begin, int(stage.now) + _SETTLES)
    await stage.until_imported(within=5 * HOUR)
    await timeline.note(timeline.again)

    begin = int(stage.now)
    await stage.restart(_OUTAGE)
    timeline.outage = range(begin, int(stage.now))
    await stage.run(stage.now + _TOLD)
    for played in stage.meters:
        await stage.act(played, "request_history", answers=False, since=iso(begin - _DAY))
    await stage.run(stage.now + _MENDED)
    await timeline.note(timeline.mended)
    for played in stage.meters:
        timeline.peaks[played.meter.device_id] = await stage.state(played, "peak_demand")
    return timeline


def _rows(table: Table, what: str) -> dict[int, Json]:
    """The rows of an entity by hour."""
    return {hour: row for (name, hour), row in sorted(table.items()) if name == what}


def _changes(table: Table, what: str) -> Iterator[tuple[int, float]]:
    """What each row counts: the oldest, all that is its sum."""
    total = 0.0
    for hour, row in _rows(table, what).items():
        yield hour, row["sum"] - total
        total = row["sum"]


def _used(played: Played, what: str, begin: int, end: int) -> float:
    """What was counted between two times (Wh)."""
    household = played.meter.household
    imported, exported, solar = (
        household.used(each, begin, end) for each in ("import", "export", "solar")
    )
    totals = (imported, exported, imported - exported + solar, solar - exported)
    used = dict(zip(TOTALS, totals, strict=True))
    return used[what] if what in used else household.used(what, begin, end)


def _added(table: Table, what: str) -> Iterator[tuple[int, float]]:
    """How much more than the state the sum of each live row but the first rises."""
    live = [(hour, row) for hour, row in _rows(table, what).items() if hour >= _FIRST]
    for (_, before), (hour, row) in pairwise(live):
        yield hour, row["sum"] - before["sum"] - (row["state"] - before["state"])


def _overlap(hour: int, time: range) -> bool:
    return hour < time.stop and time.start < hour + HOUR


def _hours_since(begin: int) -> list[int]:
    """The whole hours from a time until the first row."""
    return list(range(-(-begin // HOUR) * HOUR, _FIRST, HOUR))


def _assert_counted(
    timeline: Timeline, played: Played, what: str, hours: Sequence[int], late: range = _NONE
) -> None:
    """Assert that these hours, and no others, have what was counted: of ``late`` at its end."""
    changes = dict(_changes(timeline.imported[played.meter.device_id], what))
    assert [hour for hour in changes if hour < _FIRST] == list(hours)
    for hour in hours:
        begin = late.start if hour == late.stop else hour
        counted = _used(played, what, begin, hour + HOUR)
        assert changes[hour] == pytest.approx(counted, abs=_NEAR), hour


@pytest.mark.parametrize("what", [*COUNTERS, *TOTALS])
async def test_each_hour_is_what_was_counted(timeline: Timeline, what: str) -> None:
    _assert_counted(timeline, timeline.plain, what, _hours_since(_BEGIN))


@pytest.mark.parametrize("what", COUNTERS)
async def test_a_reset_another_use_and_lost_days_change_nothing_else(
    timeline: Timeline, what: str
) -> None:
    expected = _hours_since(_REUSED if what == "import1" else _BEGIN)
    if what == "import2":  # the other counter of its phase counts nothing: no reading is missing
        expected = [hour for hour in expected if hour not in _LOST_HOURS]
    late = _LOST_HOURS if what == "import2" else _NONE
    _assert_counted(timeline, timeline.faulty, what, expected, late)


@pytest.mark.parametrize("what", TOTALS)
async def test_what_is_netted_has_the_hours_that_all_counters_tell(
    timeline: Timeline, what: str
) -> None:
    lost = range(_LOST_HOURS.start, _LOST_HOURS.stop + HOUR, HOUR)
    expected = [hour for hour in _hours_since(_REUSED) if hour not in lost]
    _assert_counted(timeline, timeline.faulty, what, expected)


@pytest.mark.parametrize("what", ["voltage", "power"])
async def test_the_means_of_each_hour_are_right(timeline: Timeline, what: str) -> None:
    played = timeline.plain
    rows = _rows(timeline.imported[played.meter.device_id], what)
    assert [hour for hour in rows if hour < _FIRST] == _hours_since(_BEGIN)
    household = played.meter.household
    for hour in _hours_since(_BEGIN):
        mean, near = household.mean_volts(hour), _NEAR_VOLTS
        if what == "power":
            mean, near = household.used("import1", hour, hour + HOUR), _NEAR
        assert rows[hour]["mean"] == pytest.approx(mean, abs=near)
        assert rows[hour]["min"] <= rows[hour]["mean"] <= rows[hour]["max"]


@pytest.mark.parametrize("what", [*COUNTERS, *TOTALS])
async def test_the_energy_dashboard_shows_what_was_counted_each_day(
    timeline: Timeline, what: str
) -> None:
    played = timeline.plain
    shown = timeline.days[played.meter.device_id][played.entities[what]][1:-1]
    assert len(shown) == _DAYS - 1
    for day in shown:
        begin = datetime.fromtimestamp(day["start"] / 1000, _HOME)
        span = (int(each.timestamp()) for each in (begin, begin + timedelta(days=1)))
        assert day["change"] == pytest.approx(_used(played, what, *span), abs=_NEAR)


@pytest.mark.parametrize("step", ["imported", "later", "undone", "undone_later", "again"])
async def test_home_assistant_goes_on_counting_after_each_step(
    timeline: Timeline, step: str
) -> None:
    """Of the live rows the sum rises by what the state rises.

    In a restart as much is added to what all phases together took as to what they gave back: the
    readings tell them apart, which were booked as one.
    """
    for played in timeline.stage.meters:
        table = getattr(timeline, step)[played.meter.device_id]
        added = {what: dict(_added(table, what)) for what in (*COUNTERS, *TOTALS)}
        for what, hours in added.items():
            assert len(hours) >= 2
            for hour, energy in hours.items():
                both = 0.0
                if _overlap(hour, timeline.restarted):
                    both = added["netted_energy_export"][hour]
                assert abs(both) <= _NEAR
                assert energy == pytest.approx(_SIGNS.get(what, 0) * both, abs=_SAME)


async def test_rows_that_were_there_keep_their_states_and_what_they_count(
    timeline: Timeline,
) -> None:
    steps = [timeline.before, timeline.imported, timeline.later, timeline.undone]
    for before, after in pairwise(steps):
        for device_id, table in before.items():
            for (what, hour), row in table.items():
                if hour >= _FIRST and row.get("state") is not None:
                    state = after[device_id][what, hour]["state"]
                    assert state == pytest.approx(row["state"], abs=_SAME)


async def test_undone_the_rows_are_those_that_there_would_be_without_the_import(
    timeline: Timeline,
) -> None:
    for device_id, table in timeline.undone.items():
        assert min(hour for _, hour in table) == _FIRST
        assert table.keys() == {key for key in timeline.later[device_id] if key[1] >= _FIRST}
        for (what, hour), row in timeline.before[device_id].items():
            for each in ("state", "sum", "mean", "min", "max"):
                assert table[what, hour].get(each) == pytest.approx(row.get(each), abs=_SAME)


async def test_an_import_in_whose_middle_all_is_restarted_leaves_the_same_rows(
    timeline: Timeline,
) -> None:
    for device_id, table in timeline.imported.items():
        again = timeline.again[device_id]
        assert min(hour for _, hour in again) == min(hour for _, hour in table)
        for (what, hour), row in table.items():
            for each in ("state", "sum", "mean"):  # extremes depend on the blocks' sizes
                assert again[what, hour].get(each) == pytest.approx(row.get(each), abs=_SAME)


def _hours_of(outage: range) -> range:
    """The hours that lie in an outage as a whole."""
    return range(-(-outage.start // HOUR) * HOUR, outage.stop // HOUR * HOUR, HOUR)


@pytest.mark.parametrize("what", [*COUNTERS, *TOTALS[:2]])
async def test_each_hour_of_an_outage_is_what_was_counted(timeline: Timeline, what: str) -> None:
    """Those of the house need a solar meter that says each pulse, not up to twelve at once."""
    for played in timeline.stage.meters:
        changes = dict(_changes(timeline.mended[played.meter.device_id], what))
        assert len(_hours_of(timeline.outage)) >= 25
        for hour in _hours_of(timeline.outage):
            counted = _used(played, what, hour, hour + HOUR)
            assert changes[hour] == pytest.approx(counted, abs=_NEAR), hour


@pytest.mark.parametrize("what", ["voltage", "power"])
async def test_the_means_of_an_outage_are_right(timeline: Timeline, what: str) -> None:
    for played in timeline.stage.meters:
        rows = _rows(timeline.mended[played.meter.device_id], what)
        household = played.meter.household
        for hour in _hours_of(timeline.outage):
            mean, near = household.mean_volts(hour), _NEAR_VOLTS
            if what == "power":
                mean, near = household.used("import1", hour, hour + HOUR), _NEAR
            assert rows[hour]["mean"] == pytest.approx(mean, abs=near)


async def test_the_peak_of_the_month_is_that_of_the_outage(timeline: Timeline) -> None:
    assert _BUSY in _hours_of(timeline.outage)
    for played in timeline.stage.meters:
        peak = timeline.peaks[played.meter.device_id]
        quarters = range(_BUSY, _BUSY + HOUR, HOUR // 4)
        highest = max(played.meter.household.demand(quarter) for quarter in quarters)
        watts = {"W": 1, "kW": 1000}[peak["attributes"]["unit_of_measurement"]]
        assert float(peak["state"]) * watts == pytest.approx(highest, abs=_NEAR_DEMAND)

"""Two holes in weeks of statistics: filled from the meter's memory, audited, and taken back.

The short one, of five hours, lies within a block of level 16, and has rows that stand still, as
Home Assistant makes them of hours when it was down. The long one, of 26 hours, has no rows, as when
the meter could not be heard; of the pulse input it is filled from blocks of level 16, of the clamp
from that of level 20, as there one of level 16 has only the hole's begin.
"""

from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass
from datetime import datetime
import re
import time
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
import pytest_socket

from simulator import Message
from stack.client import Json

from .history import Counter, Stage, Table, set_up
from .parts import require_mosquitto
from .remembered import HOUR, Hole, Remembered

pytestmark = pytest.mark.asyncio(loop_scope="module")

_HOME = ZoneInfo("Europe/Brussels")
#: How near to the truth all must be (Wh, W), beyond what the floats of the statistics can't hold.
_NEAR = 1 + 1e-6
#: How long before the end of a block the last hour has ended of which it tells for certain (s).
_LAST_HOUR = HOUR + 120
_LINE = re.compile(
    r"was filled from the meter's memory: (\d+) h from (.+ \d{4}, \d\d:\d\d), ([\d.,]+) (\w+)"
)


@dataclass(frozen=True)
class Timeline:
    """What a user sees, one step after the other; of what is told by entity id, all of it."""

    stage: Stage
    begin: Table
    filled_from_small: Table
    audit_between: dict[str, list[Json]]
    filled: Table
    until: float
    told_again: Table
    until_at_last: float
    audit: dict[str, list[Json]]
    audited: Table
    activity: list[Json]
    hours: dict[str, list[Json]]
    days: dict[str, list[Json]]
    first_answer: Json
    taken_back: Table
    answer: Json
    filled_anew: Table

    @property
    def past(self) -> Remembered:
        """What really was."""
        return self.stage.past

    @property
    def holes(self) -> Iterator[tuple[Counter, Hole]]:
        """Each of the five holes, and whose it is."""
        for counter in self.stage.counters:
            for hole in self.past.holes(counter.sensor_id):
                yield counter, hole

    def kept(self, counter: Counter, end: int) -> float:
        """What the rows of a counter should have at the end of an hour, in Wh."""
        filled = any(end - HOUR in hole.hours for hole in self.past.holes(counter.sensor_id))
        return (self.past.truth if filled else self.past.shown)[counter.sensor_id][end]


@pytest.fixture
def verify_cleanup() -> None:
    """The stage outlives each test, with its tasks."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def timeline(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Timeline]:
    """All that happens, once."""
    require_mosquitto()
    pytest_socket.enable_socket()
    async with set_up(tmp_path_factory.mktemp("history")) as stage:
        yield await _go_through(stage)


async def _go_through(stage: Stage) -> Timeline:
    past = stage.past
    import_, export, solar = (counter.entity_id for counter in stage.counters)
    small = [told for told in past.small if _is_needed(past, told)]
    await stage.listening()
    begin = stage.table()

    stage.publish(small)
    await stage.written(begin, [export, solar], past.short)
    await stage.written(begin, [solar], past.long)
    audit_between, filled_from_small = await stage.audit(), stage.table()

    stage.publish(past.large)
    await stage.written(begin, [import_, export, solar, *stage.powers], past.long)
    until = await stage.until(past.until - _LAST_HOUR, past.until)
    filled = stage.table()

    stage.publish([*small, *past.large])
    await stage.act("request_history", answers=False, since=_local(past.until))
    until_at_last = await stage.until(past.until + HOUR, time.time())
    told_again = stage.table()
    audit, audited = await stage.audit(), stage.table()
    activity = await stage.activity(5)
    hours, days = await stage.shown("hour", "change"), await stage.shown("day", "change")

    first_answer, *_ = await stage.take_back()
    taken_back = stage.table()
    answer = await stage.act("fill_history")
    return Timeline(
        stage=stage,
        begin=begin,
        filled_from_small=filled_from_small,
        audit_between=audit_between,
        filled=filled,
        until=until,
        told_again=told_again,
        until_at_last=until_at_last,
        audit=audit,
        audited=audited,
        activity=activity,
        hours=hours,
        days=days,
        first_answer=first_answer,
        taken_back=taken_back,
        answer=answer,
        filled_anew=stage.table(),
    )


def _is_needed(past: Remembered, told: Message) -> bool:
    """Of the clamp one block; of the pulses, which are silent at night, those around it too."""
    _, _, sensor_id, *_, bid, _ = told.topic.split("/")
    place = (int(bid) - past.block) >> 16
    return place == 0 or (sensor_id == past.solar and -1 <= place <= 2)


def _local(moment: float) -> str:
    return datetime.fromtimestamp(moment, _HOME).isoformat()


async def test_every_hour_of_the_holes_has_what_the_meter_counted(timeline: Timeline) -> None:
    for counter, hole in timeline.holes:
        before = timeline.filled[counter.entity_id, hole.begin - HOUR]
        truth = timeline.past.truth[counter.sensor_id]
        shown = timeline.past.shown[counter.sensor_id][hole.begin]
        for hour in hole.hours:
            row, end = timeline.filled[counter.entity_id, hour], truth[hour + HOUR]
            assert row.state / counter.scale == pytest.approx(end, abs=_NEAR)
            counted = (row.sum - before.sum) / counter.scale
            assert counted == pytest.approx(end - shown, abs=_NEAR)


async def test_every_hour_shows_what_was_counted_in_it(timeline: Timeline) -> None:
    """To the first hour of a hole belongs what Home Assistant had not yet shown before it."""
    for counter in timeline.stage.counters:
        shown = timeline.hours[counter.entity_id]
        starts = range(timeline.past.begin + HOUR, timeline.past.last, HOUR)
        assert [hour["start"] / 1000 for hour in shown[1:]] == list(starts)
        for hour, start in zip(shown[1:], starts, strict=True):
            counted = timeline.kept(counter, start + HOUR) - timeline.kept(counter, start)
            assert hour["change"] == pytest.approx(counted, abs=_NEAR)


async def test_the_totals_of_the_days_are_right(timeline: Timeline) -> None:
    for counter in timeline.stage.counters:
        shown = timeline.days[counter.entity_id][1:-1]
        assert len(shown) >= 8
        for day in shown:
            begin, end = (int(day[which] / 1000) for which in ("start", "end"))
            counted = timeline.kept(counter, end) - timeline.kept(counter, begin)
            assert day["change"] == pytest.approx(counted, abs=_NEAR)


async def test_the_rows_around_the_holes_are_the_same_to_the_bit(timeline: Timeline) -> None:
    holes = {(counter.entity_id, hour) for counter, hole in timeline.holes for hour in hole.hours}
    holes |= {(power, hour) for power in timeline.stage.powers for hour in timeline.past.long.hours}
    holes |= {
        (power, hour) for power in timeline.stage.powers for hour in timeline.past.short.hours
    }
    around = {key: row for key, row in timeline.begin.items() if key not in holes}
    assert {key: row for key, row in timeline.filled.items() if key not in holes} == around


async def test_hours_without_a_power_get_one_whose_mean_is_the_energy(timeline: Timeline) -> None:
    for counter, power in zip(timeline.stage.counters, timeline.stage.powers, strict=False):
        truth = timeline.past.truth[counter.sensor_id]
        for hour in timeline.past.long.hours:
            row = timeline.filled[power, hour]
            assert row.mean == pytest.approx(truth[hour + HOUR] - truth[hour], abs=_NEAR)
            assert 0 <= row.min <= row.mean <= row.max


async def test_a_hole_of_which_a_block_has_only_the_begin_waits_for_the_rest(
    timeline: Timeline,
) -> None:
    for counter in timeline.stage.counters[:2]:
        for hour in timeline.past.long.hours:
            assert (counter.entity_id, hour) not in timeline.filled_from_small


async def test_the_same_blocks_again_and_an_audit_change_nothing(timeline: Timeline) -> None:
    assert timeline.told_again == timeline.filled
    assert timeline.audited == timeline.filled


async def test_the_audit_tells_each_hour_and_finds_the_holes(timeline: Timeline) -> None:
    begin, end = timeline.stage.audited_hours
    for counter in timeline.stage.counters:
        between, after = (
            {
                int(datetime.fromisoformat(told["hour"]).timestamp()): told
                for told in audit[counter.entity_id]
            }
            for audit in (timeline.audit_between, timeline.audit)
        )
        assert list(between) == list(after) == list(range(begin, end, HOUR))
        truth = timeline.past.truth[counter.sensor_id]
        for hour, told in after.items():
            assert told["meter"] == pytest.approx(truth[hour + HOUR], abs=_NEAR)
            kept = timeline.kept(counter, hour + HOUR)
            assert told["recorded"] == pytest.approx(kept, abs=_NEAR)
        [agreed] = {told["finding"] for told in after.values()}
        for hour, told in between.items():
            is_open = counter.sensor_id != timeline.past.solar and hour in timeline.past.long.hours
            assert (told["recorded"] is None) == is_open
            if is_open:
                assert told["finding"] != agreed


async def test_until_when_it_is_filled_moves_with_the_blocks(timeline: Timeline) -> None:
    """It is told on the hour; of the last in a block the end may not be certain."""
    for until in (timeline.until, timeline.until_at_last):
        assert until % HOUR == 0
    assert timeline.past.until - _LAST_HOUR <= timeline.until <= timeline.past.until
    assert timeline.past.until + HOUR <= timeline.until_at_last <= time.time()


async def test_the_activity_has_a_line_for_each_hole(timeline: Timeline) -> None:
    told = sorted((line["entity_id"], *_read(line["message"])) for line in timeline.activity)
    expected = sorted(
        (
            counter.entity_id,
            len(hole.hours),
            f"{datetime.fromtimestamp(hole.begin, _HOME):%-d %B %Y, %H:%M}",
            pytest.approx(_booked(timeline, counter, hole), abs=0.0006),
            counter.unit,
        )
        for counter, hole in timeline.holes
    )
    assert told == expected


def _read(message: str) -> tuple[int, str, float, str]:
    hours, begin, amount, unit = _LINE.fullmatch(message).groups()
    return int(hours), begin, float(amount.replace(",", "")), unit


def _booked(timeline: Timeline, counter: Counter, hole: Hole) -> float:
    """What was booked in a hole, in the unit of the statistic."""
    before, last = (hole.begin - HOUR, hole.end - HOUR)
    rows = [timeline.filled[counter.entity_id, hour] for hour in (before, last)]
    return rows[1].sum - rows[0].sum


async def test_what_was_filled_last_is_taken_back_of_all_counters_and_powers(
    timeline: Timeline,
) -> None:
    restored = timeline.first_answer["restored"]
    long = [each for each in restored if each["begin"] == _local(timeline.past.long.begin)]
    entities = [counter.entity_id for counter in timeline.stage.counters]
    assert {each["entity_id"] for each in long} == {*entities, *timeline.stage.powers}
    assert {each["hours"] for each in long} == {26}
    assert timeline.first_answer["left"] == []


async def test_all_taken_back_the_statistics_are_as_they_were_before(timeline: Timeline) -> None:
    assert timeline.taken_back == timeline.begin


async def test_what_was_taken_back_is_filled_when_the_user_asks(timeline: Timeline) -> None:
    filled = {
        (each["entity_id"], each["begin"], each["hours"]) for each in timeline.answer["filled"]
    }
    assert filled >= {
        (counter.entity_id, _local(hole.begin), len(hole.hours)) for counter, hole in timeline.holes
    }
    assert timeline.filled_anew == timeline.filled

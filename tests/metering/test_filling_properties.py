"""Whatever counters, networks and Home Assistant do: hours are filled rightly, or left alone."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from hypothesis import given, settings
import pytest

from custom_components.flukso.metering.block_timeline import Slack, Timeline, segment_of
from custom_components.flukso.metering.durations import HOUR
from custom_components.flukso.metering.gaps import find_gaps, rows_for
from custom_components.flukso.metering.history_comparison import compare
from custom_components.flukso.metering.rows import Row

from .missed_hours import HOURS, Counter, House, histories


def timeline_of(counter: Counter, blocks: Sequence[tuple[int, int]], slack: Slack) -> Timeline:
    """The timeline from the blocks."""
    timeline = Timeline()
    for level, bid in blocks:
        end = bid + (1 << level)
        times, values = counter.remembered(bid, end)
        if times:
            timeline.add(segment_of(bid, end, times, values, slack=slack))
    return timeline


def fill(counter: Counter, house: House, blocks: Sequence[tuple[int, int]]) -> dict[int, Row]:
    """The rows that are written."""
    rows, slack = list(house.rows.values()), house.slack
    timeline, unrecorded = timeline_of(counter, blocks, slack), counter.unrecorded
    hours = compare(rows, timeline, HOURS, slack=slack, offset=house.offset, unrecorded=unrecorded)
    made = (rows_for(gap, fastest=None, both_ways=False) for gap in find_gaps(hours))
    return {row.hour: row for rows in made if isinstance(rows, list) for row in rows}


@settings(max_examples=100, deadline=None)
@given(histories())
def test_an_hour_is_filled_with_the_truth_or_left_alone(
    history: tuple[Counter, House, list[tuple[int, int]]],
) -> None:
    counter, house, blocks = history

    filled = fill(counter, house, blocks)

    for hour, row in filled.items():
        shown = counter.shown_at(hour + HOUR) + house.offset
        assert hour + HOUR >= counter.fell
        assert shown - counter.unrecorded - 1e-6 <= row.state <= shown + 1e-6
    together = house.rows | filled
    order = [together[hour] for hour in sorted(together)]
    for before, after in pairwise(order):
        if {before.hour, after.hour} & filled.keys():
            assert after.sum - before.sum == pytest.approx(after.state - before.state, abs=0.02)
            assert after.sum >= before.sum - 0.02


@settings(max_examples=100, deadline=None)
@given(histories())
@pytest.mark.long
def test_an_hour_that_was_recorded_rightly_is_not_touched(
    history: tuple[Counter, House, list[tuple[int, int]]],
) -> None:
    counter, house, blocks = history

    filled = fill(counter, house, blocks)

    assert not filled.keys() & house.rightly


@settings(max_examples=100, deadline=None)
@given(histories())
@pytest.mark.long
def test_what_is_filled_is_not_filled_again(
    history: tuple[Counter, House, list[tuple[int, int]]],
) -> None:
    counter, house, blocks = history

    again = replace(house, rows=house.rows | fill(counter, house, blocks))

    assert fill(counter, again, blocks) == {}


def missed(house: House) -> list[list[int]]:
    """Hours next to each other that were not recorded rightly, between hours that were."""
    runs: list[list[int]] = []
    for hour in HOURS:
        if hour in house.rightly:
            runs.append([])
        elif runs:
            runs[-1].append(hour)
    return [run for run in runs[:-1] if run]


def missing(counter: Counter, house: House, run: Sequence[int]) -> set[int]:
    """The hours that have no row, and all if in each more is missing than makes no difference.

    What makes none is what was counted around the end of the hour, or of those next to the run.
    """
    slack, known = house.slack, counter.remembered_at

    def around(hour: int) -> float:
        return known(hour + HOUR + slack.after) - known(hour + HOUR - slack.before)

    most = max(around(run[0] - HOUR), around(run[-1] + HOUR))
    lowest = {
        hour: known(hour + HOUR - slack.before) + house.offset - max(most, around(hour))
        for hour in run
    }
    beyond = {
        hour for hour in run if hour in house.rows and house.rows[hour].state < lowest[hour] - 0.1
    }
    without = set(run) - house.rows.keys()
    return set(run) if beyond | without == set(run) else without


@settings(max_examples=100, deadline=None)
@given(histories())
@pytest.mark.long
def test_what_one_block_covers_from_end_to_end_is_filled(
    history: tuple[Counter, House, list[tuple[int, int]]],
) -> None:
    counter, house, blocks = history

    filled = fill(counter, house, blocks)

    for run in missed(house):
        first, last = run[0] - house.slack.before, run[-1] + 2 * HOUR + house.slack.after
        is_told = any(
            max(counter.fell, bid) <= counter.times[place] and last < bid + (1 << level)
            for level, bid in blocks
            if (place := counter.place(first)) >= 0
        )
        before, after = house.rows[run[0] - HOUR], house.rows[run[-1] + HOUR]
        is_adjusted = abs(after.sum - before.sum - (after.state - before.state)) > 1
        if is_told and not is_adjusted:
            assert filled.keys() >= missing(counter, house, run)

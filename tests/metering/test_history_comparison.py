"""The statistics of a counter compared with the memory of its meter."""

from array import array
from dataclasses import replace
from math import inf

import pytest

from custom_components.flukso.metering.block_timeline import Slack, Timeline, segment_of
from custom_components.flukso.metering.durations import HOUR
from custom_components.flukso.metering.gaps import Finding, Gap, Hour, KnownValue, find_gaps
from custom_components.flukso.metering.history_comparison import compare, power_rows
from custom_components.flukso.metering.rows import MeanRow, Row

SLACK = Slack(before=90, after=60)
HOURS = range(0, 4 * HOUR, HOUR)


def timeline_of(*readings: tuple[int, int], both_ways: bool = False) -> Timeline:
    """A counter of energy with these readings, of five hours from 0 on."""
    times, values = (array("q", of) for of in zip(*readings, strict=True))
    timeline = Timeline(both_ways=both_ways)
    segment = segment_of(0, 5 * HOUR, times, values, slack=SLACK, both_ways=both_ways, power_over=5)
    timeline.add(segment)
    return timeline


def test_an_hour_is_compared_with_the_counter_values_around_its_end() -> None:
    timeline = timeline_of((0, 1000), (HOUR - 80, 2000), (HOUR - 1, 3000), (HOUR + 60, 4500))

    first, second, *_ = compare([Row(0, 5, 1)], timeline, HOURS, slack=SLACK, offset=0.5)

    assert first == Hour(0, Row(0, 5, 1), KnownValue(3.5, 1.5, 5))
    assert second == Hour(HOUR, None, KnownValue(5, 5, 5))


def test_more_may_have_been_counted_than_the_meter_recorded() -> None:
    timeline = timeline_of((0, 1000), (2 * HOUR, 2000))

    [hour] = compare([], timeline, range(0, HOUR, HOUR), slack=SLACK, offset=0, unrecorded=5)

    assert hour.known == KnownValue(1, 1, 1, unrecorded=5)


def test_an_hour_has_no_known_value_unless_all_around_its_end_is_known() -> None:
    timeline = timeline_of((HOUR - 80, 2000), (3 * HOUR, 3000))

    findings = [
        hour.finding
        for hour in compare([], timeline, range(0, 6 * HOUR, HOUR), slack=SLACK, offset=0)
    ]

    told, not_told = Finding.NO_ROW, Finding.NOT_REPORTED
    assert findings == [not_told, told, told, told, not_told, not_told]


def test_an_hour_that_ends_in_a_silence_or_with_its_block_has_no_known_value() -> None:
    times, values = array("q", (0, HOUR - 350, HOUR + 30)), array("q", (0, 1000, 3000))
    silent, short = Timeline(max_silence=300), Timeline()
    silent.add(segment_of(0, 2 * HOUR, times, values, slack=SLACK, max_silence=300))
    short.add(segment_of(0, HOUR + 50, times, values, slack=SLACK))

    for timeline in (silent, short):
        [hour] = compare([], timeline, range(0, HOUR, HOUR), slack=SLACK, offset=0)
        assert timeline.value_at(HOUR - SLACK.before) == 1000
        assert hour.known is None


def test_of_a_counter_that_runs_both_ways_the_lowest_and_highest_are_known() -> None:
    readings = [(0, 5000), (HOUR - 30, 7000), (HOUR - 10, -1000), (HOUR + 10, 2000)]
    timeline = timeline_of(*readings, both_ways=True)

    [hour] = compare([], timeline, range(0, HOUR, HOUR), slack=SLACK, offset=0)

    assert hour.known == KnownValue(-1, -1, 7)


def every_eighth_second(*pulses: int) -> list[tuple[int, int]]:
    """Return pulses that a meter stored, which counted another one before each."""
    return [(time, 2000 * place) for place, time in enumerate(pulses, 1)]


def test_a_meter_that_stores_every_eighth_second_may_have_counted_more_until_the_next() -> None:
    pulses = every_eighth_second(*range(8, 80, 8), HOUR - 400, HOUR + 400, 2 * HOUR + 400)
    timeline = timeline_of(*pulses)

    first, second, third, _ = compare([], timeline, HOURS, slack=SLACK, offset=0.5)

    assert first.known == KnownValue(20.5, 20.5, 20.5, hidden=2)
    assert second.known == KnownValue(22.5, 22.5, 22.5, hidden=2)
    assert third.known == KnownValue(24.5, 24.5, 24.5, hidden=inf)


@pytest.mark.parametrize(("following", "hidden"), [(22_000, 2), (20_000, 0)])
def test_what_may_be_hidden_is_more_than_the_highest_value_around_the_end(
    following: int, hidden: float
) -> None:
    pulses = every_eighth_second(*range(8, 80, 8), HOUR - 40)
    timeline = timeline_of(*pulses, (HOUR + 400, following))

    [hour] = compare([], timeline, range(0, HOUR, HOUR), slack=SLACK, offset=0)

    assert hour.known == KnownValue(20, 18, 20, hidden=hidden)


def test_a_few_readings_in_every_eighth_second_are_a_coincidence() -> None:
    timeline = timeline_of(*every_eighth_second(*range(8, 56, 8), HOUR - 400, HOUR + 400))

    [hour] = compare([], timeline, range(0, HOUR, HOUR), slack=SLACK, offset=0)

    assert hour.known == KnownValue(14, 14, 14)


def test_the_power_of_an_hour_has_the_mean_of_what_was_counted_in_it() -> None:
    readings = [(0, 0), (HOUR, 500_000), (HOUR + 36, 501_000), (HOUR + 72, 507_000)]
    timeline = timeline_of(*readings, (2 * HOUR + 9, 510_000))
    rows = [Row(hour, 0, 0) for hour in (0, 3 * HOUR)]
    found = compare(rows, timeline, HOURS, slack=SLACK, offset=100)

    [gap] = find_gaps([Hour(0, Row(0, 600, 0), found[0].known), *found[1:]])
    first, second, third = power_rows(gap, timeline)

    assert first == MeanRow(HOUR, 7, 7, pytest.approx(600))
    assert second == MeanRow(2 * HOUR, 3, 3, 3)
    assert third == MeanRow(3 * HOUR, 0, 0, 0)


def test_where_it_is_not_known_what_was_counted_there_is_no_power() -> None:
    hour, unknown = Hour(HOUR, None, KnownValue(1, 1, 1)), Hour(0, None, None)

    assert list(power_rows(Gap(unknown, (hour,), None), Timeline())) == []
    assert list(power_rows(Gap(hour, (replace(unknown, hour=2 * HOUR),), None), Timeline())) == []
    assert list(power_rows(Gap(None, (hour,), None), Timeline())) == []

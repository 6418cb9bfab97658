"""The hours of a gauge from the blocks of its meter, in any order."""

from array import array
from collections.abc import Sequence
from itertools import pairwise, permutations
from math import cos, hypot, radians, sin

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.flukso.metering.durations import HOUR
from custom_components.flukso.metering.gauge_hours import (
    GaugeKind,
    GaugeSegment,
    GaugeTimeline,
    gauge_segment,
)
from custom_components.flukso.metering.rows import AngleRow, MeanRow

#: A reading of a clamp is valid for a minute.
CLAMP = GaugeKind(60)
ANGLE = GaugeKind(60, circular=True)
BLOCK = 4 * HOUR
#: A sensor can't measure more, in thousandths.
MOST = 500_000


def read(thousandths: int) -> float | None:
    """Return what the sensor can measure."""
    return thousandths / 1000 if abs(thousandths) <= MOST else None


def segment_with(
    readings: Sequence[tuple[int, int]], begin: int = 0, end: int = BLOCK, kind: GaugeKind = CLAMP
) -> GaugeSegment:
    """Return the segment of a block with these readings."""
    times, values = zip(*readings, strict=True)
    return gauge_segment(begin, end, array("q", times), array("q", values), kind=kind, read=read)


def timeline_of(*segments: GaugeSegment, kind: GaugeKind = CLAMP) -> GaugeTimeline:
    """Return the timeline of a gauge with these segments."""
    timeline = GaugeTimeline(kind)
    for segment in segments:
        timeline.add(segment)
    return timeline


def each_minute(values: Sequence[int], begin: int = 0) -> list[tuple[int, int]]:
    """One reading a minute."""
    return [(begin + 60 * minute, value) for minute, value in enumerate(values)]


def test_a_reading_that_ends_with_an_hour_is_no_extreme_of_the_next() -> None:
    first = [*each_minute([100_000] * 59), (HOUR - 60, 400_000)]
    second = each_minute([100_000] * 59, HOUR + 5)

    [row] = timeline_of(segment_with([*first, *second])).rows(range(HOUR, 2 * HOUR, HOUR))

    assert row == MeanRow(HOUR, 100, 100, 100)


def test_a_reading_holds_until_the_next_one() -> None:
    readings = [(0, 100_000), (20, 200_000), (60, 300_000), *each_minute([300_000] * 58, 120)]

    [row] = timeline_of(segment_with(readings)).rows(range(0, HOUR, HOUR))

    assert row == MeanRow(0, pytest.approx((100 * 20 + 200 * 40 + 300 * 3540) / HOUR), 100, 300)


def test_a_reading_of_the_hour_before_counts_while_it_holds() -> None:
    readings = [(HOUR - 10, 100_000), *each_minute([200_000] * 60, HOUR + 30)]

    [row] = timeline_of(segment_with(readings)).rows(range(HOUR, 2 * HOUR, HOUR))

    assert row == MeanRow(HOUR, pytest.approx((100 * 30 + 200 * 3570) / HOUR), 100, 200)


def test_a_reading_does_not_hold_for_longer_than_its_sensor_may_be_silent() -> None:
    silent = [(0, 100_000), *each_minute([200_000] * 55, 5 * 60)]

    [row] = timeline_of(segment_with(silent)).rows(range(0, HOUR, HOUR))

    assert row.mean == pytest.approx((100 * 60 + 200 * 3300) / (60 + 3300))


@pytest.mark.parametrize(("minutes", "rows"), [(54, 1), (53, 0)])
def test_an_hour_needs_nine_tenths_of_its_time(minutes: int, rows: int) -> None:
    timeline = timeline_of(segment_with(each_minute([100_000] * minutes)))

    assert len(timeline.rows(range(0, 3 * HOUR, HOUR))) == rows


def test_an_impossible_reading_is_not_known_until_the_next() -> None:
    readings = each_minute([230_000, MOST + 1, *[230_000] * 58])

    [row] = timeline_of(segment_with(readings)).rows(range(0, HOUR, HOUR))

    assert row == MeanRow(0, 230, 230, 230)
    ends = [*each_minute([100_000] * 59), (59 * 60, MOST + 1)]
    after = segment_with(each_minute([100_000] * 60, HOUR + 30), HOUR, 2 * HOUR)
    first, second = timeline_of(segment_with(ends, 0, HOUR), after).rows(range(0, 2 * HOUR, HOUR))
    assert (first.mean, second.mean) == (100, 100)


def test_the_mean_of_equal_readings_is_the_same_to_the_bit() -> None:
    [row] = timeline_of(segment_with(each_minute([233_333] * 60))).rows(range(0, HOUR, HOUR))

    assert row == MeanRow(0, 233.333, 233.333, 233.333)


def test_an_hour_in_two_blocks_is_the_same_as_in_one() -> None:
    readings = each_minute([200_000 + 100 * index for index in range(180)])
    border = HOUR + 1800 + 30
    whole = timeline_of(segment_with(readings))
    first = segment_with([each for each in readings if each[0] < border], 0, border)
    second = segment_with([each for each in readings if each[0] >= border], border, BLOCK)

    for order in permutations([first, second]):
        assert timeline_of(*order).rows(range(0, BLOCK, HOUR)) == whole.rows(range(0, BLOCK, HOUR))


@pytest.mark.parametrize(("begin", "held"), [(1800, 60), (1860, 30)])
def test_the_last_reading_of_a_block_holds_in_the_next_one_if_none_is_missing(
    begin: int, held: int
) -> None:
    first = segment_with([*each_minute([100_000] * 30)[:-1], (1770, 400_000)], 0, 1800)
    second = segment_with(each_minute([100_000] * 30, 1900), begin, HOUR)

    [row] = timeline_of(first, second).rows(range(0, HOUR, HOUR))

    known = 1740 + held + 1700
    assert row == MeanRow(0, pytest.approx((100 * 3440 + 400 * held) / known), 100, 400)


def test_a_block_that_is_missing_between_two_is_not_known() -> None:
    first = segment_with(each_minute([100_000] * 60), 0, HOUR)
    third = segment_with(each_minute([100_000] * 60, 2 * HOUR), 2 * HOUR, 3 * HOUR)

    rows = timeline_of(first, third).rows(range(0, 3 * HOUR, HOUR))

    assert [row.hour for row in rows] == [0, 2 * HOUR]


def test_a_reading_holds_until_the_first_one_of_the_next_block() -> None:
    before = segment_with([(HOUR - 1, 300_000)], end=HOUR)
    after = segment_with(each_minute([100_000] * 60, HOUR), begin=HOUR)

    [row] = timeline_of(before, after).rows(range(HOUR, 2 * HOUR, HOUR))

    assert row == MeanRow(HOUR, 100, 100, 100)


def test_a_larger_block_replaces_those_within_it() -> None:
    small = segment_with(each_minute([100_000] * 60, HOUR), HOUR, 2 * HOUR)
    large = segment_with(each_minute([300_000] * 240))

    for order in permutations([small, large]):
        timeline = timeline_of(*order)
        assert [row.mean for row in timeline.rows(range(0, BLOCK, HOUR))] == [300] * 4
        assert timeline.span == (0, BLOCK)


def test_blocks_that_are_too_old_are_forgotten() -> None:
    timeline = timeline_of(segment_with(each_minute([100_000] * 60), 0, HOUR))

    timeline.forget(HOUR)
    assert timeline.rows(range(0, HOUR, HOUR))
    timeline.forget(HOUR + 1)
    assert timeline.rows(range(0, HOUR, HOUR)) == []
    assert timeline.span == (0, 0)


def test_the_mean_of_angles_is_a_direction() -> None:
    readings = each_minute([170_000, -170_000] * 30)

    [row] = timeline_of(segment_with(readings, kind=ANGLE), kind=ANGLE).rows(range(0, HOUR, HOUR))

    assert row == AngleRow(0, pytest.approx(180), pytest.approx(HOUR * cos(radians(10))))


@st.composite
def gauges(draw: st.DrawFn) -> list[tuple[int, int]]:
    """Readings of a clamp: mostly each second, with pauses of any length."""
    steps = draw(st.lists(st.sampled_from([1, 8, 59, 60, 61, 200]), min_size=3, max_size=200))
    values = draw(
        st.lists(
            st.integers(-400_000, MOST) | st.just(MOST + 7),
            min_size=len(steps) + 1,
            max_size=len(steps) + 1,
        )
    )
    times = [draw(st.integers(0, HOUR))]
    for step in steps:
        times.append(times[-1] + step)
    return [each for each in zip(times, values, strict=True) if each[0] < BLOCK]


def by_seconds(readings: Sequence[tuple[int, int]], hour: int) -> list[float]:
    """What was valid in each known second of an hour."""
    following = [(time, value) for time, value in readings] + [(BLOCK, 0)]
    valid = {
        second: read(value)
        for (time, value), (until, _) in pairwise(following)
        for second in range(time, min(until, time + CLAMP.max_age))
    }
    within = (valid.get(second) for second in range(hour, hour + HOUR))
    return [value for value in within if value is not None]


@settings(max_examples=60, deadline=None)
@given(gauges(), st.sets(st.sampled_from([256 * part for part in range(1, 56)]), max_size=5))
def test_hours_are_those_of_the_seconds_however_they_are_cut_into_blocks(
    readings: list[tuple[int, int]], cuts: set[int]
) -> None:
    bounds = [0, *sorted(cuts), BLOCK]
    blocks = [
        (begin, end, [each for each in readings if begin <= each[0] < end])
        for begin, end in pairwise(bounds)
    ]
    segments = [segment_with(part, begin, end) for begin, end, part in blocks if part]
    # A meter makes no block of a span without a reading, so that what holds over it ends before.
    whole = all(part for _, _, part in blocks)

    rows = {row.hour: row for row in timeline_of(*segments).rows(range(0, BLOCK, HOUR))}

    for hour in range(0, BLOCK, HOUR):
        seconds = by_seconds(readings, hour)
        if whole:
            assert (hour in rows) == (len(seconds) >= 0.9 * HOUR)
        if hour in rows:
            row = rows[hour]
            assert isinstance(row, MeanRow)
            assert row.min <= row.mean <= row.max
            if whole:
                assert row.mean == pytest.approx(sum(seconds) / len(seconds), abs=1e-5)
                assert (row.min, row.max) == (min(seconds), max(seconds))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(-180_000, 180_000), min_size=60, max_size=60))
def test_angles_are_summed_as_home_assistant_sums_them(angles: list[int]) -> None:
    [row] = timeline_of(segment_with(each_minute(angles), kind=ANGLE), kind=ANGLE).rows(
        range(0, HOUR, HOUR)
    )

    east = sum(cos(radians(angle / 1000)) for angle in angles)
    north = sum(sin(radians(angle / 1000)) for angle in angles)
    assert isinstance(row, AngleRow)
    assert row.weight == pytest.approx(60 * hypot(east, north), abs=1e-3)
    assert 0 <= row.mean < 360
    if row.weight > 1:
        turned = radians(row.mean)
        assert cos(turned) * hypot(east, north) == pytest.approx(east, abs=1e-3)
        assert sin(turned) * hypot(east, north) == pytest.approx(north, abs=1e-3)

"""The timeline of a counter from the blocks of its meter, in any order."""

from array import array
from collections.abc import Sequence
from itertools import pairwise, permutations

from hypothesis import given, strategies as st
import pytest

from custom_components.flukso.metering.block_timeline import Segment, Slack, Timeline, segment_of
from custom_components.flukso.metering.durations import HOUR

SLACK = Slack(before=90, after=60)
#: The end of an hour, well within a block of four hours that begins at 0.
END = 2 * HOUR
BLOCK = 4 * HOUR


def segment_with(
    readings: Sequence[tuple[int, int]],
    begin: int = 0,
    end: int = BLOCK,
    *,
    both_ways: bool = False,
    power_over: int | None = None,
    max_silence: int | None = None,
) -> Segment:
    """Return the segment of a block with these readings."""
    times, values = zip(*readings, strict=True)
    return segment_of(
        begin,
        end,
        array("q", times),
        array("q", values),
        slack=SLACK,
        both_ways=both_ways,
        power_over=power_over,
        max_silence=max_silence,
    )


def timeline_of(
    *segments: Segment, both_ways: bool = False, max_silence: int | None = None
) -> Timeline:
    """Return the timeline of a counter with these segments."""
    timeline = Timeline(both_ways=both_ways, max_silence=max_silence)
    for segment in segments:
        timeline.add(segment)
    return timeline


@pytest.mark.parametrize(("silent", "value"), [(100, 9000), (1000, None)])
def test_a_reading_shows_the_end_of_its_block_unless_the_counter_was_silent_for_too_long(
    silent: int, value: int | None
) -> None:
    first = segment_with([(100, 5), (BLOCK - silent, 9000)], max_silence=300)
    second = segment_with([(BLOCK + 100, 99_000)], BLOCK, 2 * BLOCK, max_silence=300)

    assert timeline_of(first, second, max_silence=300).value_at(BLOCK) == value


def test_a_counter_shows_its_last_reading_until_the_next() -> None:
    timeline = timeline_of(
        segment_with([(100, 5), (END - 70, 7), (END, 8), (END + 30, 9), (END + 61, 10)])
    )

    assert timeline.value_at(END) == 8
    assert timeline.value_at(END - SLACK.before) == 5
    assert timeline.value_at(END + SLACK.after) == 9
    assert timeline.value_at(END + HOUR) == 10


def test_what_is_recorded_may_be_from_an_hour_before() -> None:
    slack = Slack(before=HOUR + 30, after=30)
    readings = range(0, BLOCK, 10)
    segment = segment_of(0, BLOCK, array("q", readings), array("q", readings), slack=slack)
    timeline = timeline_of(segment)

    for hour in (2 * HOUR, 3 * HOUR):
        moments = (hour - slack.before, hour, hour + slack.after)
        assert [timeline.value_at(moment) for moment in moments] == list(moments)


def test_nothing_is_known_before_the_first_reading_nor_after_the_block() -> None:
    timeline = timeline_of(segment_with([(HOUR + 1, 5)]))

    assert timeline.value_at(HOUR) is None
    assert timeline.value_at(HOUR + SLACK.after) == 5
    assert timeline.value_at(BLOCK) is None
    assert timeline.value_at(BLOCK - SLACK.before) == 5
    assert timeline.value_at(-HOUR) is None
    assert Timeline().value_at(END) is None


def test_blocks_that_adjoin_know_what_is_between_their_readings() -> None:
    first, second = (
        segment_with([(100, 5)]),
        segment_with([(BLOCK + 2 * HOUR, 9)], BLOCK, 2 * BLOCK),
    )

    for order in permutations((first, second)):
        timeline = timeline_of(*order)
        assert timeline.value_at(BLOCK) == 5
        assert timeline.value_at(BLOCK + HOUR) == 5
        assert timeline.value_at(BLOCK + 2 * HOUR) == 9


def test_what_is_between_blocks_that_do_not_adjoin_is_not_known() -> None:
    timeline = timeline_of(
        segment_with([(100, 5)]), segment_with([(3 * BLOCK, 1006)], 2 * BLOCK, 4 * BLOCK)
    )

    assert timeline.value_at(BLOCK + HOUR) is None
    assert timeline.value_at(2 * BLOCK + HOUR) is None


def test_the_first_pulse_after_a_night_tells_that_there_was_none_before() -> None:
    timeline = timeline_of(
        segment_with([(100, 5)]), segment_with([(3 * BLOCK, 1005)], 2 * BLOCK, 4 * BLOCK)
    )

    assert timeline.value_at(BLOCK + HOUR) == 5
    assert timeline.value_at(2 * BLOCK + HOUR) == 5


@pytest.mark.parametrize("begin", [BLOCK, 2 * BLOCK])
@pytest.mark.parametrize(("later", "then"), [(6, 5), (2000, None)])
def test_what_a_regular_counter_shows_in_a_silence_is_known_if_it_rested(
    begin: int, later: int, then: int | None
) -> None:
    readings = [(100, 5), (2 * HOUR - 100, 5), (3 * HOUR + 1, 5 + later), (3 * HOUR + 60, 5)]
    first = segment_with(readings[:2], max_silence=300)
    second = segment_with([(3 * BLOCK, later)], begin, 4 * BLOCK, max_silence=300)
    timeline = timeline_of(first, second, max_silence=300)

    assert timeline.value_at(HOUR) == timeline.value_at(2 * HOUR) == 5
    for silent in (3 * HOUR, BLOCK + HOUR, 2 * BLOCK + HOUR):
        assert timeline.value_at(silent) == then


def test_a_counter_that_shows_the_same_again_has_rested_meanwhile() -> None:
    timeline = timeline_of(
        segment_with([(100, 5)]), segment_with([(3 * BLOCK, 5)], 2 * BLOCK, 4 * BLOCK)
    )

    assert timeline.value_at(BLOCK + HOUR) == 5
    assert timeline.value_at(2 * BLOCK + HOUR) == 5


def test_a_counter_that_runs_both_ways_may_have_come_back_to_the_same() -> None:
    timeline = timeline_of(
        segment_with([(100, 5)], both_ways=True),
        segment_with([(3 * BLOCK, 5)], 2 * BLOCK, 4 * BLOCK, both_ways=True),
        both_ways=True,
    )

    assert timeline.value_at(BLOCK + HOUR) is None


def test_a_counter_that_is_reset_in_the_next_block_is_not_the_same_any_more() -> None:
    timeline = timeline_of(
        segment_with([(100, 5)]), segment_with([(BLOCK + 2 * HOUR, 1)], BLOCK, 2 * BLOCK)
    )

    assert timeline.value_at(BLOCK + HOUR) is None
    assert timeline.value_at(BLOCK - HOUR) == 5


def test_what_is_before_a_counter_is_reset_is_left_out() -> None:
    timeline = timeline_of(
        segment_with([(100, 5), (END - HOUR, 7), (END - 100, 0), (END + HOUR, 3)])
    )

    assert timeline.value_at(END - HOUR) is None
    assert timeline.value_at(END) == 0
    assert timeline.value_at(END + HOUR) == 3


def test_what_is_before_the_last_of_several_resets_is_left_out() -> None:
    timeline = timeline_of(segment_with([(100, 900), (200, 5), (END, 7), (END + 100, 1)]))

    assert timeline.value_at(END) is None
    assert timeline.value_at(END + HOUR) == 1


def test_a_counter_may_be_reset_between_the_only_two_readings_of_a_block() -> None:
    timeline = timeline_of(segment_with([(END - 100, 900), (END + 100, 5)]))

    assert timeline.value_at(END) is None
    assert timeline.value_at(END + HOUR) == 5


def test_the_power_of_an_hour_is_known_though_the_block_ends_with_it() -> None:
    timeline = timeline_of(segment_with([(0, 0), (HOUR - 1, 99_975)], power_over=60))

    assert timeline.powers(0) == pytest.approx([100, 100], rel=0.01)
    assert timeline.powers(HOUR) == []


def test_a_counter_that_runs_both_ways_may_fall() -> None:
    timeline = timeline_of(segment_with([(100, 5), (END, -7)], both_ways=True), both_ways=True)

    assert timeline.value_at(END - HOUR) == 5
    assert timeline.value_at(END) == -7


def test_a_larger_block_replaces_those_within_it() -> None:
    small, large = segment_with([(100, 5)]), segment_with([(50, 4), (BLOCK + 5, 9)], 0, 4 * BLOCK)

    for order in permutations((small, large)):
        timeline = timeline_of(*order)
        assert timeline.value_at(HOUR) == 4
        assert timeline.covers(0, BLOCK)
        assert timeline.span == (0, 4 * BLOCK)


@pytest.mark.parametrize("begin", [0, BLOCK, 3 * BLOCK])
def test_a_larger_block_replaces_one_at_its_begin_in_its_middle_or_at_its_end(begin: int) -> None:
    small = segment_with([(begin, 0), (begin + 36, 1000)], begin, begin + BLOCK, power_over=5)
    readings = [(0, 0), (begin, 0), (begin + 36, 1000)] if begin else [(0, 0), (36, 1000)]
    large = segment_with(readings, 0, 4 * BLOCK, power_over=5)

    for order in permutations((small, large)):
        assert timeline_of(*order).powers(begin) == pytest.approx([100, 100])


def test_a_block_that_was_added_is_covered() -> None:
    timeline = timeline_of(
        segment_with([(100, 5)]), segment_with([(BLOCK + 1, 6)], BLOCK, 2 * BLOCK)
    )

    assert timeline.covers(0, BLOCK)
    assert timeline.covers(HOUR, 2 * HOUR)
    assert not timeline.covers(0, 2 * BLOCK)
    assert timeline.span == (0, 2 * BLOCK)


def test_old_segments_are_dropped() -> None:
    timeline = timeline_of(
        segment_with([(100, 5)]), segment_with([(BLOCK + 1, 6)], BLOCK, 2 * BLOCK)
    )

    timeline.forget(BLOCK + 1)

    assert timeline.span == (BLOCK, 2 * BLOCK)


def test_power_is_the_mean_between_readings_within_an_hour() -> None:
    # 1 Wh in 36 s is 100 W.
    readings = [(0, 0), (36, 1000), (37, 1000), (72, 3000), (HOUR - 20, 3000), (HOUR + 20, 90_000)]
    timeline = timeline_of(segment_with([*readings, (HOUR + 56, 91_000)], power_over=30))

    assert timeline.powers(0) == pytest.approx([0, 200])
    assert timeline.powers(HOUR) == pytest.approx([100, 100])
    assert timeline.powers(2 * HOUR) == []


def test_an_hour_without_readings_has_no_power_of_its_own() -> None:
    timeline = timeline_of(
        segment_with([(0, 0), (36, 1000), (2 * HOUR, 1000), (2 * HOUR + 36, 3000)], power_over=5)
    )

    assert timeline.powers(0) == pytest.approx([100, 100])
    assert timeline.powers(HOUR) == []
    assert timeline.powers(2 * HOUR) == pytest.approx([200, 200])


def test_an_hour_in_two_blocks_has_the_power_of_both() -> None:
    edge = HOUR + 1800
    timeline = timeline_of(
        segment_with([(HOUR, 0), (HOUR + 36, 1000)], 0, edge, power_over=5),
        segment_with([(edge, 1000), (edge + 36, 4000)], edge, BLOCK, power_over=5),
    )

    assert timeline.powers(HOUR) == pytest.approx([100, 100, 300, 300])


def test_where_no_power_is_asked_for_there_is_none() -> None:
    assert timeline_of(segment_with([(0, 0), (36, 1000)])).powers(0) == []


@given(
    st.lists(st.integers(0, BLOCK - 1), min_size=1, max_size=40, unique=True),
    st.lists(st.integers(0, 1000), min_size=40, max_size=40),
    st.lists(st.sampled_from([1, 2, 3]), max_size=3, unique=True),
)
def test_split_into_any_blocks_values_are_the_same_or_unknown(
    times: list[int], counted: list[int], cuts: list[int]
) -> None:
    values = [sum(counted[: place + 1]) for place in range(len(times))]
    readings = list(zip(sorted(times), values, strict=True))
    whole = timeline_of(segment_with(readings))
    edges = [0, *(cut * HOUR for cut in sorted(cuts)), BLOCK]
    parts = [
        segment_with(within, begin, end)
        for begin, end in pairwise(edges)
        if (within := [reading for reading in readings if begin <= reading[0] < end])
    ]
    timeline = timeline_of(*parts)

    moments = [
        hour + offset
        for hour in range(0, BLOCK + HOUR, HOUR)
        for offset in (-SLACK.before, 0, SLACK.after)
    ]
    for moment in moments:
        assert timeline.value_at(moment) in (whole.value_at(moment), None)
    if len(parts) == len(edges) - 1:
        assert [timeline.value_at(moment) for moment in moments] == [
            whole.value_at(moment) for moment in moments
        ]


@pytest.mark.parametrize("blocks", [1, 4])
def test_a_memory_of_every_eighth_second_is_recognized_over_blocks(blocks: int) -> None:
    """Each block has four readings, and ten in such seconds are no coincidence."""
    timeline = timeline_of(
        *(
            segment_with([(begin + n * 8 * 97, n) for n in range(1, 5)], begin, begin + BLOCK)
            for begin in range(0, blocks * BLOCK, BLOCK)
        )
    )

    assert timeline.is_decimated(blocks * BLOCK - HOUR) == (blocks == 4)
    assert not timeline.is_decimated(BLOCK - HOUR)


def test_a_memory_that_has_every_second_again_is_recognized() -> None:
    """Firmware that stores every second was installed."""
    timeline = timeline_of(
        segment_with([(n * 8, n) for n in range(1, 50)]),
        segment_with([(BLOCK + n * 7, n) for n in range(1, 50)], BLOCK, 2 * BLOCK),
    )

    assert timeline.is_decimated(BLOCK - HOUR)
    assert not timeline.is_decimated(2 * BLOCK - HOUR)
    assert not Timeline().is_decimated(0)


def test_the_next_stored_value_may_be_in_the_next_block() -> None:
    timeline = timeline_of(
        segment_with([(8, 1), (END + 64, 2), (BLOCK - 8, 3)]),
        segment_with([(2 * BLOCK + 800, 9), (2 * BLOCK + 880, 20)], 2 * BLOCK, 3 * BLOCK),
    )

    assert timeline.following(END) == 2
    assert timeline.following(END + HOUR) == 3
    assert timeline.following(BLOCK) == 9
    assert timeline.following(2 * BLOCK) == 9
    assert timeline.following(3 * BLOCK) is None

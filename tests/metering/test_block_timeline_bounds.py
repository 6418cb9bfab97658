"""Where the timeline of a counter begins and ends to know something, to the reading."""

from array import array

import pytest

from custom_components.flukso.metering.block_timeline import Timeline, segment_of

from .test_block_timeline import BLOCK, END, SLACK, segment_with, timeline_of

#: Longer than the readings that are looked at in one go.
MANY = 40_000
CHUNK = 16 * 1024


def test_a_counter_runs_one_way_unless_it_is_said_to_run_both() -> None:
    segment = segment_of(0, BLOCK, array("q", [100, 200]), array("q", [500, 3]), slack=SLACK)
    later = segment_with([(3 * BLOCK, 3)], 3 * BLOCK, 4 * BLOCK)
    timeline = Timeline()
    timeline.add(segment)
    timeline.add(later)

    assert segment.first == (200, 3)
    assert timeline.value_at(2 * BLOCK) == 3


def test_a_segment_has_its_first_and_its_last_reading() -> None:
    segment = segment_with([(100, 5), (200, 6), (300, 9)])

    assert (segment.first, segment.last) == ((100, 5), (300, 9))


@pytest.mark.parametrize("fall", [1, 2, MANY - CHUNK - 1, MANY - CHUNK, MANY - CHUNK + 1, MANY - 1])
def test_a_reset_is_found_wherever_it_is_in_a_long_block(fall: int) -> None:
    readings = [(time, time + 1 if time < fall else time - fall) for time in range(MANY)]

    assert segment_with(readings, end=4 * BLOCK).first == (fall, 0)


@pytest.mark.parametrize(("silent", "value"), [(300, 9000), (301, None)])
def test_a_reading_is_valid_for_as_long_as_a_counter_may_be_silent(
    silent: int, value: int | None
) -> None:
    within = segment_with([(100, 5), (END - silent, 9000), (END + 9, 9999)], max_silence=300)
    until_its_end = segment_with([(100, 5), (BLOCK - silent, 9000)], max_silence=300)
    following = segment_with([(BLOCK + 100, 99_000)], BLOCK, 2 * BLOCK, max_silence=300)

    assert timeline_of(within, max_silence=300).value_at(END) == value
    assert timeline_of(until_its_end, following, max_silence=300).value_at(BLOCK) == value


def test_a_counter_that_shows_the_same_after_a_silence_and_more_later_has_rested() -> None:
    readings = [(100, 3), (1000, 5), (END + 1800, 5), (BLOCK - 100, 8)]

    assert timeline_of(segment_with(readings, max_silence=300)).value_at(END) == 5


def test_a_counter_that_shows_the_same_in_the_next_block_has_rested() -> None:
    silent = segment_with([(100, 5), (1000, 900_000)], max_silence=300)
    following = segment_with([(BLOCK + 100, 900_000)], BLOCK, 2 * BLOCK, max_silence=300)

    assert timeline_of(silent, following, max_silence=300).value_at(END) == 900_000


@pytest.mark.parametrize("begin", [BLOCK, 2 * BLOCK])
def test_a_counter_that_is_less_by_a_thousandth_in_the_next_block_was_reset(begin: int) -> None:
    first = segment_with([(100, 5), (BLOCK - 100, 9000)])
    second = segment_with([(begin + 100, 8999)], begin, begin + BLOCK)

    assert timeline_of(first, second).value_at(BLOCK) is None


@pytest.mark.parametrize(("count", "is_decimated"), [(9, False), (10, True)])
def test_ten_readings_of_every_eighth_second_are_no_coincidence(
    count: int, is_decimated: bool
) -> None:
    timeline = timeline_of(
        segment_with([(7 * n, n) for n in range(1, 50)]),
        segment_with([(BLOCK + 8 * n, n) for n in range(count)], BLOCK, 2 * BLOCK),
    )

    assert timeline.is_decimated(BLOCK) == is_decimated


@pytest.mark.parametrize("other", [0, 20, 39])
def test_a_single_other_second_tells_that_every_second_is_stored(other: int) -> None:
    readings = [(8 * n + (n == other), n) for n in range(40)]

    assert not timeline_of(segment_with(readings)).is_decimated(BLOCK)


def test_a_long_block_that_has_every_second_at_its_end_stores_every_second() -> None:
    eighth = [(8 * n, n) for n in range(CHUNK)]
    every = [(8 * CHUNK + n, CHUNK + n) for n in range(100)]
    end = 10 * BLOCK

    assert timeline_of(segment_with(eighth, end=end)).is_decimated(end - 1)
    assert not timeline_of(segment_with(eighth + every, end=end)).is_decimated(end - 1)


def test_the_value_at_the_end_of_an_hour_is_not_the_one_after_it() -> None:
    every = segment_with([(END + n, n) for n in range(200)], END, BLOCK)

    assert timeline_of(every).following(END) is None

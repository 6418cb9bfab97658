"""Readings of blocks are kept packed, and looked up by time."""

from array import array

from hypothesis import given, strategies as st
import pytest

from custom_components.flukso.metering.packed_readings import CounterReadings, packed

BEGIN = 1_771_044_864


def of(
    begin: int,
    end: int,
    *readings: tuple[int, int],
    both_ways: bool = False,
    max_silence: int | None = None,
) -> CounterReadings:
    """The readings of one block: seconds after its begin, and values."""
    known = CounterReadings(both_ways=both_ways, max_silence=max_silence)
    known.add(block(begin, end, *readings))
    return known


def block(begin: int, end: int, *readings: tuple[int, int]):
    times = array("q", (begin + time for time, _ in readings))
    return packed(begin, end, times, array("q", (value for _, value in readings)))


@given(st.lists(st.tuples(st.integers(1, 50), st.integers(-(2**40), 2**40)), min_size=1))
def test_every_reading_comes_back_as_it_was(steps: list[tuple[int, int]]) -> None:
    time, readings = -1, []
    for step, value in steps:
        time += step
        readings.append((time, value))
    known = of(BEGIN, BEGIN + time + 1, *readings)
    times, values = known.between(BEGIN - 1, BEGIN + time)
    assert [(at - BEGIN, value) for at, value in zip(times, values, strict=True)] == readings


@pytest.mark.parametrize("apart", [2**32 - 1, 2**32])
def test_readings_of_a_block_may_be_further_apart_than_32_bits(apart: int) -> None:
    known = of(BEGIN, BEGIN + 256, (0, 5), (1, 5 + apart))
    assert known.between(BEGIN - 1, BEGIN + 1) == ([BEGIN, BEGIN + 1], [5, 5 + apart])


def test_the_readings_after_one_second_up_to_another_are_returned() -> None:
    known = of(BEGIN, BEGIN + 256, (0, 1), (10, 2), (20, 3))
    assert known.between(BEGIN, BEGIN + 10) == ([BEGIN + 10], [2])
    assert known.between(BEGIN + 20, BEGIN + 99) == ([], [])


@pytest.mark.parametrize("max_silence", [None, 300])
@pytest.mark.parametrize(("after", "is_known"), [(1, True), (1001, True), (1002, False)])
def test_a_time_without_any_block_is_known_to_be_idle_if_the_counter_is_the_same_around_it(
    max_silence: int | None, after: int, is_known: bool
) -> None:
    known = CounterReadings(max_silence=max_silence)
    known.add(block(BEGIN, BEGIN + 256, (0, 1)))
    known.add(block(BEGIN + 4096, BEGIN + 4352, (0, after)))
    assert known.is_known(BEGIN + 1000, BEGIN + 3000) is is_known
    assert not known.is_known(BEGIN - 3000, BEGIN - 1000)
    assert not known.is_known(BEGIN + 5000, BEGIN + 7000)


def test_a_counter_is_known_to_be_idle_from_the_last_reading_before_to_the_first_after() -> None:
    known = of(BEGIN, BEGIN + 256, (0, 1), (10, 50_000))
    known.add(block(BEGIN + 4096, BEGIN + 4352, (0, 50_000), (10, 90_000)))
    assert known.is_known(BEGIN + 1000, BEGIN + 3000)


def test_a_counter_that_is_reset_later_is_known_to_be_idle_before_that() -> None:
    known = of(BEGIN, BEGIN + 256, (0, 50_000))
    known.add(block(BEGIN + 4096, BEGIN + 4352, (0, 50_000), (10, 0)))
    assert known.is_known(BEGIN + 1000, BEGIN + 3000)


def test_the_last_reading_until_a_second_may_be_of_the_block_before() -> None:
    known = of(BEGIN, BEGIN + 256, (0, 1), (200, 7))
    known.add(block(BEGIN + 256, BEGIN + 512, (50, 8)))
    assert known.last_until(BEGIN + 300) == ([BEGIN + 200], [7])
    assert known.last_until(BEGIN + 306) == ([BEGIN + 306], [8])
    assert known.last_until(BEGIN - 1) == ([], [])


@pytest.mark.parametrize("is_larger_first", [True, False])
def test_a_larger_block_replaces_those_within_it(is_larger_first: bool) -> None:
    small, large = block(BEGIN, BEGIN + 256, (5, 1)), block(BEGIN, BEGIN + 4096, (5, 1), (300, 2))
    known = CounterReadings()
    for each in [large, small] if is_larger_first else [small, large]:
        known.add(each)
    assert known.between(BEGIN - 1, BEGIN + 4096) == ([BEGIN + 5, BEGIN + 300], [1, 2])


def test_adjoining_blocks_cover_the_time_from_the_first_to_the_last() -> None:
    known = of(BEGIN, BEGIN + 256, (0, 1))
    known.add(block(BEGIN + 256, BEGIN + 512, (0, 9)))
    assert known.is_known(BEGIN, BEGIN + 511)
    assert not known.is_known(BEGIN - 1, BEGIN + 511)
    assert not known.is_known(BEGIN, BEGIN + 512)
    assert not CounterReadings().is_known(BEGIN, BEGIN + 1)


@pytest.mark.parametrize(
    ("after", "both_ways", "is_known"),
    [
        (1, False, True),
        (1001, False, True),
        (1002, False, False),
        (0, False, False),
        (1, True, False),
    ],
)
def test_a_missing_block_is_known_to_be_idle_if_the_counter_is_the_same_after_it(
    after: int, both_ways: bool, is_known: bool
) -> None:
    known = of(BEGIN, BEGIN + 256, (0, 1), both_ways=both_ways)
    known.add(block(BEGIN + 512, BEGIN + 768, (0, after)))
    assert known.is_known(BEGIN, BEGIN + 700) is is_known


def test_a_block_after_the_time_asked_for_makes_no_difference() -> None:
    known = of(BEGIN, BEGIN + 256, (0, 1))
    known.add(block(BEGIN + 512, BEGIN + 768, (0, 90_000)))
    assert known.is_known(BEGIN, BEGIN + 255)
    assert not known.is_known(BEGIN, BEGIN + 256)


def test_readings_of_spans_that_overlap_are_returned_once() -> None:
    known = of(BEGIN, BEGIN + 200, (0, 1), (150, 2))
    known.add(block(BEGIN + 100, BEGIN + 300, (50, 2), (150, 3)))
    times, values = known.between(BEGIN - 1, BEGIN + 300)
    assert ([time - BEGIN for time in times], values) == ([0, 150, 250], [1, 2, 3])


def silent(*readings: tuple[int, int]) -> CounterReadings:
    """The readings of a block of 5000 s, of a sensor that is never silent for more than 300 s."""
    return of(BEGIN, BEGIN + 5000, *readings, max_silence=300)


#: A reading every ten seconds, but none from 1000 to 2000 s.
BEFORE_SILENCE = tuple((time, time) for time in range(0, 1001, 10))
AFTER_SILENCE = tuple((time, time) for time in range(2000, 5000, 10))


@pytest.mark.parametrize(
    ("begin", "end", "is_known"),
    [
        (0, 1000, True),
        (500, 1001, False),
        (1200, 1300, False),
        (1999, 3000, False),
        (2000, 4000, True),
        (0, 4999, False),
    ],
)
def test_a_time_in_which_a_counter_was_silent_is_not_known(
    begin: int, end: int, *, is_known: bool
) -> None:
    counted = tuple((time, 10_000 + value) for time, value in AFTER_SILENCE)
    known = silent(*BEFORE_SILENCE, *counted)
    assert known.is_known(BEGIN + begin, BEGIN + end) is is_known


def test_a_silence_in_which_next_to_nothing_was_counted_is_known() -> None:
    assert silent(*BEFORE_SILENCE, *AFTER_SILENCE).is_known(BEGIN + 500, BEGIN + 3000)


def test_what_is_long_before_the_first_or_after_the_last_reading_is_not_known() -> None:
    known = silent(*((time, time) for time in range(1000, 2001, 10)))
    assert known.is_known(BEGIN + 700, BEGIN + 2300)
    assert not known.is_known(BEGIN + 699, BEGIN + 2000)
    assert not known.is_known(BEGIN + 1000, BEGIN + 2301)


def test_a_silence_from_one_block_to_the_next_is_not_known() -> None:
    known = silent(*((time, time) for time in range(0, 4500, 10)))
    known.add(block(BEGIN + 5000, BEGIN + 9000, *((time, 9000) for time in range(0, 4000, 10))))
    assert known.is_known(BEGIN + 3000, BEGIN + 4490)
    assert not known.is_known(BEGIN + 3000, BEGIN + 4800)
    assert not known.is_known(BEGIN + 4700, BEGIN + 6000)
    assert known.is_known(BEGIN + 5000, BEGIN + 6000)


def test_a_counter_that_goes_on_from_one_block_to_the_next_was_not_silent() -> None:
    known = CounterReadings(max_silence=300)
    known.add(block(BEGIN, BEGIN + 256, (0, 0), (200, 50_000)))
    known.add(block(BEGIN + 256, BEGIN + 512, (44, 90_000), (200, 150_000)))
    assert known.is_known(BEGIN + 100, BEGIN + 400)


@pytest.mark.parametrize(
    ("until", "value", "is_known"),
    [(300, 90_000, True), (301, 90_000, False), (301, 51_000, True)],
)
def test_between_blocks_a_counter_may_be_silent_for_so_long_and_longer_if_it_counts_little(
    until: int, value: int, *, is_known: bool
) -> None:
    known = CounterReadings(max_silence=300)
    known.add(block(BEGIN - 200, BEGIN + 56, (0, 0), (200, 50_000)))
    known.add(block(BEGIN + 56, BEGIN + 568, (until - 56, value), (500, 150_000)))
    assert known.is_known(BEGIN - 100, BEGIN + 400) is is_known


def test_the_readings_of_the_block_in_which_a_time_ends_show_that_it_was_not_silent() -> None:
    known = silent(*((time, time) for time in range(0, 4901, 10)))
    known.add(block(BEGIN + 5000, BEGIN + 9000, *((time, 9000) for time in range(0, 4000, 10))))
    assert known.is_known(BEGIN + 3000, BEGIN + 5250)


def test_silences_are_found_in_readings_of_many_hours() -> None:
    times = [*range(20_000), *range(20_400, 40_000)]
    known = of(BEGIN, BEGIN + 40_000, *((time, time * 10) for time in times), max_silence=300)
    assert known.is_known(BEGIN, BEGIN + 19_999)
    assert not known.is_known(BEGIN, BEGIN + 39_999)
    assert known.is_known(BEGIN + 20_400, BEGIN + 39_999)

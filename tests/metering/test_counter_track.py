"""Readings that wait to be booked: which are kept, and where the value between them is known."""

from hypothesis import given, strategies as st
import pytest

from custom_components.flukso.metering.counter_track import CounterTrack

#: As many are kept of one counter while another one is silent.
MOST = 3600

readings = st.lists(st.tuples(st.integers(1, 50), st.integers(0, 99)), max_size=30)


def track(*readings: tuple[int, float], step: float = 0) -> CounterTrack:
    """A track with these readings, the first of which is booked."""
    (time, value), *others = readings
    made = CounterTrack(time, value, step=step)
    for each in others:
        made.take(*each)
    return made


def shown(made: CounterTrack) -> list[tuple[int, float]]:
    """The readings of a track."""
    return [(time, made.at(time)) for time in made.times_until(2**31)]


def test_a_value_between_two_readings_is_interpolated() -> None:
    made = track((100, 10), (104, 20))
    assert [made.at(time) for time in (99, 100, 101, 104, 105)] == [10, 10, 12.5, 20, 20]
    assert made.values_at([100, 102]) == [10, 15]
    assert made.values_at([100, 104]) == [10, 20]


def test_readings_of_later_seconds_are_dropped_when_the_clock_is_set_back() -> None:
    made = track((100, 10), (101, 11), (105, 15), (103, 12))
    assert shown(made) == [(100, 10), (101, 11), (103, 12)]
    assert made.last == 103


def test_what_is_booked_stays_when_the_clock_is_set_back_before_it() -> None:
    made = track((100, 10), (101, 11), (90, 12))
    assert shown(made) == [(89, 10), (90, 12)]
    assert (made.begin, made.booked, made.last) == (89, 10, 90)


def test_a_reading_that_comes_twice_is_one() -> None:
    assert shown(track((100, 10), (101, 11), (101, 11))) == [(100, 10), (101, 11)]
    assert shown(track((100, 10), (100, 10), (101, 11))) == [(100, 10), (101, 11)]


def test_of_two_readings_of_a_second_the_later_one_counts() -> None:
    assert shown(track((100, 10), (101, 11), (101, 12))) == [(100, 10), (101, 12)]


def test_of_too_many_readings_every_other_is_dropped_but_the_first_and_the_last() -> None:
    made = track(*((time, time) for time in range(MOST)))
    assert len(made.times_until(MOST)) == MOST
    made.take(MOST, MOST)
    assert shown(made) == [(time, time) for time in (0, *range(2, MOST, 2), MOST)]


@given(readings, readings)
def test_readings_of_rising_seconds_may_be_added_at_once(
    first: list[tuple[int, int]], second: list[tuple[int, int]]
) -> None:
    at_once, one_by_one = CounterTrack(0, 0), CounterTrack(0, 0)
    for each in (sorted(dict(first).items()), sorted(dict(second).items())):
        at_once.extend([time for time, _ in each], [value for _, value in each])
        for time, value in each:
            one_by_one.take(time, value)
    assert shown(at_once) == shown(one_by_one)
    assert at_once.last == one_by_one.last


def test_too_many_readings_at_once_are_kept_as_if_they_had_come_one_by_one() -> None:
    at_once, one_by_one = CounterTrack(0, 0), CounterTrack(0, 0)
    for begin in (1, 2001):
        times = range(begin, begin + 2000)
        at_once.extend(times, times)
        for time in times:
            one_by_one.take(time, time)
    assert shown(at_once) == shown(one_by_one)


@pytest.mark.parametrize(("step", "until"), [(0, 110), (1, 440)])
def test_a_counter_that_is_sent_when_it_changes_has_not_changed_if_others_are_far_ahead(
    step: float, until: int
) -> None:
    made = track((100, 10), (110, 11), step=step)
    assert made.known_until(500) == until
    assert made.known_until(120) == 110


def test_a_counter_is_sent_each_second_unless_it_has_a_step() -> None:
    made = CounterTrack(100, 10)
    made.take(120, 11)
    assert made.known_until(500) == 120
    assert not made.is_known_at(110)


def test_a_value_is_known_between_readings_that_are_close_to_each_other() -> None:
    made = track((100, 10), (101, 11), (105, 12), (115, 13), (126, 14))
    known = [time for time in range(100, 127) if made.is_known_at(time)]
    assert known == [*range(100, 116), 126]
    assert made.are_known_at([100, 103]) == [True, True]
    assert made.are_known_at([114, 120]) == [True, False]
    assert made.are_known_at([100, 101, 105, 115, 126]) == [True] * 5


def test_a_value_is_known_where_no_more_than_a_step_was_counted() -> None:
    made = track((100, 10), (200, 11), (300, 13), step=1)
    assert [made.is_known_at(time) for time in (150, 250)] == [True, False]
    steady = CounterTrack(100, 10)
    steady.take(200, 10)
    assert not steady.is_known_at(150)


def test_a_value_is_not_known_before_the_first_reading_nor_after_the_last() -> None:
    made = track((100, 10), (101, 11))
    assert [made.is_known_at(time) for time in (99, 102)] == [False, False]


@pytest.mark.parametrize(
    ("readings", "until", "known"),
    [
        ([(0, 0), (20, 20)], 15, False),
        ([(0, 0), (5, 5), (14, 14)], 7, True),
        ([(0, 0), (5, 5), (16, 16)], 7, False),
        ([(0, 0), (5, 5), (14, 14)], 5, True),
    ],
)
def test_what_is_booked_between_two_readings_brings_them_no_closer(
    readings: list[tuple[int, float]], until: int, *, known: bool
) -> None:
    made = track(*readings)
    made.book_until(until)
    assert (made.begin, made.booked) == (until, until)
    assert made.is_known_at(until + 1) == known


def test_what_is_booked_twice_between_two_readings_brings_them_no_closer() -> None:
    made = track((0, 0), (20, 20))
    made.book_until(12)
    made.book_until(17)
    assert not made.is_known_at(18)


def test_readings_after_what_is_booked_are_as_close_as_they_are() -> None:
    made = track((0, 0), (20, 20), (25, 25))
    made.book_until(15)
    assert made.is_known_at(22)


@pytest.mark.parametrize(("time", "known"), [(70, True), (71, False)])
def test_what_is_booked_before_the_first_reading_brings_readings_no_closer(
    time: int, *, known: bool
) -> None:
    """The clock was set back: another counter is booked up to a second before this one's."""
    made = track((100, 10), (101, 11))
    made.book_until(60)
    made.take(time, 12)
    assert made.is_known_at(65) == known


def test_readings_that_are_dropped_bring_no_others_closer() -> None:
    """The clock is set back before what is booked, then so many come that some are dropped."""
    made = track((0, 0), (20, 20))
    made.book_until(12)
    for second in range(10, 10 + MOST):
        made.take(second, second)
    assert made.is_known_at(10)

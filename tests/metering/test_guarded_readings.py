"""Readings from a meter's memory are accepted as the guard of their counter accepts them."""

from hypothesis import given, strategies as st
import pytest

from custom_components.flukso.metering.counter_guard import CounterGuard, CounterReading
from custom_components.flukso.metering.guarded_readings import GuardedReadings

NOON = 1_760_000_000
#: 5 Wh a second.
FASTEST = 5.0


def accepted(
    readings: list[tuple[int, int]],
    *,
    at_once: int,
    both_ways: bool = False,
    counts_on: bool = False,
):
    """The readings that are accepted, so many at once."""
    guarded = GuardedReadings(FASTEST, both_ways=both_ways, counts_on=counts_on)
    found = []
    for start in range(0, len(readings), at_once):
        part = readings[start : start + at_once]
        times, values = guarded.take([time for time, _ in part], [value for _, value in part])
        found += zip(times, values, strict=True)
    return [(time - NOON, round(value, 3)) for time, value in found]


def running(*values: int) -> list[tuple[int, int]]:
    """Readings, one a second."""
    return [(NOON + second, value) for second, value in enumerate(values)]


def test_a_counter_that_runs_is_accepted_as_it_is() -> None:
    assert accepted(running(1000, 1500, 1500, 3000), at_once=2) == [
        (0, 1.0),
        (1, 1.5),
        (2, 1.5),
        (3, 3.0),
    ]


@pytest.mark.parametrize("at_once", [1, 4])
def test_a_counter_whose_limit_is_not_known_may_count_any_amount(at_once: int) -> None:
    guarded = GuardedReadings(None, both_ways=False, counts_on=False)
    readings = running(0, 10**9, 10**9, 10**12)
    for start in range(0, len(readings), at_once):
        times, values = zip(*readings[start : start + at_once], strict=True)
        assert guarded.take(times, values) == (times, [value / 1000 for value in values])


def test_nothing_is_accepted_where_nothing_was_stored() -> None:
    assert GuardedReadings(None, both_ways=False, counts_on=False).take([], []) == ((), ())


def test_a_dip_is_left_out() -> None:
    assert accepted(running(9000, 9500, 0, 9600, 9700), at_once=5) == [
        (0, 9.0),
        (1, 9.5),
        (3, 9.6),
        (4, 9.7),
    ]


@pytest.mark.parametrize("at_once", [1, 8])
def test_dips_that_come_again_and_again_are_no_reset(at_once: int) -> None:
    found = accepted(running(9000, 9500, 0, 9600, 1, 9700, 2, 9800), at_once=at_once)
    assert found == [(0, 9.0), (1, 9.5), (3, 9.6), (5, 9.7), (7, 9.8)]


def test_after_a_reset_it_goes_on_from_where_it_was() -> None:
    found = accepted(running(9000, 9500, 0, 100, 200, 300, 400), at_once=4)
    assert found[-1] == (6, 9.9)


@pytest.mark.parametrize("at_once", [1, 4, 7])
def test_after_a_reset_it_may_count_on_with_each_reading_since(at_once: int) -> None:
    readings = running(9000, 9500, 50, 100, 200, 300, 400)
    assert accepted(readings, at_once=at_once, counts_on=True) == [
        (0, 9.0),
        (1, 9.5),
        (2, 9.55),
        (3, 9.6),
        (4, 9.7),
        (5, 9.8),
        (6, 9.9),
    ]


def test_a_dip_is_left_out_though_it_counts_on_after_a_reset() -> None:
    readings = running(9000, 9500, 0, 9600, 50, 100, 200)
    found = accepted(readings, at_once=7, counts_on=True)
    assert found == [(0, 9.0), (1, 9.5), (3, 9.6), (4, 9.65), (5, 9.7), (6, 9.8)]


def test_a_leap_before_a_reset_is_left_out_too() -> None:
    readings = running(9000, 9500, 10**9, 50, 100, 200, 300)
    found = accepted(readings, at_once=7, counts_on=True)
    assert found == [(0, 9.0), (1, 9.5), (3, 9.55), (4, 9.6), (5, 9.7), (6, 9.8)]


def test_a_leap_is_no_consumption() -> None:
    found = accepted(running(9000, 9500, 10**9, 10**9 + 1, 10**9 + 2, 10**9 + 3), at_once=6)
    assert found[-1][0] == 5
    assert found[-1][1] < 9.6


def test_a_leap_adds_nothing_though_it_counts_on_after_a_reset() -> None:
    readings = running(9000, 9500, 10**9, 10**9 + 1, 10**9 + 2, 10**9 + 3)
    found = accepted(readings, at_once=6, counts_on=True)
    assert found == [(0, 9.0), (1, 9.5), (2, 9.5), (3, 9.501), (4, 9.502), (5, 9.503)]


def test_a_leap_down_of_a_counter_that_runs_both_ways_is_left_out() -> None:
    found = accepted(running(9000, 9500, -(10**9)), at_once=3, both_ways=True)
    assert found == [(0, 9.0), (1, 9.5)]


def test_a_counter_that_runs_both_ways_may_fall() -> None:
    assert accepted(running(9000, 8000, 9000), at_once=3, both_ways=True) == [
        (0, 9.0),
        (1, 8.0),
        (2, 9.0),
    ]


@given(
    st.lists(
        st.tuples(
            st.sampled_from([1, 1, 1, 2, 60, 4000]),
            st.sampled_from([0, 100, 4000, 4000, 20_000, -5_000_000, 10**9]),
        ),
        max_size=60,
    ),
    st.integers(1, 20),
)
def test_many_at_once_are_accepted_as_one_after_the_other(
    steps: list[tuple[int, int]], at_once: int
) -> None:
    time, value, readings = NOON, 50_000_000, []
    for seconds, step in steps:
        time, value = time + seconds, max(value + step, 0)
        readings.append((time, value))
    guard, wanted = CounterGuard(FASTEST), []
    for time, value in readings:
        guard.take(CounterReading(time, value / 1000, time))
        if guard.last is not None and guard.last.time == time and guard.value is not None:
            wanted.append((time - NOON, guard.value))
    assert accepted(readings, at_once=at_once) == wanted

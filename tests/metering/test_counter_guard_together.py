"""Readings of a counter that the guard processes together."""

from collections.abc import Sequence
from copy import deepcopy

from hypothesis import given, strategies as st
import pytest

from custom_components.flukso.metering.counter_guard import CounterGuard, CounterReading

NOON = 1_760_000_000


def guard_at(value: float, *, time: int = NOON, both_ways: bool = False) -> CounterGuard:
    """Return the guard of a counter that can count 10 a second, after a first reading."""
    guard = CounterGuard(10, both_ways=both_ways)
    guard.take(CounterReading(time, value, time))
    return guard


def each_second(values: Sequence[float], begin: int = NOON + 1) -> list[CounterReading]:
    """Return readings, one a second."""
    return [
        CounterReading(begin + index, value, begin + index) for index, value in enumerate(values)
    ]


def take_together(guard: CounterGuard, readings: Sequence[CounterReading]) -> bool:
    """Let the guard process readings together, if it does."""
    return guard.take_together(readings[0].time, [each.value for each in readings], readings[-1])


def test_ordinary_readings_are_accepted() -> None:
    guard = guard_at(100)
    guard.book(5)

    assert take_together(guard, each_second([101, 101, 121]))

    assert guard.last == CounterReading(NOON + 3, 121, NOON + 3)
    assert guard.value == guard.shown(121) == 126


@pytest.mark.parametrize(
    ("values", "both_ways"),
    [([101, 122], False), ([121, 122], False), ([99, 102], False), ([101, 80.9], True)],
    ids=["a leap", "a leap at first", "a fall", "a fall of one that runs both ways"],
)
def test_those_with_one_that_may_be_impossible_are_not(
    values: Sequence[float], *, both_ways: bool
) -> None:
    guard = guard_at(100, both_ways=both_ways)
    assert not take_together(guard, each_second(values))
    assert guard.value == 100


def test_none_is_while_the_guard_withholds_readings() -> None:
    guard = guard_at(100)
    guard.take(CounterReading(NOON + 1, 50_000, NOON + 1))

    assert not take_together(guard, each_second([101, 102], NOON + 2))


def test_none_is_of_a_sensor_id_that_was_reused() -> None:
    guard = guard_at(100)
    guard.recycle(7)
    assert not take_together(guard, each_second([101, 102]))


def test_none_is_before_the_first_reading_nor_before_the_last() -> None:
    assert not take_together(CounterGuard(10), each_second([101, 102]))
    assert not take_together(guard_at(100), each_second([101, 102], NOON - 1))


READINGS = st.lists(
    st.tuples(
        st.integers(1, 30), st.sampled_from([0, 0.001, 5, 20, 20.001, 25, 300, -1, -20, -21])
    ),
    min_size=1,
    max_size=5,
)


@given(st.lists(READINGS, max_size=4), st.booleans(), st.sampled_from([-70, -3, 0, 0.5, 61]))
def test_they_are_processed_as_one_by_one(
    bursts: list[list[tuple[int, float]]], both_ways: bool, late: float
) -> None:
    guard = guard_at(1000, both_ways=both_ways)
    time, value = NOON, 1000.0
    for burst in bursts:
        readings = []
        for seconds, step in burst:
            time, value = time + seconds, value + step
            readings.append(CounterReading(time, value, time + late))
        together = deepcopy(guard)
        for reading in readings:
            guard.take(reading)
        if take_together(together, readings):
            assert together.state == guard.state
            assert together.value == guard.value
            assert not guard.is_withholding

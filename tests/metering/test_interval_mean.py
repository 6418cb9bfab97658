"""The mean of a gauge: what is published integrates to what was read."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.flukso.metering.interval_mean import IntervalMean

NOON = 1_760_000_000
LONGEST_GAP = 10

type Readings = dict[int, float]


def at(second: int) -> float:
    """When the reading of a second arrives."""
    return NOON + second + 1.3


def take(mean: IntervalMean, second: int, value: float, *, arrived: float | None = None) -> bool:
    """Take the reading of a second after noon."""
    return mean.take(NOON + second, value, at(second) if arrived is None else arrived)


def taken(readings: Iterable[tuple[int, float]]) -> IntervalMean:
    """A mean that has taken some readings."""
    mean = IntervalMean()
    for second, value in readings:
        take(mean, second, value)
    return mean


def shown(readings: Readings, interval: int, until: int) -> Iterator[float]:
    """What is shown of each interval; the first reading, of second 0, is shown at once."""
    mean = IntervalMean()
    for second in range(until):
        if second in readings:
            take(mean, second, readings[second])
        if second == 0:
            assert mean.publish(0) == readings[0]
        if (second + 1) % interval == 0:
            value = mean.publish(interval)
            assert value is not None
            yield value


def integral(readings: Readings, start: int, stop: int) -> float:
    """The readings over time: each stands until the next, and for its own second in a long gap."""
    ends = [*sorted(readings), stop]
    return sum(
        readings[second] * max(min(end, stop) - max(second, start), 0)
        for second, after in pairwise(ends)
        for end in (after if after - second <= LONGEST_GAP else second + 1,)
    )


@st.composite
def gauges(draw: st.DrawFn) -> tuple[Readings, int, int]:
    """A gauge of a few minutes in which seconds are missing, and its interval."""
    interval = draw(st.sampled_from((1, 2, 5, 7, 30)))
    intervals = draw(st.integers(2, 12))
    values = st.integers(0, 20_000_000).map(lambda value: value / 1000)
    readings, second = {0: draw(values)}, 0
    while second < interval * intervals:
        second += draw(st.one_of(st.just(1), st.integers(1, LONGEST_GAP)))
        readings[second] = draw(values)
    return readings, interval, interval * intervals


@settings(max_examples=300, deadline=None)
@given(gauges())
def test_over_whole_intervals_what_was_shown_integrates_to_what_was_read(
    gauge: tuple[Readings, int, int],
) -> None:
    """Within 0.1 %, over any stretch of whole intervals, missing seconds included."""
    readings, interval, until = gauge
    values = list(shown(readings, interval, until))

    for first in range(len(values)):
        for last in range(first, len(values)):
            seen = sum(values[first : last + 1]) * interval
            read = integral(readings, first * interval, (last + 1) * interval)
            assert seen == pytest.approx(read, rel=0.001, abs=0.001)


@pytest.mark.parametrize("interval", [5, 30])
def test_readings_that_come_a_second_early_or_late_cost_nothing(interval: int) -> None:
    """The ticker and the meter are not in step: the last reading comes now before, now after."""
    readings = {second: float(second % 97) for second in range(interval * 20 + 1)}
    mean, rest, total = IntervalMean(), deque(readings.items()), 0.0
    for tick in range(1, 21):
        while rest and rest[0][0] < tick * interval + (0, 1, 1, 0, 1)[tick % 5]:
            take(mean, *rest.popleft())
        total += (mean.publish(interval) or 0) * interval

    assert total == pytest.approx(integral(readings, 0, interval * 20), rel=0.001)


def test_nothing_is_shown_before_the_first_reading() -> None:
    assert IntervalMean().publish(5) is None


def test_the_first_reading_is_shown_as_it_is() -> None:
    assert taken([(0, 230.125)]).publish(0) == 230.125


def test_with_an_interval_of_nothing_each_reading_is_shown_as_it_is() -> None:
    mean = IntervalMean()
    values = []
    for second in range(5):
        take(mean, second, second * 10)
        values.append(mean.publish(0))

    assert values == [0, 10, 20, 30, 40]


def test_a_missing_second_takes_the_reading_before_it() -> None:
    mean = taken([(0, 100), (3, 500), (4, 500)])

    assert mean.publish(5) == (3 * 100 + 2 * 500) / 5


def test_a_gap_of_more_than_ten_seconds_is_not_filled() -> None:
    assert taken([(0, 100), (10, 500)]).publish(11) == 136.364  # 10 × 100 and 500, over 11 s
    assert taken([(0, 100), (11, 500)]).publish(12) == (100 + 500) / 2


def test_without_new_readings_the_last_stays() -> None:
    mean = taken([(0, 100), (1, 200)])
    mean.publish(5)

    assert [mean.publish(5) for _ in range(5)] == [200] * 5


def test_after_a_gap_an_interval_shows_nothing_of_the_time_before() -> None:
    mean = taken([(0, 100)])
    for _ in range(20):
        mean.publish(5)
    for second in range(100, 105):
        take(mean, second, 300)

    assert mean.publish(5) == 300


def test_a_message_that_comes_twice_weighs_once() -> None:
    assert taken([(0, 100), (0, 100), (1, 200), (1, 200)]).publish(2) == 150


def test_of_two_readings_of_a_second_the_last_counts() -> None:
    assert taken([(0, 100), (0, 300), (1, 200), (1, 400)]).publish(2) == 350


def test_a_burst_of_old_messages_weighs_nothing() -> None:
    mean = taken([(n, 100) for n in range(60)])

    for second in range(60):
        assert not take(mean, second - 100, 9000, arrived=at(59) + 0.1)

    assert mean.publish(60) == 100


def test_old_messages_among_the_new_weigh_nothing_however_long_they_come() -> None:
    mean = IntervalMean()
    for second in range(100):
        assert take(mean, second, 100)
        assert not take(mean, second - 3600, 9000, arrived=at(second))

    assert mean.publish(100) == 100


def test_messages_out_of_order_weigh_nothing_extra() -> None:
    assert taken([(0, 100), (2, 300), (1, 200), (3, 300)]).publish(4) == (2 * 100 + 2 * 300) / 4


def test_a_clock_that_was_set_back_is_accepted_after_ten_seconds() -> None:
    mean = taken([(n, 100) for n in range(5)])
    mean.publish(5)

    answers = [take(mean, n - 3600, 300, arrived=at(n)) for n in range(5, 25)]

    assert answers == [False] * 10 + [True] * 10
    mean.publish(20)
    take(mean, 26 - 3600, 300)
    assert mean.publish(5) == 300


def test_a_clock_that_was_set_ahead_costs_nothing() -> None:
    mean = taken([(n, 100) for n in range(5)])

    for second in range(5, 10):
        assert take(mean, second + 3600, 300, arrived=at(second))

    assert mean.publish(10) == 200


def test_a_mean_has_six_digits() -> None:
    assert taken([(0, 1), (1, 1), (2, 2)]).publish(3) == 1.33333
    assert taken([(0, 1_048_575.5), (1, 1_048_575.5)]).publish(2) == pytest.approx(
        1_048_575.5, rel=1e-5
    )


def test_a_gauge_may_be_negative() -> None:
    values: Sequence[float] = [-10, 0, -20, -10]

    assert taken(enumerate(values)).publish(4) == -10

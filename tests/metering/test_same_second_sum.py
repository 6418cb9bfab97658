from hypothesis import given, strategies as st
import pytest

from custom_components.flukso.metering.same_second_sum import SameSecondSum

GAUGES = ("L1", "L2", "solar")


def test_the_sum_is_there_once_all_have_a_reading_of_the_same_second() -> None:
    together = SameSecondSum(GAUGES)
    assert together.take("L1", 100, 500.0) is None
    assert together.take("L2", 100, 20.5) is None
    assert together.take("solar", 100, -1200.25) == -679.75


def test_a_second_of_which_a_reading_is_missing_has_no_sum() -> None:
    together = SameSecondSum(GAUGES)
    together.take("L1", 100, 500.0)
    together.take("L2", 100, 20.0)
    assert together.take("L1", 101, 501.0) is None
    assert together.take("solar", 101, 0.0) is None
    assert together.take("L2", 101, 21.0) == 522.0


def test_a_phase_that_is_always_a_second_behind_keeps_no_sum_back() -> None:
    together = SameSecondSum(("early", "late"))
    sums = []
    for second in range(100, 110):
        together.take("early", second, 1.0)
        sums.append(together.take("late", second - 1, 2.0))
    assert sums == [None] + [3.0] * 9


def test_a_clock_that_is_set_back_over_seconds_that_wait_keeps_no_sum_back() -> None:
    together = SameSecondSum(("L1", "L2"))
    for second in range(1000, 1050):
        together.take("L1", second, 1.0)
    together.take("L1", 500, 1.0)
    assert together.take("L2", 500, 2.0) == 3.0


def test_the_last_of_two_readings_of_a_second_counts() -> None:
    together = SameSecondSum(("L1", "L2"))
    together.take("L1", 100, 1.0)
    together.take("L1", 100, 5.0)
    assert together.take("L2", 100, 2.0) == 7.0


@pytest.mark.parametrize("silent", ["L1", "L2", "solar"])
def test_what_waits_for_a_silent_phase_is_bounded(silent: str) -> None:
    together = SameSecondSum(GAUGES)
    for second in range(10_000):
        for key in GAUGES:
            if key != silent:
                assert together.take(key, second, 1.0) is None
    assert len(together._waiting) <= 60


@pytest.mark.parametrize(("seconds", "total"), [(60, 3.0), (61, None)])
def test_the_oldest_of_more_than_a_minute_that_wait_is_given_up(
    seconds: int, total: float | None
) -> None:
    together = SameSecondSum(("L1", "L2"))
    for second in range(seconds):
        together.take("L1", second, 1.0)
    assert together.take("L2", 0, 2.0) == total


def test_what_was_added_up_is_not_kept() -> None:
    together = SameSecondSum(("L1", "L2"))
    for second in range(1000):
        together.take("L1", second, 1.0)
        together.take("L2", second, 1.0)
    assert together._waiting == {}


@given(st.permutations([(key, second) for key in GAUGES for second in range(3)]))
def test_no_order_of_the_messages_makes_a_wrong_sum_or_loses_the_last(
    order: list[tuple[str, int]],
) -> None:
    together, complete = SameSecondSum(GAUGES), []
    for key, second in order:
        total = together.take(key, second, 10.0**second)
        if total is not None:
            assert total == 3 * 10.0**second
            complete.append(second)
    assert len(set(complete)) == len(complete)
    assert 2 in complete

"""How often a value is written that changes all the time, and what of its changes."""

import pytest

from custom_components.flukso.metering.on_change import OnChange

from .showing import MINUTE, POWER, show


def test_the_first_changes_are_shown_at_once_and_those_that_go_on_every_2_and_then_3_s() -> None:
    """Until the values in reserve are used up, and with the ticks of 5 s after that."""
    run = show([1000.0 + 40 * second for second in range(51)])

    at_once = [0, 1, 2, 3, 4, 5]
    every_2_s = [7, 9, 11, 13, 15, 17, 19, 21, 23, 25]
    every_3_s = [28, 31, 34, 37, 40, 43, 47, 50]
    assert [second for second, _ in run.values] == [*at_once, *every_2_s, *every_3_s]


def test_what_rises_all_the_time_is_shown_as_its_mean_and_what_was_missed_is_made_up_for() -> None:
    """In 3 s, within its own readings and 3 % more: the mean of 6 and 7 s is 3600 W."""
    run = show([1000.0 + 400 * second for second in range(10)])

    assert [round(value) for second, value in run.values if second > 5] == [3733, 4711]


def test_a_minute_of_changes_has_27_values_and_each_one_after_it_20() -> None:
    run = show([second % 40 * 100.0 for second in range(4 * MINUTE)])

    assert [
        sum(minute * MINUTE <= second < (minute + 1) * MINUTE for second, _ in run.values)
        for minute in range(4)
    ] == [27, 20, 20, 20]


@pytest.mark.parametrize(
    ("last", "rest", "shown"), [(100, 10, 245), (100, 11, 894), (101, 14, 260), (101, 15, 900)]
)
def test_a_step_is_shown_as_it_is_again_from_the_first_tick_10_s_after_the_last_change(
    last: int, rest: int, shown: float
) -> None:
    """Before that it is shown as the mean of it and the readings before."""
    changing = [100 + (last - second) % 2 * 500.0 for second in range(last)]
    run = show([*changing, *([100.0] * rest), 900.0])

    assert run.shown[-1] == pytest.approx(shown, abs=0.5)


@pytest.mark.parametrize(("step", "shown"), [(1400, 3093), (1600, 4164)])
def test_of_a_rise_only_a_step_beyond_what_may_be_left_over_is_shown_as_it_is(
    step: float, shown: float
) -> None:
    """1500 W are what may be left over in a second. 4160 W are read, and 4 W made up for."""
    rise = [1000.0 + 40 * second for second in range(40)]
    run = show([*rise, rise[-1] + step])

    assert run.values[-1] == (40, pytest.approx(shown, abs=0.5))


def test_large_changes_are_shown_every_second_and_after_the_first_ones_every_3_s() -> None:
    """What could not be shown any more is made up for, by 3 % at most."""
    run = show([second % 2 * 3000.0 for second in range(MINUTE)])

    assert [second for second, _ in run.values] == [*range(12), *range(12, MINUTE, 3)]
    assert [value for _, value in run.values[:14]] == [*[0, 3000] * 6, 0, 3090]


def test_what_a_small_change_leaves_over_is_made_up_for_when_six_values_are_in_reserve() -> None:
    """They come back one by one, every 3 s."""
    pulses = [10_000 + second % 2 * 2000.0 for second in range(11)]
    run = show([*pulses, *([9750.0] * 14)])

    assert [second for second, _ in run.values] == [*range(11), 23]


@pytest.mark.parametrize(
    ("reading", "values"), [(115, [(55, 113.341)]), (115.1, [(30, 115.1)]), (0.5, [(30, 0.5)])]
)
def test_a_reading_that_differs_by_the_threshold_waits_and_any_beyond_it_is_shown_as_it_is(
    reading: float, values: list[tuple[int, float]]
) -> None:
    run = show([100.0] * 30 + [reading] * 30)

    assert run.values == [(0, 100), *values]


def test_nothing_is_shown_before_it_begins() -> None:
    gauge = OnChange(POWER)
    gauge.take(0, 100, 0)
    gauge.take(1, 200, 1)

    assert not gauge.tick(ends_minute=True)
    assert gauge.shown is None

"""The guard of a counter: what it accepts, and what it withholds."""

from dataclasses import replace

import pytest

from custom_components.flukso.metering.counter_guard import CounterGuard, CounterReading

from .counting import FASTEST, METER, NOON, breaks, counting, guard_at, reading, shown


def test_before_the_first_reading_there_is_nothing_to_show_or_keep() -> None:
    guard = CounterGuard(FASTEST)

    assert guard.value is None
    assert guard.state is None


def test_a_counter_that_runs_is_shown_as_it_is() -> None:
    readings = counting(METER, seconds=100)

    assert shown(CounterGuard(FASTEST), readings) == [taken.value for taken in readings]


def test_three_pulses_in_one_second_all_count() -> None:
    guard = guard_at(0, fastest=5)

    assert shown(guard, [reading(7, 1), reading(7, 2), reading(7, 3)]) == [1, 2, 3]


@pytest.mark.parametrize("wrong", [0, 1, METER - 0.001, METER / 2])
def test_a_single_dip_vanishes(wrong: float) -> None:
    guard = guard_at()

    assert shown(guard, [reading(1, wrong), reading(2, METER + 1)]) == [METER, METER + 1]


@pytest.mark.parametrize("leap", [10**power for power in range(3, 10)])
def test_a_single_leap_vanishes(leap: int) -> None:
    guard = guard_at()

    assert shown(guard, [reading(1, METER + leap), reading(2, METER + 1)]) == [METER, METER + 1]


def test_a_clamp_can_count_its_current_at_250_volts_and_half_as_much_again() -> None:
    hour = 3600 * FASTEST
    assert hour == pytest.approx(50 * 250 * 1.5)

    assert shown(guard_at(), [reading(3600, METER + hour)]) == [METER + hour]
    assert shown(guard_at(), [reading(3600, METER + hour + 11)]) == [METER]


def test_a_counter_that_is_slow_is_not_thought_to_be_any_faster() -> None:
    assert shown(guard_at(fastest=0.1), [reading(8, METER + 1.1)]) == [METER]
    assert shown(guard_at(fastest=0.1), [reading(8, METER + 0.9)]) == [METER + 0.9]


def test_of_a_counter_whose_speed_is_unknown_no_leap_is_too_far() -> None:
    guard = guard_at(fastest=None)

    assert shown(guard, [reading(1, METER + 1e9), reading(2, METER)]) == [METER + 1e9] * 2


@pytest.mark.parametrize("age", [1, 2, 60, 3600, 86_400])
def test_an_old_message_played_again_vanishes(age: int) -> None:
    guard = guard_at()

    replay = reading(-age, METER - age * 0.5)

    assert shown(guard, [replay, reading(1, METER + 0.5)]) == [METER, METER + 0.5]


def test_a_burst_of_old_messages_vanishes() -> None:
    guard = guard_at()
    burst = [
        replace(old, at=NOON + 0.5)
        for old in counting(METER - 1800, since=-3600, seconds=3600, step=0.5)
    ]

    assert set(shown(guard, burst)) == {METER}
    assert shown(guard, counting(METER, since=1)) == [METER, METER + 0.5, METER + 1]


@pytest.mark.parametrize("ages", [(3, 2, 1), (0, 0, 0)], ids=["the last seconds", "the last one"])
def test_old_messages_of_the_last_seconds_confirm_nothing(ages: tuple[int, ...]) -> None:
    guard = guard_at()
    again = [
        CounterReading(NOON - age, METER - 0.4 + count / 10, NOON + 1 + count)
        for count, age in enumerate(ages)
    ]

    assert shown(guard, again) == [METER] * 3


def test_old_messages_that_come_one_after_the_other_vanish() -> None:
    """They are from ten minutes, and it took half a minute to play them."""
    guard = guard_at()
    old = [
        replace(reading(minute * 60 - 660, METER - 66 + minute * 6), at=NOON + 3 * minute)
        for minute in range(1, 11)
    ]

    assert set(shown(guard, old)) == {METER}
    assert guard.withheld_count == len(old)


def test_a_burst_of_messages_from_when_the_clock_was_ahead_vanishes() -> None:
    guard = guard_at()
    ahead = [replace(old, at=NOON + 0.5) for old in counting(METER - 9, since=3600, seconds=9)]

    assert set(shown(guard, ahead)) == {METER}
    assert shown(guard, counting(METER, since=1)) == [METER, METER + 0.5, METER + 1]


def test_a_burst_of_messages_from_before_a_reset_vanishes() -> None:
    guard = guard_at()
    anew = counting(0, since=30, seconds=10)
    assert len(breaks(guard, anew)) == 1
    value = guard.value

    burst = [replace(old, at=anew[-1].at) for old in counting(METER - 60, since=-60, seconds=60)]

    assert set(shown(guard, burst)) == {value}
    assert shown(guard, [reading(40, 5)]) == [METER + 5]


def test_messages_out_of_order_do_not_count_twice() -> None:
    guard = guard_at()

    readings = [reading(second, METER + second) for second in (2, 1, 4, 5, 3, 6)]

    assert shown(guard, readings) == [METER + second for second in (2, 2, 4, 5, 5, 6)]


def test_pulses_of_one_second_out_of_order_do_not_count_twice() -> None:
    guard = guard_at(100, fastest=5)

    readings = [reading(1, 104), reading(1, 101), reading(1, 102), reading(1, 103), reading(2, 105)]

    assert shown(guard, readings) == [104, 104, 104, 104, 105]


def test_a_message_that_comes_twice_counts_once() -> None:
    guard = guard_at()
    readings = [taken for taken in counting(METER, since=1) for _ in range(2)]

    assert shown(guard, readings) == [METER, METER, METER + 0.5, METER + 0.5, METER + 1, METER + 1]


@pytest.mark.parametrize("wrong", [0, METER + 1e6])
def test_a_wrong_message_is_not_confirmed_by_its_doubles(wrong: float) -> None:
    guard = guard_at()

    assert shown(guard, [reading(1, wrong)] * 9) == [METER] * 9
    assert shown(guard, [reading(2, METER + 1)]) == [METER + 1]


def test_two_wrong_readings_that_agree_are_no_break() -> None:
    guard = guard_at()
    readings = [*counting(1e9, since=1, seconds=2), reading(3, METER + 2)]

    assert shown(guard, readings) == [METER, METER, METER + 2]


def test_old_messages_that_agree_with_a_wrong_one_do_not_confirm_it() -> None:
    guard = guard_at(5)
    burst = [CounterReading(NOON - 60, 0, NOON + 0.3), CounterReading(NOON - 59, 1, NOON + 0.9)]

    wrong = [CounterReading(NOON + 1, 1, NOON + 1.5), CounterReading(NOON + 2, 2, NOON + 2.5)]

    assert set(shown(guard, [*burst, *wrong])) == {5}
    assert shown(guard, [reading(3, 6)]) == [6]


def test_old_messages_that_lead_up_to_a_leap_do_not_confirm_it() -> None:
    guard = guard_at(fastest=100 / 3.6)
    burst = [CounterReading(NOON - 2, METER - 2, NOON), CounterReading(NOON - 1, METER - 1, NOON)]

    assert shown(guard, [*burst, CounterReading(NOON + 1, METER + 1100, NOON + 1)]) == [METER] * 3

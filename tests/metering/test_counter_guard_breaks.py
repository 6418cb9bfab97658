"""The guard of a counter: breaks, and what only looks like one."""

from dataclasses import replace

import pytest

from custom_components.flukso.metering.counter_guard import (
    Break,
    CounterGuard,
    CounterReading,
    CounterState,
)

from .counting import FASTEST, METER, NOON, breaks, counting, guard_at, reading, shown


def test_readings_that_come_in_one_burst_confirm_a_break_with_those_that_follow() -> None:
    guard = guard_at()
    anew = counting(0, since=30, seconds=10)
    burst = [replace(taken, at=anew[7].at) for taken in anew[:7]]

    assert set(shown(guard, burst)) == {METER}
    assert breaks(guard, anew[7:]) != []
    assert guard.value == METER + anew[-1].value


@pytest.mark.parametrize("clock", [NOON, 17], ids=["clock set", "clock unset"])
def test_after_a_firmware_flash_the_counter_goes_on_from_its_old_value(clock: int) -> None:
    """The counter restarts at 0: three readings, nothing booked, and exact from there."""
    guard = guard_at()
    anew = counting(0, since=30, seconds=60, clock=clock)

    assert shown(guard, anew[:2]) == [METER, METER]
    assert guard.take(anew[2]) == Break(reading(0, METER), anew[0], bookable=0)
    assert guard.value == METER + 1
    assert not guard.is_withholding
    assert shown(guard, anew[3:]) == [round(METER + taken.value, 3) for taken in anew[3:]]


def test_what_is_shown_goes_on_after_a_break_to_the_thousandth() -> None:
    guard = guard_at(10.125)
    assert len(breaks(guard, counting(0, since=30))) == 1
    assert guard.value == 11.125


def test_a_flash_that_sets_the_clock_back_is_accepted_after_a_minute_and_loses_nothing() -> None:
    guard = guard_at()
    anew = counting(0, since=30, seconds=90, clock=NOON - 86_400)

    assert shown(guard, anew[:60]) == [METER] * 60
    assert breaks(guard, anew[60:]) == [Break(reading(0, METER), anew[0], bookable=0)]
    assert guard.value == METER + anew[-1].value


def test_a_board_that_is_replaced_by_one_that_counted_more_books_nothing() -> None:
    guard = guard_at()
    other = counting(7_000_000, since=60, seconds=10)

    [found] = breaks(guard, other)

    assert found.bookable is None
    assert guard.value == METER + 4.5


def test_what_a_counter_that_was_reset_has_counted_is_what_could_be_booked() -> None:
    guard = guard_at()

    [found] = breaks(guard, counting(12.125, since=60))

    assert found.bookable == 12.125


@pytest.mark.parametrize("value", [METER - 1000, METER / 2, 400])
def test_of_a_counter_that_went_back_to_an_older_value_nothing_can_be_booked(value: float) -> None:
    """A board that restored a backup: in a minute, a clamp of 50 A counts 312 Wh."""
    [found] = breaks(guard_at(), counting(value, since=60))

    assert found.bookable is None


def test_of_an_input_whose_limit_is_not_known_nothing_can_be_booked() -> None:
    [found] = breaks(guard_at(fastest=None), counting(5, since=60))

    assert found.bookable is None


def test_of_a_counter_that_runs_both_ways_what_its_successor_counted_can_be_booked() -> None:
    guard = CounterGuard(FASTEST, both_ways=True)
    guard.take(reading(0, METER))

    [found] = breaks(guard, counting(-12, since=60))

    assert found.bookable == -12


def test_the_user_may_let_a_break_count() -> None:
    guard = guard_at()
    [found] = breaks(guard, counting(200, since=60))
    assert found.bookable == 200

    guard.book(found.bookable)

    assert guard.value == METER + 201
    assert shown(guard, [reading(63, 201.5)]) == [METER + 201.5]


def test_what_is_booked_before_the_first_reading_is_added_to_it() -> None:
    guard = CounterGuard(FASTEST)
    guard.book(1000.125)
    assert guard.value is None

    assert shown(guard, [reading(0, METER)]) == [METER + 1000.125]


def test_a_sensor_with_a_new_meaning_books_nothing_though_it_counts_on() -> None:
    guard = guard_at()
    guard.recycle(1)
    later = counting(METER + 1, since=60)

    assert shown(guard, later[:2]) == [METER, METER]
    assert guard.take(later[2]) == Break(reading(0, METER), later[0], bookable=1)
    assert guard.value == METER + 1


def test_a_configuration_that_comes_twice_gives_no_new_meaning() -> None:
    guard = guard_at(rid=3)
    guard.recycle(3)

    assert shown(guard, counting(METER, since=1)) == [METER, METER + 0.5, METER + 1]


def test_a_new_meaning_before_the_first_reading_is_no_break() -> None:
    guard = CounterGuard(FASTEST)
    guard.recycle(1)

    assert shown(guard, counting(METER)) == [METER, METER + 0.5, METER + 1]


@pytest.mark.parametrize("restarts", [1, 2])
def test_a_sensor_that_got_a_new_meaning_during_a_restart_books_nothing(restarts: int) -> None:
    """Also where Home Assistant stops again before three readings have come."""
    guard = guard_at()
    for _ in range(restarts):
        state = guard.state
        assert state is not None
        guard = CounterGuard(FASTEST, rid=1)
        guard.restore(state)
        shown(guard, counting(5, since=60, seconds=2))

    [found] = breaks(guard, counting(6, since=62))

    assert found.old == reading(0, METER)
    assert METER < (guard.value or 0) < METER + 3


def test_after_a_restart_hours_later_what_was_counted_meanwhile_is_booked() -> None:
    before = guard_at()
    before.book(1000)
    state = before.state
    assert state == CounterState(reading(0, METER), 1000, 0)

    guard = CounterGuard(FASTEST)
    guard.restore(state)
    assert guard.value == METER + 1000

    later = [reading(6 * 3600, METER + 9000), reading(6 * 3600 + 1, METER + 9001)]
    assert shown(guard, later) == [METER + 10_000, METER + 10_001]


def test_after_a_restart_no_more_is_booked_than_the_time_allows() -> None:
    guard = CounterGuard(FASTEST)
    guard.restore(CounterState(reading(0, METER), 0, 0))

    leap = reading(3600, METER + 3600 * FASTEST + 1000)

    assert shown(guard, [leap, reading(3601, METER + 400)]) == [METER, METER + 400]


def test_the_reading_that_was_last_before_a_restart_is_found_again() -> None:
    """A retained one, as an FLM02's are: it is dated by its own time, not by its arrival."""
    guard = CounterGuard(FASTEST)
    guard.restore(CounterState(reading(0, METER), 0, 0))
    retained = CounterReading(NOON, METER, at=NOON)

    assert shown(guard, [retained, reading(7200, METER + 30_000)]) == [METER, METER + 30_000]


def test_an_older_retained_reading_is_dropped() -> None:
    guard = guard_at()

    assert shown(guard, [CounterReading(NOON - 9000, METER - 100, NOON - 9000)]) == [METER]


def test_the_counter_wraps_at_32_bits() -> None:
    """4294967295.999 is the highest that a meter counts; what follows is booked to the full."""
    top = 2**32 - 1.5
    guard = guard_at(top)
    wrapped = [reading(1, 2**32 - 0.001), *counting(0.5, since=2, seconds=10)]

    assert shown(guard, wrapped[:3]) == [2**32 - 0.001] * 3
    assert shown(guard, wrapped[3:]) == [2**32 + taken.value for taken in wrapped[3:]]


def test_it_wraps_though_it_counted_less_than_one_meanwhile() -> None:
    guard = guard_at(2**32 - 0.5)
    assert breaks(guard, counting(0.1, since=1, step=0.1)) == []
    assert guard.value == 2**32 + 0.3


def test_a_counter_of_unknown_speed_wraps_too_but_not_from_far_below() -> None:
    assert breaks(guard_at(2**32 - 10, fastest=None), counting(5, since=1)) == []
    assert breaks(guard_at(2**32 - 2e6, fastest=None), counting(5, since=1)) != []


def test_readings_are_accepted_before_the_clock_of_a_meter_is_set() -> None:
    guard = CounterGuard(FASTEST)
    unset = counting(METER, seconds=60, clock=40)

    assert shown(guard, unset) == [taken.value for taken in unset]
    assert shown(guard, counting(METER + 30, since=60)) == [METER + 30, METER + 30.5, METER + 31]


def test_before_its_clock_is_set_the_arrival_limits_how_far_a_counter_can_be() -> None:
    guard = guard_at()
    leap = reading(1, METER + 1000, clock=41)

    assert shown(guard, [leap, reading(2, METER + 1, clock=41)]) == [METER, METER + 1]


@pytest.mark.parametrize("step", [30, 3600, 86_400 * 365])
def test_a_clock_that_steps_ahead_and_back_costs_nothing(step: int) -> None:
    guard = guard_at()
    ahead = counting(METER + 1, since=1, seconds=60, clock=NOON + step)
    back = counting(METER + 31, since=61, seconds=60)

    assert shown(guard, ahead) == [taken.value for taken in ahead]
    assert shown(guard, back[:2]) == [ahead[-1].value] * 2
    assert shown(guard, back[2:]) == [taken.value for taken in back[2:]]


def test_a_clock_that_steps_back_while_nothing_is_counted_costs_nothing() -> None:
    guard = guard_at()
    idle = [reading(second, METER, clock=NOON - 3600) for second in range(1, 3600)]

    assert set(shown(guard, idle)) == {METER}
    counted = counting(METER, since=3600, clock=NOON - 3600)
    assert shown(guard, counted) == [taken.value for taken in counted]


def test_a_counter_that_runs_both_ways_may_run_back() -> None:
    guard = CounterGuard(both_ways=True)
    values = [5.0, 4, -3, 1e6]

    assert shown(guard, [reading(n, value) for n, value in enumerate(values)]) == values


def test_a_counter_that_runs_both_ways_does_not_go_back_in_time() -> None:
    guard = CounterGuard(both_ways=True)
    guard.take(reading(10, 5))

    assert shown(guard, [reading(8, 4), reading(9, 4.5), reading(11, 4.8)]) == [5, 5, 4.8]


def test_a_counter_that_runs_both_ways_follows_a_clock_that_is_set_back() -> None:
    guard = CounterGuard(both_ways=True)
    guard.take(reading(0, 5))

    assert shown(guard, counting(6, since=1, clock=NOON - 3600)) == [5, 5, 7]


def test_a_limit_that_is_learnt_later_holds_from_then_on() -> None:
    guard = guard_at(fastest=None)
    guard.fastest = FASTEST

    assert shown(guard, [reading(1, METER + 1000), reading(2, METER + 1)]) == [METER, METER + 1]

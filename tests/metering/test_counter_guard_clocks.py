"""The guard of a counter, where the clocks of the meter and of the host disagree."""

from dataclasses import replace

import pytest

from custom_components.flukso.metering.counter_guard import CounterGuard, CounterReading

from .counting import FASTEST, METER, NOON, breaks, counting, guard_at, reading, shown

HOURS = 3 * 3600


def at_host(readings: list[CounterReading], ahead: float) -> list[CounterReading]:
    """The same readings, by a host whose clock is ahead."""
    return [replace(taken, at=taken.at + ahead) for taken in readings]


def test_what_was_counted_in_a_blackout_of_the_host_is_counted() -> None:
    """The host starts three hours later with the time of before; the meter's clock is right."""
    guard = guard_at()

    late = at_host(counting(METER + 6000, since=HOURS, seconds=60), 10 - HOURS)

    assert shown(guard, late[:2]) == [METER, METER]
    assert shown(guard, late[2:]) == [taken.value for taken in late[2:]]


def test_a_host_whose_clock_is_before_that_of_the_last_reading_is_not_asked() -> None:
    guard = guard_at()

    late = at_host(counting(METER + 6000, since=HOURS, seconds=5), -86_400)

    assert shown(guard, late)[2:] == [taken.value for taken in late[2:]]


def test_what_was_counted_while_the_meters_clock_stood_still_is_counted() -> None:
    """The meter starts with the time of before; the host's clock is right."""
    guard = guard_at()

    late = counting(METER + 6000, since=HOURS, seconds=5, clock=NOON - HOURS + 10)

    assert shown(guard, late)[2:] == [taken.value for taken in late[2:]]


def test_what_was_counted_is_counted_though_the_last_reading_arrived_late() -> None:
    """By 50 s, of the 100 s until the meter's clock was set back."""
    guard = CounterGuard(FASTEST)
    guard.take(CounterReading(NOON, METER, NOON + 50))

    late = counting(METER + 100 * FASTEST, since=100, seconds=5, clock=NOON - HOURS)

    assert shown(guard, late)[2:] == [taken.value for taken in late[2:]]


def test_more_than_either_clock_allows_is_a_break() -> None:
    guard = guard_at()

    late = at_host(counting(METER + 60_000, since=HOURS, seconds=5), 10 - HOURS)

    [found] = breaks(guard, late)
    assert found.bookable is None
    assert guard.value == METER + 2


def test_a_single_wrong_reading_is_not_shown_because_a_clock_leaps() -> None:
    guard = guard_at()

    assert shown(guard, [CounterReading(NOON + HOURS, METER + 6000, NOON + 1)]) == [METER]


@pytest.mark.parametrize("behind", [HOURS, 86_400])
def test_a_clock_that_is_set_right_is_no_time_in_which_something_was_counted(behind: int) -> None:
    """The meter was known to be behind: what its counter leaps meanwhile is a break."""
    guard = guard_at()
    guard.take(reading(1, METER + 1, clock=NOON - behind))
    for taken in counting(METER + 2, since=2, seconds=90, clock=NOON - behind):
        guard.take(taken)
    assert guard.last is not None
    before = guard.value
    assert guard.last.time < NOON

    found = breaks(guard, counting(METER + 6000, since=95, seconds=5))

    assert len(found) == 1
    assert guard.value == pytest.approx(before, abs=2.1)


def test_a_counter_that_begins_anew_in_a_blackout_of_the_host_can_be_booked() -> None:
    guard = guard_at()

    [found] = breaks(guard, at_host(counting(6000, since=HOURS, seconds=5), 10 - HOURS))

    assert found.bookable == 6000


def test_a_meter_that_does_not_know_the_time_yet_counts_on_at_once() -> None:
    """It restarted: its clock is at 1970, and the host's tells how much it can have counted."""
    guard = guard_at()

    restarted = counting(METER + 120, since=60, seconds=3, clock=-60)

    assert shown(guard, restarted) == [taken.value for taken in restarted]
    assert guard.withheld_count == 0


def test_a_counter_that_begins_anew_is_a_break_though_the_hosts_clock_is_set_back() -> None:
    """The host starts two hours ahead, and has its clock set right after one reading."""
    guard = guard_at()
    anew = counting(0, since=1, seconds=10)

    [found] = breaks(guard, [*at_host(anew[:1], 7200), *anew[1:]])

    assert found.new.value == 0
    assert guard.value == METER + anew[-1].value


def test_a_counter_that_falls_is_reported_though_the_hosts_clock_is_set_back() -> None:
    guard = guard_at()
    falling = counting(METER - 1, since=1, seconds=190, step=-0.5)

    assert set(shown(guard, [*at_host(falling[:90], 7200), *falling[90:]])) == {METER}

    assert guard.is_stuck


def test_old_messages_confirm_nothing_while_the_hosts_clock_is_set_back() -> None:
    guard = guard_at()
    old = [replace(each, at=NOON + 1) for each in counting(0, since=-60, seconds=60)]

    assert set(shown(guard, [*at_host(old[:30], 7200), *old[30:]])) == {METER}
    assert not guard.is_stuck

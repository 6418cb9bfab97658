"""Readings that are withheld: how many there were, and when they are too many for an error."""

from dataclasses import replace

import pytest

from custom_components.flukso.metering.counter_guard import CounterReading
from custom_components.flukso.metering.held_readings import HeldReadings, extended

FIRST = CounterReading(1000, 50.0, 2000.0)


def held(*more: CounterReading, past: bool = False) -> HeldReadings:
    """A run of withheld readings."""
    run = extended(None, FIRST, past=past)
    for reading in more:
        run = extended(run, reading, past=past)
    return run


def later(seconds: float, value: float = 0.0) -> CounterReading:
    """A reading so much after the first one, by both clocks."""
    return CounterReading(FIRST.time + int(seconds), FIRST.value + value, FIRST.at + seconds)


def later_at_host(*seconds: float) -> list[CounterReading]:
    """Readings each second by the meter's clock, and at these times by the host's."""
    return [
        CounterReading(FIRST.time + number, FIRST.value + number, FIRST.at + second)
        for number, second in enumerate(seconds, 1)
    ]


def test_a_run_begins_with_one_reading_of_the_present() -> None:
    run = extended(None, FIRST)
    assert (run.first, run.last, run.count, run.past) == (FIRST, FIRST, 1, False)


def test_readings_of_a_burst_count_as_one() -> None:
    counts = [held(*map(later, arrivals)).count for arrivals in ([0.2], [0.2, 0.4], [0.2, 0.4, 1])]
    assert counts == [1, 1, 2]


def test_readings_of_a_burst_count_as_one_while_the_hosts_clock_is_set_back() -> None:
    burst = [0.1, 0.2, -7200, -7199.9, -7199.8]
    assert held(*later_at_host(*burst)).count == 1


def test_readings_after_the_hosts_clock_was_set_back_count() -> None:
    assert held(*later_at_host(-7200, -7199, -7198)).is_confirmed


def test_a_reading_that_comes_again_does_not_count() -> None:
    again = replace(later(1), at=later(9).at)
    assert held(later(1), again) == held(later(1))


def test_three_readings_confirm_each_other() -> None:
    assert not held(later(1)).is_confirmed
    assert held(later(1), later(2)).is_confirmed


@pytest.mark.parametrize(("seconds", "is_confirmed"), [(59, False), (60, True)])
def test_what_looks_like_old_messages_must_go_on_for_a_minute(
    seconds: int, *, is_confirmed: bool
) -> None:
    run = held(later(1), later(seconds), past=True)
    assert run.is_confirmed == is_confirmed


def test_old_messages_confirm_nothing_as_long_as_the_meters_clock_stands() -> None:
    resting = replace(later(100, value=2), time=FIRST.time)
    assert not held(later(1), resting, past=True).is_confirmed


def test_a_current_reading_after_old_messages_begins_the_count_anew() -> None:
    run = extended(held(later(1), later(2), past=True), later(3))
    assert (run.first, run.count, run.past) == (FIRST, 1, False)


@pytest.mark.parametrize(("seconds", "is_lasting"), [(179, False), (180, True)])
def test_three_readings_that_go_on_for_three_minutes_are_lasting(
    seconds: int, *, is_lasting: bool
) -> None:
    assert held(later(1), later(seconds)).is_lasting == is_lasting
    assert not held(later(seconds)).is_lasting


def test_readings_last_as_long_if_the_hosts_clock_is_set_back_meanwhile() -> None:
    run = held(*later_at_host(100, -7100, -7021))
    assert not run.is_lasting
    run = held(*later_at_host(100, -7100, -7020))
    assert run.is_lasting
    assert run.rate == 3 / 180


@pytest.mark.parametrize("counted", [30, -30])
def test_the_rate_is_what_was_counted_by_the_hosts_clock(counted: int) -> None:
    assert held(later(10, counted)).rate == 3

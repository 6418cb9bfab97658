"""What goes on consistently for three minutes is believed or reported.

No counter is ever held for good in silence: the value follows, or a break is found, or the guard
says that it is stuck.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil

from hypothesis import given, settings, strategies as st
from hypothesis.strategies import DrawFn
import pytest

from custom_components.flukso.metering.counter_guard import CounterGuard, CounterReading

from .counting import METER, NOON, breaks, guard_at, reading, shown

_THREE_MINUTES = 180
_PULSES = 100_000 / 3600


def every(seconds: int, step: float, *, times: int, start: float = METER) -> list[CounterReading]:
    """Return pulses of one size at equal distances."""
    return [reading(n * seconds, start + n * step) for n in range(1, times + 1)]


def test_a_counter_that_is_faster_than_was_thought_is_believed_after_three_minutes() -> None:
    """A wind turbine of 1.8 MW; what was counted meanwhile is counted, nothing is a break."""
    guard = guard_at(fastest=_PULSES)
    pulses = every(2, 1000, times=150)

    assert set(shown(guard, pulses[:90])) == {METER}
    assert shown(guard, pulses[90:]) == [pulse.value for pulse in pulses[90:]]


def test_a_counter_that_proved_to_be_fast_may_be_faster_still() -> None:
    guard = guard_at(fastest=_PULSES)
    shown(guard, every(2, 1000, times=150))

    faster = [reading(301 + n, METER + 150_000 + n * 900) for n in range(9)]

    assert shown(guard, faster) == [pulse.value for pulse in faster]
    leap = reading(310, METER + 1e6)
    assert shown(guard, [leap]) == [faster[-1].value]


def test_it_may_be_twice_as_fast_as_it_proved_to_be() -> None:
    """It counted 500 a second; the ends of a time are known to a second each."""
    guard = guard_at(fastest=_PULSES)
    last = METER + 150_000
    assert shown(guard, every(2, 1000, times=150))[-1] == last

    assert shown(guard, [reading(301, last + 3100)]) == [last]
    assert shown(guard, [reading(302, last + 3900)]) == [last + 3900]


def test_a_counter_that_is_faster_than_can_be_believed_is_reported() -> None:
    """A broken wire that counts the mains: 100 pulses of 1 kWh a second."""
    guard = guard_at(fastest=_PULSES)
    noise = every(1, 100_000, times=200)

    assert set(shown(guard, noise[:180])) == {METER}
    assert not guard.is_stuck
    assert set(shown(guard, noise[180:])) == {METER}
    assert guard.is_stuck

    assert shown(guard, [reading(201, METER + 1)]) == [METER + 1]
    assert not guard.is_stuck


def test_a_counter_that_falls_all_the_time_is_reported() -> None:
    guard = guard_at()

    assert set(shown(guard, every(1, -0.5, times=182))) == {METER}

    assert guard.is_stuck


def test_a_counter_that_begins_anew_while_the_clock_stands_still_is_a_break() -> None:
    guard = guard_at()
    anew = [CounterReading(NOON, n * 1.5, NOON + n) for n in range(1, 200)]

    assert len(breaks(guard, anew)) == 1

    assert guard.value == pytest.approx(METER + 198 * 1.5, abs=5)


def test_old_messages_now_and_then_are_nothing_to_report() -> None:
    """A water meter at rest, while a broker says the same old messages again each hour."""
    guard = guard_at()
    for hour in range(1, 5):
        at = NOON + 3600 * hour
        shown(guard, [CounterReading(NOON - 60 + n, METER - 60 + n, at) for n in range(9)])

    assert not guard.is_stuck


def test_a_counter_that_falls_is_reported_after_a_reading_of_a_wrong_year() -> None:
    guard = guard_at()
    ahead = reading(1, METER - 1, clock=NOON + 86_400 * 365)
    falling = [reading(n, METER - n) for n in range(2, 190)]

    assert set(shown(guard, [ahead, *falling])) == {METER}

    assert guard.is_stuck


@pytest.mark.parametrize("back", [3600, 86_400 * 365])
def test_a_counter_that_falls_is_reported_though_the_meters_clock_is_set_back(back: int) -> None:
    guard = guard_at()
    right = [reading(n, METER - n) for n in range(1, 100)]
    late = [reading(n, METER - n, clock=NOON - back) for n in range(100, 300)]

    assert set(shown(guard, [*right, *late])) == {METER}

    assert guard.is_stuck


def test_a_counter_that_falls_is_reported_in_time_though_both_clocks_are_set_back() -> None:
    """They are back where they were when the first readings were withheld before it is reported."""
    guard = guard_at()
    right = [reading(n, METER - n) for n in range(1, 61)]
    back = [reading(n - 100, METER - n) for n in range(61, 242)]

    assert set(shown(guard, [*right, *back])) == {METER}

    assert guard.is_stuck


def test_old_messages_each_minute_do_not_hide_that_a_counter_falls() -> None:
    guard = guard_at()
    falling = [reading(n, METER - n) for n in range(1, 190)]
    for taken in falling:
        shown(guard, [taken])
        if taken.time % 60 == 0:
            shown(guard, [replace(old, at=taken.at) for old in falling[:9]])

    assert guard.is_stuck


@dataclass(frozen=True)
class Stream:
    """What a counter sends, ``period`` seconds apart, after a reading that was accepted.

    The meter's clock is set back with the reading ``set_back``; None if it is not.
    """

    guard: CounterGuard
    period: float
    readings: Sequence[CounterReading]
    set_back: int | None


@st.composite
def streams(draw: DrawFn) -> Stream:
    """A counter that rises or falls steadily, at any rate and from any value, by any clock.

    The clock is right, stands still, is slow, wrong by any time or not set. It is set back once,
    and so is the host's clock, each at any reading and by any time, or not at all.
    """
    fastest = draw(st.sampled_from((None, 5.0, _PULSES)))
    guard = CounterGuard(fastest, both_ways=draw(st.booleans()))
    guard.take(reading(0, METER))
    rate = draw(st.sampled_from((1, 1, -1))) * 10 ** draw(st.floats(-3, 6))
    value = draw(st.sampled_from((METER, METER + 0.5, METER - 9, 0.0, 1e9)))
    begin = draw(st.sampled_from((1, 60, 3600, 86_400)))
    pace = draw(st.sampled_from((0.0, 0.5, 1.0, 1.0, 2.0)))
    clock = draw(st.sampled_from((NOON, NOON, 17, NOON - 3600, NOON + 3600)))
    period = draw(st.sampled_from((0.6, 1, 2, 10, 50, 200)))
    number = ceil(3 * _THREE_MINUTES / period) + 8
    backs, places = st.sampled_from((0, 0, 1, 60, 7200, 31_536_000)), st.integers(0, number // 2)
    meter_back, host_back = draw(backs), draw(backs)
    meter_place, host_place = draw(places), draw(places)
    return Stream(
        guard,
        period,
        [
            CounterReading(
                int(clock + begin + n * period * pace) - meter_back * (n >= meter_place),
                round(value + n * period * rate, 3),
                NOON + begin + n * period - host_back * (n >= host_place),
            )
            for n in range(number)
        ],
        meter_place if meter_back else None,
    )


@settings(max_examples=500, deadline=None)
@given(streams())
def test_what_goes_on_for_three_minutes_is_believed_or_reported(stream: Stream) -> None:
    """The minutes are those of the host's clock, since the meter's was set back."""
    guard, last = stream.guard, reading(0, METER)
    heard, silent = 0, 0.0
    for number, taken in enumerate(stream.readings):
        found = guard.take(taken)
        if found is not None or guard.last == taken:
            heard, last = 0, taken
        elif (taken.time, taken.value) != (last.time, last.value):
            is_first = heard == 0 or number == stream.set_back
            heard, silent = (1, 0) if is_first else (heard + 1, silent + max(taken.at - last.at, 0))
            last = taken
            if heard > 3 and silent >= _THREE_MINUTES + stream.period:
                assert guard.is_stuck

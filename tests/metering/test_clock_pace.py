"""A clock that stands still or runs slow, told from messages that are late."""

from collections.abc import Iterable

from hypothesis import given, strategies as st
import pytest

from custom_components.flukso.metering.clock_offset import ClockOffset
from custom_components.flukso.metering.clock_pace import ClockPace

NOON = 1_760_000_000
TOPIC = "/sensor/1/counter"


def verdicts(messages: Iterable[tuple[float, float]]) -> list[bool]:
    """Return the verdict after each message, of a time and an arrival (s after noon)."""
    pace = ClockPace()
    return [
        pace.falls_behind(NOON + int(time), number, NOON + arrived)
        for number, (time, arrived) in enumerate(messages)
    ]


@pytest.mark.parametrize("pace", [0, 0.1, 0.4, 0.8])
@pytest.mark.parametrize("period", [1, 10, 60])
def test_a_clock_that_stands_still_or_is_slow_is_told_after_three_minutes(
    pace: float, period: int
) -> None:
    told = verdicts((second * pace, second) for second in range(0, 600, period))

    assert told == [second >= 180 for second in range(0, 600, period)]


@pytest.mark.parametrize("pace", [0.99, 1, 1.5])
def test_a_clock_that_keeps_pace_or_is_fast_is_not_slow(pace: float) -> None:
    assert not any(verdicts((second * pace, second) for second in range(4000)))


def test_messages_that_arrive_together_tell_a_clock_that_stands_still() -> None:
    told = verdicts((0, second // 2) for second in range(600))

    assert told == [second // 2 >= 180 for second in range(600)]


def test_one_message_in_time_is_enough_also_if_it_comes_after_a_late_one() -> None:
    messages = [
        (40 * turn - delay + second, 40 * turn + second)
        for turn in range(14)
        for second, delay in ((0, 3 * turn), (1, 0))
    ]

    assert not any(verdicts(messages))


@given(st.lists(st.floats(0, 50), min_size=60, max_size=60))
def test_messages_that_are_late_now_and_then_tell_nothing(delays: list[float]) -> None:
    """One in a minute that is in time is enough."""
    arrivals = [
        (second, second + (0 if second % 60 == 0 else delay))
        for second, delay in zip(range(0, 1200, 20), delays, strict=True)
    ]

    assert not any(verdicts(sorted(arrivals, key=lambda message: message[1])))


@pytest.mark.parametrize("stall", [70, 200, 590])
def test_a_connection_that_stalls_and_catches_up_tells_nothing(stall: int) -> None:
    late = [(second, stall + second / 100) for second in range(1, stall)]

    assert not any(verdicts([*[(n - 90, n - 90) for n in range(91)], *late]))


def test_a_message_that_comes_again_and_again_tells_nothing() -> None:
    pace = ClockPace()

    assert not any(pace.falls_behind(NOON, 7, NOON + second) for second in range(1200))


@pytest.mark.parametrize("every", [100, 3600])
def test_old_messages_that_come_again_in_their_order_tell_nothing(every: int) -> None:
    told = verdicts((old, turn * every + old / 100) for turn in range(20) for old in (0, 7))

    assert not any(told)


def test_messages_with_long_pauses_tell_nothing() -> None:
    assert not any(verdicts((turn, turn * 601) for turn in range(20)))


def stand_still(clock: ClockOffset, begin: int, seconds: int) -> None:
    """Let a counter count on while the clock stands at noon."""
    for second in range(begin, begin + seconds):
        clock.note(TOPIC, NOON, NOON + second, second)


def test_a_clock_that_stands_still_makes_no_message_old() -> None:
    clock = ClockOffset()

    stand_still(clock, 0, 180)
    assert clock.tells_time(NOON + 179)
    assert clock.is_old(NOON, NOON + 179, 60)
    stand_still(clock, 180, 1)

    assert not clock.tells_time(NOON + 180)
    assert not clock.is_old(NOON, NOON + 180, 60)


def test_a_clock_that_was_not_heard_for_ten_minutes_is_not_known_to_stand_still() -> None:
    clock = ClockOffset()

    stand_still(clock, 0, 200)

    assert not clock.tells_time(NOON + 199 + 600)
    assert clock.tells_time(NOON + 199 + 601)


@pytest.mark.parametrize("ahead", [0, -200, 7200])
def test_a_clock_that_runs_again_tells_the_time_within_seconds(ahead: int) -> None:
    clock = ClockOffset()
    stand_still(clock, 0, 300)

    for second in range(300, 317):
        clock.note(TOPIC, NOON + second + ahead, NOON + second, second)

    assert clock.tells_time(NOON + 316)
    assert clock.ahead == ahead


def test_a_topic_that_falls_behind_tells_nothing_while_others_keep_pace() -> None:
    clock = ClockOffset()

    for second in range(600):
        clock.note("/sensor/2/gauge", NOON + second, NOON + second, second)
        clock.note(TOPIC, NOON, NOON + second, second)
        assert clock.tells_time(NOON + second)

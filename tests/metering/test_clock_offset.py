"""The offset of the meter's clock, and what is old by it."""

from hypothesis import given, strategies as st
import pytest

from custom_components.flukso.metering.clock_offset import ClockOffset

NOON = 1_760_000_000
TOPIC = "/sensor/1/gauge"


def live(clock: ClockOffset, ahead: float, *, begin: float = 0, seconds: int = 6) -> None:
    """Let a clock that is so far ahead send the time every second."""
    for second in range(seconds):
        arrived = NOON + begin + second
        clock.note(TOPIC, int(arrived + ahead), arrived)


@pytest.mark.parametrize("ahead", [-1_000_000, -7200, -3, 0, 3, 7200])
def test_messages_that_keep_pace_with_the_host_tell_the_offset(ahead: int) -> None:
    clock = ClockOffset()

    live(clock, ahead, seconds=5)
    assert clock.ahead == 0
    live(clock, ahead, seconds=6)

    assert clock.ahead == ahead


def test_a_message_a_minute_is_enough() -> None:
    clock = ClockOffset()

    for minute in range(2):
        clock.note(TOPIC, NOON + 64 * minute - 7200, NOON + 64 * minute)

    assert clock.ahead == -7200


def test_messages_that_are_further_apart_than_ten_minutes_prove_nothing() -> None:
    clock = ClockOffset()

    for turn in range(5):
        clock.note(TOPIC, NOON + 601 * turn - 7200, NOON + 601 * turn)

    assert clock.ahead == 0


@given(
    ages=st.lists(st.integers(0, 1_000_000), min_size=1, max_size=20),
    pause=st.floats(0, 0.2),
    bursts=st.integers(1, 5),
    between=st.integers(5, 100_000),
)
def test_old_messages_that_come_at_once_never_change_the_offset(
    ages: list[int], pause: float, bursts: int, between: int
) -> None:
    """However often a broker says again what it said, in the order in which it was said."""
    clock = ClockOffset()

    for burst in range(bursts):
        for number, age in enumerate(sorted(ages, reverse=True)):
            clock.note(TOPIC, NOON - age, NOON + burst * between + number * pause)

    assert clock.ahead == 0


def test_a_clock_that_is_not_set_tells_nothing() -> None:
    clock = ClockOffset()

    live(clock, 30 - NOON)

    assert clock.ahead == 0
    assert not clock.is_old(30, NOON, 60)


@pytest.mark.parametrize(("before", "after"), [(7200, 0), (-7200, 0), (0, 7200), (0, -7200)])
def test_a_clock_that_is_set_is_followed_within_seconds(before: int, after: int) -> None:
    clock = ClockOffset()
    live(clock, before, seconds=60)

    live(clock, after, begin=60, seconds=17)

    assert clock.ahead == after


def test_old_messages_that_keep_pace_do_not_count_while_others_are_live() -> None:
    clock = ClockOffset()

    for second in range(120):
        clock.note(TOPIC, NOON + second, NOON + second + 0.5)
        clock.note("/sensor/2/gauge", NOON + second - 86_400, NOON + second + 0.6)
        assert abs(clock.ahead) < 1


def with_old_ones(clock: ClockOffset, ahead: int, begin: int, seconds: int) -> None:
    """Let a clock send the time every second, and a broker old messages of the same topic."""
    for second in range(begin, begin + seconds):
        clock.note(TOPIC, NOON + second + ahead, NOON + second)
        clock.note(TOPIC, NOON - 1000 * second - 500, NOON + second + 0.3)


def test_old_messages_between_live_ones_do_not_hide_the_offset() -> None:
    clock = ClockOffset()

    with_old_ones(clock, 7200, begin=0, seconds=8)

    assert clock.ahead == 7200


def test_a_clock_that_was_further_ahead_ten_minutes_ago_does_not_hide_the_offset() -> None:
    clock = ClockOffset()
    live(clock, 9000, seconds=3)

    with_old_ones(clock, 7200, begin=700, seconds=8)

    assert clock.ahead == 7200


def test_the_host_may_be_set_back() -> None:
    clock = ClockOffset()
    live(clock, 0, seconds=60)

    live(clock, 3600, begin=-3600, seconds=6)

    assert clock.ahead == 3600


@pytest.mark.parametrize(("ahead", "age"), [(0, 100), (-7200, 0), (50, 150), (7200, 7300)])
def test_the_age_of_a_message_is_by_the_clock_that_it_was_dated_by(ahead: int, age: int) -> None:
    clock = ClockOffset()
    live(clock, ahead, seconds=10)

    assert clock.age(NOON - 100, NOON) == age
    assert clock.is_old(NOON - 100, NOON, 60) is (age > 60)
    assert clock.live_age(NOON - 100, NOON) == age
    assert clock.live_age(NOON + ahead + 9, NOON) == 0


def test_a_message_from_before_the_clock_was_set_has_no_age() -> None:
    assert ClockOffset().live_age(30, NOON) == 0

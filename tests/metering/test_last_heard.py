"""What a broker says again of the last second."""

from custom_components.flukso.metering.last_heard import LastHeard

NOON = 1_760_000_000


def heard(*values: float, time: int = NOON) -> LastHeard:
    """What is known after readings of one second."""
    last = LastHeard()
    for value in values:
        last.note(time, value, time)
    return last


def test_nothing_repeats_before_the_first_reading() -> None:
    assert not LastHeard().repeats(NOON, 5, is_late=True)
    assert not LastHeard().is_later_than(NOON, NOON)
    assert not any(LastHeard().includes(time) for time in (0, 1, NOON))
    assert not any(LastHeard().repeats(time, 0, is_late=False) for time in (0, 1, NOON))


def test_what_was_heard_before_a_restart_is_known_by_its_time() -> None:
    last = LastHeard(NOON, NOON)

    assert last.includes(NOON)
    assert last.is_later_than(NOON - 1, NOON - 1)
    assert not last.repeats(NOON, 5, is_late=True)


def test_the_times_that_may_come_again_are_those_of_the_last_reading_and_second() -> None:
    last = heard(5)
    last.note(30, 4, NOON + 1)

    assert [last.includes(time) for time in (NOON, 30, NOON - 1, 29)] == [True, True, False, False]


def test_the_same_time_and_value_is_the_last_reading_again() -> None:
    last = heard(5)

    assert last.repeats(NOON, 5, is_late=False)
    assert not last.repeats(NOON, 6, is_late=True)
    assert not last.repeats(NOON + 1, 5, is_late=True)


def test_a_second_may_return_to_a_value_but_not_when_it_is_over() -> None:
    last = heard(0, 3)

    assert not last.repeats(NOON, 0, is_late=False)
    assert last.repeats(NOON, 0, is_late=True)
    last.note(NOON + 1, 7, NOON + 1)
    assert not last.repeats(NOON, 0, is_late=True)
    assert not last.repeats(NOON + 1, 0, is_late=True)


def test_an_earlier_reading_is_older_unless_the_clock_was_set_back() -> None:
    last = heard(5)

    assert last.is_later_than(NOON - 1, NOON - 1)
    assert not last.is_later_than(NOON, NOON)
    assert last.is_later_than(NOON - 1, NOON + 2)
    assert not last.is_later_than(NOON - 7200, NOON + 3)


def test_a_reading_from_before_the_clock_was_set_does_not_tell_what_is_older() -> None:
    last = heard(5)

    assert not last.is_later_than(30, NOON - 60)
    last.note(30, 4, NOON + 1)

    assert last.repeats(30, 4, is_late=False)
    assert last.is_later_than(NOON - 1, NOON - 1)


def test_a_clock_that_stands_still_does_not_fill_the_memory() -> None:
    last = heard(*range(1000))

    known = [value for value in range(1000) if last.repeats(NOON, value, is_late=True)]
    assert known == list(range(984, 1000))

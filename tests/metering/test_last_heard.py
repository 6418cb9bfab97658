"""The last reading of a topic, by which what is said again is found."""

from custom_components.flukso.metering.last_heard import LastHeard

SECOND = 1_795_000_000


def test_each_of_several_readings_of_a_second_is_known_when_it_comes_again_late() -> None:
    heard = LastHeard()
    for value in (1.0, 2.0, 3.0):
        heard.note(SECOND, value, SECOND)

    assert all(heard.repeats(SECOND, value, is_late=True) for value in (1.0, 2.0, 3.0))
    assert not heard.repeats(SECOND, 4.0, is_late=True)


def test_a_clock_that_stands_still_does_not_fill_the_memory() -> None:
    heard = LastHeard()
    for value in range(1000):
        heard.note(SECOND, value, SECOND)

    known = [value for value in range(1000) if heard.repeats(SECOND, value, is_late=True)]
    assert known == list(range(984, 1000))

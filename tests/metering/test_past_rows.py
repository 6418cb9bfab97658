"""What is told of the hours before the first row that are not known."""

import pytest

from custom_components.flukso.metering.past_rows import Missing, missing_of, part_known

HOUR = 3600


def hours(*numbers: int) -> set[int]:
    """The first seconds of some hours."""
    return {number * HOUR for number in numbers}


def test_nothing_is_missing_that_is_known_of_all_sensors() -> None:
    assert missing_of({"a": hours(2, 3, 4), "b": hours(2, 3, 4)}, 5 * HOUR) is None


def test_the_hours_that_are_not_known_of_one_sensor_are_told_with_it() -> None:
    known = {"a": hours(2, 3, 4, 5, 6), "b": hours(2, 4, 6), "c": hours(2, 3, 4, 5, 6)}
    assert missing_of(known, 7 * HOUR) == Missing(2, 3 * HOUR, 6 * HOUR, ("b",))


def test_a_sensor_that_began_later_misses_the_time_before() -> None:
    known = {"a": hours(2, 3, 4), "b": hours(4)}
    assert missing_of(known, 5 * HOUR) == Missing(2, 2 * HOUR, 4 * HOUR, ("b",))


def test_a_sensor_of_which_nothing_is_known_misses_all_that_is_known_of_others() -> None:
    assert missing_of({"a": hours(2, 3), "b": ()}, 4 * HOUR) == Missing(
        2, 2 * HOUR, 4 * HOUR, ("b",)
    )


def test_hours_that_are_not_known_of_any_are_missing_between_others_and_until_the_first_row() -> (
    None
):
    assert missing_of({"a": hours(2, 4)}, 6 * HOUR) == Missing(2, 3 * HOUR, 6 * HOUR, ("a",))


def test_nothing_is_missing_where_nothing_is_known() -> None:
    assert missing_of({"a": ()}, 6 * HOUR) is None
    assert missing_of({"a": hours(7)}, 6 * HOUR) is None


@pytest.mark.parametrize(
    ("span", "part"),
    [((100, 150), 0.5), ((100, 200), 1), ((100, 240), 1), ((200, 240), 0), ((210, 240), 0)],
)
def test_how_much_is_known_is_told_as_a_part_of_the_time_until_now(
    span: tuple[int, int], part: float
) -> None:
    assert part_known(span, 200) == part

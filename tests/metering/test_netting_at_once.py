"""Readings that are processed at once, and the seconds that are told of a long time."""

import pytest

from custom_components.flukso.metering.netting import Netting, NettingState

#: The first second of a quarter-hour.
BEGIN = 1_760_000_400


def test_a_counter_that_joined_begins_at_its_first_reading_and_the_others_are_booked() -> None:
    netting = Netting(["+1", "+2"], [])
    netting.restore(NettingState(100, {"+1": 5}, 0, 0))
    readings = {"+1": ([101, 102, 103], [6, 7, 9]), "+2": ([101, 102, 103], [50, 51, 53])}

    booked = netting.take_all(readings, marks=())

    assert [(each.time, each.imported) for each in booked] == [(101, 1), (102, 3), (103, 7)]


@pytest.mark.parametrize(
    ("begin", "end", "told"),
    [
        (-2, 10, [-1, 10]),
        (-1, 10, [10]),
        (0, 10, [10]),
        (0, 898, [898]),
        (0, 899, [899]),
        (0, 900, [899, 900]),
        (-1, 3 * 900 - 2, [899, 1799, 2698]),
        (-1, 3 * 900 - 1, [899, 1799, 2699]),
        (-2, 5 * 900 - 2, [-1, 2699, 3599, 4498]),
        (-2, 5 * 900 - 1, [-1, 3599, 4499]),
        (-2, 5 * 900, [-1, 3599, 4499, 4500]),
    ],
)
def test_of_a_time_without_readings_the_ends_of_its_quarter_hours_are_told(
    begin: int, end: int, told: list[int]
) -> None:
    """Those of the first and of the last two, and its end."""
    netting = Netting(["+1"], [], steps={"+1": 1})
    netting.take("+1", BEGIN + begin, 0)

    assert [time - BEGIN for time, _ in netting.take("+1", BEGIN + end, 1)] == told

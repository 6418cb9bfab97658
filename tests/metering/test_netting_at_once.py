"""Readings of several seconds that are processed at once."""

from custom_components.flukso.metering.netting import Netting, NettingState

from .one_reading import take


def test_a_second_that_is_marked_is_told_though_no_counter_was_read_in_it() -> None:
    netting = Netting(["+1"], [])
    take(netting, "+1", 100, 10)
    booked = netting.take({"+1": ([104], [14])}, marks=[99, 102, 105])
    assert [(each.time, each.imported) for each in booked] == [(102, 2), (104, 4)]


def test_a_counter_that_joined_begins_at_its_first_reading_and_the_others_are_booked() -> None:
    netting = Netting(["+1", "+2"], [])
    netting.restore(NettingState(100, {"+1": 5}, 0, 0))
    readings = {"+1": ([101, 102, 103], [6, 7, 9]), "+2": ([101, 102, 103], [50, 51, 53])}

    booked = netting.take(readings)

    assert [(each.time, each.imported) for each in booked] == [(101, 1), (102, 3), (103, 7)]

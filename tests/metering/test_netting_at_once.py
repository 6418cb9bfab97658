"""Readings of several seconds that are processed at once."""

from hypothesis import given, strategies as st
import pytest

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


#: What each of three counters counted in a second, and None for a reading that is missing.
COUNTED = st.lists(st.tuples(*[st.none() | st.integers(0, 5)] * 3), max_size=12)


@given(st.lists(COUNTED, max_size=4))
def test_seconds_that_come_at_once_are_booked_like_one_after_the_other(
    bursts: list[list[tuple[int | None, ...]]],
) -> None:
    keys = ("+1", "+2", "-1")
    single, together = Netting(keys[:2], keys[2:]), Netting(keys[:2], keys[2:])
    values, second = dict.fromkeys(keys, 0), 100
    for netting in (single, together):
        netting.take({key: ([second], [0]) for key in keys})
    for burst in bursts:
        readings: dict[str, tuple[list[int], list[float]]] = {key: ([], []) for key in keys}
        told = []
        for counts in burst:
            second += 1
            for key, count in zip(keys, counts, strict=True):
                if count is not None:
                    values[key] += count
                    told += take(single, key, second, values[key])
                    readings[key][0].append(second)
                    readings[key][1].append(values[key])
        booked = together.take(readings)
        assert [(each.time, each.imported) for each in booked if each.is_known] == [
            (time, pytest.approx(imported)) for time, imported in told
        ]
        assert together.time == single.time
        assert together.exported == pytest.approx(single.exported)

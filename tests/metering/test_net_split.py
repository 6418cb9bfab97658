from itertools import groupby, permutations
from operator import itemgetter
from random import Random

from hypothesis import given, strategies as st
import pytest

from custom_components.flukso.metering.net_split import NetSplit, NetSplitState

#: Readings of a counter that runs both ways, in whole Wh, by the meter's second.
READINGS = st.lists(st.tuples(st.integers(0, 30), st.integers(-50_000, 50_000)), min_size=1)


def split_of(*values: float) -> NetSplit:
    """Return a split that had one telegram every ten seconds."""
    split = NetSplit()
    for number, value in enumerate(values):
        split.take(10 * number, value)
    return split


def in_order(readings: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return readings with their seconds ascending, as a meter sends them."""
    return sorted(readings, key=itemgetter(0))


def test_there_is_nothing_before_the_first_reading() -> None:
    split = NetSplit()
    assert split.state is None


def test_the_first_value_is_neither_import_nor_export() -> None:
    assert split_of(14_199_192.0).state == NetSplitState(14_199_192.0, 0, 0)


def test_what_rises_is_import_and_what_falls_is_export() -> None:
    assert split_of(1000, 1030, 1010, 1010, 1015, 900).state == NetSplitState(900, 35, 135)


def test_a_counter_below_zero_is_no_other_case() -> None:
    assert split_of(5, -5, -20, -10).state == NetSplitState(-10, 10, 25)


def test_what_ran_during_a_restart_is_booked_net_to_one_side() -> None:
    before = split_of(1000, 1030, 1010).state
    assert before is not None
    after = NetSplit()
    after.restore(before)
    after.take(7200, 3010)
    assert after.state == NetSplitState(3010, 2030, 20)


def test_it_continues_from_energies_of_which_nothing_else_is_known() -> None:
    split = NetSplit()
    split.resume(imported=4000.0)
    split.resume(exported=70.0)
    assert (split.imported, split.exported) == (4000, 70)
    split.resume(imported=5000.0)
    split.take(0, 14_199_192)
    assert split.state == NetSplitState(14_199_192, 5000, 70)
    split.take(10, 14_199_190)
    assert split.state == NetSplitState(14_199_190, 5000, 72)


def test_a_clock_that_is_set_back_loses_nothing() -> None:
    split = split_of(1000, 1030)
    split.take(3, 1025)
    assert split.state == NetSplitState(1025, 30, 5)


@pytest.mark.parametrize("values", permutations((1010, 1040, 990)))
def test_the_order_within_a_second_makes_no_difference(values: tuple[int, ...]) -> None:
    split = split_of(1000)
    for value in values:
        split.take(10, value)
    assert split.state == NetSplitState(1030, 40, 10)
    split.take(20, 1035)
    assert split.state == NetSplitState(1035, 45, 10)


@given(READINGS)
def test_import_less_export_is_the_net_and_neither_ever_steps_back(
    readings: list[tuple[int, int]],
) -> None:
    split = NetSplit()
    first = in_order(readings)[0][1]
    split.take(-10, first)
    last = split.state
    assert last is not None
    for second, values in groupby(in_order(readings), key=itemgetter(0)):
        of_second = [value for _, value in values]
        for value in of_second:
            split.take(second, value)
            state = split.state
            assert state is not None
            assert state.imported >= last.imported
            assert state.exported >= last.exported
            assert state.imported - state.exported == state.value - first
            last = state
        if len(set(of_second)) == 1:
            assert last.value == of_second[0]


@given(READINGS, st.randoms())
def test_readings_of_the_same_seconds_in_any_order_come_to_the_same(
    readings: list[tuple[int, int]], random: Random
) -> None:
    shuffled = list(readings)
    random.shuffle(shuffled)
    splits = [split_of(0), split_of(0)]
    for split, each in zip(splits, (readings, shuffled), strict=True):
        for second, value in in_order(each):
            split.take(second + 10, value)
    assert splits[0].state == splits[1].state


@given(st.lists(st.integers(-50_000, 50_000), min_size=2), st.data())
def test_a_restart_changes_nothing(values: list[int], data: st.DataObject) -> None:
    unbroken = split_of(*values)
    cut = data.draw(st.integers(1, len(values)))
    restarted = split_of(*values[:cut])
    state = restarted.state
    assert state is not None
    restarted = NetSplit()
    restarted.restore(state)
    for number, value in enumerate(values[cut:], cut):
        restarted.take(10 * number, value)
    assert restarted.state == unbroken.state

"""Netting of counters that are sent only when they change, or that run both ways."""

from hypothesis import given, strategies as st
import pytest

from custom_components.flukso.metering.netting import Netting

from .one_reading import take

MINUTE, QUARTER = 60, 900
#: A quarter-hour begins at second 9000.
BEGIN = 9000


def on_change(*keys: str, longest_gap: int = 10) -> Netting:
    """Return a netting of counters that are sent when they have counted another Wh."""
    steps = dict.fromkeys(keys, 1.0)
    return Netting(keys, (), longest_gap=longest_gap, steps=steps)


def test_a_counter_that_runs_both_ways_imports_where_it_rises_and_exports_where_it_falls() -> None:
    netting = on_change("P1")
    for second, value in enumerate((100, 103, 101, 101, 90)):
        take(netting, "P1", 10 * second, value)
    assert (netting.imported, netting.exported) == (3, 13)


def test_a_phase_that_runs_both_ways_is_netted_with_the_others() -> None:
    netting = Netting(("P1", "+2"), ())
    for second in range(11):
        take(netting, "P1", second, 500 - 2 * second)
        take(netting, "+2", second, 70 + 3 * second)
    assert (netting.imported, netting.exported) == (10, 0)


def test_an_idle_counter_is_waited_for_no_longer_than_a_minute() -> None:
    netting = on_change("L1", "L2")
    take(netting, "L1", BEGIN, 0)
    take(netting, "L2", BEGIN, 0)
    for second in range(BEGIN + 1, BEGIN + 301):
        take(netting, "L1", second, second - BEGIN)
    assert netting.imported == 300 - MINUTE
    assert netting.time == BEGIN + 300 - MINUTE

    take(netting, "L2", BEGIN + 300, 1)
    assert netting.imported == 301


def test_a_counter_that_is_sent_regularly_is_waited_for() -> None:
    netting = Netting(("L1", "L2"), ())
    take(netting, "L1", BEGIN, 0)
    take(netting, "L2", BEGIN, 0)
    for second in range(BEGIN + 1, BEGIN + 301):
        take(netting, "L1", second, second - BEGIN)
    assert netting.imported == 0


def test_a_counter_that_went_a_single_step_is_known_meanwhile() -> None:
    netting = on_change("L1")
    take(netting, "L1", BEGIN - 50, 0)
    assert take(netting, "L1", BEGIN + 50, 1) == [
        (BEGIN - 1, pytest.approx(0.49)),
        (BEGIN + 50, pytest.approx(1)),
    ]


def test_a_counter_that_went_several_steps_is_known_only_where_it_was_sent() -> None:
    netting = on_change("L1")
    take(netting, "L1", BEGIN - 50, 0)
    assert take(netting, "L1", BEGIN + 50, 2) == [(BEGIN + 50, 2)]


def test_a_missing_telegram_leaves_the_quarter_hour_known_where_the_gap_may_be_that_long() -> None:
    netting = on_change("P1", longest_gap=30)
    take(netting, "P1", BEGIN - 10, 0)
    assert take(netting, "P1", BEGIN + 10, 20) == [
        (BEGIN - 1, pytest.approx(9)),
        (BEGIN + 10, pytest.approx(20)),
    ]


@pytest.mark.parametrize(
    ("begin", "end", "told"),
    [
        (-50, 100 * QUARTER, [-1, 99 * QUARTER - 1, 100 * QUARTER - 1, 100 * QUARTER]),
        (-2, 10, [-1, 10]),
        (-1, 10, [10]),
        (0, 10, [10]),
        (0, 898, [898]),
        (0, 899, [899]),
        (0, 900, [899, 900]),
        (-1, 3 * QUARTER - 2, [899, 1799, 2698]),
        (-1, 3 * QUARTER - 1, [899, 1799, 2699]),
        (-2, 5 * QUARTER - 2, [-1, 2699, 3599, 4498]),
        (-2, 5 * QUARTER - 1, [-1, 3599, 4499]),
        (-2, 5 * QUARTER, [-1, 3599, 4499, 4500]),
    ],
)
def test_of_a_time_without_a_change_the_first_and_the_last_quarter_hours_are_told(
    begin: int, end: int, told: list[int]
) -> None:
    """The end of the first, those of the last two, and the end of the time."""
    netting = on_change("L1")
    take(netting, "L1", BEGIN + begin, 0)

    assert [time - BEGIN for time, _ in take(netting, "L1", BEGIN + end, 1)] == told


def test_a_reading_that_comes_after_all_is_booked_and_goes_back_in_no_time_that_was_told() -> None:
    netting = on_change("L1", "L2")
    take(netting, "L1", BEGIN, 0)
    take(netting, "L2", BEGIN, 0)
    take(netting, "L1", BEGIN + 300, 10)
    told = take(netting, "L2", BEGIN + 100, 4)
    assert all(time > BEGIN + 300 - MINUTE for time, _ in told)
    take(netting, "L1", BEGIN + 400, 12)
    take(netting, "L2", BEGIN + 400, 4)
    assert netting.imported == pytest.approx(16)


@given(
    st.lists(
        st.tuples(st.sampled_from(("L1", "L2", "P1")), st.integers(0, 200), st.integers(-9, 9)),
        max_size=60,
    )
)
def test_import_less_export_is_what_was_counted_and_neither_steps_back(
    steps: list[tuple[str, int, int]],
) -> None:
    netting = on_change("L1", "L2", "P1")
    values, time = dict.fromkeys(("L1", "L2", "P1"), 0), BEGIN
    for key in values:
        take(netting, key, time, 0)
    last, told = (0.0, 0.0), BEGIN
    for key, wait, change in steps:
        time += wait
        values[key] += change if key == "P1" else abs(change)
        for second, _ in take(netting, key, time, values[key]):
            assert second > told
            told = second
        assert netting.imported >= last[0]
        assert netting.exported >= last[1]
        last = netting.imported, netting.exported
    for key, value in values.items():
        take(netting, key, time + 1, value)
    assert netting.imported - netting.exported == pytest.approx(sum(values.values()), abs=1e-6)


@given(
    st.lists(st.tuples(*[st.integers(0, 5)] * 3), min_size=1, max_size=20),
    st.permutations(("+1", "+2", "-1")),
)
def test_the_order_of_the_messages_of_a_second_makes_no_difference(
    counted: list[tuple[int, int, int]], shuffled: list[str]
) -> None:
    keys = ("+1", "+2", "-1")
    nettings = [Netting(keys[:2], keys[2:]) for _ in range(2)]
    values = dict.fromkeys(keys, 0)
    for second, each in enumerate(((0, 0, 0), *counted)):
        for key, count in zip(keys, each, strict=True):
            values[key] += count
        for netting, order in zip(nettings, (keys, shuffled), strict=True):
            for key in order:
                take(netting, key, second, values[key])
    assert nettings[0].state == nettings[1].state

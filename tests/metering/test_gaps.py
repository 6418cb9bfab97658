"""Gaps in the statistics of a counter: what fills them, and what is left alone."""

from collections.abc import Mapping

from hypothesis import given, strategies as st
import pytest

from custom_components.flukso.metering.durations import HOUR
from custom_components.flukso.metering.gaps import (
    Finding,
    Gap,
    Hour,
    KnownValue,
    Reason,
    find_gaps,
    rows_for,
)
from custom_components.flukso.metering.rows import Row

#: What the meter showed at the end of hours 0 to 6.
METER = (1000.0, 1100.0, 1300.0, 1300.0, 1700.5, 1800.0, 2000.0)
#: How far the sums are from the states.
BOOKED = 1000.0


def hours(
    states: Mapping[int, float | None], told: Mapping[int, float | None] | None = None
) -> list[Hour]:
    """Hours whose rows have what the meter showed, but for some that have none or another state."""
    shown = dict(enumerate(METER)) | dict(told or {})
    recorded = dict(enumerate(METER)) | dict(states)
    return [
        Hour(
            hour * HOUR,
            None if (state := recorded[hour]) is None else Row(hour * HOUR, state, state - BOOKED),
            None if (value := shown[hour]) is None else KnownValue(value, value - 5, value + 3),
        )
        for hour in range(len(METER))
    ]


def rows(
    found: list[Hour], *, fastest: float | None = None, both_ways: bool = False
) -> list[Row] | Reason:
    """What fills the one gap in them."""
    [gap] = find_gaps(found)
    return rows_for(gap, fastest=fastest, both_ways=both_ways)


def truth(*of: int) -> list[Row]:
    """The rows that hours should have."""
    return [Row(hour * HOUR, METER[hour], METER[hour] - BOOKED) for hour in of]


HOLE: dict[int, float | None] = {2: None, 3: None, 4: None}


def test_an_hour_agrees_if_it_has_what_was_shown_shortly_before_or_after_its_end() -> None:
    known = KnownValue(1000, 995, 1003)
    for state, finding in {
        986.9: Finding.DIFFERS,
        987: Finding.CLOSE,
        994.9: Finding.CLOSE,
        995: Finding.AGREES,
        1003: Finding.AGREES,
        1003.1: Finding.CLOSE,
        2000: Finding.CLOSE,
    }.items():
        assert Hour(0, Row(0, state, 0), known).finding is finding
    assert Hour(0, None, known).finding is Finding.NO_ROW
    assert Hour(0, Row(0, 1000, 0), None).finding is Finding.NOT_REPORTED
    assert Hour(0, None, None).finding is Finding.NOT_REPORTED


@pytest.mark.parametrize("is_first_larger", [True, False])
def test_the_tolerance_of_a_gap_is_the_larger_one_of_the_hours_around_it(
    is_first_larger: bool,
) -> None:
    small, large = KnownValue(10, 9, 10), KnownValue(10, 5, 10)
    ends = (large, small) if is_first_larger else (small, large)
    before, after = (Hour(0, None, known) for known in ends)
    assert Gap(before, (), after).slack == large.slack
    assert Gap(None, (), after).slack == ends[1].slack


def test_an_hour_agrees_that_includes_what_is_unrecorded_of_the_last_second() -> None:
    known = KnownValue(1000, 995, 1003, unrecorded=2)
    for state, finding in {1005: Finding.AGREES, 1005.1: Finding.CLOSE}.items():
        assert Hour(0, Row(0, state, 0), known).finding is finding


def test_what_is_unrecorded_of_the_last_second_is_kept_while_the_counter_rests() -> None:
    rests = [KnownValue(value, value, value, unrecorded=2) for value in (1000, 1000, 1005, 1008)]
    states = {0: 1002.0, 3: 1009.0}
    found = [
        Hour(
            hour * HOUR,
            Row(hour * HOUR, states[hour], states[hour]) if hour in states else None,
            known,
        )
        for hour, known in enumerate(rests)
    ]

    assert rows(found) == [Row(HOUR, 1002, 1002), Row(2 * HOUR, 1005, 1005)]


def test_where_all_agrees_there_is_no_gap() -> None:
    assert find_gaps(hours({})) == []


def test_a_hole_is_filled_with_what_the_meter_showed() -> None:
    assert rows(hours(HOLE)) == truth(2, 3, 4)


def test_hours_that_stand_still_while_the_meter_counts_are_filled() -> None:
    assert rows(hours({2: 1100, 3: 1100, 4: 1100})) == truth(2, 3, 4)


def test_a_sum_goes_on_from_a_state_that_was_recorded_a_little_before_the_end() -> None:
    assert rows(hours(HOLE | {1: 1096})) == truth(2, 3, 4)


def test_hours_that_are_only_close_are_no_gap() -> None:
    assert find_gaps(hours({2: 1293, 3: 1310, 5: 1804})) == []


def test_an_hour_that_is_only_close_is_part_of_the_adjacent_gap() -> None:
    assert rows(hours({2: 1293, 3: 1100})) == truth(2, 3)


def test_an_hour_in_which_no_more_is_missing_than_makes_no_difference_at_the_ends() -> None:
    found = hours({3: 1295})
    found[3] = Hour(3 * HOUR, found[3].row, KnownValue(1300, 1300, 1300))
    assert rows(found) is Reason.CLOSE
    found[3] = Hour(3 * HOUR, found[3].row, KnownValue(1304, 1304, 1304))
    assert isinstance(rows(found), list)


def test_two_holes_are_two_gaps() -> None:
    first, second = find_gaps(hours({2: None, 4: None}))

    assert (first.begin, first.end) == (2 * HOUR, 3 * HOUR)
    assert rows_for(first, fastest=None, both_ways=False) == truth(2)
    assert rows_for(second, fastest=None, both_ways=False) == truth(4)


@pytest.mark.parametrize(
    ("states", "told", "reason"),
    [
        ({0: None, 1: None, 2: None}, {}, Reason.BEGIN),
        ({5: None, 6: None}, {}, Reason.END),
        (HOLE, {1: None}, Reason.BEGIN),
        (HOLE, {5: None}, Reason.END),
        (HOLE, {3: None}, Reason.NOT_REPORTED),
        (HOLE, {2: 900.0}, Reason.LEAP),
        (HOLE, {4: 1900.0}, Reason.LEAP),
    ],
    ids=[
        "no row before",
        "no row after",
        "the begin not told",
        "the end not told",
        "not told within",
        "a fall at the begin",
        "a fall at the end",
    ],
)
def test_a_gap_is_left_alone_with_the_reason(
    states: dict[int, float | None], told: dict[int, float | None], reason: Reason
) -> None:
    assert rows(hours(states, told)) is reason


def test_a_sum_that_differs_by_something_else_than_was_counted_is_left_alone() -> None:
    found = hours(HOLE)
    found[5] = Hour(5 * HOUR, Row(5 * HOUR, METER[5], METER[5] - BOOKED - 0.02), found[5].known)
    assert rows(found) is Reason.SUMS


def test_more_than_a_counter_can_count_in_an_hour_is_left_alone() -> None:
    assert rows(hours(HOLE), fastest=400.5 / HOUR / 2 - 0.001) is Reason.LEAP
    assert rows(hours(HOLE), fastest=400.5 / HOUR / 2) == truth(2, 3, 4)


@pytest.mark.parametrize(
    ("state", "finding"),
    [
        (1003, Finding.AGREES),
        (1003.1, Finding.DECIMATED),
        (1023, Finding.DECIMATED),
        (1023.1, Finding.CLOSE),
        (994.9, Finding.CLOSE),
        (986.9, Finding.DIFFERS),
    ],
)
def test_an_hour_may_be_ahead_by_what_its_meter_hides(state: float, finding: Finding) -> None:
    hour = Hour(0, Row(0, state, 0), KnownValue(1000, 995, 1003, hidden=20))

    assert hour.finding is finding
    assert (hour.sound is None) == (finding not in {Finding.AGREES, Finding.DECIMATED})


def test_a_gap_after_an_hour_that_is_ahead_does_not_fall() -> None:
    begin = Hour(0, Row(0, 1015, 15), KnownValue(1000, 1000, 1000, hidden=20))
    still = Hour(HOUR, None, KnownValue(1000, 1000, 1000, hidden=20))
    later = Hour(2 * HOUR, None, KnownValue(1020, 1020, 1020))
    end = Hour(3 * HOUR, Row(3 * HOUR, 1030, 30), KnownValue(1030, 1030, 1030))

    assert rows([begin, still, later, end]) == [
        Row(HOUR, 1015, 15),
        Row(2 * HOUR, 1020, 20),
    ]


def test_a_counter_that_runs_both_ways_may_fall() -> None:
    rising, falling = rows(hours(HOLE, {3: 900}), both_ways=True), rows(hours(HOLE, {3: 900}))

    assert rising == [
        Row(2 * HOUR, 1300, 300),
        Row(3 * HOUR, 900, -100),
        Row(4 * HOUR, 1700.5, 700.5),
    ]
    assert falling is Reason.LEAP


@pytest.mark.parametrize("wrong", [0, 1e6], ids=["register missing", "garbage"])
def test_a_counter_that_runs_both_ways_does_not_leap(wrong: float) -> None:
    assert rows(hours(HOLE, {3: wrong}), fastest=0.1, both_ways=True) is Reason.LEAP


@given(
    st.lists(st.integers(0, 10_000_000), min_size=4, max_size=60),
    st.data(),
)
def test_whatever_is_missing_is_made_up_exactly(counted: list[int], data: st.DataObject) -> None:
    """Filled or left alone, never another sum; filled where both ends and all between is known."""
    total, shown = 0, []
    for each in counted:
        total += each
        shown.append(total / 1000)
    missing = data.draw(st.sets(st.integers(1, len(shown) - 2), min_size=1))
    found = [
        Hour(
            hour * HOUR,
            None if hour in missing else Row(hour * HOUR, value, value - BOOKED),
            KnownValue(value, value, value),
        )
        for hour, value in enumerate(shown)
    ]

    filled = [rows_for(gap, fastest=None, both_ways=False) for gap in find_gaps(found)]

    made = {
        row.hour // HOUR: row for each in filled if not isinstance(each, Reason) for row in each
    }
    assert made.keys() == missing
    for hour, row in made.items():
        assert row.state == shown[hour]
        assert row.sum == pytest.approx(shown[hour] - BOOKED, abs=1e-6)

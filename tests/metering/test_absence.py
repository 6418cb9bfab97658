"""Hours in which Home Assistant recorded nothing, by the counters, and rows that it made up."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from custom_components.flukso.metering.absence import absent_hours, made_up_rows, missing_rows
from custom_components.flukso.metering.durations import HOUR
from custom_components.flukso.metering.gaps import Hour, KnownValue
from custom_components.flukso.metering.rows import AngleRow, MeanRow, Row

#: What is counted in an hour, and in half a minute.
RATE, MOMENT = 360, 3
HOURS = range(0, 8 * HOUR, HOUR)
#: Home Assistant was down from the middle of an hour to that of another.
OUTAGE = (2.5 * HOUR, 6.5 * HOUR)


def known_at(end: int) -> KnownValue:
    """What the meter tells of the end of an hour."""
    value = end / HOUR * RATE
    return KnownValue(value, value - MOMENT, value + MOMENT)


def recorded_at(end: int) -> float:
    """What Home Assistant has of the end of an hour."""
    begin, until = OUTAGE
    return (begin if begin <= end < until else end) / HOUR * RATE


def counter(states: Sequence[float | None] | None = None) -> list[Hour]:
    """A counter in all these hours, with these recorded states."""
    if states is None:
        states = [recorded_at(hour + HOUR) for hour in HOURS]
    return [
        Hour(hour, None if state is None else Row(hour, state, state), known_at(hour + HOUR))
        for hour, state in zip(HOURS, states, strict=True)
    ]


def test_whole_hours_of_an_outage_are_proven_and_no_part_of_one() -> None:
    assert absent_hours([counter()]) == {3 * HOUR, 4 * HOUR, 5 * HOUR}


def test_an_outage_from_the_very_end_of_an_hour_is_proven_from_there() -> None:
    states = [360, 720, *[1080 - MOMENT] * 4, 2520, 2880]

    assert absent_hours([counter(states)]) == {3 * HOUR, 4 * HOUR, 5 * HOUR}


def test_an_idle_counter_proves_nothing() -> None:
    idle = [replace(hour, row=Row(hour.hour, 5, 0)) for hour in counter()]
    idle = [replace(hour, known=KnownValue(5, 5, 5)) for hour in idle]

    assert absent_hours([idle]) == set()
    assert absent_hours([idle, counter()]) == absent_hours([counter()])


def test_a_counter_that_changed_proves_that_something_was_recorded() -> None:
    states = [recorded_at(hour + HOUR) for hour in HOURS]
    states[4] += 1
    states[5] += 1

    assert absent_hours([counter(), counter(states)]) == {3 * HOUR, 5 * HOUR}
    assert absent_hours([counter(states)]) == {3 * HOUR, 5 * HOUR}


def test_hours_without_a_row_of_the_counter_prove_nothing() -> None:
    assert absent_hours([counter([360, 720, None, None, None, None, 2520, 2880])]) == set()
    assert absent_hours([counter([360, 720, None, 720, 720, None, 2520, 2880])]) == {4 * HOUR}


def test_an_outage_that_has_no_begin_or_no_end_proves_nothing() -> None:
    assert absent_hours([counter([0, 0, 0, 1440, 1800, 2160, 2520, 2880])]) == set()
    assert absent_hours([counter([360, 720, 1080, 1440, *[1800] * 4])]) == set()


@pytest.mark.parametrize("end", [0, 6])
def test_the_counter_must_agree_before_and_after(end: int) -> None:
    """If not, it may be another count than the meter's, after a break."""
    hours = counter()
    unsure = hours[:2] if end < 2 else hours[6:]
    wrong = {hour.hour for hour in unsure}
    hours = [replace(hour, known=None) if hour.hour in wrong else hour for hour in hours]

    assert absent_hours([hours]) == set()


def test_the_meter_must_have_counted_right_after_the_begin_of_the_hour() -> None:
    """Else the reading may have been taken in it, before it counted on."""
    hours = counter([360, 720, 1080, 1080, 1800, 2160, 2520, 2880])
    still = KnownValue(1080, 1080, 1080)
    hours[2] = replace(hours[2], known=still)

    assert hours[3].missed
    assert absent_hours([hours]) == set()
    hours[2] = replace(hours[2], known=KnownValue(1080, 1080, 1080.1))
    assert absent_hours([hours]) == {3 * HOUR}


def test_a_state_that_is_written_once_an_hour_proves_nothing() -> None:
    hours = counter([360, 720, 1080, 1080, 1800, 2160, 2520, 2880])
    slow = [replace(hour.known, lowest=hour.known.value - RATE) for hour in hours if hour.known]
    hours = [replace(hour, known=known) for hour, known in zip(hours, slow, strict=True)]

    assert absent_hours([hours]) == set()


def test_a_state_that_is_only_a_little_behind_proves_nothing() -> None:
    hours = counter([360, 720, 1080, 1080, 1080, 2160, 2520, 2880])
    hours[3] = replace(hours[3], known=KnownValue(1095, 1095, 1095))
    hours[4] = replace(hours[4], known=KnownValue(1105, 1100, 1125))

    assert absent_hours([hours]) == {3 * HOUR}


BEFORE = MeanRow(0, 231, 228, 233)
FLAT = MeanRow(HOUR, 230.1, 230.1, 230.1)
TRUE = MeanRow(HOUR, 232, 229, 236)


def made_up(row: MeanRow | AngleRow, *, before: MeanRow | AngleRow | None = BEFORE) -> bool:
    """Whether a recorded row looks made up."""
    recorded = {each.hour: each for each in (before, row) if each is not None}
    return made_up_rows([TRUE], recorded, recorded) == [TRUE]


def test_a_row_of_one_value_that_the_hour_before_had_looks_made_up() -> None:
    assert made_up(FLAT)
    assert made_up(replace(FLAT, mean=FLAT.mean * (1 + 1e-12)))
    assert made_up(FLAT, before=replace(FLAT, hour=0))
    assert made_up(MeanRow(HOUR, 0, 0, 0), before=MeanRow(0, 5, 0, 20))


@pytest.mark.parametrize(
    "row",
    [
        replace(FLAT, max=230.2),
        replace(FLAT, min=230.0),
        replace(FLAT, mean=230.11),
        MeanRow(HOUR, 240, 240, 240),
        MeanRow(HOUR, 220, 220, 220),
        AngleRow(HOUR, 230.1, 3600),
    ],
)
def test_any_other_row_does_not_look_made_up(row: MeanRow | AngleRow) -> None:
    assert not made_up(row)


def test_a_row_without_one_before_does_not_look_made_up() -> None:
    assert not made_up(FLAT, before=None)
    assert not made_up(FLAT, before=AngleRow(0, 230.1, 3600))


def test_the_row_before_counts_as_it_was_before_it_was_filled() -> None:
    recorded = {0: MeanRow(0, 240, 239, 241), HOUR: FLAT}

    assert made_up_rows([TRUE], recorded, recorded) == []
    assert made_up_rows([TRUE], recorded, {0: replace(FLAT, hour=0), HOUR: FLAT}) == [TRUE]


def test_a_row_that_is_the_same_by_the_meter_stays() -> None:
    recorded = {0: BEFORE, HOUR: FLAT}

    assert made_up_rows([FLAT], recorded, recorded) == []
    assert made_up_rows([AngleRow(HOUR, 5, 3600)], recorded, recorded) == []
    assert made_up_rows([replace(TRUE, hour=2 * HOUR)], recorded, recorded) == []


def test_a_row_made_up_of_what_was_only_one_of_the_extremes_is_replaced() -> None:
    recorded = {0: BEFORE, HOUR: FLAT}
    true = MeanRow(HOUR, 230.3, 230.1, 230.6)

    assert made_up_rows([true], recorded, recorded) == [true]


def test_hours_are_missing_between_the_first_and_the_last_row_only() -> None:
    known = [MeanRow(hour, 1, 1, 1) for hour in HOURS]

    missing = missing_rows(known, {2 * HOUR, 3 * HOUR, 6 * HOUR})

    assert [row.hour for row in missing] == [4 * HOUR, 5 * HOUR]
    assert missing_rows(known, set()) == []

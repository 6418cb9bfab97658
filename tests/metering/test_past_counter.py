"""What a counter counted in the hours before its first recorded row."""

from array import array
from collections.abc import Sequence
from itertools import permutations

from hypothesis import given, strategies as st
import pytest

from custom_components.flukso.metering.durations import HOUR
from custom_components.flukso.metering.past_block import CountingLaw, PastBlock, past_block
from custom_components.flukso.metering.past_counter import PastCounter, past_sum_rows
from custom_components.flukso.metering.past_rows import Missing, PastRows
from custom_components.flukso.metering.rows import MeanRow, Row

BLOCK = 4 * HOUR
#: Up to 3600 units in an hour.
LAW = CountingLaw(1.0)
#: The time between two readings (s).
EVERY = 60


def block(
    readings: Sequence[tuple[int, int]],
    begin: int = 0,
    end: int = BLOCK,
    law: CountingLaw = LAW,
    power_over: int | None = None,
) -> PastBlock:
    """Return a block with these readings."""
    times, values = zip(*readings, strict=True)
    at, showed = array("q", times), array("q", values)
    return past_block(begin, end, at, showed, law=law, power_over=power_over)


def steady(begin: int, end: int, at_begin: int = 0, rate: int = 100) -> list[tuple[int, int]]:
    """Return readings of a counter that counts so many thousandths in a second."""
    return [(time, at_begin + (time - begin) * rate) for time in range(begin, end, EVERY)]


def counter_of(*blocks: PastBlock) -> PastCounter:
    """Return a counter with these blocks."""
    counter = PastCounter()
    for each in blocks:
        counter.add(each)
    return counter


def rows_of(
    counter: PastCounter,
    first: Row,
    *,
    since: int = 0,
    law: CountingLaw = LAW,
    offsets: Sequence[float] = (0.0,),
) -> PastRows:
    """Return the rows before a first one."""
    return counter.rows(first, since=since, law=law, offsets=offsets)


def counted(past: PastRows) -> dict[int, float]:
    """Return what is counted in each row."""
    found, before = {}, 0.0
    for row in past.rows:
        assert isinstance(row, Row)
        found[row.hour] = row.sum - before
        before = row.sum
    return found


def test_each_hour_before_the_first_row_has_what_it_counted() -> None:
    counter = counter_of(block(steady(0, BLOCK)))

    past = rows_of(counter, Row(2 * HOUR, 1080.0, 60.0))

    assert past.rows == [Row(0, 360.0, 360.0), Row(HOUR, 720.0, 720.0)]
    assert past.counted_in_first == 360.0
    assert past.impossible == 0


def test_the_first_row_has_what_was_counted_until_its_state_was_read() -> None:
    counter = counter_of(block(steady(0, BLOCK)))

    past = rows_of(counter, Row(2 * HOUR, 1077.0, 60.0))

    assert past.counted_in_first == 357.0


def test_the_hour_in_which_the_memory_begins_is_left_out() -> None:
    counter = counter_of(block(steady(EVERY, BLOCK)))

    assert counted(rows_of(counter, Row(2 * HOUR, 1074.0, 60.0))) == {HOUR: 360.0}


def test_hours_before_the_wanted_time_are_left_out() -> None:
    counter = counter_of(block(steady(0, BLOCK)))

    assert counted(rows_of(counter, Row(2 * HOUR, 1080.0, 0.0), since=100)) == {HOUR: 360.0}


@pytest.mark.parametrize("leap", [-1_000_000, 4_000_000_000])
def test_a_leap_counts_nothing_and_what_was_counted_around_it_stays(leap: int) -> None:
    law = LAW if leap > 0 else CountingLaw(None)
    readings = steady(0, BLOCK, 2_000_000)
    readings = [(time, value + leap * (time >= 5400)) for time, value in readings]
    counter = counter_of(block(readings, law=law, power_over=5))
    first = Row(2 * HOUR, readings[180][1] / 1000, 0)

    past = rows_of(counter, first, law=law)

    assert counted(past) == pytest.approx({0: 360.0, HOUR: 354.0})
    assert past.counted_in_first == 360.0
    assert [row.hour for row in past.rows if isinstance(row, Row)] == [0, HOUR]


BOTH_WAYS = CountingLaw(1.0, both_ways=True)


@pytest.mark.parametrize(
    ("law", "step", "counts"),
    [
        *((LAW, 3000, 3000), (LAW, 3500, 0)),
        *((BOTH_WAYS, 3000, 3000), (BOTH_WAYS, 3500, 0)),
        *((BOTH_WAYS, -3000, -3000), (BOTH_WAYS, -3500, 0), (BOTH_WAYS, -9000, 0)),
    ],
)
def test_a_step_is_a_leap_if_the_second_and_those_of_its_ends_are_too_few_for_it(
    law: CountingLaw, step: int, counts: int
) -> None:
    after = 10_000 + step

    assert block([(0, 10_000), (1, after)], law=law).counted == counts
    assert block([(0, 9900), (1, 10_000), (2, after)], law=law).counted == 100 + counts


@pytest.mark.parametrize("chunk", [1, 2, 3, 1000])
def test_a_leap_is_left_out_once_wherever_the_readings_are_cut(
    chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("custom_components.flukso.metering.past_block._CHUNK_READINGS", chunk)
    values = [0, 100, 10**9, 10**9 + 100, 2 * 10**9, 3 * 10**9, 3 * 10**9 + 100]

    assert block(list(enumerate(values))).counted == 300


def test_a_counter_that_began_again_from_0_counts_what_it_shows() -> None:
    readings = [
        (time, value if time < 5400 else 2500 + (time - 5400) * 100)
        for time, value in steady(0, BLOCK, 2_000_000)
    ]
    counter = counter_of(block(readings))
    first = Row(2 * HOUR, readings[180][1] / 1000, 0)

    assert counted(rows_of(counter, first)) == pytest.approx({0: 360.0, HOUR: 356.5})


def test_a_counter_that_ran_out_of_bits_goes_on() -> None:
    wrap = 2**32 * 1000
    readings = [(time, value % wrap) for time, value in steady(0, BLOCK, wrap - 500_000)]
    counter = counter_of(block(readings))
    first = Row(2 * HOUR, readings[180][1] / 1000, 0)

    assert counted(rows_of(counter, first)) == pytest.approx({0: 360.0, HOUR: 360.0})


def test_an_hour_with_more_than_can_be_counts_nothing_and_is_told() -> None:
    """Each of its steps could be, within two seconds: not all of them together."""
    readings = [(time, time * 2000 if time < HOUR else HOUR * 2000) for time in range(BLOCK)]
    counter = counter_of(block(readings))

    past = rows_of(counter, Row(2 * HOUR, 7200.0, 0.0))

    assert counted(past) == {0: 0.0, HOUR: 0.0}
    assert past.impossible == 1


def test_an_hour_with_more_than_can_be_is_told_however_late_it_is() -> None:
    readings = [(BLOCK + time, min(time, HOUR) * 2000) for time in range(BLOCK)]
    counter = counter_of(block(readings, BLOCK, 2 * BLOCK))

    past = rows_of(counter, Row(BLOCK + 2 * HOUR, 7200.0, 0.0))

    assert counted(past) == {BLOCK: 0.0, BLOCK + HOUR: 0.0}
    assert past.impossible == 1


def test_a_first_row_whose_hour_has_more_than_can_be_keeps_what_it_has() -> None:
    counter = counter_of(block([(time, min(time, HOUR) * 2000) for time in range(BLOCK)]))

    assert rows_of(counter, Row(0, 7200.0, 0.0)).counted_in_first is None


def test_a_leap_from_one_block_to_the_next_counts_nothing() -> None:
    late = block(steady(BLOCK, 2 * BLOCK, 2_440_000), BLOCK, 2 * BLOCK)
    counter = counter_of(block(steady(0, BLOCK)), late)

    past = rows_of(counter, Row(5 * HOUR, 0.0, 0.0), since=3 * HOUR)

    assert counted(past) == {3 * HOUR: 354.0, 4 * HOUR: 360.0}


def test_a_regular_counter_is_known_at_the_end_of_its_block() -> None:
    law = CountingLaw(1.0, max_silence=300)
    late = block(steady(BLOCK + 60, 2 * BLOCK, 1_446_000), BLOCK, 2 * BLOCK, law)
    counter = counter_of(block(steady(0, BLOCK), law=law), late)

    past = rows_of(counter, Row(5 * HOUR, 0.0, 0.0), since=3 * HOUR, law=law)

    assert counted(past) == {3 * HOUR: 354.0, 4 * HOUR: 366.0}


def test_rows_and_powers_have_three_decimals() -> None:
    counter = counter_of(block([(0, 0), (100, 1234)]))

    assert rows_of(counter, Row(HOUR, 1.234, 0.0)).rows == [Row(0, 1.234, 1.234)]
    assert counter.power_rows(begin=0, end=HOUR, law=LAW) == [MeanRow(0, 1.234, 1.234, 1.234)]


def test_an_idle_counter_shows_the_last_value_of_its_last_block_and_the_offset() -> None:
    evening = block([(0, 0), (HOUR, 5000)])
    morning = block([(9 * HOUR, 9000)], 2 * BLOCK, 3 * BLOCK)

    past = rows_of(counter_of(evening, morning), Row(20 * HOUR, 509.0, 0.0), offsets=(0.0, 500.0))

    assert past.rows[-1] == Row(19 * HOUR, 509.0, 9.0)
    assert past.counted_in_first == 0.0


def test_the_hours_between_two_blocks_are_missing_and_the_last_of_them_has_all() -> None:
    counter = counter_of(
        block(steady(0, BLOCK)),
        block(steady(3 * BLOCK, 4 * BLOCK, 3 * BLOCK * 100), 3 * BLOCK, 4 * BLOCK),
    )

    past = rows_of(counter, Row(14 * HOUR, 15 * 360.0, 0.0))

    assert counted(past) == pytest.approx(
        {0: 360, HOUR: 360, 2 * HOUR: 360, 11 * HOUR: 9 * 360, 12 * HOUR: 360, 13 * HOUR: 360}
    )


def test_what_a_regular_counter_counted_while_it_was_silent_is_in_the_last_hour_of_that() -> None:
    law = CountingLaw(1.0, max_silence=300)
    silent = [each for each in steady(0, BLOCK) if not HOUR < each[0] < 3 * HOUR]
    later = block(steady(BLOCK, 2 * BLOCK, BLOCK * 100), BLOCK, 2 * BLOCK, law)
    counter = counter_of(block(silent, law=law), later)

    past = rows_of(counter, Row(6 * HOUR, 7 * 360.0, 0.0), law=law)

    assert counted(past) == pytest.approx(
        {0: 360, 2 * HOUR: 2 * 360, 3 * HOUR: 360, 4 * HOUR: 360, 5 * HOUR: 360}
    )


def test_a_regular_counter_may_be_silent_from_one_block_to_the_next() -> None:
    law = CountingLaw(1.0, max_silence=300)
    early = block(steady(0, 3 * HOUR + 60), law=law)
    late = block(steady(5 * HOUR, 2 * BLOCK, 5 * HOUR * 100), BLOCK, 2 * BLOCK, law)

    past = rows_of(counter_of(early, late), Row(6 * HOUR, 7 * 360.0, 0.0), law=law)

    assert counted(past) == pytest.approx(
        {0: 360, HOUR: 360, 2 * HOUR: 360, 4 * HOUR: 2 * 360, 5 * HOUR: 360}
    )


@pytest.mark.parametrize("begin", [BLOCK, 2 * BLOCK])
def test_a_regular_counter_that_was_silent_at_the_end_of_a_block_is_not_known_then(
    begin: int,
) -> None:
    law = CountingLaw(1.0, max_silence=300)
    early = block(steady(0, HOUR + 60), law=law)
    late = block(steady(9 * HOUR, 3 * BLOCK, 9 * HOUR * 100), begin, 3 * BLOCK, law)

    past = rows_of(counter_of(early, late), Row(11 * HOUR, 12 * 360.0, 0.0), law=law)

    assert counted(past) == pytest.approx(
        {0: 360, 8 * HOUR: 8 * 360, 9 * HOUR: 360, 10 * HOUR: 360}
    )


def test_the_first_pulse_after_a_night_without_blocks_tells_that_there_was_none_before() -> None:
    evening = block([(0, 0), (HOUR, 5000)])
    morning = block([(9 * HOUR + 60, 6000), (10 * HOUR, 9000)], 2 * BLOCK, 3 * BLOCK)

    past = rows_of(counter_of(evening, morning), Row(11 * HOUR, 9.0, 0.0))

    nothing = dict.fromkeys(range(HOUR, 11 * HOUR, HOUR), 0.0)
    assert counted(past) == {0: 5.0} | nothing | {9 * HOUR: 4.0}


def test_a_regular_counter_that_was_silent_and_shows_the_same_has_counted_nothing() -> None:
    law = CountingLaw(1.0, max_silence=300)
    readings = [(0, 0), (100, 5000), (BLOCK - 1, 5000)]
    later = block([(BLOCK + 2 * HOUR + 1, 5000)], BLOCK, 2 * BLOCK, law)
    counter = counter_of(block(readings, law=law), later)

    past = rows_of(counter, Row(5 * HOUR, 5.0, 0.0), law=law)

    assert counted(past) == {0: 5.0} | dict.fromkeys(range(HOUR, 5 * HOUR, HOUR), 0.0)
    assert past.counted_in_first == 0.0


def test_an_idle_counter_has_hours_without_a_block() -> None:
    counter = counter_of(
        block([(0, 0), (HOUR, 5000)]), block([(9 * HOUR, 5000)], 2 * BLOCK, 3 * BLOCK)
    )

    past = rows_of(counter, Row(20 * HOUR, 5.0, 0.0))

    assert counted(past) == {0: 5.0} | dict.fromkeys(range(HOUR, 20 * HOUR, HOUR), 0.0)
    assert past.counted_in_first == 0.0


def test_a_counter_that_shows_another_value_than_the_last_that_was_stored_is_not_idle() -> None:
    counter = counter_of(block([(0, 0), (HOUR, 5000)]))

    assert rows_of(counter, Row(20 * HOUR, 5.5, 0.0)).counted_in_first is None


def test_the_last_block_may_end_with_the_hour_of_the_first_row() -> None:
    counter = counter_of(block(steady(0, BLOCK)))

    assert rows_of(counter, Row(3 * HOUR, 1434.0, 0.0)).counted_in_first == 354.0


def test_the_first_hour_is_the_first_that_is_known_as_a_whole() -> None:
    late = block(steady(3 * BLOCK, 4 * BLOCK, 3 * BLOCK * 100), 3 * BLOCK, 4 * BLOCK)
    counter = counter_of(block(steady(0, BLOCK)), late)

    past = rows_of(counter, Row(14 * HOUR, 0.0, 0.0), since=3 * HOUR)

    assert counted(past) == {12 * HOUR: 360.0, 13 * HOUR: 360.0}


@pytest.mark.parametrize(
    ("state", "counted_in_first"), [(1089.0, 369.0), (1095.0, None), (720.0, 0.0), (700.0, None)]
)
def test_the_first_row_may_be_some_seconds_ahead_and_no_more_than_its_hour_behind(
    state: float, counted_in_first: float | None
) -> None:
    counter = counter_of(block(steady(0, BLOCK)))

    past = rows_of(counter, Row(2 * HOUR, state, 0.0))

    assert past.counted_in_first == counted_in_first


def test_the_first_row_is_not_behind_an_hour_that_counted_less_than_a_unit_by_one() -> None:
    counter = counter_of(block([(0, 0), (2 * HOUR, 9000), (3 * HOUR, 9200), (BLOCK - 1, 9200)]))

    assert rows_of(counter, Row(2 * HOUR, 9.1, 0.0)).counted_in_first == pytest.approx(0.1)
    assert rows_of(counter, Row(2 * HOUR, 8.3, 0.0)).counted_in_first is None


def test_of_several_offsets_it_is_that_with_which_the_first_row_is_nearest() -> None:
    counter = counter_of(block(steady(0, BLOCK)))

    past = rows_of(counter, Row(2 * HOUR, 1075.0, 0.0), offsets=(0.0, 300.0, -4.0))

    assert past.rows[0] == Row(0, 356.0, 360.0)


def test_without_blocks_until_the_first_row_it_keeps_what_it_has() -> None:
    counter = counter_of(block(steady(0, BLOCK)))

    past = rows_of(counter, Row(10 * HOUR, 5000.0, 60.0))

    assert counted(past) == pytest.approx({0: 360.0, HOUR: 360.0, 2 * HOUR: 360.0})
    assert past.counted_in_first is None


def test_a_first_row_of_another_count_keeps_what_it_has() -> None:
    counter = counter_of(block(steady(0, BLOCK)))

    assert rows_of(counter, Row(2 * HOUR, 5000.0, 60.0)).counted_in_first is None


def test_the_offset_over_a_break_is_in_the_states_if_the_first_row_has_it() -> None:
    counter = counter_of(block(steady(0, BLOCK)))

    past = rows_of(counter, Row(2 * HOUR, 6080.0, 60.0), offsets=(0.0, 5000.0))

    assert past.rows == [Row(0, 5360.0, 360.0), Row(HOUR, 5720.0, 720.0)]
    assert past.counted_in_first == 360.0


def test_a_counter_that_runs_both_ways_may_count_less_than_nothing() -> None:
    law = CountingLaw(1.0, both_ways=True)
    counter = counter_of(block(steady(0, BLOCK, rate=-100), law=law))

    past = rows_of(counter, Row(2 * HOUR, -1080.0, 0.0), law=law)

    assert counted(past) == {0: -360.0, HOUR: -360.0}
    assert past.counted_in_first == -360.0
    for state, counted_in_first in ((-1380.0, -660.0), (-780.0, -60.0), (4000.0, None)):
        again = rows_of(counter, Row(2 * HOUR, state, 0.0), law=law)
        assert again.counted_in_first == counted_in_first


def test_an_hour_has_the_mean_power_and_its_range() -> None:
    counter = counter_of(block(steady(0, BLOCK), power_over=5))

    assert counter.power_rows(begin=0, end=2 * HOUR, law=LAW) == [
        MeanRow(0, 360.0, 360.0, 360.0),
        MeanRow(HOUR, 360.0, 360.0, 360.0),
    ]


def test_the_range_of_the_power_is_that_between_readings() -> None:
    readings = [(time, time * 100 + (time > 1800) * 600) for time in range(0, BLOCK, EVERY)]
    counter = counter_of(block(readings, power_over=60))

    assert counter.power_rows(begin=0, end=HOUR, law=LAW) == [MeanRow(0, 360.6, 360.0, 396.0)]


def test_there_is_no_power_of_several_hours_nor_of_more_than_can_be() -> None:
    late = block(steady(3 * BLOCK, 4 * BLOCK, 3 * BLOCK * 100), 3 * BLOCK, 4 * BLOCK)
    gap = counter_of(block(steady(0, BLOCK)), late)
    too_much = [(time, min(time, HOUR) * 2000) for time in range(BLOCK)]

    hours = [row.hour // HOUR for row in gap.power_rows(begin=0, end=5 * BLOCK, law=LAW)]
    possible = counter_of(block(too_much)).power_rows(begin=0, end=BLOCK, law=LAW)

    assert hours == [0, 1, 2, 12, 13, 14]
    assert [row.hour // HOUR for row in possible] == [1, 2]


def test_an_hour_with_a_leap_has_no_power_and_the_others_have() -> None:
    readings = [(time, value + 10**9 * (time > 1.5 * HOUR)) for time, value in steady(0, BLOCK)]

    assert set(block(readings, power_over=60).powers) == {0, 2 * HOUR, 3 * HOUR}


def test_a_regular_counter_that_shows_the_same_after_a_silence_is_known_in_it() -> None:
    readings = [(0, 1000), (100, 1000), (3 * HOUR + 60, 1000), (3 * HOUR + 120, 1500)]

    known = block(readings, law=CountingLaw(1.0, max_silence=300))

    assert list(known.at) == [0, HOUR, 2 * HOUR, 3 * HOUR]
    assert list(known.values) == [1000] * 4


def test_a_larger_block_replaces_those_within_it_in_any_order() -> None:
    parts = [
        block(steady(0, HOUR), 0, HOUR),
        block(steady(HOUR, 2 * HOUR, 360_000), HOUR, 2 * HOUR),
        block(steady(0, BLOCK)),
    ]
    for order in permutations(parts):
        counter = counter_of(*order)
        assert counter.span == (0, BLOCK)
        assert counter.covers(HOUR, 2 * HOUR)
        assert not counter.covers(HOUR, BLOCK + 1)
        assert counted(rows_of(counter, Row(2 * HOUR, 1080.0, 0.0))) == {0: 360.0, HOUR: 360.0}
    assert PastCounter().span == (0, 0)
    assert rows_of(PastCounter(), Row(2 * HOUR, 1080.0, 0.0)) == PastRows([], impossible=0)


@given(
    st.lists(st.integers(0, 60), min_size=200, max_size=260),
    st.integers(10, 190),
    st.integers(0, 5_000_000),
    st.booleans(),
    st.sets(st.integers(0, 3)),
)
def test_whatever_happens_no_hour_has_more_than_was_counted(
    counts: list[int], reset: int, value: int, is_reset: bool, missing: set[int]
) -> None:
    """A reading in a minute; what was counted in that of a reset is lost."""
    true, shown, readings = [0], value, [(0, value)]
    for minute, units in enumerate(counts, 1):
        true.append(true[-1] + units * 1000)
        shown = 4_000_000_000 if is_reset and minute == reset else shown + units * 1000
        readings.append((minute * EVERY, shown))
    parts = [
        block(held, index * HOUR, (index + 1) * HOUR)
        for index in {0, 1, 2, 3} - missing
        if (held := [each for each in readings if each[0] // HOUR == index])
    ]
    counter = counter_of(*parts)
    last = readings[180][1] / 1000

    past = rows_of(counter, Row(3 * HOUR - HOUR, last, 0.0))

    lost = counts[reset - 1] if is_reset else 0
    for hour, units in counted(past).items():
        most = sum(counts[: (hour + HOUR) // EVERY])
        assert -0.001 <= units <= most + 0.001
        if not missing:
            exact = sum(counts[hour // EVERY : (hour + HOUR) // EVERY])
            assert exact - lost - 0.001 <= units <= exact + 0.001


def sum_of(first: Row, *counters: PastCounter, since: int = 0, law: CountingLaw = LAW) -> PastRows:
    """Return the rows of the sum of counters, named a, b and so on, before its first row."""
    named = {name: (counter, law) for name, counter in zip("abc", counters, strict=False)}
    return past_sum_rows(named, first, since=since, offsets=[0.0, 500.0])


def test_a_sum_has_what_its_counters_counted_in_each_hour() -> None:
    one, other = counter_of(block(steady(0, BLOCK))), counter_of(block(steady(0, BLOCK, rate=50)))

    past = sum_of(Row(2 * HOUR, 2 * 810.0 + 500.0, 9.0), one, other)

    assert past.rows == [Row(0, 1040.0, 540.0), Row(HOUR, 1580.0, 1080.0)]
    assert past.counted_in_first == 540.0
    assert past.missing is None


def test_what_a_sum_counted_while_a_counter_is_not_known_is_in_the_next_hour_and_told() -> None:
    whole = counter_of(block(steady(0, BLOCK)), block(steady(BLOCK, 2 * BLOCK, 1_440_000)))
    early = block(steady(0, 2 * HOUR), end=2 * HOUR)
    late = block(steady(3 * HOUR, BLOCK, 3 * 360_000), begin=3 * HOUR, end=BLOCK)

    past = sum_of(Row(3 * HOUR, 0.0, 0.0), whole, counter_of(early, late))

    assert counted(past) == {0: 720.0, 2 * HOUR: 2 * 720.0}
    assert past.missing == Missing(1, HOUR, 2 * HOUR, ("b",))


def test_a_sum_has_no_row_while_nothing_is_known_of_one_of_its_counters() -> None:
    past = sum_of(Row(2 * HOUR, 0.0, 0.0), counter_of(block(steady(0, BLOCK))), PastCounter())

    assert past.rows == []
    assert past.missing == Missing(2, 0, 2 * HOUR, ("b",))


def test_a_sum_begins_with_the_time_that_is_wanted() -> None:
    counters = [counter_of(block(steady(0, BLOCK))) for _ in range(2)]

    counters.append(counter_of(block(steady(HOUR, BLOCK, 360_000), HOUR)))

    past = sum_of(Row(3 * HOUR, 0.0, 0.0), *counters, since=HOUR)

    assert counted(past) == {HOUR: 3 * 360.0, 2 * HOUR: 3 * 360.0}
    assert past.missing is None


def test_the_limit_of_a_sum_is_that_of_its_counters_together() -> None:
    counters = [counter_of(block(steady(0, BLOCK, rate=900))) for _ in range(2)]
    first = Row(2 * HOUR, 0.0, 0.0)
    assert sum_of(first, *counters).impossible == 0
    assert sum_of(first, *counters, law=CountingLaw(None)).impossible == 0

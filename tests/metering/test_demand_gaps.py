"""Incomplete quarter-hours: gaps, restarts, clocks that are set."""

from hypothesis import given, strategies as st
import pytest

from custom_components.flukso.metering.durations import QUARTER
from custom_components.flukso.metering.monthly_peaks import Peak

from .quarters import BEGIN, House, at, house_at, restarted


@pytest.mark.parametrize("step", [2, 3, 7, 10])
def test_a_boundary_between_two_readings_is_known_if_they_are_close(step: int) -> None:
    house = House(BEGIN - step - 1)
    house.use(3000, 1080 // step * step, step=step)
    assert house.demand.last == pytest.approx(3000, abs=0.1)
    assert house.demand.peak == Peak(house.demand.last, BEGIN)


def test_a_quarter_with_a_gap_counts_if_both_ends_are_known() -> None:
    house = house_at(2026, 5, 12, 10, 0)
    house.use(1000, 300)
    house.use(7000, 300, silently=True)
    assert house.demand.average == 1000
    house.use(1000, 1)
    assert house.demand.average == pytest.approx((300 * 1000 + 300 * 7000 + 1000) / 601, abs=0.1)
    house.use(1000, 1)
    assert house.demand.expected == pytest.approx(3000, abs=0.1)
    house.use(1000, 299)
    assert house.demand.last == 3000


@pytest.mark.parametrize(("before", "gap"), [(895, 11), (890, 300), (100, 900), (890, 86_400)])
def test_a_gap_over_the_end_of_a_quarter_leaves_both_quarters_out(before: int, gap: int) -> None:
    house = house_at(2026, 5, 12, 10, 0)
    house.use(1000, before)
    house.use(9000, gap, silently=True)
    house.use(1000, 1)
    assert house.demand.last is None
    assert house.demand.average is None
    assert house.demand.expected is None
    house.use(1000, QUARTER - house.now % QUARTER)
    assert house.demand.peak is None
    house.use(1000, 901)
    assert house.demand.last == 1000
    assert house.demand.peak is not None
    assert house.demand.peak.demand == 1000


def test_a_demand_of_the_month_before_is_no_peak_of_one_that_begins() -> None:
    house = House(at(2026, 6, 1))
    house.use(1000, 1)
    assert not house.demand.take_past(Peak(5000, at(2026, 5, 31, 23, 45)))
    assert house.demand.peak is None


def test_the_last_quarter_is_unknown_after_an_incomplete_one() -> None:
    house = house_at(2026, 5, 12, 10, 0)
    house.use(1000, 901)
    assert house.demand.last == 1000
    house.use(1000, 880)
    house.use(1000, 60, silently=True)
    house.use(1000, 1)
    assert house.demand.last is None


def test_a_gap_that_ends_with_a_quarter_leaves_the_next_one_known() -> None:
    house = house_at(2026, 5, 12, 10, 1)
    house.use(1000, 839, silently=True)
    house.use(1000, 1)
    house.use(2000, 900)
    house.use(0, 1)
    assert house.demand.last == 2000


def test_a_gap_that_begins_with_a_quarter_leaves_it_known() -> None:
    house = house_at(2026, 5, 12, 10, 0)
    house.use(2000, 900)
    house.use(1000, 60, silently=True)
    house.use(1000, 1)
    assert house.demand.is_complete
    assert house.demand.last == 2000
    assert house.demand.average == 1000


def test_readings_that_are_minutes_apart_tell_what_is_taken_now() -> None:
    house = house_at(2026, 5, 12, 10, 0)
    house.use(1200, 600, step=120)
    assert house.demand.expected == 1200


def test_a_quarter_goes_on_over_a_restart() -> None:
    house = house_at(2026, 5, 12, 10, 0)
    house.use(1000, 901)
    house.use(6000, 300)
    restarted(house)
    house.use(6000, 100, silently=True)
    house.use(6000, 1)
    assert house.demand.last == 1000
    assert house.demand.peak == Peak(1000, BEGIN)
    assert house.demand.average == pytest.approx(6000, abs=15)
    house.use(6000, 498)
    house.use(0, 1)
    assert house.demand.peak == Peak(pytest.approx(6000, abs=10), BEGIN + QUARTER)


def test_after_a_restart_nothing_is_known_before_the_first_reading() -> None:
    house = house_at(2026, 5, 12, 10, 0)
    house.use(1000, 1000)
    restarted(house)
    demand = house.demand
    assert (demand.average, demand.expected, demand.last, demand.peak) == (None,) * 4
    house.use(1000, 1)
    assert demand.average == demand.last == 1000
    assert demand.expected is None
    house.use(1000, 1)
    assert demand.expected == 1000


def test_a_restart_over_the_end_of_a_quarter_leaves_both_out_and_keeps_the_peak() -> None:
    house = house_at(2026, 5, 12, 10, 0)
    house.use(4000, 1000)
    restarted(house)
    house.use(9000, 900, silently=True)
    house.use(100, 2)
    assert not house.demand.is_complete
    assert house.demand.last is None
    assert house.demand.peak == Peak(4000, BEGIN)


def test_a_restart_over_the_end_of_a_month_forgets_the_peak() -> None:
    house = house_at(2026, 5, 31, 23, 0)
    house.use(4000, 2000)
    restarted(house)
    house.use(0, 3600, silently=True)
    house.use(0, 1)
    assert house.demand.peak is None


def test_a_clock_that_is_set_back_leaves_the_quarter_out() -> None:
    house = house_at(2026, 5, 12, 10, 15)
    house.use(4000, 900)
    house.use(1000, 300)
    house.now -= 600
    house.use(1000, 10)
    assert not house.demand.is_complete
    assert house.demand.peak == Peak(4000, BEGIN + QUARTER)
    house.use(1000, 290)
    assert house.demand.last is None
    house.use(1000, 1)
    assert house.demand.average == 1000
    assert house.demand.peak == Peak(4000, BEGIN + QUARTER)


def test_an_interruption_leaves_the_quarter_out_and_keeps_the_peak() -> None:
    house = house_at(2026, 5, 12, 10, 0)
    house.use(4000, 1000)
    house.demand.interrupt()
    house.energy += 50_000
    house.use(1000, 799)
    assert not house.demand.is_complete
    assert house.demand.average == 1000
    house.use(1000, 2)
    assert house.demand.last is None
    assert house.demand.peak == Peak(4000, BEGIN)
    house.use(1000, 900)
    assert house.demand.last == 1000


def test_after_an_interruption_nothing_is_known_before_the_next_readings() -> None:
    house = house_at(2026, 5, 12, 10, 0)
    house.use(4000, 1000)
    house.demand.interrupt()
    demand = house.demand
    assert (demand.average, demand.expected, demand.last, demand.peak) == (None,) * 4
    house.energy += 50_000
    house.use(1000, 2)
    assert demand.average == demand.expected == 1000


def test_what_is_kept_after_an_interruption_still_knows_the_peak() -> None:
    house = house_at(2026, 5, 12, 10, 0)
    house.use(4000, 1000)
    house.demand.interrupt()
    restarted(house)
    house.use(0, 2)
    assert house.demand.peak == Peak(4000, BEGIN)


@given(
    st.integers(0, 2 * QUARTER),
    st.lists(st.tuples(st.integers(0, 8000), st.integers(1, 400), st.booleans()), max_size=30),
    st.sets(st.integers(0, 30)),
)
def test_whatever_is_received_a_quarter_that_counts_has_the_demand_it_had(
    late: int, parts: list[tuple[int, int, bool]], restarts: set[int]
) -> None:
    """Parts of a power and a length (s), some of them silent, with restarts among them."""
    house = House(BEGIN + late)
    used: dict[int, float] = {}
    for number, (watts, seconds, silent) in enumerate(parts):
        for second in range(house.now, house.now + seconds):
            used[second // QUARTER] = used.get(second // QUARTER, 0.0) + watts
        if number in restarts:
            restarted(house)
        house.use(watts, seconds, silently=silent)
        quarter = (house.now - 1) // QUARTER
        if not silent and house.demand.last is not None:
            # A boundary within a gap of up to 10 s is found on the line between its ends.
            assert house.demand.last == pytest.approx(used[quarter - 1] / QUARTER, abs=180)
        if not silent and house.demand.average is not None and house.demand.is_complete:
            elapsed = (house.now - 1) % QUARTER + 1
            assert house.demand.average == pytest.approx(
                used[quarter] / elapsed, abs=1 + 80_000 / elapsed
            )

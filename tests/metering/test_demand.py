import pytest

from custom_components.flukso.metering.demand import QuarterHourDemand
from custom_components.flukso.metering.durations import QUARTER
from custom_components.flukso.metering.monthly_peaks import MeanPeak, Peak

from .quarters import BEGIN, BRUSSELS, at, house_at, restarted


def test_the_average_is_the_mean_of_the_quarter_so_far() -> None:
    house = house_at(2026, 5, 12, 10, 0)
    house.use(3000, 300)
    assert house.demand.average == 3000
    house.use(0, 300)
    assert house.demand.average == 1500
    house.use(0, 300)
    assert house.demand.average == 1000


def test_a_demand_is_told_to_a_tenth_of_a_watt() -> None:
    house = house_at(2026, 5, 12, 10, 0)
    house.energy += 1
    house.use(0, 7)
    assert house.demand.average == 514.3


def test_each_quarter_is_reset() -> None:
    house = house_at(2026, 5, 12, 10, 0)
    house.use(9000, 900)
    assert house.demand.average == 9000
    house.use(600, 1)
    assert house.demand.average == 600


def test_what_a_quarter_will_end_at_is_what_it_took_and_what_is_taken_now_for_the_rest() -> None:
    house = house_at(2026, 5, 12, 10, 0)
    house.use(3000, 300)
    assert house.demand.expected == 3000
    house.use(600, 60)
    assert house.demand.expected == pytest.approx((300 * 3000 + 600 * 600) / 900, abs=0.1)
    house.use(600, 540)
    assert house.demand.expected == house.demand.average == 1400


def test_now_is_the_last_minute() -> None:
    house = house_at(2026, 5, 12, 10, 0)
    house.use(3000, 300)
    house.use(600, 30)
    assert house.demand.expected == pytest.approx(
        (300 * 3000 + 30 * 600 + 570 * 1800) / 900, abs=0.1
    )


def test_a_quarter_without_import_has_no_demand() -> None:
    house = house_at(2026, 5, 12, 10, 0)
    house.use(0, 901)
    assert house.demand.last == 0
    assert house.demand.peak == Peak(0, BEGIN)


def test_a_complete_quarter_becomes_the_last() -> None:
    house = house_at(2026, 5, 12, 10, 0)
    house.use(1000, 450)
    house.use(2000, 450)
    assert house.demand.last is None
    house.use(0, 1)
    assert house.demand.last == 1500
    house.use(400, 899)
    house.use(0, 1)
    assert house.demand.last == pytest.approx(400 * 899 / 900, abs=0.1)


def test_the_highest_quarter_is_the_peak_with_its_time() -> None:
    house = house_at(2026, 5, 12, 10, 0)
    for watts in (1500, 4000, 2500, 4000, 100):
        house.use(watts, 900)
    assert house.demand.peak == Peak(4000, BEGIN + QUARTER)


def test_the_quarter_of_the_first_reading_does_not_count() -> None:
    house = house_at(2026, 5, 12, 10, 1)
    house.use(5000, 839)
    assert not house.demand.is_complete
    house.use(1000, 2)
    assert house.demand.last is None
    assert house.demand.peak is None
    assert house.demand.average == 1000


def test_before_the_first_reading_nothing_is_known() -> None:
    demand = QuarterHourDemand(BRUSSELS)
    assert (demand.average, demand.expected, demand.last, demand.peak) == (None,) * 4


def test_the_month_is_that_of_the_local_calendar() -> None:
    """In Brussels June begins at 22:00 UTC."""
    house = house_at(2026, 5, 31, 23, 30)
    house.use(5000, 900)
    house.use(2000, 900)
    assert house.demand.peak == Peak(5000, at(2026, 5, 31, 23, 30))
    house.use(300, 1)
    assert house.demand.last == 2000
    assert house.demand.peak is None
    house.use(300, 900)
    assert house.demand.peak == Peak(300, at(2026, 6, 1, 0, 0))


def test_the_peak_of_the_same_month_of_another_year_is_another() -> None:
    house = house_at(2026, 5, 12, 10, 0)
    house.use(5000, 1000)
    house.now += 365 * 86_400
    house.use(100, 1)
    assert house.demand.peak is None


def test_a_quarter_that_runs_already_is_told_of_from_the_second_reading_on() -> None:
    house = house_at(2026, 5, 12, 10, 5)
    assert house.demand.average is None
    assert house.demand.expected is None
    house.use(3000, 60)
    assert house.demand.average == house.demand.expected == 3000
    assert not house.demand.is_complete
    house.use(0, 60)
    assert house.demand.average == 1500
    assert house.demand.expected == pytest.approx(60 * 3000 / 600, abs=0.1)
    house.use(0, 480)
    assert house.demand.average == 300
    house.use(600, 1)
    assert house.demand.is_complete
    assert house.demand.average == 600
    assert house.demand.last is None


def test_a_higher_demand_of_an_earlier_month_that_became_known_later_raises_its_peak_only() -> None:
    house = house_at(2026, 5, 31, 23, 30)
    house.use(5000, 1800)
    house.use(3000, 901)
    assert house.demand.mean_peak == MeanPeak(4000, 2)

    assert not house.demand.take_past(Peak(6000, at(2026, 5, 3)))
    assert not house.demand.take_past(Peak(2000, at(2026, 6, 1)))

    assert house.demand.peak == Peak(3000, at(2026, 6, 1))
    assert house.demand.mean_peak == MeanPeak(4500, 2)
    restarted(house)
    assert house.demand.mean_peak is None
    house.use(0, 2)
    assert house.demand.mean_peak == MeanPeak(4500, 2)


def test_a_higher_demand_of_this_month_that_became_known_later_is_its_peak() -> None:
    house = house_at(2026, 5, 31, 23, 0)
    house.use(5000, 3600)
    higher = Peak(6000, at(2026, 5, 3))

    assert house.demand.take_past(higher)
    assert not house.demand.take_past(Peak(5500, at(2026, 5, 4)))

    assert house.demand.peak == higher

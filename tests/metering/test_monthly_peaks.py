"""The mean of the monthly peaks of a year, each with no less than 2.5 kW."""

from custom_components.flukso.metering.monthly_peaks import MeanPeak, MonthlyPeaks, Peak

from .quarters import BRUSSELS, at


def peaks_of(*demands: float, first: int = 1) -> MonthlyPeaks:
    """The peaks of months of 2026 in a row, on the tenth of each."""
    peaks = MonthlyPeaks(BRUSSELS)
    for month, demand in enumerate(demands, first):
        quarter = at(2026 + (month - 1) // 12, (month - 1) % 12 + 1, 10)
        peaks.begin_quarter(quarter)
        assert peaks.take(Peak(demand, quarter))
    return peaks


def test_before_the_first_peak_it_is_what_is_paid_for_at_least() -> None:
    assert MonthlyPeaks(BRUSSELS).mean == MeanPeak(2500, 1)


def test_a_month_counts_with_no_less_than_2_5_kw() -> None:
    year = (632, 4600, 0, 1028, 3444, 4164, 4564, 6000, 9200, 5000, 4120, 4880)
    assert peaks_of(*year).mean == MeanPeak(4456, 12)


def test_the_month_a_year_ago_counts_no_more() -> None:
    assert peaks_of(9000, *(3000,) * 11).mean == MeanPeak(3500, 12)
    assert peaks_of(9000, *(3000,) * 12).mean == MeanPeak(3000, 12)


def test_a_month_without_a_peak_is_left_out_of_the_mean() -> None:
    peaks = peaks_of(4000, 5000)
    peaks.begin_quarter(at(2026, 6, 1))
    assert peaks.current is None
    assert peaks.mean == MeanPeak(3833.3, 3)


def test_a_month_ends_at_local_midnight() -> None:
    peaks = MonthlyPeaks(BRUSSELS)
    peaks.take(Peak(4000, at(2026, 6, 30, 23, 45)))
    peaks.begin_quarter(at(2026, 6, 30, 23, 45))
    assert peaks.current is not None
    peaks.begin_quarter(at(2026, 7, 1))
    assert peaks.current is None


def test_a_clock_that_is_set_back_over_the_end_of_a_month_loses_no_peak() -> None:
    peaks = peaks_of(4000, 5000)
    peaks.begin_quarter(at(2026, 1, 31, 23, 45))
    assert peaks.current == Peak(4000, at(2026, 1, 10))
    peaks.begin_quarter(at(2026, 2, 1))
    assert peaks.current == Peak(5000, at(2026, 2, 10))
    assert peaks.mean == MeanPeak(4500, 2)


def test_a_higher_demand_that_became_known_later_is_the_peak_of_its_month() -> None:
    peaks = peaks_of(4000, 5000)
    assert not peaks.take(Peak(4900, at(2026, 2, 11)))

    peaks.take_past(Peak(6000, at(2026, 1, 20)))
    peaks.take_past(Peak(3000, at(2026, 1, 21)))
    peaks.take_past(Peak(9000, at(2025, 12, 21)))

    assert peaks.mean == MeanPeak(5500, 2)

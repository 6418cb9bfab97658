"""The flow through a pulse input: it decays once the pulses end."""

from hypothesis import given, strategies as st
import pytest

from custom_components.flukso.metering.pulse_flow import CountedFlow, decayed_flow

LITRE = 1.0


@pytest.mark.parametrize("elapsed", [0, 1, 4])
def test_between_two_pulses_the_flow_is_what_the_meter_publishes(elapsed: float) -> None:
    assert decayed_flow(0.25, LITRE, elapsed) == 0.25


@pytest.mark.parametrize(("elapsed", "flow"), [(8, 0.125), (60, 0.017), (599, 0.002)])
def test_after_the_last_pulse_no_more_than_a_pulse_can_have_flowed(
    elapsed: float, flow: float
) -> None:
    assert decayed_flow(0.25, LITRE, elapsed) == flow


def test_after_ten_minutes_nothing_flows() -> None:
    assert decayed_flow(0.25, LITRE, 600) == 0
    assert decayed_flow(0.25, None, 600) == 0
    assert decayed_flow(None, LITRE, 600) == 0


def test_what_the_meter_could_not_print_is_nothing() -> None:
    assert decayed_flow(0.25, 0.01, 19) == 0.001
    assert decayed_flow(0.25, 0.01, 21) == 0


def test_a_power_decays_as_well() -> None:
    watt_hour = 3600.0

    assert [decayed_flow(420, watt_hour, elapsed) for elapsed in (5, 10, 60, 360)] == [
        420,
        360,
        60,
        10,
    ]


def test_without_a_pulse_size_the_flow_stays_until_it_ends() -> None:
    assert decayed_flow(0.25, None, 599) == 0.25


def test_an_unknown_flow_stays_unknown_until_nothing_can_flow() -> None:
    assert decayed_flow(None, LITRE, 599) is None


@given(st.floats(0, 1e6), st.floats(0.001, 65_536), st.floats(0, 1000), st.floats(0, 1000))
def test_a_flow_never_rises_by_itself(
    flow: float, pulse: float, elapsed: float, more: float
) -> None:
    now, later = decayed_flow(flow, pulse, elapsed), decayed_flow(flow, pulse, elapsed + more)

    assert now is not None
    assert later is not None
    assert 0 <= later <= now + 0.0005 <= flow + 0.001


def test_a_flow_is_at_most_what_was_counted_and_one_pulse() -> None:
    counted = CountedFlow()
    assert counted.most(1000, 0, 1, 0) is None

    assert counted.most(1006, 29, 1, 30) == pytest.approx(7 / 30, abs=0.001)
    assert counted.most(1006, 29, 1, 60) is None
    assert counted.most(1007, 89, 1, 90) == pytest.approx(2 / 30, abs=0.001)


def test_a_flow_is_limited_soon_after_the_hosts_clock_was_set_back() -> None:
    counted = CountedFlow()
    counted.begin(1000, 7200)
    assert counted.most(1000, 7206, 1, 7206) is not None

    assert counted.most(1001, 4, 1, 4) is None

    assert counted.most(1006, 24, 1, 24) == pytest.approx(6 / 20, abs=0.001)


def test_a_flow_is_counted_anew_where_the_hosts_clock_was_set_back_by_two_seconds() -> None:
    counted = CountedFlow()
    counted.begin(1000, 0)
    counted.most(1003, 3, 1, 3)

    counted.most(1004, 1, 1, 1)

    assert counted.most(1006, 6, 1, 6) == pytest.approx(3 / 5)


def test_a_flow_is_not_limited_by_less_than_five_seconds_or_a_counter_that_fell() -> None:
    counted = CountedFlow()
    counted.begin(1000, 0)
    counted.begin(1003, 2)

    assert counted.most(1004, 4, 1, 4) is None
    assert counted.most(1004, 6, 1, 6) == pytest.approx(5 / 6, abs=0.001)
    assert counted.most(10, 12, 1, 12) is None


def test_a_flow_is_counted_from_the_last_update_that_is_five_seconds_ago() -> None:
    counted = CountedFlow()
    counted.begin(1000, 0)
    counted.begin(1003, 0)

    assert counted.most(1004, 5, 1, 5) == 5 / 5
    assert counted.most(1006, 10, 1, 10) == 3 / 5
    assert counted.most(1006, 20, 1, 20) == 1 / 10


def test_a_counter_that_was_read_at_the_last_update_has_counted_nothing_since() -> None:
    counted = CountedFlow()
    counted.begin(1000, 0)

    assert counted.most(1000, 0, 1, 10) == 1 / 10

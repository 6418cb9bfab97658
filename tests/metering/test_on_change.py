"""When a gauge is written that is written when it changes, and what."""

from collections.abc import Sequence
from itertools import accumulate, cycle, islice
from random import Random

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.flukso.metering.on_change import TICK, ChangeRule, OnChange

from .showing import MINUTE, POWER, VOLTAGE, show

HOUR = 3600
#: How long a stream is, so that there are many hours in it (s).
SECONDS = HOUR + 20 * MINUTE
ROUNDING = 0.001

WATTS = st.one_of(st.just(0), st.floats(0, 300), st.floats(0, 3000), st.floats(0, 11_000))
RESTS = st.sampled_from([0, 5, 20, 60, 120, 600])
LENGTHS = st.sampled_from([1, 2, 3, 7, 30, 59, 60, 61, 300, 900])


@st.composite
def steady(draw: st.DrawFn) -> list[float]:
    """A load with the noise of its measurement."""
    watts, chance = draw(WATTS), Random(draw(st.integers(0, 999)))
    return [max(watts + chance.gauss(0, 0.8 + 0.003 * watts), 0) for _ in range(SECONDS)]


@st.composite
def stepped(draw: st.DrawFn) -> list[float]:
    """Loads that are switched on and off, over and over."""
    steps = draw(st.lists(st.tuples(WATTS, LENGTHS), min_size=1, max_size=8))
    once = [watts for watts, seconds in steps for _ in range(seconds)]
    return list(islice(cycle(once), SECONDS))


@st.composite
def ramped(draw: st.DrawFn) -> list[float]:
    """A power that rises and falls by 1 to 10,000 W a second, and may rest in between."""
    watts, readings = draw(WATTS), list[float]()
    ramps = draw(st.lists(st.tuples(WATTS, st.floats(0, 4), RESTS), min_size=1, max_size=8))
    for end, exponent, rest in cycle(ramps):
        seconds = max(round(abs(end - watts) / 10**exponent), 1)
        readings += [watts + (end - watts) * second / seconds for second in range(seconds)]
        readings += [end] * rest
        watts = end
        if len(readings) >= SECONDS:
            return readings[:SECONDS]
    raise AssertionError


@st.composite
def sawtooth(draw: st.DrawFn) -> list[float]:
    """A power that rises and drops, or jumps and falls."""
    begin, end, seconds = draw(WATTS), draw(WATTS), draw(st.integers(2, 600))
    return [begin + (end - begin) * (second % seconds) / seconds for second in range(SECONDS)]


@st.composite
def noisy(draw: st.DrawFn) -> list[float]:
    """A power that is another one every second."""
    watts, chance = draw(WATTS), Random(draw(st.integers(0, 999)))
    spread = draw(st.sampled_from([20, 100, 1000]))
    return [max(watts + chance.uniform(-spread, spread), 0) for _ in range(SECONDS)]


@st.composite
def pulsed(draw: st.DrawFn) -> list[float]:
    """A hob that heats for 3 s and pauses for 7 s, or the like."""
    low, high = draw(WATTS), draw(WATTS)
    on, off = draw(st.one_of(st.just((3, 7)), st.tuples(st.integers(1, 30), st.integers(1, 30))))
    return [high if second % (on + off) < on else low for second in range(SECONDS)]


STREAMS = {each.__name__: each() for each in (steady, stepped, ramped, sawtooth, noisy, pulsed)}


def assert_hours_are_right(readings: Sequence[float]) -> None:
    """The mean of any hour is within 0.5 % or 1 W of that of the readings."""
    read = [0.0, *accumulate(readings)]
    shown = [0.0, *accumulate(show(readings).shown)]
    for begin in range(0, SECONDS - HOUR, 7):
        true = read[begin + HOUR] - read[begin]
        assert abs(shown[begin + HOUR] - shown[begin] - true) <= max(HOUR, 0.005 * true)


@pytest.mark.parametrize("stream", STREAMS)
@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_the_mean_of_any_hour_is_that_of_the_readings(stream: str, data: st.DataObject) -> None:
    assert_hours_are_right(data.draw(STREAMS[stream]))


@pytest.mark.parametrize(
    ("on", "off"),
    [
        *((1, off) for off in (1, 2, 3, 4, 6, 7)),
        *((2, off) for off in (2, 3, 4, 6)),
        (3, 1),
        (3, 7),
    ],
)
def test_pulses_in_step_with_the_values_are_not_missed(on: int, off: int) -> None:
    assert_hours_are_right([2000.0 * (second % (on + off) < on) for second in range(SECONDS)])


RISES = [second / 10 for second in range(10)]
FALLS = [1 - second / 10 for second in range(10)]


@pytest.mark.parametrize("watts", [550, 2000, 8000])
@pytest.mark.parametrize("rest", [5, 22, 60])
@pytest.mark.parametrize("ramp", [RISES, FALLS, RISES + FALLS], ids=["rises", "falls", "both"])
def test_what_ramps_leave_over_that_a_rest_follows_does_not_add_up(
    watts: float, rest: int, ramp: list[float]
) -> None:
    """In a rest nothing can be made up for: a reading of 0 is shown as 0."""
    once = [watts * share for share in ramp] + [0.0] * rest

    assert_hours_are_right(list(islice(cycle(once), SECONDS)))


def test_a_drop_is_shown_at_once_while_the_power_changes_all_the_time() -> None:
    rising = [180.0 * second for second in range(52)]
    run = show([0.0] * 20 + rising + [0.0] * 20)

    assert run.shown[72] == 0


@pytest.mark.parametrize("stream", STREAMS)
@settings(max_examples=5, deadline=None)
@given(data=st.data())
def test_a_minute_has_at_most_30_values_none_of_them_beyond_its_own_readings(
    stream: str, data: st.DataObject
) -> None:
    """The threshold is how far it may be from the readings since the value before."""
    readings = data.draw(STREAMS[stream])
    values, before = show(readings).values, 0
    for second, value in values:
        own = readings[before : second + 1][-MINUTE - TICK :]
        assert min(own) - POWER.distance(min(own)) <= value + ROUNDING
        assert value <= max(own) + POWER.distance(max(own)) + ROUNDING
        assert value >= 0
        before = second
    seconds = [second for second, _ in values]
    assert all(later - first >= MINUTE for first, later in zip(seconds, seconds[30:], strict=False))


def test_a_step_is_shown_at_once_as_it_is() -> None:
    run = show([100.0] * 30 + [2100.0] * 30 + [100.0] * 30)

    assert run.values == [(0, 100), (30, 2100), (60, 100)]


def test_a_pulse_of_a_second_is_shown_for_a_second() -> None:
    run = show([100.0] * 33 + [2100.0] + [100.0] * 30)

    assert run.values == [(0, 100), (33, 2100), (34, 100)]


@pytest.mark.parametrize("watts", [0, 0.3, 60, 2000])
def test_a_steady_reading_is_written_once(watts: float) -> None:
    assert show([watts] * HOUR).values == [(0, watts)]


def test_a_difference_that_can_not_be_seen_is_not_written() -> None:
    assert show([100, *([100.4] * 1000)]).values == [(0, 100)]


def test_a_small_change_is_shown_at_the_end_of_the_minute_and_made_up_for_in_the_next() -> None:
    run = show([100.0] * 56 + [110.0] * 150)

    assert run.values == [(0, 100), (115, 117.5), (175, 112.333)]


@pytest.mark.parametrize(
    ("reading", "lowest", "highest"), [(9750, 9750, 10_300), (10_250, 9700, 10_250)]
)
def test_the_more_is_left_over_the_fewer_readings_can_wait(
    reading: float, lowest: float, highest: float
) -> None:
    gauge = OnChange(POWER)
    gauge.take(0, 10_000, 0)
    gauge.begin()
    assert gauge.range == (9700, 10_300)

    for second in (1, 2):
        gauge.take(second, reading, second)
    gauge.tick(ends_minute=False)

    assert gauge.range == (lowest, highest)


def test_what_is_left_over_of_a_large_power_is_limited_before_the_minute_ends() -> None:
    run = show([10_000.0] * 60 + [9750.0] * 30)

    assert run.values[0] == (0, 10_000)
    assert [second for second, _ in run.values][1] <= 65


def test_a_reading_of_0_is_shown_as_0_whatever_is_left_over() -> None:
    run = show([100.0] + [110.0] * 50 + [0.0] * 300)

    assert run.values == [(0, 100), (51, 0)]


def test_net_power_of_either_sign_is_followed_and_its_sign_is_right() -> None:
    run = show([-100.0] + [-110.0] * 50 + [2.0] * 3 + [-2000.0] * 90)

    assert [second for second, _ in run.values] == [0, 51, 54, 115]
    assert run.shown[-1] == pytest.approx(-2000, abs=10)
    assert run.shown[52] == 0


def test_a_power_that_changes_all_the_time_is_shown_as_its_mean() -> None:
    run = show([second % 2 * 1000.0 for second in range(600)])

    assert set(run.shown[120:]) == {500}


def test_a_tick_in_the_second_of_a_value_shows_no_other() -> None:
    """It would be the last reading alone, not their mean."""
    gauge, second = OnChange(POWER), 0
    while gauge.shown in {None, 0, 1400}:
        gauge.take(second, second % 3 // 2 * 1400, second)
        gauge.follow() if second else gauge.begin()
        second += 1
    mean = gauge.shown

    assert not gauge.tick(ends_minute=True)
    assert gauge.shown == mean == 700


def test_a_step_is_shown_at_once_again_after_the_changes_have_ended() -> None:
    moving = [second % 2 * 1000.0 for second in range(100)]
    run = show([*moving, *([0.0] * 63), *([2000.0] * 5)])

    assert run.values[-1] == (163, pytest.approx(2000, abs=30))


def test_any_voltage_can_wait() -> None:
    gauge = OnChange(VOLTAGE)
    for second, volts in enumerate((230.0, 0.0, 400.0)):
        gauge.take(second, volts, second)
        gauge.begin() if not second else gauge.tick(ends_minute=False)
        assert not gauge.out_of_range
    assert gauge.shown == 230


def test_a_voltage_is_written_at_the_end_of_a_minute_in_which_it_has_changed_visibly() -> None:
    run = show([230.0] * 60 + [230.4] * 60 + [231.0] * 120, VOLTAGE)

    assert run.values == [(0, 230), (175, pytest.approx(231.2, abs=0.1))]


def test_a_voltage_that_stays_off_what_is_shown_is_written_in_the_end() -> None:
    run = show([230.0] + [230.4] * HOUR, VOLTAGE)

    assert [second for second, _ in run.values][:2] == [0, 415]
    assert len(run.values) < 10
    assert sum(run.shown) / len(run.shown) == pytest.approx(230.4, abs=0.1)


def test_without_an_allowance_nothing_is_made_up_for() -> None:
    rule = ChangeRule(0.1, 0.1, prompt=True)

    assert show([20.0] + [20.06] * 90 + [21.0] * 60, rule).values == [
        (0, 20),
        (55, 20.06),
        (91, 21),
    ]


def test_a_missing_reading_is_taken_as_the_one_before() -> None:
    gauge = OnChange(POWER)
    assert not gauge.tick(ends_minute=True)
    assert gauge.begin() is None
    for second in (0, 3, 6, 60, 61):
        assert gauge.take(second, 100, second)
        gauge.begin() if not second else gauge.tick(ends_minute=True)

    assert gauge.shown == 100
    assert not gauge.take(5, 2000, 62)
    assert not gauge.out_of_range


def test_changes_are_shown_again_after_the_clock_of_the_meter_was_set_back() -> None:
    gauge = OnChange(POWER)
    for second in range(10_000, 10_100):
        gauge.take(second, second % 2 * 1000, second)
        gauge.follow() if second > 10_000 else gauge.begin()
    for second in range(50):
        gauge.take(second, 60, 10_100 + second)
        gauge.follow()
    gauge.take(50, 2060, 10_150)

    assert gauge.follow()
    assert gauge.shown == pytest.approx(2060, abs=31)

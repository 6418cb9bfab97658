"""The problems found with a clamp, and none where the figures prove nothing."""

from dataclasses import replace
from math import cos, isnan, radians, sin

from hypothesis import given, strategies as st
import pytest

from custom_components.flukso.metering.clamp_checks import (
    ClampDoubt,
    ClampFigures,
    Doubt,
    Trouble,
    check_clamp,
    doubt_clamp,
)


def clamp(watts: float, degrees: float = 0, **others: object) -> ClampFigures:
    """A clamp with that apparent power at that angle, with few harmonics."""
    plain = ClampFigures(
        active=watts * cos(radians(degrees)),
        reactive=watts * sin(radians(degrees)),
        voltage=230,
        current=watts / 230,
        distortion=0.05,
        rating=50,
        fed=False,
    )
    # each test names fields, with values of their types
    return replace(plain, **others)  # type: ignore[arg-type]


def troubles(of: ClampFigures) -> list[Trouble]:
    return [finding.trouble for finding in check_clamp(of)]


@pytest.mark.parametrize("degrees", [0, 20, -30, 45, -45, 85, -85])
def test_a_clamp_that_imports_as_usual_has_no_problem(degrees: float) -> None:
    assert check_clamp(clamp(1500, degrees)) == []


@pytest.mark.parametrize("degrees", [180, 165, -170])
def test_what_flows_back_where_nothing_can_is_the_wrong_way_round(degrees: float) -> None:
    [finding] = check_clamp(clamp(1500, degrees))

    assert finding.trouble is Trouble.REVERSED
    assert finding.figures["active_power"] == round(1500 * cos(radians(degrees)), 1)
    assert finding.figures["angle"] == abs(degrees)


@pytest.mark.parametrize("what", ["source", "fed"])
def test_solar_power_may_flow_back(what: str) -> None:
    assert check_clamp(clamp(1500, 180, **{what: True})) == []


@pytest.mark.parametrize("degrees", [60, -60, 120, -120, 111, -69])
def test_sixty_degrees_and_twice_that_are_those_of_another_phase(degrees: float) -> None:
    [finding] = check_clamp(clamp(1500, degrees))

    assert finding.trouble is Trouble.WRONG_PHASE
    assert finding.figures["angle"] == pytest.approx(abs(degrees), abs=0.1)
    assert finding.figures["distortion"] == 5


@pytest.mark.parametrize("distortion", [None, 0.31, 1.2])
def test_where_harmonics_lower_the_power_factor_or_may_the_phase_is_not_checked(
    distortion: float | None,
) -> None:
    assert check_clamp(clamp(1500, 60, distortion=distortion)) == []


@pytest.mark.parametrize("degrees", [180, 120])
def test_at_little_power_the_angle_means_nothing(degrees: float) -> None:
    assert check_clamp(clamp(49, degrees)) == []
    assert check_clamp(clamp(51, degrees)) != []


@pytest.mark.parametrize("degrees", [60, -60, 65, -55])
def test_filters_at_standby_and_idle_motors_are_on_their_phase(degrees: float) -> None:
    assert check_clamp(clamp(400, degrees)) == []


@pytest.mark.parametrize("degrees", [60, -60, 90, 120, -120, 150, 180])
def test_what_nearly_cancels_out_with_the_sun_has_any_angle(degrees: float) -> None:
    """A house at noon takes as much as its one inverter gives, and what remains is reactive."""
    assert check_clamp(clamp(1500, degrees, fed=True)) == []


@pytest.mark.parametrize("degrees", [95, -95, 120, 60])
def test_an_inverter_at_dawn_is_on_its_phase(degrees: float) -> None:
    assert check_clamp(clamp(300, degrees, source=True)) == []


def test_an_inverter_at_work_is_seen_to_be_on_another_phase() -> None:
    assert troubles(clamp(1500, 120, source=True)) == [Trouble.WRONG_PHASE]


@pytest.mark.parametrize("degrees", [30, -30, 60, -62, 68])
def test_what_lies_between_two_phases_is_30_degrees_off_and_a_motor_more(degrees: float) -> None:
    assert check_clamp(clamp(1500, degrees, neutral=False, voltage=133)) == []


def test_between_two_phases_an_idle_motor_may_even_seem_to_feed_the_grid() -> None:
    assert check_clamp(clamp(300, -110, neutral=False, voltage=133)) == []
    found = troubles(clamp(1500, -120, neutral=False, voltage=133))
    assert found == [Trouble.WRONG_PHASE]


@pytest.mark.parametrize(
    ("angle", "found"),
    [(-120, [Trouble.WRONG_PHASE]), (60, [Trouble.WRONG_PHASE]), (20, []), (None, [])],
)
def test_without_powers_the_waveform_gives_the_phase(
    angle: float | None, found: list[Trouble]
) -> None:
    assert troubles(clamp(1500, active=None, reactive=None, angle=angle)) == found


def test_the_waveform_alone_does_not_give_the_direction_of_power() -> None:
    """Where phases were matched, the meter inverts the current of such a clamp."""
    assert check_clamp(clamp(1500, active=None, reactive=None, angle=178)) == []


@pytest.mark.parametrize(("volts", "amperes"), [(230, 2), (230, None), (None, 5)])
def test_of_a_small_wave_or_one_of_unknown_size_the_phase_is_not_checked(
    volts: float | None, amperes: float | None
) -> None:
    wave = {"active": None, "reactive": None, "angle": 120}
    assert check_clamp(clamp(1500, **wave, voltage=volts, current=amperes)) == []


def test_nothing_is_connected_where_no_current_flows_and_no_angle_is_checked() -> None:
    [finding] = check_clamp(clamp(2000, 180, current=0.0214))

    assert finding.trouble is Trouble.NOTHING_CONNECTED
    assert finding.figures == {"current": 0.021}


def test_a_clamp_above_its_rating_is_reported_with_both_currents() -> None:
    [finding] = check_clamp(clamp(1500, current=50.24))

    assert finding.trouble is Trouble.ABOVE_RATING
    assert finding.figures == {"current": 50.2, "rating": 50}
    assert check_clamp(clamp(1500, current=50)) == []
    assert check_clamp(clamp(1500, current=500, rating=None)) == []


@pytest.mark.parametrize(
    ("voltage", "neutral", "told"),
    [
        *((206.9, True, True), (207, True, False), (253, True, False), (253.1, True, True)),
        *((133, True, True), (None, True, False)),
        *((133, False, False), (119, False, True), (147, False, True), (230, False, True)),
    ],
)
def test_the_voltage_may_be_a_tenth_off(voltage: float | None, neutral: bool, told: bool) -> None:
    found = troubles(clamp(1500, voltage=voltage, neutral=neutral))

    assert found == ([Trouble.VOLTAGE_OUT_OF_RANGE] if told else [])


def test_a_clamp_without_readings_is_reported() -> None:
    assert troubles(ClampFigures(rating=50)) == [Trouble.NO_READINGS]
    assert troubles(ClampFigures(active=100)) == []


def test_several_troubles_are_reported_together() -> None:
    found = troubles(clamp(14_000, 180, voltage=260, current=61))

    assert found == [Trouble.VOLTAGE_OUT_OF_RANGE, Trouble.ABOVE_RATING, Trouble.REVERSED]


def doubt(of: ClampFigures) -> Doubt | None:
    """Why it is not known whether a clamp without findings is installed well."""
    assert check_clamp(of) == []
    reason = doubt_clamp(of)
    return None if reason is None else reason.doubt


@pytest.mark.parametrize("degrees", [0, 20, -30, 45, -49])
def test_a_clamp_that_imports_as_usual_is_ok(degrees: float) -> None:
    assert doubt(clamp(60, degrees)) is None
    assert doubt(clamp(1500, degrees, neutral=False, voltage=133)) is None


def test_a_source_that_feeds_is_ok() -> None:
    assert doubt(clamp(60, 170, source=True)) is None


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        (clamp(49), Doubt.LITTLE_POWER),
        (clamp(400, 60), Doubt.LITTLE_POWER),
        (clamp(49, 180, source=True), Doubt.LITTLE_POWER),
        (clamp(400, 90, source=True), Doubt.LITTLE_POWER),
        (clamp(1500, 85), Doubt.UNCLEAR_ANGLE),
        (clamp(1500, 60, distortion=0.5), Doubt.UNCLEAR_ANGLE),
        (clamp(1500, 60, neutral=False, voltage=133), Doubt.UNCLEAR_ANGLE),
        (clamp(1500, 100, source=True), Doubt.UNCLEAR_ANGLE),
        (clamp(1500, 0, source=True), Doubt.SOURCE_TAKES_POWER),
        (clamp(1500, 180, fed=True), Doubt.MAY_BE_FED),
        (clamp(1500, 0, fed=True), Doubt.MAY_BE_FED),
        (clamp(1500, fed=True, ports_known=False), Doubt.PORTS_UNKNOWN),
        (clamp(1500, active=None), Doubt.NO_ANGLE),
        (clamp(1500, active=None, angle=20, voltage=None), Doubt.NO_ANGLE),
        (clamp(1500, active=None, angle=20, current=None), Doubt.NO_ANGLE),
        (clamp(1500, active=None, angle=178), Doubt.NO_ANGLE),
    ],
)
def test_what_can_not_be_told_is_inconclusive_for_a_reason(
    of: ClampFigures, expected: Doubt
) -> None:
    assert doubt(of) is expected


def test_a_reason_has_its_figures() -> None:
    assert doubt_clamp(clamp(400, 60)) == ClampDoubt(
        Doubt.LITTLE_POWER, {"angle": 60, "power": 400}
    )


figures = st.none() | st.floats(-1e6, 1e6)


@given(figures, figures, figures, figures, figures)
def test_whatever_is_measured_can_be_checked(
    active: float | None,
    reactive: float | None,
    voltage: float | None,
    current: float | None,
    distortion: float | None,
) -> None:
    for finding in check_clamp(ClampFigures(active, reactive, voltage, current, distortion)):
        assert not any(isnan(value) for value in finding.figures.values())

"""The analysis of samples of known waves."""

from math import cos, pi, radians, sin, sqrt

from hypothesis import given, strategies as st
import pytest

from custom_components.flukso.metering.waveform_analysis import (
    crest_factor,
    delayed,
    harmonic,
    nearest,
    phase_shift,
    rms,
)

SAMPLES = 32
angles = st.floats(-179, 179)
shares = st.floats(0, 0.9)
harmonics = st.tuples(shares, angles)
amplitudes = st.floats(0.05, 500)


def wave(
    amplitude: float, degrees: float = 0, harmonics: dict[int, tuple[float, float]] | None = None
) -> list[float]:
    """Samples of a sine, with harmonics by order: their share of it, and their own angle."""
    turns = [2 * pi * place / SAMPLES + radians(degrees) for place in range(SAMPLES)]
    return [
        amplitude
        * (
            sin(turn)
            + sum(
                share * sin(order * turn + radians(angle))
                for order, (share, angle) in (harmonics or {}).items()
            )
        )
        for turn in turns
    ]


@given(amplitudes, angles)
def test_a_sine_has_the_rms_and_the_crest_of_one(amplitude: float, degrees: float) -> None:
    assert rms(wave(amplitude, degrees)) == pytest.approx(amplitude / sqrt(2), rel=0.001)
    assert crest_factor(wave(amplitude, degrees)) == pytest.approx(sqrt(2), rel=0.01)


def test_a_square_and_a_pulse_have_the_crest_of_theirs() -> None:
    assert crest_factor([5.0] * 16 + [-5.0] * 16) == pytest.approx(1)
    assert crest_factor([8.0] + [0.0] * 31) == pytest.approx(sqrt(32))


@given(amplitudes, angles, st.fixed_dictionaries(dict.fromkeys((3, 5, 7), harmonics)))
def test_harmonics_are_found_whatever_else_is_there(
    amplitude: float, degrees: float, put: dict[int, tuple[float, float]]
) -> None:
    samples = wave(amplitude, degrees, put)

    for order, (share, _) in put.items():
        assert harmonic(samples, order) == pytest.approx(100 * share, rel=0.01, abs=0.01)


@pytest.mark.parametrize(("share", "is_noise"), [(0.009, True), (0.011, False)])
def test_a_fundamental_of_less_than_a_hundredth_of_the_whole_is_noise(
    share: float, is_noise: bool
) -> None:
    samples = wave(1, 0, {3: (1 / share, 0)})

    assert (harmonic(samples, 3) is None) is is_noise
    assert (phase_shift(wave(325), samples) is None) is is_noise


@given(angles, angles, shares)
def test_the_phase_shift_is_that_of_the_fundamentals(
    voltage: float, shift: float, third: float
) -> None:
    found = phase_shift(wave(325, voltage), wave(10, voltage + shift, {3: (third, 40)}))

    assert found is not None
    assert (found - shift + 180) % 360 - 180 == pytest.approx(0, abs=0.1)


def test_a_motor_lags_and_solar_power_flows_back() -> None:
    assert phase_shift(wave(325), wave(10, -30)) == pytest.approx(-30)
    assert abs(phase_shift(wave(325), wave(10, 180)) or 0) == pytest.approx(180)


def test_on_another_phase_it_is_that_against_the_voltage_of_that_phase() -> None:
    assert phase_shift(wave(325), wave(10, 240 - 30), 240) == pytest.approx(-30)
    assert abs(phase_shift(wave(325), wave(10, 120 + 180), 120) or 0) == pytest.approx(180)


@given(amplitudes, angles, st.fixed_dictionaries(dict.fromkeys((3, 5, 7), harmonics)))
def test_what_is_delayed_is_the_same_wave_later(
    amplitude: float, degrees: float, put: dict[int, tuple[float, float]]
) -> None:
    found = delayed(wave(amplitude, degrees, put), 120)

    assert found == pytest.approx(wave(amplitude, degrees - 120, put), abs=0.001 * amplitude)


def test_half_a_cycle_later_each_sample_is_16_places_further_on() -> None:
    spikes = [float(place * place % 7) for place in range(SAMPLES)]
    assert delayed(spikes, 180) == pytest.approx([*spikes[16:], *spikes[:16]])


def test_a_clipped_sine_shows_its_harmonics() -> None:
    clipped = [max(-0.5, min(0.5, sample)) for sample in wave(1)]

    assert 20 < (harmonic(clipped, 3) or 0) < 30
    assert 1 < (crest_factor(clipped) or 0) < sqrt(2)


@pytest.mark.parametrize("nothing", [[0.0] * SAMPLES, [cos(pi * n) for n in range(SAMPLES)]])
def test_without_a_fundamental_there_is_no_phase_and_no_harmonic(nothing: list[float]) -> None:
    assert harmonic(nothing, 3) is None
    assert phase_shift(nothing, wave(1)) is None
    assert phase_shift(wave(1), nothing) is None


def test_what_hums_at_150_hertz_has_a_crest_and_no_fundamental() -> None:
    """Rounded to thousandths, as on the wire, a trace of a fundamental remains."""
    hum = [round(1 + 100 * sin(6 * pi * place / SAMPLES)) for place in range(SAMPLES)]

    assert crest_factor(hum) == pytest.approx(sqrt(2), abs=0.05)
    assert harmonic(hum, 3) is None
    assert phase_shift(wave(1), hum) is None


def test_what_is_small_compared_to_its_harmonics_is_still_a_fundamental() -> None:
    assert harmonic(wave(1, 0, {3: (20, 0)}), 3) == pytest.approx(2000)


def test_nothing_has_no_crest() -> None:
    assert rms([0.0] * SAMPLES) == 0
    assert crest_factor([0.0] * SAMPLES) is None


def test_the_nearest_are_paired_and_the_latest_of_equals() -> None:
    first = [(10.0, "a"), (11.0, "b"), (12.0, "c")]

    assert nearest(first, [(11.1, "x"), (13.0, "y")]) == ("b", "x")
    assert nearest(first, [(10.0, "x"), (12.0, "y")]) == ("c", "y")
    assert nearest(first[::-1], [(12.0, "y"), (10.0, "x")]) == ("c", "y")
    assert nearest(first, [(13.0, "x")]) == ("c", "x")
    assert nearest(first, [(13.1, "x")]) is None
    assert nearest(first, []) is None
    assert nearest([], first) is None

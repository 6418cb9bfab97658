"""The picture of a waveform: what is in it, read back."""

from math import pi, sin, sqrt
import re
from xml.etree import ElementTree as ET

from hypothesis import given, strategies as st
import pytest

from custom_components.flukso.drawing import draw

SVG = "{http://www.w3.org/2000/svg}"
samples = st.lists(st.floats(-2000, 2000), min_size=32, max_size=32)


def sine(rms: float) -> list[float]:
    return [rms * sqrt(2) * sin(2 * pi * place / 32) for place in range(32)]


def texts(picture: ET.Element, kind: str) -> list[str]:
    """The words of a kind."""
    return [
        "".join(each.itertext()) for each in picture.iter(f"{SVG}text") if each.get("class") == kind
    ]


def points(picture: ET.Element, kind: str) -> list[tuple[float, float]]:
    """Where a curve goes."""
    [curve] = [each for each in picture.iter(f"{SVG}polyline") if kind in each.get("class", "")]
    pairs = (pair.split(",") for pair in curve.get("points", "").split())
    return [(float(x), float(y)) for x, y in pairs]


def test_each_wave_has_its_scale_unit_and_rms_and_time_is_in_milliseconds() -> None:
    picture = ET.fromstring(draw(sine(230), sine(5.7)))

    assert texts(picture, "volts") == ["−400", "−200", "0", "200", "400", "V", "230.0 V RMS"]
    assert texts(picture, "amperes") == ["−10", "−5", "0", "5", "10", "A", "5.70 A RMS"]
    assert texts(picture, "times") == ["0", "5", "10", "15", "20 ms"]


def test_the_curves_go_through_the_samples_and_meet_the_next_cycle() -> None:
    picture = ET.fromstring(draw(sine(230), sine(5.7)))
    [zero] = [each for each in picture.iter(f"{SVG}path") if each.get("class") == "zero"]
    level = float(re.findall(r"[\d.]+", zero.get("d", ""))[1])

    for kind in ("voltage", "current"):
        curve = points(picture, kind)
        assert len(curve) == 33
        assert curve[0][1] == curve[16][1] == curve[32][1] == pytest.approx(level)
        assert curve[8][1] < level < curve[24][1]
        assert [x for x, _ in curve] == sorted(x for x, _ in curve)
    above = [level - points(picture, kind)[8][1] for kind in ("voltage", "current")]
    whole = level - 42
    assert above == pytest.approx([whole * 325.3 / 400, whole * 8.06 / 10], abs=0.2)


def test_no_current_is_a_line_at_zero() -> None:
    picture = ET.fromstring(draw(sine(230), [0.0] * 32))

    assert len({y for _, y in points(picture, "current")}) == 1
    assert "0.00 A RMS" in texts(picture, "amperes")


def test_it_looks_right_in_light_and_dark() -> None:
    picture = draw(sine(230), sine(5))

    assert "@media (prefers-color-scheme: dark)" in picture
    assert "<script" not in picture
    assert "href" not in picture


@given(samples, samples)
def test_whatever_was_sampled_stays_within_the_picture(
    voltage: list[float], current: list[float]
) -> None:
    picture = ET.fromstring(draw(voltage, current))

    _, _, width, height = map(float, picture.get("viewBox", "").split())
    for kind in ("voltage", "current"):
        for x, y in points(picture, kind):
            assert 0 < x < width
            assert 0 < y < height

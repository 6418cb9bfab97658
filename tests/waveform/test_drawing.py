"""The contents of the drawing of a waveform."""

from math import pi, sin, sqrt
import re
from xml.etree import ElementTree as ET

from hypothesis import given, strategies as st
import pytest

from custom_components.flukso.waveform.drawing import draw

SVG = "{http://www.w3.org/2000/svg}"
#: The width of characters relative to the font size in the widest common font, and of a card.
WIDE = {" ": 0.32, ".": 0.32, "−": 0.84, "m": 0.98}
OTHERS = 0.69
DIGIT = 0.64
HEIGHT = 15
PHONE = 344
samples = st.lists(st.floats(-2000, 2000), min_size=32, max_size=32)


def sine(rms: float) -> list[float]:
    return [rms * sqrt(2) * sin(2 * pi * place / 32) for place in range(32)]


def texts(picture: ET.Element, kind: str) -> list[str]:
    """Return the texts of a class."""
    return [
        "".join(each.itertext()) for each in picture.iter(f"{SVG}text") if each.get("class") == kind
    ]


def length(text: str) -> float:
    """Return the width of a text."""
    return HEIGHT * sum(DIGIT if each.isdigit() else WIDE.get(each, OTHERS) for each in text)


def points(picture: ET.Element, kind: str) -> list[tuple[float, float]]:
    """Return the points of a curve."""
    [curve] = [each for each in picture.iter(f"{SVG}polyline") if kind in each.get("class", "")]
    pairs = (pair.split(",") for pair in curve.get("points", "").split())
    return [(float(x), float(y)) for x, y in pairs]


def test_each_wave_has_its_scale_unit_and_rms_and_time_is_in_milliseconds() -> None:
    picture = ET.fromstring(draw(sine(230), sine(5.7)))

    assert texts(picture, "volts") == ["−400", "−200", "0", "200", "400 V", "230.0 V RMS"]
    assert texts(picture, "amperes") == ["−10", "−5", "0", "5", "10 A", "5.70 A RMS"]
    assert texts(picture, "times") == ["0", "5", "10", "15", "20 ms"]


def test_the_legend_has_a_sample_of_each_curve_next_to_its_text() -> None:
    picture = ET.fromstring(draw(sine(230), sine(5.7)))

    for kind, words in (("voltage", "230.0 V RMS"), ("current", "5.70 A RMS")):
        [sample] = [each for each in picture.iter(f"{SVG}path") if kind in each.get("class", "")]
        begin, height, length = map(float, re.findall(r"[\d.]+", sample.get("d", "")))
        [name] = [each for each in picture.iter(f"{SVG}text") if each.text == words]
        to_name = float(name.get("x", "")) - (begin if kind == "current" else begin + length)
        assert 0 < abs(to_name) < 10
        assert 0 < float(name.get("y", "")) - height < 15


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
    whole = level - 46
    assert above == pytest.approx([whole * 325.3 / 400, whole * 8.06 / 10], abs=0.2)


def test_no_current_is_a_line_at_zero() -> None:
    picture = ET.fromstring(draw(sine(230), [0.0] * 32))

    assert len({y for _, y in points(picture, "current")}) == 1
    assert "0.00 A RMS" in texts(picture, "amperes")


def test_noise_does_not_look_like_a_current() -> None:
    picture = ET.fromstring(draw(sine(230), sine(0.004)))

    heights = [y for _, y in points(picture, "current")]
    assert 0 < max(heights) - min(heights) < 15
    assert "0.1 A" in texts(picture, "amperes")


def test_the_voltage_is_drawn_above_the_current() -> None:
    curves = ET.fromstring(draw(sine(230), sine(5.7))).iter(f"{SVG}polyline")

    assert [each.get("class") for each in curves] == ["wave current", "wave voltage"]


def test_it_has_colours_for_light_and_dark_and_no_active_contents() -> None:
    picture = draw(sine(230), sine(5))

    assert "@media (prefers-color-scheme: dark)" in picture
    assert "<script" not in picture
    assert "href" not in picture


@given(samples, samples)
def test_all_samples_stay_within_the_drawing(voltage: list[float], current: list[float]) -> None:
    picture = ET.fromstring(draw(voltage, current))

    _, _, width, height = map(float, picture.get("viewBox", "").split())
    for kind in ("voltage", "current"):
        for x, y in points(picture, kind):
            assert 0 < x < width
            assert 0 < y < height
    for text in picture.iter(f"{SVG}text"):
        before = {"start": 0, "middle": 0.5, "end": 1}[text.get("text-anchor", "")]
        begin = float(text.get("x", "")) - before * length(text.text or "")
        assert 0 <= begin < begin + length(text.text or "") <= width


def test_on_a_phone_its_text_is_as_large_as_that_of_the_page() -> None:
    picture = draw(sine(230), sine(5))

    assert f"font: {HEIGHT}px" in picture
    assert HEIGHT * PHONE / float(ET.fromstring(picture).get("width", "")) > 12

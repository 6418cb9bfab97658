import pytest

from simulator import wire


@pytest.mark.parametrize(
    ("thousandths", "text"),
    [
        (0, '[9, 0, "Wh"]'),
        (1_000, '[9, 1, "Wh"]'),
        (1_005, '[9, 1.005, "Wh"]'),
        (2_500_400, '[9, 2500.400, "Wh"]'),
        ((1 << 32) * 1000 - 1, '[9, 4294967295.999, "Wh"]'),
        ((1 << 32) * 1000, '[9, 0, "Wh"]'),
    ],
)
def test_a_counter_is_an_integer_or_has_three_decimals(thousandths: int, text: str) -> None:
    assert wire.counter(9, thousandths, "Wh").decode() == text


@pytest.mark.parametrize(
    ("value", "text", "meant"),
    [
        (0, '[9, 0, "°"]', 0.0),
        (12, '[9, 12, "°"]', 12.0),
        (231.134, '[9, 231.133, "°"]', 231.133),
        (-0.5, '[9, -1.500, "°"]', -0.5),
        (-0.001, '[9, -1.999, "°"]', -0.001),
        (-120, '[9, -120, "°"]', -120.0),
    ],
)
def test_a_negative_gauge_is_misprinted(value: float, text: str, meant: float) -> None:
    raw = wire.fixed(value)
    assert wire.gauge(9, raw, "°").decode() == text
    assert wire.gauge_value(raw) == meant


def test_the_log_of_the_meter_believes_the_misprint() -> None:
    assert wire.gauge_misread(wire.fixed(-0.5)) == -1500
    assert wire.gauge_misread(wire.fixed(2.5)) == 2500


def test_a_pulse_gauge_comes_in_the_steps_of_the_board() -> None:
    assert wire.pulse_value(1291 / 3600, 3600) == 1290.234
    assert wire.pulse_value(0.0004, 1) == 0


def test_the_lua_daemons_write_without_spaces_and_needless_zeros() -> None:
    assert wire.reading(9, 21.5, "°C").decode() == '[9,21.5,"°C"]'
    assert wire.reading(9, 3, "V") == b'[9,3,"V"]'
    assert wire.reading(9, 101325.25, "Pa") == b'[9,101325.25,"Pa"]'

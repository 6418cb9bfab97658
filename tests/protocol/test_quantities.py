"""The tables of what is measured, against docs/protocol.md section 2."""

import pytest

from custom_components.flukso.protocol.quantities import (
    CLAMP_QUANTITIES,
    COUNTER_UNITS,
    GAUGE_UNITS,
    KUBE_QUANTITIES,
    PULSE_QUANTITIES,
    QUADRANTS,
    SIGNED_CLAMP_QUANTITIES,
    Quantity,
)


def test_every_quantity_belongs_to_clamps_pulses_or_kubes_alone() -> None:
    assert set(Quantity) == CLAMP_QUANTITIES | PULSE_QUANTITIES | KUBE_QUANTITIES
    assert len(CLAMP_QUANTITIES) + len(PULSE_QUANTITIES) + len(KUBE_QUANTITIES) == len(Quantity)


def test_every_quantity_has_a_unit_of_its_gauge() -> None:
    assert GAUGE_UNITS.keys() == set(Quantity)


@pytest.mark.parametrize(
    ("quantity", "gauge", "counter"),
    [
        ("pplus", "W", "Wh"),
        ("pminus", "W", "Wh"),
        *((f"q{quadrant}", "VAR", "VARh") for quadrant in range(1, 5)),
        ("vrms", "V", None),
        ("irms", "A", None),
        ("pf", "", None),
        ("vthd", "", None),
        ("ithd", "", None),
        ("alpha", "°", None),
    ],
)
def test_a_clamp_measures_in_these_units(quantity: str, gauge: str, counter: str | None) -> None:
    assert Quantity(quantity) in CLAMP_QUANTITIES
    assert GAUGE_UNITS[Quantity(quantity)] == gauge
    assert COUNTER_UNITS.get(Quantity(quantity)) == counter


@pytest.mark.parametrize(
    ("quantity", "gauge", "counter"),
    [
        ("electricity", "W", "Wh"),
        ("heat", "W", "Wh"),
        ("gas", "L/s", "L"),
        ("water", "L/s", "L"),
        ("fuel", "L/s", "L"),
        ("pellet", "g/s", "g"),
        ("time", "", "s"),
        ("other", "1/s", ""),
    ],
)
def test_a_pulse_input_counts_in_these_units(quantity: str, gauge: str, counter: str) -> None:
    assert Quantity(quantity) in PULSE_QUANTITIES
    assert (GAUGE_UNITS[Quantity(quantity)], COUNTER_UNITS[Quantity(quantity)]) == (gauge, counter)


@pytest.mark.parametrize(
    ("quantity", "gauge", "counter"),
    [
        ("temperature", "°C", None),
        ("humidity", "%", None),
        ("pressure", "Pa", None),
        ("light", "lx", None),
        ("battery", "V", None),
        ("error", "", None),
        ("movement", "", ""),
        ("vibration", "", ""),
        ("proximity", "", ""),
    ],
)
def test_a_kube_senses_in_these_units(quantity: str, gauge: str, counter: str | None) -> None:
    assert Quantity(quantity) in KUBE_QUANTITIES
    assert GAUGE_UNITS[Quantity(quantity)] == gauge
    assert COUNTER_UNITS.get(Quantity(quantity)) == counter


def test_the_reactive_power_is_inductive_less_capacitive() -> None:
    assert QUADRANTS == {"q1": 1, "q2": 1, "q3": -1, "q4": -1}


def test_only_the_angle_and_the_power_factor_of_a_clamp_have_a_sign() -> None:
    assert {Quantity.ALPHA, Quantity.PF} == SIGNED_CLAMP_QUANTITIES

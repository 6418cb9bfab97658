"""Rounding, and the sign of zero."""

from math import copysign

from hypothesis import given, strategies as st
import pytest

from custom_components.flukso.metering.rounding import rounded


@pytest.mark.parametrize("value", [-0.0, 0.0, -0.0004, 1e-12, -1e-12, 0])
def test_zero_has_no_sign(value: float) -> None:
    assert copysign(1, rounded(value, 3)) == 1
    assert rounded(value, 3) == 0


@given(st.floats(-1e9, 1e9), st.integers(0, 6))
def test_any_other_value_is_rounded_as_usual(value: float, decimals: int) -> None:
    assert rounded(value, decimals) == round(value, decimals)

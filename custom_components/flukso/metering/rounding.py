"""Rounding without a negative zero, which would be shown as "-0.0"."""


def rounded(value: float, decimals: int) -> float:
    """Return a value rounded to so many decimals, and 0 without a sign."""
    result = round(value, decimals)
    return result or abs(result)

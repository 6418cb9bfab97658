"""The number formats of the firmware, including its misprints (docs/protocol.md sections 2 and 9).

Counters are whole thousandths here; gauges are what the sensor board sends, signed fixed-point
numbers with eleven bits behind the point ("Q20.11", one step is about 0.0005).
"""

FRACTION_BITS = 11
FRACTION_MASK = (1 << FRACTION_BITS) - 1
COUNTER_WRAP = 1000 << 32
"""Where a counter wraps to 0, in thousandths: its integer part has 32 bits."""


def fixed(value: float) -> int:
    """Turn a value into the sensor board's fixed-point number."""
    return round(value * (1 << FRACTION_BITS))


def counter(stamp: int, thousandths: int, unit: str) -> bytes:
    """Write a counter reading as an FLM03 does: an integer, or exactly three decimals."""
    whole, rest = divmod(thousandths % COUNTER_WRAP, 1000)
    if rest:
        return f'[{stamp}, {whole}.{rest:03d}, "{unit}"]'.encode()
    return f'[{stamp}, {whole}, "{unit}"]'.encode()


def gauge(stamp: int, raw: int, unit: str) -> bytes:
    """Write a clamp's gauge as an FLM03 does, negative ones misprinted: −0.5 becomes ``-1.500``."""
    whole, rest = raw >> FRACTION_BITS, _decimals(raw)
    if rest:
        return f'[{stamp}, {whole}.{rest:03d}, "{unit}"]'.encode()
    return f'[{stamp}, {whole}, "{unit}"]'.encode()


def gauge_value(raw: int) -> float:
    """Return the value that a gauge's message means, to the three decimals it has room for."""
    return ((raw >> FRACTION_BITS) * 1000 + _decimals(raw)) / 1000


def gauge_misread(raw: int) -> int:
    """Return the value in a gauge's message (thousandths): the meter's log stores the misprint."""
    whole, rest = raw >> FRACTION_BITS, _decimals(raw)
    return whole * 1000 + (rest if whole >= 0 else -rest)


def pulse_value(rate: float, factor: float) -> float:
    """Return the value of a pulse input's gauge: the board's steps times a factor, truncated.

    Args:
        rate: Counter units per second.
        factor: From counter units a second to the gauge's unit.
    """
    return int(int(rate * (1 << FRACTION_BITS)) * factor * 1000 / (1 << FRACTION_BITS)) / 1000


def pulse_gauge(stamp: int, value: float, unit: str) -> bytes:
    """Write a pulse input's gauge as an FLM03 does."""
    return counter(stamp, round(value * 1000), unit)


def lua_number(value: float) -> str:
    """Write a number as Lua does, with fourteen significant digits and no trailing point."""
    return f"{value:.14g}"


def reading(stamp: int, value: float, unit: str) -> bytes:
    """Write a reading as the Lua daemons of kubes and of the FLM02 do: without spaces."""
    return f'[{stamp},{lua_number(value)},"{unit}"]'.encode()


def _decimals(raw: int) -> int:
    return (raw & FRACTION_MASK) * 125 >> (FRACTION_BITS - 3)

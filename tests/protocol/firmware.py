"""How flxd prints readings, by its fixed-point rule (docs/protocol.md section 2; 9, quirk 3)."""

from math import trunc


def _thousandths(fraction: int, bits: int) -> int:
    """A binary fraction in thousandths, as the firmware shifts them out."""
    return (fraction * 125) >> (bits - 3)


def _printed(whole: int, thousandths: int) -> str:
    return f"{whole}.{thousandths:03d}" if thousandths else f"{whole}"


def _reading(time: int, number: str, unit: str) -> bytes:
    return f'[{time}, {number}, "{unit}"]'.encode()


def clamp_gauge(time: int, fixed_point: int, unit: str) -> bytes:
    """A clamp's Q20.11 gauge: an arithmetic shift, then the low bits whatever the sign."""
    number = _printed(fixed_point >> 11, _thousandths(fixed_point & 0x7FF, 11))
    return _reading(time, number, unit)


def clamp_counter(time: int, whole: int, fraction: int, unit: str) -> bytes:
    """A clamp's counter: 32 bits and a fraction of 16 bits."""
    return _reading(time, _printed(whole, _thousandths(fraction, 16)), unit)


def pulse_counter(time: int, whole: int, thousandths: int, unit: str) -> bytes:
    """A pulse input's counter: 32 bits and thousandths."""
    return _reading(time, _printed(whole, thousandths), unit)


def pulse_gauge(time: int, value: float, unit: str) -> bytes:
    """A pulse input's gauge: cut off at the point, and the distance from there without sign."""
    whole = trunc(value)
    return _reading(time, _printed(whole, int(abs(value - whole) * 1000)), unit)

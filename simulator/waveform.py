"""One cycle of the mains in 32 samples (docs/protocol.md section 6)."""

from collections.abc import Sequence
from math import pi, radians, sin, sqrt

from .clamp import Electricity

SAMPLES = 32
MILLISECONDS = 500
CURRENT_HARMONICS = ((3, 0.85), (5, 0.45), (7, 0.27))
VOLTAGE_HARMONICS = ((5, 0.92), (7, 0.39))
"""Order and share of the distortion; the squares of the shares add up to 1, about."""


def wave(
    rms: float, distortion: float, angle: float, harmonics: Sequence[tuple[int, float]]
) -> list[int]:
    """Sample one cycle in thousandths of the unit.

    Args:
        rms: The root mean square, harmonics included.
        distortion: All harmonics over the fundamental, a ratio.
        angle: The fundamental's lead over the start of the cycle, in degrees.
        harmonics: Order and share of the distortion of each harmonic.
    """
    peak = 1000 * sqrt(2) * rms / sqrt(1 + distortion**2)
    lead = radians(angle)
    turns = [2 * pi * sample / SAMPLES + lead for sample in range(SAMPLES)]
    return [
        round(
            peak
            * (
                sin(turn)
                + distortion * sum(share * sin(order * turn) for order, share in harmonics)
            )
        )
        for turn in turns
    ]


def voltage(stamp: int, seen: Electricity) -> bytes:
    """Return a cycle of the voltage in mV."""
    return _message(stamp, wave(seen.voltage, seen.voltage_distortion, 0, VOLTAGE_HARMONICS), "mV")


def current(stamp: int, seen: Electricity) -> bytes:
    """Return a cycle of a clamp's current in mA, at the same time as the voltage's."""
    samples = wave(seen.current, seen.current_distortion, seen.angle, CURRENT_HARMONICS)
    return _message(stamp, samples, "mA")


def _message(stamp: int, samples: Sequence[int], unit: str) -> bytes:
    listed = ",".join(map(str, samples))
    return f'[[{stamp},{MILLISECONDS}],[{listed}],"{unit}"]'.encode()

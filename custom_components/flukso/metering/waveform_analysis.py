"""Analysis of one cycle of the mains, of which ``samples`` are evenly spaced."""

from cmath import phase, rect
from collections.abc import Sequence
from math import degrees, inf, radians, sqrt, tau

#: Waveforms that are further apart (s) are not paired.
_MAX_APART = 1.0
#: A fundamental of a smaller share of the whole (a ratio) is noise.
_NOISE = 0.01


def rms(samples: Sequence[float]) -> float:
    """Return the root mean square, in the unit of the samples."""
    return sqrt(sum(sample**2 for sample in samples) / len(samples))


def crest_factor(samples: Sequence[float]) -> float | None:
    """Return peak over RMS: √2 for a sine, more for pulsed current; None if the RMS is 0."""
    effective = rms(samples)
    return max(map(abs, samples)) / effective if effective else None


def harmonic(samples: Sequence[float], order: int) -> float | None:
    """Return a harmonic in percent of the fundamental; None if there is no fundamental."""
    fundamental = abs(_fundamental(samples))
    return 100 * abs(_component(samples, order)) / fundamental if fundamental else None


def phase_shift(
    voltage: Sequence[float], current: Sequence[float], voltage_angle: float = 0
) -> float | None:
    """Return how far the current leads its voltage (°), from -180 to 180; None if one is missing.

    It is that of the fundamentals: 0 for a heater, negative for a motor, 180 if power flows back.
    The voltage of the current leads the measured one by ``voltage_angle`` (°).
    """
    reference, shifted = _fundamental(voltage), _fundamental(current)
    if not reference or not shifted:
        return None
    return degrees(phase(shifted * (reference * rect(1, radians(voltage_angle))).conjugate()))


def delayed(samples: Sequence[float], angle: float) -> tuple[float, ...]:
    """Return the samples of the same cycle so much later (° of the fundamental)."""
    count = len(samples)
    middle = count // 2
    terms = [
        (order, _component(samples, order) * (1 if order in {0, middle} else 2) / count)
        for order in range(middle + 1)
    ]
    delay = count * angle / 360
    return tuple(
        sum((term * rect(1, tau * order * (index - delay) / count)).real for order, term in terms)
        for index in range(count)
    )


def nearest[Timed](
    first: Sequence[tuple[float, Timed]], second: Sequence[tuple[float, Timed]]
) -> tuple[Timed, Timed] | None:
    """Return the pair nearest in time (s), one of each; the latest if equal; None beyond 1 s."""
    pair: tuple[Timed, Timed] | None = None
    nearest_apart, latest = _MAX_APART, -inf
    for at, one in first:
        for when, other in second:
            apart, time = abs(at - when), at + when
            if apart < nearest_apart or (apart == nearest_apart and time > latest):
                nearest_apart, latest = apart, time
                pair = (one, other)
    return pair


def _fundamental(samples: Sequence[float]) -> complex:
    """Return the first term; 0 if it is only noise."""
    fundamental = _component(samples, 1)
    whole = rms(samples) * len(samples) / sqrt(2)
    return fundamental if abs(fundamental) > _NOISE * whole else 0j


def _component(samples: Sequence[float], order: int) -> complex:
    """Return a term of the discrete Fourier transform."""
    turn = tau * order / len(samples)
    return sum((sample * rect(1, -turn * index) for index, sample in enumerate(samples)), 0j)

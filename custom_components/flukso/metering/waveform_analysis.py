"""What the samples of one cycle of the mains tell; ``samples`` are evenly spaced over it."""

from cmath import phase, rect
from collections.abc import Sequence
from math import degrees, inf, sqrt, tau

#: What is further apart in time (s) does not belong together.
_TOGETHER = 1.0
#: A fundamental that is less of the whole (a ratio) is none.
_NOISE = 0.01


def rms(samples: Sequence[float]) -> float:
    """The root mean square, in the unit of the samples."""
    return sqrt(sum(sample**2 for sample in samples) / len(samples))


def crest_factor(samples: Sequence[float]) -> float | None:
    """The peak over the RMS: √2 of a sine, more of what draws current in pulses; None of 0."""
    effective = rms(samples)
    return max(map(abs, samples)) / effective if effective else None


def harmonic(samples: Sequence[float], order: int) -> float | None:
    """A harmonic in percent of the fundamental; None where there is no fundamental."""
    fundamental = abs(_fundamental(samples))
    return 100 * abs(_component(samples, order)) / fundamental if fundamental else None


def phase_shift(voltage: Sequence[float], current: Sequence[float]) -> float | None:
    """How far the current leads the voltage (°), from -180 to 180; None where one is missing.

    It is that of the fundamentals: 0 of a heater, negative of a motor, 180 where power flows back.
    """
    reference, shifted = _fundamental(voltage), _fundamental(current)
    return degrees(phase(shifted * reference.conjugate())) if reference and shifted else None


def nearest[Timed](
    first: Sequence[tuple[float, Timed]], second: Sequence[tuple[float, Timed]]
) -> tuple[Timed, Timed] | None:
    """The two that are nearest in time (s), one of each, the latest of equals; None beyond 1 s."""
    found: tuple[Timed, Timed] | None = None
    nearest_apart, latest = _TOGETHER, -inf
    for at, one in first:
        for when, other in second:
            apart, time = abs(at - when), at + when
            if apart < nearest_apart or (apart == nearest_apart and time > latest):
                nearest_apart, latest = apart, time
                found = (one, other)
    return found


def _fundamental(samples: Sequence[float]) -> complex:
    """The first term; so small a part of the whole is noise, and nothing."""
    found = _component(samples, 1)
    whole = rms(samples) * len(samples) / sqrt(2)
    return found if abs(found) > _NOISE * whole else 0j


def _component(samples: Sequence[float], order: int) -> complex:
    """A term of the discrete Fourier transform."""
    turn = tau * order / len(samples)
    return sum((sample * rect(1, -turn * place) for place, sample in enumerate(samples)), 0j)

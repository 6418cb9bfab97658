"""The flows that an FLM02 measures: counter units per second, one item per second of a minute.

Without a voltage measurement, a clamp measures apparent power in both directions.
"""

from collections.abc import Iterable, Sequence
from math import hypot

from .household import Minute


def _apparent(active: Iterable[float], reactive: Iterable[float]) -> Sequence[float]:
    return [hypot(*second) / 3600 for second in zip(active, reactive, strict=True)]


def _sums(phases: Sequence[Sequence[float]]) -> Sequence[float]:
    return [sum(second) for second in zip(*phases, strict=True)]


def grid(whole: Minute) -> Sequence[float]:
    """Return the apparent power of all phases through one clamp."""
    return _apparent(_sums(whole.active), _sums(whole.reactive))


def all_phases(whole: Minute) -> Sequence[float]:
    """Return the apparent power of three clamps, added."""
    return _sums([_apparent(*pair) for pair in zip(whole.active, whole.reactive, strict=True)])


def inverter(whole: Minute) -> Sequence[float]:
    """Return the power of the inverter."""
    return [watts / 3600 for watts in whole.solar]


def kitchen(whole: Minute) -> Sequence[float]:
    """Return the apparent power of the kitchen's circuit."""
    return _apparent(whole.active[1], whole.reactive[1])


def net(whole: Minute) -> Sequence[float]:
    """Return the net power of the smart meter: import minus export."""
    return [watts / 3600 for watts in _sums(whole.active)]


def gas(whole: Minute) -> Sequence[float]:
    """Return the gas flow."""
    return whole.gas

"""The plain sum of counters, for which a counter that joins or leaves is no consumption."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CounterSumState:
    """A sum, and the values of the counters that made it (Wh)."""

    total: float
    values: Mapping[str, float]


class CounterSum:
    """Adds up counters.

    Once it has begun it goes on from where it was, also when it is made of other counters than
    before: one that is gone no longer adds to it, a new one adds what it counts from now on.
    """

    def __init__(self, counters: Iterable[str]) -> None:
        self._counters = frozenset(counters)
        self._values: dict[str, float] = {}
        self._offset = 0.0
        self._has_begun = False

    @property
    def total(self) -> float | None:
        """The sum (Wh); None before all were heard."""
        return round(self._offset + sum(self._values.values()), 3) if self._has_begun else None

    @property
    def state(self) -> CounterSumState | None:
        """What to keep over a restart."""
        total = self.total
        return None if total is None else CounterSumState(total, dict(self._values))

    def restore(self, state: CounterSumState) -> None:
        """Go on from before a restart."""
        common = self._counters & state.values.keys()
        self._values = {key: state.values[key] for key in common}
        self._offset = state.total - sum(self._values.values())
        self._has_begun = True

    def take(self, key: str, value: float) -> None:
        """Take a counter's value (Wh)."""
        if self._has_begun and key not in self._values:
            self._offset -= value
        self._values[key] = value
        self._has_begun = self._has_begun or len(self._values) == len(self._counters)

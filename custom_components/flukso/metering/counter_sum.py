"""The sum of counters, in which adding or removing a counter is no consumption."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .rounding import rounded


@dataclass(frozen=True, slots=True)
class CounterSumState:
    """A sum, and the values of its counters (Wh)."""

    total: float
    values: Mapping[str, float]


class CounterSum:
    """The sum of counters.

    Once it has a value it continues from there, also with other counters than before: a removed
    one no longer adds to it, a new one adds what it counts from its first value on. The ``offset``
    (Wh) is what it has beyond the values of its counters.
    """

    def __init__(self, counters: Iterable[str]) -> None:
        self._counters = frozenset(counters)
        self._values: dict[str, float] = {}
        self.offset = 0.0
        self._has_total = False

    @property
    def total(self) -> float | None:
        """The sum (Wh); None before every counter had a value."""
        return rounded(self.offset + sum(self._values.values()), 3) if self._has_total else None

    @property
    def state(self) -> CounterSumState | None:
        """The state to store over a restart."""
        total = self.total
        return None if total is None else CounterSumState(total, dict(self._values))

    def restore(self, state: CounterSumState) -> None:
        """Restore the state from before a restart."""
        common = self._counters & state.values.keys()
        self._values = {key: state.values[key] for key in common}
        self.offset = state.total - sum(self._values.values())
        self._has_total = True

    def take(self, key: str, value: float) -> None:
        """Process a counter's value (Wh)."""
        if self._has_total and key not in self._values:
            self.offset -= value
        self._values[key] = value
        self._has_total = self._has_total or len(self._values) == len(self._counters)

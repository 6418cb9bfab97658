"""Import and export of a counter that runs both ways."""

from dataclasses import dataclass

from .rounding import rounded

#: Decimals of the meter's counters.
_DECIMALS = 3


@dataclass(frozen=True, slots=True)
class NetSplitState:
    """The import and export up to a value of the counter (all in Wh)."""

    value: float
    imported: float
    exported: float


class NetSplit:
    """Splits a counter of import less export into both, from reading to reading.

    Where it rises it counts import, where it falls export; what ran while nothing was received is
    their difference, on one side. Readings of the same second count together, whatever their order.
    """

    def __init__(self) -> None:
        self._imported = self._exported = 0.0
        self._second: int | None = None
        self._has_value = False
        self._begin = self._highest = self._lowest = 0.0

    @property
    def imported(self) -> float:
        """The import so far (Wh)."""
        return rounded(self._imported + self._highest - self._begin, _DECIMALS)

    @property
    def exported(self) -> float:
        """The export so far (Wh)."""
        return rounded(self._exported + self._begin - self._lowest, _DECIMALS)

    @property
    def state(self) -> NetSplitState | None:
        """The state to store over a restart; None before the first reading."""
        if not self._has_value:
            return None
        value = self._highest + self._lowest - self._begin
        return NetSplitState(rounded(value, _DECIMALS), self.imported, self.exported)

    def restore(self, state: NetSplitState) -> None:
        """Continue from a state."""
        self._has_value = True
        self._begin = self._highest = self._lowest = state.value
        self._imported, self._exported = state.imported, state.exported

    def resume(self, *, imported: float | None = None, exported: float | None = None) -> None:
        """Continue from energies (Wh) of which nothing else is known."""
        self._imported = self._imported if imported is None else imported
        self._exported = self._exported if exported is None else exported

    def take(self, second: int, value: float) -> None:
        """Process the value (Wh) that the counter has in that second."""
        if self._second != second:
            self.restore(self.state or NetSplitState(value, self._imported, self._exported))
            self._second = second
        self._highest = max(self._highest, value)
        self._lowest = min(self._lowest, value)

"""The sum of several gauges, second by second."""

from collections.abc import Collection

from .rounding import rounded

#: The most seconds that wait for missing readings; then the oldest is dropped.
_MAX_WAITING = 60


class SameSecondSum:
    """Adds up gauges once all have a reading of the same second."""

    def __init__(self, keys: Collection[str]) -> None:
        self._count = len(keys)
        self._waiting: dict[int, dict[str, float]] = {}

    def take(self, key: str, time: int, value: float) -> float | None:
        """Process a reading. Returns the sum if it completed its second."""
        values = self._waiting.setdefault(time, {})
        values[key] = value
        if len(values) == self._count:
            self._waiting = {
                second: readings for second, readings in self._waiting.items() if second > time
            }
            return rounded(sum(values.values()), 3)
        if len(self._waiting) > _MAX_WAITING:
            oldest = next(iter(self._waiting))
            del self._waiting[oldest]
        return None

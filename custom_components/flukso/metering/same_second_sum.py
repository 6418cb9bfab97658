"""Readings of one second belong together: the sum of several gauges, second by second."""

from collections.abc import Mapping

#: So many seconds wait for the rest of their readings; then the first of them is given up.
_MOST = 10


class SameSecondSum:
    """Adds up gauges, each with its sign, once all have been heard of the same second."""

    def __init__(self, signs: Mapping[str, int]) -> None:
        self._signs = signs
        self._waiting: dict[int, dict[str, float]] = {}

    def take(self, key: str, time: int, value: float) -> float | None:
        """Take a reading; the sum, if it completed its second."""
        values = self._waiting.setdefault(time, {})
        values[key] = value
        if len(values) == len(self._signs):
            self._waiting = {later: of for later, of in self._waiting.items() if later > time}
            return round(sum(self._signs[key] * value for key, value in values.items()), 3)
        if len(self._waiting) > _MOST:
            oldest = next(iter(self._waiting))
            del self._waiting[oldest]
        return None

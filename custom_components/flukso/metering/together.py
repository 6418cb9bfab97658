"""Readings of one second belong together: the sum of several gauges, second by second."""

from collections.abc import Mapping


class Together:
    """Adds up gauges, each with its sign, once all have been heard of the same second."""

    def __init__(self, signs: Mapping[str, int]) -> None:
        self._signs = signs
        self._time = 0
        self._values: dict[str, float] = {}

    def take(self, key: str, time: int, value: float) -> float | None:
        """Take a reading; the sum, if it completed its second."""
        if time != self._time:
            self._time, self._values = time, {}
        self._values[key] = value
        if len(self._values) < len(self._signs):
            return None
        return round(sum(self._signs[key] * value for key, value in self._values.items()), 3)

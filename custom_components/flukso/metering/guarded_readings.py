"""Readings from a meter's memory, held against what the guard of their counter accepts."""

from collections.abc import Sequence
from operator import sub

from .counter_guard import CounterGuard, CounterReading, CounterState

_THOUSAND = 1000
#: The shortest time between two readings, with the 2 s of the guard that it may be longer (s).
_SHORTEST = 3


class GuardedReadings:
    """Accepts the readings that the guard accepts, with what it carries over breaks.

    With ``counts_on``, a counter that was reset to 0 continues with what it shows then, and the
    readings that confirmed the break are accepted with the last of them.
    """

    def __init__(self, fastest: float | None, *, both_ways: bool, counts_on: bool) -> None:
        self._counts_on = counts_on
        self._withheld: list[tuple[int, int]] = []
        self._guard = CounterGuard(fastest, both_ways=both_ways)
        self._most = None if fastest is None else fastest * _SHORTEST * _THOUSAND
        self._both_ways = both_ways
        self._last: int | None = None

    def take(
        self, times: Sequence[int], thousandths: Sequence[int]
    ) -> tuple[Sequence[int], Sequence[float]]:
        """Return the seconds of the readings that are accepted, and their values in units.

        Readings that follow each other as they can are accepted without asking the guard for each.
        """
        if not times:
            return (), ()
        if not self._are_ordinary(thousandths):
            return self._ask(times, thousandths)
        offset = self._guard.offset
        time, value = times[-1], thousandths[-1] / _THOUSAND
        self._guard.restore(CounterState(CounterReading(time, value, time), offset, 0))
        self._last = thousandths[-1]
        return times, [value / _THOUSAND + offset for value in thousandths]

    def _are_ordinary(self, thousandths: Sequence[int]) -> bool:
        if self._guard.is_withholding:
            return False
        before = thousandths[0] if self._last is None else self._last
        steps = list(map(sub, thousandths, (before, *thousandths[:-1]), strict=True))
        lowest, highest = min(steps), max(steps)
        if self._most is not None and max(highest, -lowest) > self._most:
            return False
        return self._both_ways or lowest >= 0

    def _ask(
        self, times: Sequence[int], thousandths: Sequence[int]
    ) -> tuple[Sequence[int], Sequence[float]]:
        guard = self._guard
        accepted: list[int] = []
        values: list[float] = []
        for time, value in zip(times, thousandths, strict=True):
            found = guard.take(CounterReading(time, value / _THOUSAND, time))
            if guard.last is None or guard.last.time != time or guard.value is None:
                self._withheld.append((time, value))
                continue
            if found is not None and self._counts_on:
                guard.book(found.bookable or 0)
                for withheld_time, withheld_value in self._withheld:
                    if withheld_time >= found.new.time:
                        accepted.append(withheld_time)
                        values.append(withheld_value / _THOUSAND + guard.offset)
            self._withheld.clear()
            accepted.append(time)
            values.append(guard.value)
            self._last = value
        return accepted, values

"""The hours of a counter in one block of a meter's memory, through resets and leaps.

Values are in thousandths of the counter's unit, times in seconds since 1970.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate, islice
from math import ceil, inf
from operator import sub
from time import sleep

from .block_timeline import hourly_powers
from .durations import HOUR

_THOUSAND = 1000
#: The meter's times are whole seconds: two readings may be this much further apart (s).
_TICK = 2
#: Counters have 32 bits before the decimal point (docs/protocol.md section 2).
_WRAP = 2**32 * _THOUSAND
#: The size of a chunk, and the sleep after it that lets other threads run (s).
_CHUNK_READINGS = 16 * 1024
_CHUNK_SLEEP = 0.0001


@dataclass(frozen=True, slots=True)
class CountingLaw:
    """What a counter can count: up to ``fastest`` units per second (None: no limit).

    One that is read regularly is never silent for longer than ``max_silence`` (s): what it counted
    then, and when, is not known.
    """

    fastest: float | None = None
    both_ways: bool = False
    max_silence: int | None = None

    def is_valid(self, seconds: int) -> bool:
        """Return whether the last reading is still valid so long after it."""
        return self.max_silence is None or seconds <= self.max_silence

    def most(self, seconds: float) -> float:
        """Return the most that it counts in a time whose ends are known to the second."""
        return inf if self.fastest is None else self.fastest * _THOUSAND * (seconds + _TICK)

    def is_possible(self, counted: float, seconds: float) -> bool:
        """Return whether it can count an amount in that time."""
        most = self.most(seconds)
        return (-most if self.both_ways else 0) <= counted <= most

    def counted(self, before: int, after: int, seconds: int) -> int:
        """Return what was counted from one reading to the next.

        Of a counter that fell, it is the step over its wrap if that is possible, or else the value
        itself if it may have begun again from 0. It is 0 for a leap that the input can't have
        counted.
        """
        step = after - before
        if self.is_possible(step, seconds):
            return step
        if not self.both_ways and self.fastest is not None:
            for counted in (step + _WRAP, after):
                if self.is_possible(counted, seconds):
                    return counted
        return 0


@dataclass(frozen=True, slots=True, eq=False)
class PastBlock:
    """The hours of a block, which spans the time from ``begin`` to before ``end``.

    It has the ``first`` and the ``last`` reading (time, value), and ``counted`` between them;
    the ``values`` ``at`` the ends of hours, and the ``counts`` from the first reading until then;
    and the lowest and highest power (W) of hours (``powers``).
    """

    begin: int
    end: int
    first: tuple[int, int]
    last: tuple[int, int]
    counted: int
    at: array[int]
    values: array[int]
    counts: array[int]
    powers: Mapping[int, tuple[float, float]]


def past_block(
    begin: int,
    end: int,
    times: array[int],
    values: array[int],
    *,
    law: CountingLaw,
    power_over: int | None = None,
) -> PastBlock:
    """Return the hours of a block's readings; to be called in a worker thread.

    With ``power_over``, the counter is one of energy, and its power is the mean between readings
    that are at least so many seconds apart; an hour with a break has none.
    """
    breaks = list(_breaks(times, values, law))
    indices = [index for index, _ in breaks]
    corrections = [0, *accumulate(correction for _, correction in breaks)]
    ends = range(ceil(times[0] / HOUR) * HOUR, end, HOUR)
    last_until = [bisect_right(times, time) - 1 for time in ends]
    known = [
        (time, index)
        for time, index in zip(ends, last_until, strict=True)
        if law.is_valid(time - times[index])
        or values[index : index + 1] == values[index + 1 : index + 2]
    ]

    def count_until(index: int) -> int:
        return values[index] - values[0] + corrections[bisect_right(indices, index)]

    powers = {} if power_over is None else hourly_powers(times, values, power_over)
    for index in indices:
        powers.pop(times[index] // HOUR * HOUR, None)
    return PastBlock(
        begin,
        end,
        (times[0], values[0]),
        (times[-1], values[-1]),
        count_until(len(values) - 1),
        array("q", (time for time, _ in known)),
        array("q", (values[index] for _, index in known)),
        array("q", (count_until(index) for _, index in known)),
        powers,
    )


def _breaks(times: array[int], values: array[int], law: CountingLaw) -> Iterator[tuple[int, int]]:
    """Yield the index of each reading that is a break, and what is to be added to its step."""
    low, high = (-law.most(1) if law.both_ways else 0), law.most(1)
    for begin in range(0, len(values), _CHUNK_READINGS):
        chunk = values[begin : begin + _CHUNK_READINGS + 1]
        steps = list(map(sub, islice(chunk, 1, None), chunk, strict=False))
        if steps and not (low <= min(steps) and max(steps) <= high):
            for index, step in enumerate(steps, begin + 1):
                seconds = times[index] - times[index - 1]
                if not law.is_possible(step, seconds):
                    yield index, law.counted(values[index - 1], values[index], seconds) - step
        sleep(_CHUNK_SLEEP)

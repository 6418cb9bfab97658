"""A household with a truth: what its meter counted until any reading, since months.

It is made of hours that come again and again in no order, so that months are made in no time. All
power is constant for a minute, so that it does not matter how often the meter stores its readings.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from random import Random

from simulator.random_values import draw

#: The time between two readings (s).
STEP = 10
HOUR = 3600
_READINGS = HOUR // STEP
_MINUTE = 60
#: From watts to what is counted between two readings, in thousandths of Wh.
_PER_WATT = STEP * 1000 / HOUR
#: The counters: import and export of each phase, and the pulses of the inverter on the third.
COUNTERS = ("import1", "export1", "import2", "export2", "import3", "export3", "solar")
#: What a billing meter makes of them.
NETTED = ("import", "export")
#: What a phase takes more while all is switched on, between two readings, in thousandths of Wh.
_LARGE_LOAD = 11_000
#: The hours of a day (UTC) in which the sun shines.
_SUNNY = range(5, 19)
_MOST_SUN = 12


@dataclass(frozen=True)
class Hour:
    """What is counted from each reading to the next, in thousandths of Wh, and the volts (mV)."""

    counted: dict[str, Sequence[int]]
    volts: Sequence[int]

    @cached_property
    def until(self) -> dict[str, Sequence[int]]:
        """What is counted until each reading."""
        return {what: [0, *accumulate(steps)] for what, steps in self.counted.items()}

    @cached_property
    def texts(self) -> dict[tuple[str, int], Sequence[str]]:
        """What is counted in so many seconds, one after the other, as in a block."""
        return {
            (what, every): [
                f",{sum(steps[place : place + every // STEP]) / 1000:.14g}"
                for place in range(0, _READINGS, every // STEP)
            ]
            for what, steps in self.counted.items()
            for every in (STEP, _MINUTE)
        }


def _hour(chance: Random, *, sunny: bool) -> Hour:
    loads = [_loads(chance) for _ in range(3)]
    suns = _each_minute(chance.randint(0, _MOST_SUN) if sunny else 0 for _ in range(_MINUTE))
    nets = [*loads[:2], [load - 1000 * sun for load, sun in zip(loads[2], suns, strict=True)]]
    total = [sum(step) for step in zip(*nets, strict=True)]
    counted: dict[str, Sequence[int]] = {"solar": [1000 * sun for sun in suns]}
    for end, steps in (("1", nets[0]), ("2", nets[1]), ("3", nets[2]), ("", total)):
        counted[f"import{end}"] = [max(step, 0) for step in steps]
        counted[f"export{end}"] = [max(-step, 0) for step in steps]
    volts = _each_minute(chance.randint(228_000, 236_000) for _ in range(_MINUTE))
    return Hour(counted, volts)


def _loads(chance: Random) -> Sequence[int]:
    """What a phase takes: appliances that are on for a while, some of them large."""
    minutes: list[int] = []
    while len(minutes) < _MINUTE:
        watts = chance.choice((80, 150, 300, 2000)) + chance.random() * 100
        minutes += [
            round(watts * chance.uniform(0.97, 1.03) * _PER_WATT)
            for _ in range(chance.randint(1, 7))
        ]
    return _each_minute(minutes[:_MINUTE])


def _each_minute(values: Iterable[int]) -> Sequence[int]:
    return [value for value in values for _ in range(_MINUTE // STEP)]


class Household:
    """What was counted from ``begin`` on, in thousandths of Wh; times are in s since 1970.

    ``begin`` is the begin of an hour, and so is ``end``, until which it is known.
    """

    def __init__(self, name: str, begin: int, end: int, busy: int = 0) -> None:
        """Live in it; in the ``busy`` hour all that there is, is switched on."""
        self.begin = begin
        self._dark = [_hour(draw(name, "dark", each), sunny=False) for each in range(12)]
        self._sunny = [_hour(draw(name, "sunny", each), sunny=True) for each in range(24)]
        self._busy = _busy(self._dark[0])
        self.hours = [self._choose(name, hour, busy) for hour in range(begin, end, HOUR)]
        self._before = {
            what: [0, *accumulate(hour.until[what][-1] for hour in self.hours)]
            for what in (*COUNTERS, *NETTED)
        }

    def _choose(self, name: str, hour: int, busy: int) -> Hour:
        if hour == busy:
            return self._busy
        is_sunny = hour // HOUR % 24 in _SUNNY
        return draw(name, hour).choice(self._sunny if is_sunny else self._dark)

    def counted(self, what: str, time: float) -> int:
        """What was counted until the last reading before a time, or at it."""
        hour, place = divmod(int(time) - self.begin, HOUR)
        until = self.hours[hour].until[what][place // STEP] if place else 0
        return self._before[what][hour] + until

    def used(self, what: str, begin: int, end: int) -> float:
        """What was counted between two times, in Wh."""
        return (self.counted(what, end) - self.counted(what, begin)) / 1000

    def texts(self, what: str, begin: int, end: int, every: int) -> str:
        """What was counted with each stored reading after a time, until another, as in a block."""
        parts = []
        time = begin
        while time < end:
            hour, place = divmod(time - self.begin, HOUR)
            stop = min(end, time - place + HOUR)
            texts = self.hours[hour].texts[what, every]
            parts += texts[place // every : (place + stop - time) // every]
            time = stop
        return "".join(parts)

    def volts(self, time: int) -> int:
        """The voltage of a reading (mV)."""
        hour, place = divmod(time - self.begin, HOUR)
        return self.hours[hour].volts[place // STEP]

    def mean_volts(self, hour: int) -> float:
        """The mean voltage of an hour (V)."""
        volts = self.hours[(hour - self.begin) // HOUR].volts
        return sum(volts) / len(volts) / 1000

    def demand(self, quarter: int) -> float:
        """The mean of the netted import in a quarter-hour (W)."""
        return 4 * self.used("import", quarter, quarter + HOUR // 4)


def _busy(hour: Hour) -> Hour:
    """An hour in which each phase takes some 4 kW more."""
    counted = dict(hour.counted)
    for what, more in (("import1", 1), ("import2", 1), ("import3", 1), ("import", 3)):
        counted[what] = [step + more * _LARGE_LOAD for step in counted[what]]
    return Hour(counted, hour.volts)

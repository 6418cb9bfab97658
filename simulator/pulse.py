"""A pulse input: it counts, and publishes only with a pulse (docs/protocol.md section 1a)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from . import wire
from .household import MINUTE, Home, Minute, minute

MICRO = 1_000_000


@dataclass(frozen=True, slots=True)
class Kind:
    """The units and the flow of a type of pulse sensor.

    Attributes:
        counter: The counter's unit.
        gauge: The gauge's unit.
        factor: From counter units a second to the gauge's unit.
        constant: The usual size of a pulse, in the counter's unit.
        rate: The flow in counter units per second, one item per second.
    """

    counter: str
    gauge: str
    factor: float
    constant: float
    rate: Callable[[Minute], Sequence[float]]


def _scaled(values: Sequence[float], factor: float) -> Sequence[float]:
    return [value * factor for value in values]


KINDS: Mapping[str, Kind] = {
    "electricity": Kind("Wh", "W", 3600, 1.0, lambda whole: _scaled(whole.solar, 1 / 3600)),
    "heat": Kind("Wh", "W", 3600, 10.0, lambda whole: _scaled(whole.gas, 9.2)),
    "gas": Kind("L", "L/s", 1, 10.0, lambda whole: whole.gas),
    "fuel": Kind("L", "L/s", 1, 0.01, lambda whole: _scaled(whole.gas, 0.0098)),
    "water": Kind("L", "L/s", 1, 1.0, lambda whole: whole.water),
    "pellet": Kind("g", "g/s", 1, 10.0, lambda whole: _scaled(whole.gas, 2.05)),
    "time": Kind("s", "", 1, 1.0, lambda whole: [float(flow > 0) for flow in whole.gas]),
    "other": Kind("", "1/s", 1, 1.0, lambda whole: _scaled(whole.water, 10.0)),
}


@lru_cache(maxsize=512)
def _flow(number: int, kind: Kind, home: Home) -> Sequence[float]:
    return kind.rate(minute(number, home))


@dataclass(frozen=True, slots=True)
class Pulse:
    """One pulse.

    Attributes:
        second: The second of the pulse.
        counter: The counter after it, in thousandths.
        rate: Counter units per second since the pulse before it; 0 with the first pulse.
    """

    second: int
    counter: int
    rate: float


class PulseInput:
    """One pulse port: fractions of a pulse are accumulated until they make a whole one."""

    def __init__(self, kind: Kind, home: Home, counter: int) -> None:
        """Initialize it.

        Args:
            kind: The type of the port's sensor.
            home: The household.
            counter: The start value of the counter, in thousandths.
        """
        self.kind = kind
        self.home = home
        self.constant = round(kind.constant * 1000)
        self.counter = counter
        self.rate = 0.0
        self._rest = 0  # millionths of a unit since the last pulse
        self._last: float | None = None  # the last pulse's moment

    def integrate(self, start: int, stop: int) -> Iterator[Pulse]:
        """Return the pulses of the seconds from start up to, not including, stop."""
        second, size = start, self.constant * (MICRO // 1000)
        while second < stop:
            flow = _flow(second // MINUTE, self.kind, self.home)
            first, last = second % MINUTE, min(MINUTE, stop - second + second % MINUTE)
            for place in range(first, last):
                amount = int(flow[place] * MICRO)
                if not amount:
                    continue
                before = self._rest
                self._rest += amount
                for number in range(1, self._rest // size + 1):
                    share = (number * size - before) / amount
                    yield self._pulse(second + place - first + share)
                self._rest %= size
            second += last - first

    def draw(self, second: int) -> Pulse:
        """Count one pulse in a second in which the household draws nothing."""
        return self._pulse(float(second))

    def _pulse(self, moment: float) -> Pulse:
        self.counter = (self.counter + self.constant) % wire.COUNTER_WRAP
        elapsed = 0.0 if self._last is None else moment - self._last
        self.rate = self.constant / 1000 / elapsed if elapsed > 0 else 0.0
        self._last = moment
        return Pulse(int(moment), self.counter, self.rate)

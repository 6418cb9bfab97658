"""The sensor board's readings of one current clamp (docs/protocol.md section 2)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import atan2, degrees, hypot, sqrt

from . import wire
from .household import MINUTE, Home, Minute, minute

SUBTYPES = (
    *("pplus", "pminus", "q1", "q2", "q3", "q4"),
    *("vrms", "irms", "pf", "vthd", "ithd", "alpha"),
)
COUNTERS = 6
COUNTER_UNITS = ("Wh", "Wh", "VARh", "VARh", "VARh", "VARh")
GAUGE_UNITS = ("W", "W", "VAR", "VAR", "VAR", "VAR", "V", "A", "", "", "", "°")


@dataclass(frozen=True, slots=True)
class Wiring:
    """How the clamps are installed in the household.

    Attributes:
        home: The household.
        phase: "1p", "3p+n" or "3p-n", as in config/flx.
        math: "none", "p2+p1" or "p1+p2+p3", as in config/flx.
    """

    home: Home
    phase: str = "3p+n"
    math: str = "none"

    def active(self, whole: Minute, port: int) -> Sequence[float]:
        """Return the active power that a port reports, including the sums of the firmware."""
        if self.math == "p1+p2+p3" and port == 1:
            return _sum(whole.active)
        if self.math == "p2+p1" and port == 2:
            return _sum((self._active(whole, 1), self._active(whole, 2)))
        return self._active(whole, port)

    def reactive(self, whole: Minute, port: int) -> Sequence[float]:
        """Return the reactive power of the wire that a port's clamp is on."""
        if self.phase != "1p":
            return whole.reactive[port - 1]
        inverter = [-0.01 * watts for watts in whole.solar]
        return (inverter, _sum(whole.reactive), whole.reactive[1])[port - 1]

    def _active(self, whole: Minute, port: int) -> Sequence[float]:
        """On one phase, port 1 is on the inverter, port 2 on the grid, port 3 on the kitchen."""
        if self.phase != "1p":
            return whole.active[port - 1]
        return (whole.solar, _sum(whole.active), whole.active[1])[port - 1]


def _sum(phases: Sequence[Sequence[float]]) -> Sequence[float]:
    return [sum(second) for second in zip(*phases, strict=True)]


@dataclass(frozen=True, slots=True)
class Samples:
    """A minute of one clamp in the board's fixed-point numbers, one item a second."""

    active: Sequence[int]
    reactive: Sequence[int]


@lru_cache(maxsize=512)
def samples(number: int, wiring: Wiring, port: int) -> Samples:
    """Return the minute with this number as a port's clamp sees it."""
    whole = minute(number, wiring.home)
    return Samples(
        [wire.fixed(watts) for watts in wiring.active(whole, port)],
        [wire.fixed(vars_) for vars_ in wiring.reactive(whole, port)],
    )


@dataclass(frozen=True, slots=True)
class Electricity:
    """The measurements of a clamp in one second.

    Attributes:
        voltage: In V, of the reference that all ports share.
        current: In A.
        power_factor: The ratio of active to apparent power, never negative.
        voltage_distortion: A ratio.
        current_distortion: A ratio.
        angle: Of the current against the voltage reference, in degrees from −180 up to 180.
    """

    voltage: float
    current: float
    power_factor: float
    voltage_distortion: float
    current_distortion: float
    angle: float


class Clamp:
    """One clamp port; its energies are the exact sums of the gauges of each second."""

    def __init__(self, port: int, wiring: Wiring, counters: Sequence[int]) -> None:
        """Install it.

        Args:
            port: 1 to 3.
            wiring: How it is installed.
            counters: The start values of its six counters, in thousandths of Wh and VARh.
        """
        self.port = port
        self.wiring = wiring
        self._bases = list(counters)
        self._sums = [0] * COUNTERS  # 1/2048 Ws
        self._load = 0  # in the board's numbers
        self._now: tuple[int, int, int] | None = None  # second, active, reactive

    def integrate(self, start: int, stop: int) -> None:
        """Count the seconds from start up to, not including, stop."""
        second = start
        while second < stop:
            whole = samples(second // MINUTE, self.wiring, self.port)
            first, last = second % MINUTE, min(MINUTE, stop - second + second % MINUTE)
            active, reactive = whole.active[first:last], whole.reactive[first:last]
            if self._load:
                active = [watts + self._load for watts in active]
            self._count(active, reactive)
            self._now = second + last - first - 1, active[-1], reactive[-1]
            second += last - first

    def _count(self, actives: Sequence[int], reactives: Sequence[int]) -> None:
        sums = self._sums
        for active, reactive in zip(actives, reactives, strict=True):
            sums[0 if active >= 0 else 1] += abs(active)
            sums[quadrant(active, reactive) + 1] += abs(reactive)

    def switch(self, watts: float) -> None:
        """Switch a load of so many watts on behind it, beside those of the household."""
        self._load = wire.fixed(watts)

    def reset(self) -> None:
        """Reset all counters to 0, as with a replaced board."""
        self._bases = [0] * COUNTERS
        self._sums = [0] * COUNTERS

    def counters(self) -> Iterator[int]:
        """Return the six counters in thousandths of Wh and VARh."""
        for base, total in zip(self._bases, self._sums, strict=True):
            yield (base + total * 1000 // (3600 << wire.FRACTION_BITS)) % wire.COUNTER_WRAP

    def powers(self) -> Sequence[int]:
        """Return the first six gauges of the last second counted, in the board's numbers."""
        powers = [0] * COUNTERS
        if self._now is not None:
            _, active, reactive = self._now
            powers[0 if active >= 0 else 1] = abs(active)
            powers[quadrant(active, reactive) + 1] = abs(reactive)
        return powers

    def gauges(self) -> Sequence[int]:
        """Return all twelve gauges of the last second counted, in the board's numbers."""
        if self._now is None:
            return (0,) * len(SUBTYPES)
        seen = self.electricity()
        ratios = (seen.power_factor, seen.voltage_distortion, seen.current_distortion)
        quality = (seen.voltage, seen.current, *ratios, seen.angle)
        return (*self.powers(), *map(wire.fixed, quality))

    def electricity(self) -> Electricity:
        """Return the measurements of the last second counted."""
        second, active, reactive = self._now or (0, 0, 0)
        whole = minute(second // MINUTE, self.wiring.home)
        voltage = whole.voltage[second % MINUTE]
        if self.wiring.phase == "3p-n":
            voltage /= sqrt(3)
        watts, vars_ = active / (1 << wire.FRACTION_BITS), reactive / (1 << wire.FRACTION_BITS)
        apparent = hypot(watts, vars_)
        distortion = 0.04 + 0.5 * 60 / (60 + apparent)
        current = apparent / voltage * sqrt(1 + distortion**2)
        factor = abs(watts) / (voltage * current) if current else 0.0
        turn = 0 if self.wiring.phase == "1p" else 120 * (self.port - 1)
        angle = (180 - degrees(atan2(vars_, watts)) - turn) % 360 - 180
        return Electricity(voltage, current, factor, whole.distortion, distortion, angle)


def quadrant(active: float, reactive: float) -> int:
    """Return the number of the quadrant: 1 and 4 import, 2 and 3 export; 1 and 2 are inductive."""
    if active >= 0:
        return 1 if reactive >= 0 else 4
    return 2 if reactive >= 0 else 3

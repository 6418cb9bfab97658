"""Intervals at which states are written."""

from dataclasses import dataclass
from math import gcd

from ..const import DEFAULT_POWER_INTERVAL
from ..protocol.quantities import Unit
from ..protocol.sensors import Stream
from .input_limits import is_event


def is_due(interval: int, elapsed: int) -> bool:
    """Return whether a value with this interval is due ``elapsed`` seconds after the start."""
    return interval == 0 or elapsed % interval == 0


@dataclass(frozen=True, slots=True)
class Intervals:
    """Intervals (s) of active power and current, and of everything else.

    0 is at every reading.
    """

    power: int
    other: int

    @property
    def period(self) -> int:
        """Return how often to check which values are due and which channels are live (s)."""
        return gcd(self.power, self.other, DEFAULT_POWER_INTERVAL)

    def of(self, stream: Stream) -> int:
        """Return the interval of a stream."""
        if is_event(stream):
            return 0
        return self.power if stream.unit in {Unit.WATT, Unit.AMPERE} else self.other

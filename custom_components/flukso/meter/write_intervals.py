"""How often values are shown."""

from dataclasses import dataclass
from math import gcd

from ..const import DEFAULT_POWER_INTERVAL
from ..protocol.quantities import Unit
from ..protocol.sensors import Stream
from .input_limits import is_event


def is_due(interval: int, elapsed: int) -> bool:
    """Whether something that is shown once an interval is shown now, that long after the start."""
    return interval == 0 or elapsed % interval == 0


@dataclass(frozen=True, slots=True)
class Intervals:
    """How often values are shown (s): active power and current, and all else.

    0 is at every reading.
    """

    power: int
    other: int

    @property
    def period(self) -> int:
        """How often to look what is due, and who is live."""
        return gcd(self.power, self.other, DEFAULT_POWER_INTERVAL)

    def of(self, stream: Stream) -> int:
        """The interval of a stream."""
        if is_event(stream):
            return 0
        return self.power if stream.unit in {Unit.WATT, Unit.AMPERE} else self.other

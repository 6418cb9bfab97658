"""Readings of a counter that are withheld, until they confirm each other."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .counter_guard import CounterReading

#: So many consistent readings confirm a break: the first and two that continue it.
_CONFIRMATIONS = 3
#: Readings that arrive closer together count as one: messages are replayed in one burst (s).
_BURST = 0.5
#: Readings that look like replayed old messages must continue for so long to be accepted (s).
_REPLAY_DURATION = 60
#: Readings that go on for so long are believed or reported, whatever was thought possible (s).
_LASTING = 180


@dataclass(frozen=True, slots=True)
class HeldReadings:
    """Consecutive withheld readings.

    ``past`` is whether they look like old messages, ``count`` is how many there were, bursts
    counted as one. ``lasted`` is how long they went on by the host's clock (s), but for where it
    was set back; ``counted_at`` is how long they had gone on when the count last rose.
    """

    first: CounterReading
    last: CounterReading
    past: bool
    lasted: float = 0
    counted_at: float = 0
    count: int = 1

    def followed_by(self, reading: CounterReading, *, past: bool) -> HeldReadings:
        """Return the run with one more reading; old messages do not confirm a current one."""
        if (reading.time, reading.value) == (self.last.time, self.last.value):
            return self
        lasted = self.lasted + max(reading.at - self.last.at, 0)
        if self.past and not past:
            return HeldReadings(self.first, reading, past, lasted, lasted)
        if lasted - self.counted_at < _BURST:
            return replace(self, last=reading, past=past, lasted=lasted)
        return HeldReadings(self.first, reading, past, lasted, lasted, self.count + 1)

    @property
    def is_confirmed(self) -> bool:
        """Whether the readings are too many, and old ones continued too long, for an error."""
        duration = min(self.lasted, self.last.time - self.first.time)
        return self.count >= _CONFIRMATIONS and (not self.past or duration >= _REPLAY_DURATION)

    @property
    def is_lasting(self) -> bool:
        """Whether the readings went on for too long to be passed over in silence."""
        return self.count >= _CONFIRMATIONS and self.lasted >= _LASTING

    @property
    def rate(self) -> float:
        """The mean rate by the host's clock (units per second)."""
        return abs(self.last.value - self.first.value) / self.lasted


def extended(
    run: HeldReadings | None, reading: CounterReading, *, past: bool = False
) -> HeldReadings:
    """Return a run with one more reading, or a new one."""
    if run is None:
        return HeldReadings(reading, reading, past)
    return run.followed_by(reading, past=past)

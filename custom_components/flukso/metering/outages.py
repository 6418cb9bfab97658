"""Times for which the energies of a supply were booked at once, because nothing was received."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from .durations import MINUTE

#: A shorter time without readings is not noted (s).
_SHORTEST = MINUTE
#: So long after an outage all of the supply's counters have been heard (s).
_SETTLES = 2 * MINUTE
#: The most outages that are kept; the oldest ones are dropped.
_MAX_KEPT = 200


@dataclass(frozen=True, slots=True)
class SupplyEnergies:
    """The energies (Wh) that a supply has counted; the last two are None without production."""

    imported: float
    exported: float
    house: float | None = None
    self_consumed: float | None = None

    def since(self, before: SupplyEnergies) -> SupplyEnergies:
        """Return what was counted since."""
        return SupplyEnergies(
            self.imported - before.imported,
            self.exported - before.exported,
            _difference(self.house, before.house),
            _difference(self.self_consumed, before.self_consumed),
        )


def _difference(after: float | None, before: float | None) -> float | None:
    return None if after is None or before is None else after - before


@dataclass(frozen=True, slots=True)
class Outage:
    """A time for which the energies of a supply were booked at once.

    ``begin`` is the last second booked before it, ``end`` the first after it; ``before`` are the
    energies up to ``begin``, ``after`` those up to ``settled``, both None until it has been over
    for two minutes.
    """

    begin: int
    end: int
    before: SupplyEnergies
    settled: int | None = None
    after: SupplyEnergies | None = None


class Outages:
    """Notes the outages of a supply, as its energies are booked."""

    def __init__(self) -> None:
        self._noted: tuple[Outage, ...] = ()

    @property
    def state(self) -> tuple[Outage, ...]:
        """The state to store over a restart: all outages, the oldest first."""
        return self._noted

    def restore(self, state: Sequence[Outage]) -> None:
        """Restore the state from before a restart."""
        self._noted = tuple(state)

    def note(self, begin: int, before: SupplyEnergies, end: int, energies: SupplyEnergies) -> None:
        """Note the energies up to one second and those up to the next one that was booked."""
        last = self._noted[-1] if self._noted else None
        if last is not None and (last.after is not None or end < last.end):
            if last.after is None:  # the clock was set back
                self._noted = self._noted[:-1]
            last = None
        if end - begin > _SHORTEST:
            outage = Outage(begin, end, before) if last is None else replace(last, end=end)
            finished = self._noted if last is None else self._noted[:-1]
            self._noted = (*finished, outage)[-_MAX_KEPT:]
        elif last is not None and end - last.end >= _SETTLES:
            self._noted = (*self._noted[:-1], replace(last, settled=end, after=energies))

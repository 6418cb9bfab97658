"""The hours of a supply before its first row, from the energies that blocks tell."""

from collections.abc import Mapping, Sequence

from .durations import HOUR
from .mended_outage import Energy
from .outages import SupplyEnergies
from .past_rows import PastRows
from .rounding import rounded
from .rows import Row


def past_supply_rows(
    replays: Sequence[Mapping[int, SupplyEnergies]], energy: Energy, first: Row, *, since: int
) -> PastRows:
    """Return the rows from ``since`` until the ``first`` recorded one.

    Each of the ``replays`` has the energies at the ends of hours that follow each other; what was
    counted between two of them is not known, and adds nothing.
    """
    rows: list[Row] = []
    total, in_first = 0.0, None
    for energies in replays:
        for end in sorted(energies):
            counted = _counted(energies, energy, end)
            hour = end - HOUR
            if counted is None or hour < since or hour > first.hour:
                continue
            if hour == first.hour:
                in_first = rounded(counted, 3)
                continue
            total = rounded(total + counted, 3)
            rows.append(Row(hour, total, total))
    return PastRows(rows, in_first)


def _counted(energies: Mapping[int, SupplyEnergies], energy: Energy, end: int) -> float | None:
    before = energies.get(end - HOUR)
    if before is None or end % HOUR:
        return None
    return energy.of(energies[end].since(before))

"""The hours of an outage of a supply, as the readings in the meter's memory tell them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from .durations import HOUR
from .gaps import Reason
from .outages import Outage, SupplyEnergies
from .rounding import rounded
from .rows import Row

#: The rounding error of Home Assistant, which converts and sums floats (Wh).
_ROUNDING = 0.05


class Energy(StrEnum):
    """An energy of a supply: the name of its field in ``SupplyEnergies``."""

    IMPORTED = "imported"
    EXPORTED = "exported"
    HOUSE = "house"
    SELF_CONSUMED = "self_consumed"

    def of(self, energies: SupplyEnergies) -> float | None:
        """Return this one of the energies; None if it is not measured."""
        value: float | None = getattr(energies, self)
        return value


@dataclass(frozen=True, slots=True)
class Mended:
    """The rows of an outage, and what is added to the sums of all rows after them (Wh).

    The readings of the phases tell import and export apart, which were booked as one at the end:
    both are raised by the same amount, and the energy of the house not at all. What the readings
    tell beyond that, within the tolerance, has not been counted yet, and the states follow.
    """

    rows: Sequence[Row]
    lift: float


def mended_rows(
    outage: Outage,
    energies: Mapping[int, SupplyEnergies],
    energy: Energy,
    rows: Mapping[int, Row],
    *,
    tolerance: float,
    ahead: float = 0,
) -> Mended | Reason:
    """Return the rows of an outage that is over, or the reason to leave it alone.

    ``energies`` are those at its begin, at the ends of its hours, and when it was ``settled``,
    ``rows`` the recorded rows by hour, whose states are ``ahead`` of the outage's energy (Wh). What
    was booked of import less export must be what the meter tells, but for the ``tolerance`` (Wh).
    """
    amounts = _amounts(outage, energies, energy, tolerance)
    ends = _ends(outage)
    before = rows.get(outage.begin // HOUR * HOUR - HOUR)
    after = rows.get((ends.stop - 1) // HOUR * HOUR)
    if isinstance(amounts, Reason):
        return amounts
    if before is None or after is None:
        return Reason.BEGIN if before is None else Reason.END
    shift, missing = amounts[0] + ahead, amounts[1]
    offset = before.sum - before.state
    lift = missing - (after.sum - after.state - offset)
    if abs(lift) > _ROUNDING and abs(lift - missing) > _ROUNDING:
        return Reason.SUMS
    mended = [
        Row(end - HOUR, state, offset + state)
        for end in ends
        if (state := _state(energies[end], energy, shift)) is not None
    ]
    lift = 0.0 if abs(lift) <= _ROUNDING else rounded(lift, 3)
    mended.append(Row(after.hour, after.state, after.sum + lift))
    sums = [before.sum, *(row.sum for row in mended)]
    if any(later < earlier - _ROUNDING - tolerance for earlier, later in pairwise(sums)):
        return Reason.LEAP
    return Mended(mended, lift)


def _amounts(
    outage: Outage, energies: Mapping[int, SupplyEnergies], energy: Energy, tolerance: float
) -> tuple[float, float] | Reason:
    """Return what the recorded states are ahead of the energies, and what was not booked."""
    times = (outage.begin, *_ends(outage), outage.settled)
    if (
        outage.settled is None
        or outage.after is None
        or any(time not in energies for time in times)
    ):
        return Reason.NOT_REPORTED
    begin = energies[outage.begin]
    true, booked = energies[outage.settled].since(begin), outage.after.since(outage.before)
    level, first = energy.of(outage.before), energy.of(begin)
    if level is None or first is None:
        return Reason.NOT_REPORTED
    if abs(_balance(true, energy) - _balance(booked, energy)) > _ROUNDING + tolerance:
        return Reason.LEAP
    return level - first, _missing(true.exported - booked.exported, energy)


def _missing(both: float, energy: Energy) -> float:
    """Return what was not booked of an energy, if it was so much of import and export each."""
    if energy is Energy.HOUSE:
        return 0.0
    return -both if energy is Energy.SELF_CONSUMED else both


def _ends(outage: Outage) -> range:
    """Return the ends of the hours of an outage, up to when it was settled."""
    settled = outage.end if outage.settled is None else outage.settled
    return range((outage.begin // HOUR + 1) * HOUR, settled + 1, HOUR)


def mended_sum_rows(
    outage: Outage, states: Mapping[int, float], rows: Mapping[int, Row]
) -> Mended | Reason:
    """Return the rows of a plain sum in an outage, or the reason to leave it alone.

    ``states`` are those at the ends of its hours. Its total was booked as it is.
    """
    ends = _ends(outage)
    if any(end not in states for end in ends):
        return Reason.NOT_REPORTED
    before = rows.get(outage.begin // HOUR * HOUR - HOUR)
    after = rows.get((ends.stop - 1) // HOUR * HOUR)
    if before is None or after is None:
        return Reason.BEGIN if before is None else Reason.END
    offset = before.sum - before.state
    if abs(after.sum - after.state - offset) > _ROUNDING:
        return Reason.SUMS
    mended = [Row(end - HOUR, states[end], offset + states[end]) for end in ends]
    order = [before.state, *(row.state for row in mended), after.state]
    if any(later < earlier - _ROUNDING for earlier, later in pairwise(order)):
        return Reason.LEAP
    return Mended([*mended, after], 0)


def _balance(energies: SupplyEnergies, energy: Energy) -> float:
    """Return what is the same however it is netted: import less export, or all that is used."""
    house = energies.house
    if energy in {Energy.HOUSE, Energy.SELF_CONSUMED} and house is not None:
        return house
    return energies.imported - energies.exported


def _state(energies: SupplyEnergies, energy: Energy, shift: float) -> float | None:
    value = energy.of(energies)
    return None if value is None else rounded(value + shift, 3)

"""What the totals of a supply are made of, from which its history is computed.

It is here because ``supply/`` makes it and ``history/`` uses it, which do not import each other.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from ..metering.mended_outage import Energy
from ..metering.monthly_peaks import Peak
from ..metering.outages import Outage
from ..metering.supply_replay import SupplyLayout
from .counter_channel import CounterChannel


@dataclass(frozen=True, slots=True)
class CountedEnergy:
    """An energy that a total shows, and what the total has beyond it (Wh)."""

    energy: Energy
    offset: float = 0


@dataclass(frozen=True, slots=True)
class PlainSum:
    """The counters (their keys) that a total adds up, and what it has beyond them (Wh)."""

    counters: Sequence[str]
    offset: float


@dataclass(frozen=True, slots=True)
class SupplyRecord:
    """A supply: its counters by their key, and its totals by the end of their unique ids.

    ``energies`` are those that are counted second by second, ``sums`` those that add up counters.
    A demand that becomes known later is given to ``take_peak``, which returns whether
    it is the peak of this month now.
    """

    layout: SupplyLayout
    channels: Mapping[str, CounterChannel]
    energies: Mapping[str, CountedEnergy]
    sums: Mapping[str, PlainSum]
    zone: tzinfo
    outages: Sequence[Outage]
    take_peak: Callable[[Peak], bool]

"""The totals of a supply: over the phases, or of the P1 port or pulse meter that feeds it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import tzinfo
from functools import partial
from typing import override

from homeassistant.core import callback

from ..meter.counter_channel import CounterChannel
from ..meter.meter import Meter
from ..meter.supply_record import SupplyRecord
from ..metering.counter_track import LONGEST_GAP
from ..metering.rounding import rounded
from ..protocol.quantities import QUADRANTS, Quantity
from ..protocol.sensors import Source
from .energy import SupplyCounter, SupplyEnergy
from .feeds import Feed, Part, find_feeds
from .net_counters import NetCounters
from .phases import supply_ports
from .record import record_of
from .storage import SupplyStorage
from .totals import EnergyTotal, PowerTotal, Total, Totals


def _same(power: float) -> float:
    return power


def _negated(power: float) -> float:
    return -power


def _positive(power: float) -> float:
    return max(power, 0.0)


def _negative(power: float) -> float:
    return max(-power, 0.0)


#: A telegram of a P1 port comes every ten seconds; two may be missing (s).
_LONGEST_GAP_OF_P1 = 30

#: The quantities that each power is the sum of, and what of them: of ports that count import only.
_ONE_WAY: Mapping[str, Mapping[Quantity, Part]] = {
    "active_power_import": {Quantity.PPLUS: _same, Quantity.ELECTRICITY: _positive},
    "net_active_power": {
        Quantity.PPLUS: _same,
        Quantity.PMINUS: _negated,
        Quantity.ELECTRICITY: _same,
    },
}
_BOTH_WAYS: Mapping[str, Mapping[Quantity, Part]] = {
    **_ONE_WAY,
    "active_power_export": {Quantity.PMINUS: _same, Quantity.ELECTRICITY: _negative},
    "reactive_power": {
        quadrant: _same if sign > 0 else _negated for quadrant, sign in QUADRANTS.items()
    },
}
#: Of clamps that do not know the direction.
_UNDIRECTED: Mapping[str, Mapping[Quantity, Part]] = {"power": {Quantity.ELECTRICITY: _same}}

type _Figure = Callable[[SupplyEnergy], float | None]

_IMPORT: dict[str, _Figure] = {
    "active_energy_import": lambda supply_energy: supply_energy.imported.total
}
_EXPORT: dict[str, _Figure] = {
    "active_energy_export": lambda supply_energy: supply_energy.exported.total
}
_NETTED_IMPORT: dict[str, _Figure] = {
    "netted_energy_import": lambda supply_energy: _netted(
        supply_energy, supply_energy.netting.imported
    )
}
_NETTED_EXPORT: dict[str, _Figure] = {
    "netted_energy_export": lambda supply_energy: _netted(
        supply_energy, supply_energy.netting.exported
    )
}
_DEMAND: dict[str, _Figure] = {
    "demand": lambda supply_energy: supply_energy.demand.average,
    "expected_demand": lambda supply_energy: supply_energy.demand.expected,
    "last_demand": lambda supply_energy: supply_energy.demand.last,
    "peak_demand": lambda supply_energy: (
        supply_energy.demand.peak.demand if supply_energy.demand.peak else None
    ),
    "mean_peak_demand": lambda supply_energy: (
        supply_energy.demand.mean_peak.demand if supply_energy.demand.mean_peak else None
    ),
}
_HOUSE: dict[str, _Figure] = {
    "house_energy": lambda supply_energy: _of_house(supply_energy, supply_energy.house.house),
    "self_consumption": lambda supply_energy: _of_house(
        supply_energy, supply_energy.house.self_consumed
    ),
}
#: Of clamps that do not know the direction.
_ENERGY: dict[str, _Figure] = {"energy": lambda supply_energy: supply_energy.imported.total}


class SupplyEnergyTotal(EnergyTotal):
    """An energy or demand of the supply."""

    def __init__(
        self, what: str, supply_energy: SupplyEnergy, figure: _Figure, interval: int | None
    ) -> None:
        super().__init__(what, supply_energy, partial(figure, supply_energy), interval)
        self.supply_energy = supply_energy


class HouseEnergyTotal(SupplyEnergyTotal):
    """An energy of the house, which needs also the counters of the production."""

    @property
    @override
    def available(self) -> bool:
        return self.supply_energy.house_available


class Supply(Totals[Total]):
    """The totals of a supply."""

    def __init__(
        self,
        meter: Meter,
        net_counters: NetCounters,
        *,
        chosen: Iterable[str],
        production: Iterable[str],
        zone: tzinfo,
        storage: SupplyStorage,
    ) -> None:
        super().__init__(meter)
        self._net_counters = net_counters
        self._chosen = tuple(chosen)
        self._production_ports = tuple(production)
        self._zone = zone
        self._storage = storage
        self._feeds: tuple[Feed, ...] = ()
        self._production: tuple[Feed, ...] = ()
        self._steps: tuple[float, ...] = ()
        self._energy: SupplyEnergy | None = None

    @property
    def record(self) -> SupplyRecord | None:
        """What its history is computed from; None without a supply."""
        return None if self._energy is None else record_of(self._energy, self.totals)

    @callback
    @override
    def _update(self) -> None:
        ports = supply_ports(self._meter.configuration, self._chosen)
        feeds = find_feeds(self._meter, ports)
        others = [port for port in self._production_ports if port not in ports]
        production = find_feeds(self._meter, others)
        configuration = self._meter.configuration
        steps = tuple(feed.step(configuration) for feed in (*feeds, *production))
        if (feeds, production, steps) == (self._feeds, self._production, self._steps):
            return
        self._feeds, self._production, self._steps = feeds, production, steps
        self.totals, self._energy = {}, None
        if feeds:
            self._add_powers()
            self._add_house_power()
            self._add_energies()

    @callback
    @override
    def _settle(self) -> None:
        if self._energy is not None:
            self._energy.settle()
        super()._settle()

    @property
    def _is_undirected(self) -> bool:
        """Whether clamps of an FLM02 are part of it, which do not know the direction."""
        return any(feed.source is Source.ANALOG for feed in self._feeds)

    @property
    def _is_both_ways(self) -> bool:
        """Whether its export is measured; a pulse meter counts import only."""
        return not self._is_undirected and any(feed.measures_export for feed in self._feeds)

    @property
    def _powers(self) -> Mapping[str, Mapping[Quantity, Part]]:
        """The powers that are known, and what they are the sums of."""
        if self._is_undirected:
            return _UNDIRECTED
        return _BOTH_WAYS if self._is_both_ways else _ONE_WAY

    def _add_powers(self) -> None:
        for what, parts in self._powers.items():
            found = [feed.gauges(parts) for feed in self._feeds]
            gauges = {gauge: part for each in found for gauge, part in (each or {}).items()}
            if None not in found:
                interval = self._meter.intervals.of(next(iter(gauges)).stream)
                self.totals[what] = PowerTotal(what, gauges, interval)

    def _add_house_power(self) -> None:
        """Add what the house uses: what comes from the grid, less what goes there, and its own."""
        net = [feed.gauges(_BOTH_WAYS["net_active_power"]) for feed in self._feeds]
        own = [feed.gauges(feed.production_parts()) for feed in self._production]
        found = [*net, *own]
        if own and self._is_both_ways and None not in found:
            gauges = {gauge: part for each in found for gauge, part in (each or {}).items()}
            interval = self._meter.intervals.of(next(iter(gauges)).stream)
            self.totals["house_power"] = PowerTotal("house_power", gauges, interval)

    def _add_energies(self) -> None:
        imports = _complete(feed.imported for feed in self._feeds)
        exports = _complete(feed.exported for feed in self._feeds if feed.measures_export)
        supply_energy = self._energy = self._supply_energy(imports or (), exports or ())
        has_import = imports is not None
        has_export = exports is not None and self._is_both_ways
        figures: dict[str, _Figure] = {}
        if has_import:
            figures |= _ENERGY if self._is_undirected else _IMPORT
        if has_export:
            figures |= _EXPORT
        if has_import and (has_export or not self._is_both_ways):
            figures |= _DEMAND if self._is_undirected else _NETTED_IMPORT | _DEMAND
        if has_import and has_export:
            figures |= _NETTED_EXPORT
            if supply_energy.has_production:
                figures |= _HOUSE
        for what, figure in figures.items():
            kind = HouseEnergyTotal if what in _HOUSE else SupplyEnergyTotal
            self.totals[what] = kind(what, supply_energy, figure, self._meter.intervals.other)

    def _supply_energy(
        self, imports: Iterable[CounterChannel], exports: Iterable[CounterChannel]
    ) -> SupplyEnergy:
        nets = {counter: self._net_counters.of(counter) for counter in imports}
        steps = {feed.imported: feed.step(self._meter.configuration) for feed in self._feeds}
        has_net = any(feed.is_net for feed in self._feeds)
        return SupplyEnergy(
            [SupplyCounter(counter, nets[counter], steps[counter]) for counter in imports],
            [SupplyCounter(counter) for counter in exports if counter not in nets],
            self._zone,
            self._storage,
            longest_gap=_LONGEST_GAP_OF_P1 if has_net else LONGEST_GAP,
            production=self._production_steps(),
        )

    def _production_steps(self) -> Sequence[tuple[Feed, float]]:
        """Return the sources of power, and what their counters count when they are sent (Wh)."""
        if not all(feed.counters for feed in self._production):
            return ()
        return [(feed, feed.step(self._meter.configuration)) for feed in self._production]


def _complete(counters: Iterable[CounterChannel | None]) -> tuple[CounterChannel, ...] | None:
    """Return counters; None if one of them is missing."""
    found = tuple(counters)
    known = tuple(counter for counter in found if counter is not None)
    return known if len(known) == len(found) else None


def _netted(supply_energy: SupplyEnergy, energy: float) -> float | None:
    return None if supply_energy.netting.time is None else rounded(energy, 3)


def _of_house(supply_energy: SupplyEnergy, energy: float) -> float | None:
    return rounded(energy, 3) if supply_energy.house.is_known else None

"""What the history needs to know of a supply."""

from collections.abc import Collection, Iterable, Mapping

from ..meter.channel_types import CounterChannel
from ..meter.supply_record import PlainSum, SupplyRecord
from ..metering.counter_sum import CounterSum
from ..metering.mended_outage import Energy
from ..metering.supply_replay import SupplyCounterLimits, SupplyLayout
from .energy import SupplyCounter, SupplyEnergy

#: The energies that are counted second by second, by the key of their total.
_ENERGIES = {
    "netted_energy_import": Energy.IMPORTED,
    "netted_energy_export": Energy.EXPORTED,
    "house_energy": Energy.HOUSE,
    "self_consumption": Energy.SELF_CONSUMED,
}


def record_of(supply_energy: SupplyEnergy, totals: Collection[str]) -> SupplyRecord:
    """Return the record of a supply with these totals."""
    imports, exports = supply_energy.imports, supply_energy.exports
    production = supply_energy.production
    layout = SupplyLayout(
        _limits(imports),
        _limits(exports),
        supply_energy.longest_gap,
        {key: _limits_of(channel, step) for key, (channel, step) in production.items()},
    )
    channels = {counter.key: counter.channel for counter in (*imports, *exports)}
    channels |= {key: channel for key, (channel, _) in production.items()}
    return SupplyRecord(
        layout,
        channels,
        {what: energy for what, energy in _ENERGIES.items() if what in totals},
        {
            what: PlainSum(keys, total.offset)
            for what, (total, keys) in _sums(supply_energy).items()
            if what in totals
        },
        supply_energy.zone,
        supply_energy.outages.state,
        supply_energy.take_past_peak,
    )


def _limits(counters: Iterable[SupplyCounter]) -> Mapping[str, SupplyCounterLimits]:
    return {counter.key: _limits_of(counter.channel, counter.step) for counter in counters}


def _limits_of(channel: CounterChannel, step: float) -> SupplyCounterLimits:
    return SupplyCounterLimits(channel.guard.fastest, channel.stream.both_ways, step)


def _sums(supply_energy: SupplyEnergy) -> Mapping[str, tuple[CounterSum, tuple[str, ...]]]:
    """Return the sums of counters and their keys; none of counters that run both ways."""
    imports, exports = supply_energy.imports, supply_energy.exports
    if any(counter.net is not None for counter in imports):
        return {}
    of_imports = (supply_energy.imported, tuple(counter.key for counter in imports))
    of_exports = (supply_energy.exported, tuple(counter.key for counter in exports))
    return {
        "active_energy_import": of_imports,
        "energy": of_imports,
        "active_energy_export": of_exports,
    }

"""What the history needs to know of a supply."""

from collections.abc import Collection, Iterable, Mapping

from ..meter.counter_channel import CounterChannel
from ..meter.input_limits import memory_silence
from ..meter.supply_record import CountedEnergy, PlainSum, SupplyRecord
from ..metering.counter_sum import CounterSum
from ..metering.mended_outage import Energy
from ..metering.supply_replay import SupplyCounterLimits, SupplyLayout
from .energy import SupplyCounter, SupplyEnergy
from .net_counters import ENERGY_EXPORT, ENERGY_IMPORT

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
        {what: CountedEnergy(energy) for what, energy in _ENERGIES.items() if what in totals}
        | _split(supply_energy, totals),
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
    stream = channel.stream
    return SupplyCounterLimits(
        channel.guard.fastest, stream.both_ways, step, memory_silence(stream)
    )


def _split(supply_energy: SupplyEnergy, totals: Collection[str]) -> dict[str, CountedEnergy]:
    """Return the import and export of a net counter that is all of a supply.

    They are its netted energies, but began at another time.
    """
    if len(supply_energy.imports) != 1 or supply_energy.exports:
        return {}
    [counter] = supply_energy.imports
    if counter.net is None:
        return {}
    split, netting = counter.net, supply_energy.netting
    found = {
        f"{counter.key}_{ENERGY_IMPORT}": CountedEnergy(
            Energy.IMPORTED, split.imported - netting.imported
        ),
        f"{counter.key}_{ENERGY_EXPORT}": CountedEnergy(
            Energy.EXPORTED, split.exported - netting.exported
        ),
    }
    sums = (
        ("active_energy_import", Energy.IMPORTED, supply_energy.imported, netting.imported),
        ("active_energy_export", Energy.EXPORTED, supply_energy.exported, netting.exported),
    )
    for what, energy, counted, netted in sums:
        if what in totals and counted.total is not None:
            found[what] = CountedEnergy(energy, counted.total - netted)
    return found


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

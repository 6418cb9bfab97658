"""The energy of a supply: sums over its phases, netted energy, and the quarter-hour demand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from functools import partial
from typing import override

from homeassistant.core import callback

from ..meter.clock import FAR_OFF
from ..meter.counter_channel import CounterChannel
from ..metering.counter_sum import CounterSum, CounterSumState
from ..metering.demand import QuarterHourDemand
from ..metering.house_energy import HouseEnergy
from ..metering.monthly_peaks import Peak
from ..metering.netting import Netting
from ..metering.outages import Outages, SupplyEnergies
from ..transport.subscriptions import Subscriptions
from .energy_source import EnergySource
from .feeds import Feed
from .net_counters import NetCounter
from .storage import SupplyEnergyState, SupplyStorage


@dataclass(frozen=True, slots=True)
class SupplyCounter:
    """A counter of the supply.

    ``net`` has its import and export if it runs both ways; ``step`` is what it counts at least (Wh)
    when it is sent, if that is only when it changes.
    """

    channel: CounterChannel
    net: NetCounter | None = None
    step: float = 0

    @property
    def key(self) -> str:
        """Its key in sums, and in what is stored."""
        return self.channel.stream.sensor.sensor_id


class SupplyEnergy(EnergySource):
    """Adds up and nets the energy of a supply's counters, and notifies its listeners of changes.

    The state is restored from ``storage`` when the first listener subscribes, and saved there.
    """

    def __init__(
        self,
        imports: Sequence[SupplyCounter],
        exports: Sequence[SupplyCounter],
        zone: tzinfo,
        storage: SupplyStorage,
        *,
        longest_gap: int,
        production: Sequence[tuple[Feed, float]],
    ) -> None:
        super().__init__()
        self.imports, self.exports = tuple(imports), tuple(exports)
        self.zone, self.longest_gap = zone, longest_gap
        import_keys = [counter.key for counter in imports]
        export_keys = [counter.key for counter in exports]
        net_keys = [counter.key for counter in imports if counter.net is not None]
        self.imported = CounterSum(import_keys)
        self.exported = CounterSum(export_keys + net_keys)
        steps = {counter.key: counter.step for counter in imports}
        self.netting = Netting(import_keys, export_keys, longest_gap=longest_gap, steps=steps)
        self.demand = QuarterHourDemand(zone)
        self.house = HouseEnergy({_production_key(feed): step for feed, step in production})
        self.outages = Outages()
        self._production_steps = production
        self._production = [feed for feed, _ in production]
        self._sums = dict.fromkeys(imports, self.imported)
        self._sums |= dict.fromkeys(exports, self.exported)
        self._offsets: dict[str, float] = {}
        self._break_time: int | None = None
        self._storage = storage

    @property
    @override
    def available(self) -> bool:
        """Whether all counters are available."""
        return all(counter.channel.available for counter in self._sums)

    @property
    def has_production(self) -> bool:
        """Whether production is measured."""
        return bool(self._production)

    @property
    def house_available(self) -> bool:
        """Whether all counters are available, also those of the production."""
        counters = (counter for feed in self._production for counter in feed.counters)
        return self.available and all(counter.available for counter in counters)

    @property
    def production(self) -> Mapping[str, tuple[CounterChannel, float]]:
        """The counters of what the sources of power produce, and what they count when sent (Wh).

        None at all while that of one is not known.
        """
        found = [(feed.production, step) for feed, step in self._production_steps]
        known = [(channel, step) for channel, step in found if channel is not None]
        if len(known) < len(found):
            return {}
        return {channel.stream.sensor.sensor_id: (channel, step) for channel, step in known}

    @property
    def _channels(self) -> dict[str, CounterChannel]:
        """All counters by their key."""
        production = (counter for feed in self._production for counter in feed.counters)
        return {counter.key: counter.channel for counter in self._sums} | {
            counter.stream.sensor.sensor_id: counter for counter in production
        }

    @property
    def state(self) -> SupplyEnergyState | None:
        """The state to restore after a restart; None before anything was netted."""
        netting = self.netting.state
        if netting is None:
            return None
        guards = {key: channel.guard.state for key, channel in self._channels.items()}
        return SupplyEnergyState(
            netting,
            self.imported.state,
            self.exported.state,
            self.demand.state,
            {key: state for key, state in guards.items() if state is not None},
            self.house.state,
            self.outages.state,
        )

    @property
    def energies(self) -> SupplyEnergies:
        """The energies counted so far."""
        return self._energies(self.netting.imported, self.netting.exported)

    def _energies(self, imported: float, exported: float) -> SupplyEnergies:
        if not self.house.is_known:
            return SupplyEnergies(imported, exported)
        return SupplyEnergies(imported, exported, self.house.house, self.house.self_consumed)

    async def async_take_over(self, state: SupplyEnergyState) -> None:
        """Restore and save the state that an entity stored, if it is newer than the file."""
        stored = self._storage.state
        if stored is None or stored.netting.time < state.netting.time:
            self._restore(state)
            self._storage.save_from(lambda: self.state)
            await self._storage.async_save()

    @callback
    def take_past_peak(self, peak: Peak) -> bool:
        """Process a demand that became known later. Returns whether it is this month's peak now."""
        if not self.demand.take_past(peak):
            return False
        self._storage.save_soon()
        self._notify()
        return True

    @callback
    @override
    def resume(self, what: str, energy: float) -> None:
        """Continue from the last published energy (Wh), where no state is stored.

        A sum that restarted would jump to the values of its counters, which the statistics would
        record as consumption.
        """
        if self._storage.state is not None:
            return
        match what:
            case "active_energy_import" | "energy":
                self.imported.restore(CounterSumState(energy, {}))
            case "active_energy_export":
                self.exported.restore(CounterSumState(energy, {}))
            case "netted_energy_import":
                self.netting.imported = energy
            case "netted_energy_export":
                self.netting.exported = energy

    def _restore(self, state: SupplyEnergyState) -> None:
        self.netting.restore(state.netting)
        self.demand.restore(state.demand)
        for total, stored in ((self.imported, state.imported), (self.exported, state.exported)):
            if stored is not None:
                total.restore(stored)
        if state.house is not None:
            self.house.restore(state.house)
        self.outages.restore(state.outages)
        for key, channel in self._channels.items():
            guarded = state.counters.get(key)
            if guarded is not None:
                channel.restore(guarded)

    @override
    async def _async_start(self, work: Subscriptions) -> None:
        stored = self._storage.state
        if stored is not None and self.netting.time is None:
            self._restore(stored)
        self._storage.save_from(lambda: self.state)
        for counter, total in self._sums.items():
            if counter.net is not None:
                work.add(await counter.net.async_keep_active())
            take = partial(self._take, counter, total)
            work.add(await counter.channel.async_follow(take))
        for feed in self._production:
            for channel in feed.counters:
                produce = partial(self._take_production, feed, channel)
                work.add(await channel.async_follow(produce))

    @callback
    def _take(
        self, counter: SupplyCounter, total: CounterSum, time: int, value: float, at: float
    ) -> None:
        self._check_for_break(counter.key, counter.channel.guard.offset, time)
        if counter.net is None:
            total.take(counter.key, value)
        else:
            self.imported.take(counter.key, counter.net.imported)
            self.exported.take(counter.key, counter.net.exported)
        netting = self.netting
        before, imported, exported = netting.time, netting.imported, netting.exported
        netted = netting.take(counter.key, time, value)
        booked = netting.time
        if booked is None or booked == before:
            return
        energies = self._energies(imported, exported)
        if self._production:
            self.house.take_grid(booked, netting.imported, netting.exported)
        if before is None:  # these are the first values
            return
        self.outages.note(before, energies, booked, self.energies)
        self.up_to_date = True
        self._storage.save_soon()
        if self._break_time is None and abs(at - time) <= FAR_OFF:
            for second, energy in netted:
                self.demand.take(second, energy)
        else:
            self.demand.interrupt()
            if self._break_time is not None and booked >= self._break_time:
                self._break_time = None
        self._notify()

    @callback
    def _take_production(
        self, feed: Feed, channel: CounterChannel, time: int, value: float, _at: float
    ) -> None:
        if feed.production is channel:
            self.house.take_production(_production_key(feed), time, value)
            self._notify()

    def _check_for_break(self, key: str, offset: float, time: int) -> None:
        """Note a break of a counter, or one that the user books: it must not become demand."""
        if self._offsets.setdefault(key, offset) != offset:
            self._offsets[key] = offset
            self._break_time = time


def _production_key(feed: Feed) -> str:
    """Return the key of a source of power, that of its first counter."""
    return feed.counters[0].stream.sensor.sensor_id

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
from ..metering.netting import Booked, Netting
from ..metering.outages import Outages, SupplyEnergies
from ..transport.subscriptions import Subscriptions
from .energy_source import EnergySource
from .feeds import Feed
from .net_counters import NetCounter
from .storage import SupplyEnergyState, SupplyStorage

#: Rising seconds, and a counter's values then (Wh).
type _Readings = tuple[list[int], list[float]]


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
        #: Of each counter, and of each source of power, what ``settle`` is to process.
        self._readings: dict[str, _Readings] = {}
        self._produced: dict[str, _Readings] = {}
        self._is_far_off = False
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
        imported, exported = self.netting.imported, self.netting.exported
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
            case "house_energy":
                self.house.house = energy
            case "self_consumption":
                self.house.self_consumed = energy

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
        """Add a reading to its sum, and to those that ``settle`` is to net."""
        times, values = self._readings.setdefault(counter.key, ([], []))
        is_far_off = abs(at - time) > FAR_OFF
        has_break = self._has_break(counter.key, counter.channel.guard.offset)
        if has_break or is_far_off != self._is_far_off or (times and time <= times[-1]):
            self.settle()
            times, values = self._readings.setdefault(counter.key, ([], []))
        self._is_far_off = is_far_off
        if has_break:
            self._break_time = time
        if counter.net is None:
            total.take(counter.key, value)
        else:
            self.imported.take(counter.key, counter.net.imported)
            self.exported.take(counter.key, counter.net.exported)
        times.append(time)
        values.append(value)
        if self.netting.time is None:  # it begins with the first second of which all is known
            self.settle()

    @callback
    def _take_production(
        self, feed: Feed, channel: CounterChannel, time: int, value: float, _at: float
    ) -> None:
        if feed.production is channel:
            times, values = self._produced.setdefault(_production_key(feed), ([], []))
            times.append(time)
            values.append(value)

    @callback
    def settle(self) -> None:
        """Net the readings that were processed since the last call, all together."""
        readings, produced = self._readings, self._produced
        if not (readings or produced):
            return
        self._readings, self._produced = {}, {}
        before, energies = self.netting.time, self.energies
        booked = self.netting.take(readings)
        grid = [(each.time, each.imported, each.exported) for each in booked]
        time = self.netting.time
        if not grid and time is not None and time != before:  # it begins, or a clock was set back
            grid = [(time, self.netting.imported, self.netting.exported)]
        if self._production:
            self.house.take(grid, produced)
        if grid and before is not None:  # these are not the first values
            end, _, _ = grid[-1]
            self.outages.note(before, energies, end, self.energies)
            self._note_demand(end, booked)
            self.up_to_date = True
            self._storage.save_soon()
        if grid or produced:
            self._notify()

    def _note_demand(self, end: int, booked: Sequence[Booked]) -> None:
        """Note the seconds booked up to the ``end``, unless the energy or a clock leapt."""
        if self._break_time is None and not self._is_far_off:
            for each in booked:
                if each.is_known:
                    self.demand.take(each.time, each.imported)
        else:
            self.demand.interrupt()
            if self._break_time is not None and end >= self._break_time:
                self._break_time = None

    def _has_break(self, key: str, offset: float) -> bool:
        """Return whether a counter had a break, or the user booked one: it is no demand."""
        before = self._offsets.setdefault(key, offset)
        self._offsets[key] = offset
        return before != offset


def _production_key(feed: Feed) -> str:
    """Return the key of a source of power, that of its first counter."""
    return feed.counters[0].stream.sensor.sensor_id

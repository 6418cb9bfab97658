"""The energy of a supply: sums over its phases, netted energy, and the quarter-hour demand."""

from contextlib import ExitStack
from datetime import tzinfo
from functools import partial
from typing import override

from homeassistant.core import callback

from ..meter.channel_types import CounterChannel
from ..meter.clock import FAR_OFF
from ..metering.counter_sum import CounterSum, CounterSumState
from ..metering.demand import QuarterHourDemand
from ..metering.netting import Netting
from .energy_source import EnergySource
from .storage import SupplyEnergyState, SupplyStorage


class SupplyEnergy(EnergySource):
    """Adds up and nets the energy of a supply's counters, and notifies its listeners of changes.

    The state is restored from ``storage`` when the first listener subscribes, and saved there.
    """

    def __init__(
        self,
        imports: tuple[CounterChannel, ...],
        exports: tuple[CounterChannel, ...],
        zone: tzinfo,
        storage: SupplyStorage,
    ) -> None:
        super().__init__()
        import_keys = [_key(counter) for counter in imports]
        export_keys = [_key(counter) for counter in exports]
        self.imported = CounterSum(import_keys)
        self.exported = CounterSum(export_keys)
        self.netting = Netting(import_keys, export_keys)
        self.demand = QuarterHourDemand(zone)
        self._sums: dict[CounterChannel, CounterSum] = {}
        for counter in imports:
            self._sums[counter] = self.imported
        for counter in exports:
            self._sums[counter] = self.exported
        self._offsets: dict[str, float] = {}
        self._break_time: int | None = None
        self._storage = storage

    @property
    @override
    def available(self) -> bool:
        """Whether all counters are available."""
        return all(counter.available for counter in self._sums)

    @property
    def state(self) -> SupplyEnergyState | None:
        """The state to restore after a restart; None before anything was netted."""
        netting = self.netting.state
        if netting is None:
            return None
        guards = {_key(counter): counter.guard.state for counter in self._sums}
        return SupplyEnergyState(
            netting,
            self.imported.state,
            self.exported.state,
            self.demand.state,
            {key: state for key, state in guards.items() if state is not None},
        )

    async def async_take_over(self, state: SupplyEnergyState) -> None:
        """Restore and save the state that an entity stored, if it is newer than the file."""
        stored = self._storage.state
        if stored is None or stored.netting.time < state.netting.time:
            self._restore(state)
            self._storage.save_from(lambda: self.state)
            await self._storage.async_save()

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
            case "active_energy_import":
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
        for counter in self._sums:
            guarded = state.counters.get(_key(counter))
            if guarded is not None:
                counter.restore(guarded)

    @override
    async def _async_start(self, work: ExitStack) -> None:
        stored = self._storage.state
        if stored is not None and self.netting.time is None:
            self._restore(stored)
        self._storage.save_from(lambda: self.state)
        for counter in self._sums:
            take = partial(self._take, counter, _key(counter))
            work.callback(await counter.async_follow(take))

    @callback
    def _take(self, counter: CounterChannel, key: str, time: int, value: float, at: float) -> None:
        self._check_for_break(key, counter.guard.offset, time)
        self._sums[counter].take(key, value)
        netted = self.netting.take(key, time, value)
        if not netted:
            return
        self.up_to_date = True
        self._storage.save_soon()
        if self._break_time is None and abs(at - time) <= FAR_OFF:
            for second, energy in netted:
                self.demand.take(second, energy)
        else:
            self.demand.interrupt()
            if self._break_time is not None and netted[-1][0] >= self._break_time:
                self._break_time = None
        self._notify()

    def _check_for_break(self, key: str, offset: float, time: int) -> None:
        """Note a break of a counter, or one that the user books: it must not become demand."""
        if self._offsets.setdefault(key, offset) != offset:
            self._offsets[key] = offset
            self._break_time = time


def _key(counter: CounterChannel) -> str:
    return counter.stream.sensor.sensor_id

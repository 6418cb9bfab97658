"""The books of a supply: its phases added up and netted, and the quarter-hour demand."""

from contextlib import ExitStack
from datetime import tzinfo
from functools import partial
from typing import override

from homeassistant.core import callback

from ..meter.channel_types import CounterChannel
from ..meter.clock import FAR_OFF
from ..meter.observable import OnDemand
from ..metering.counter_sum import CounterSum, CounterSumState
from ..metering.demand import QuarterHourDemand
from ..metering.netting import Netting
from .storage import LedgerStore, SupplyEnergyState


class SupplyEnergy(OnDemand):
    """Books what the counters of a supply count, and tells its listeners of every entry.

    It goes on from what ``store`` has when the first listener comes, and is kept there. What is
    kept over a crash is up to a quarter of an hour old, and shows less than was shown before: it
    is ``current`` once what was counted meanwhile is booked.
    """

    def __init__(
        self,
        imports: tuple[CounterChannel, ...],
        exports: tuple[CounterChannel, ...],
        zone: tzinfo,
        store: LedgerStore,
    ) -> None:
        super().__init__()
        import_keys = [_key(counter) for counter in imports]
        export_keys = [_key(counter) for counter in exports]
        self.imported = CounterSum(import_keys)
        self.exported = CounterSum(export_keys)
        self.netting = Netting(import_keys, export_keys)
        self.demand = QuarterHourDemand(zone)
        self.current = False
        self._sums: dict[CounterChannel, CounterSum] = {}
        for counter in imports:
            self._sums[counter] = self.imported
        for counter in exports:
            self._sums[counter] = self.exported
        self._offsets: dict[str, float] = {}
        self._leap: int | None = None
        self._store = store

    @property
    def available(self) -> bool:
        """Whether all of its counters are live."""
        return all(counter.available for counter in self._sums)

    @property
    def state(self) -> SupplyEnergyState | None:
        """What to keep over a restart."""
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
        """Go on from what an entity kept, if it is newer than the file, and put it there."""
        known = self._store.state
        if known is None or known.netting.time < state.netting.time:
            self._restore(state)
            self._store.follow(lambda: self.state)
            await self._store.async_save()

    @callback
    def resume(self, what: str, energy: float) -> None:
        """Go on from an energy (Wh) that was shown, where nothing else is known of the ledger.

        A sum that began anew would leap to what its counters are at: to the statistics, that
        would be energy that was used.
        """
        if self._store.state is not None:
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
        for total, kept in ((self.imported, state.imported), (self.exported, state.exported)):
            if kept is not None:
                total.restore(kept)
        for counter in self._sums:
            guarded = state.counters.get(_key(counter))
            if guarded is not None:
                counter.restore(guarded)

    @override
    async def _async_start(self, work: ExitStack) -> None:
        known = self._store.state
        if known is not None and self.netting.time is None:
            self._restore(known)
        self._store.follow(lambda: self.state)
        for counter in self._sums:
            take = partial(self._take, counter, _key(counter))
            work.callback(await counter.async_follow(take))

    @callback
    def _take(self, counter: CounterChannel, key: str, time: int, value: float, at: float) -> None:
        self._note_leap(key, counter.guard.offset, time)
        self._sums[counter].take(key, value)
        entries = self.netting.take(key, time, value)
        if not entries:
            return
        self.current = True
        self._store.save_soon()
        if self._leap is None and abs(at - time) <= FAR_OFF:
            for entry in entries:
                self.demand.take(*entry)
        else:
            self.demand.interrupt()
            if self._leap is not None and entries[-1][0] >= self._leap:
                self._leap = None
        for booked in self._listeners:
            booked()

    def _note_leap(self, key: str, offset: float, time: int) -> None:
        """A counter that broke, or whose break the user books, leaves the quarter unknown."""
        if self._offsets.setdefault(key, offset) != offset:
            self._offsets[key] = offset
            self._leap = time


def _key(counter: CounterChannel) -> str:
    return counter.stream.sensor.sensor_id

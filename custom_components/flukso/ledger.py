"""The books of a supply: its phases added up and netted, and the quarter-hour demand."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import tzinfo
from functools import partial
from typing import override

from homeassistant.core import callback

from .clock import FAR_OFF
from .kinds import CounterChannel
from .metering.demand import Demand, DemandState
from .metering.guard import CounterState
from .metering.netting import Netting, NettingState
from .metering.summing import Sum, SumState
from .shown import OnDemand


@dataclass(frozen=True, slots=True)
class LedgerState:
    """What to keep over a restart, the guards of the counters included."""

    netting: NettingState
    imported: SumState | None
    exported: SumState | None
    demand: DemandState
    counters: Mapping[str, CounterState]


class Ledger(OnDemand):
    """Books what the counters of a supply count, and tells its listeners of every entry.

    What is kept over a crash is up to a quarter of an hour old, and shows less than was shown
    before: it is ``current`` once what was counted meanwhile is booked.
    """

    def __init__(
        self, imports: tuple[CounterChannel, ...], exports: tuple[CounterChannel, ...], zone: tzinfo
    ) -> None:
        super().__init__()
        self.imported, self.exported = Sum(map(_key, imports)), Sum(map(_key, exports))
        self.netting = Netting(map(_key, imports), map(_key, exports))
        self.demand = Demand(zone)
        self.current = False
        self._sums = dict.fromkeys(imports, self.imported) | dict.fromkeys(exports, self.exported)
        self._offsets: dict[str, float] = {}
        self._leap: int | None = None

    @property
    def available(self) -> bool:
        """Whether all of its counters are live."""
        return all(counter.available for counter in self._sums)

    @property
    def state(self) -> LedgerState | None:
        """What to keep over a restart."""
        netting = self.netting.state
        if netting is None:
            return None
        guards = {_key(counter): counter.guard.state for counter in self._sums}
        return LedgerState(
            netting,
            self.imported.state,
            self.exported.state,
            self.demand.state,
            {key: state for key, state in guards.items() if state is not None},
        )

    @callback
    def restore(self, state: LedgerState) -> None:
        """Go on from before a restart, by the newest of what was kept; what is live is newer."""
        if self.netting.time is not None and self.netting.time >= state.netting.time:
            return
        self.netting.restore(state.netting)
        self.demand.restore(state.demand)
        for plain, kept in ((self.imported, state.imported), (self.exported, state.exported)):
            if kept is not None:
                plain.restore(kept)
        for counter in self._sums:
            if (guarded := state.counters.get(_key(counter))) is not None:
                counter.restore(guarded)

    @override
    async def _async_begin(self, work: ExitStack) -> None:
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

"""The books of a supply: its phases netted, and the quarter-hour demand that follows from it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from functools import partial

from homeassistant.core import CALLBACK_TYPE, callback

from .channel import CounterChannel
from .metering.demand import Demand, DemandState
from .metering.guard import CounterState
from .metering.netting import Netting, NettingState


@dataclass(frozen=True, slots=True)
class LedgerState:
    """What to keep over a restart, the guards of the counters included."""

    netting: NettingState
    demand: DemandState | None
    counters: Mapping[str, CounterState]


class Ledger:
    """Books what the counters of a supply count, for as long as anybody uses it."""

    def __init__(
        self, imports: tuple[CounterChannel, ...], exports: tuple[CounterChannel, ...], zone: tzinfo
    ) -> None:
        self.counters = imports + exports
        self.netting = Netting(map(_key, imports), map(_key, exports))
        self.demand = Demand(zone)
        self._users: list[Callable[[], None]] = []
        self._stops: list[CALLBACK_TYPE] = []

    @property
    def available(self) -> bool:
        """Whether all of its counters are live."""
        return all(counter.available for counter in self.counters)

    @property
    def state(self) -> LedgerState | None:
        """What to keep over a restart."""
        netting = self.netting.state
        if netting is None:
            return None
        guards = {_key(counter): counter.guard.state for counter in self.counters}
        counters = {key: state for key, state in guards.items() if state is not None}
        return LedgerState(netting, self.demand.state, counters)

    @callback
    def restore(self, state: LedgerState) -> None:
        """Go on from before a restart, unless something was booked since."""
        if self.netting.time is not None:
            return
        self.netting.restore(state.netting)
        if state.demand is not None:
            self.demand.restore(state.demand)
        for counter in self.counters:
            if (guarded := state.counters.get(_key(counter))) is not None:
                counter.restore(guarded)

    async def async_use(self, booked: Callable[[], None]) -> CALLBACK_TYPE:
        """Keep the books, and call ``booked`` at every entry, until the answer is called."""
        self._users.append(booked)
        if len(self._users) == 1:
            for counter in self.counters:
                take = partial(self._take, _key(counter))
                self._stops.append(await counter.async_follow(take))

        @callback
        def stop() -> None:
            self._users.remove(booked)
            if not self._users:
                while self._stops:
                    self._stops.pop()()

        return stop

    @callback
    def _take(self, key: str, time: int, value: float, _at: float) -> None:
        entries = self.netting.take(key, time, value)
        for entry in entries:
            self.demand.take(*entry)
        if entries:
            for booked in self._users:
                booked()


def _key(counter: CounterChannel) -> str:
    return counter.stream.sensor.sensor_id

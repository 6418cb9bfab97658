"""Import and export of the counters of a P1 port that run both ways."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import override

from homeassistant.core import HomeAssistant, callback
import voluptuous as vol

from ..meter.counter_channel import CounterChannel
from ..meter.counter_storage import COUNTER
from ..meter.extra_data import NUMBER, dataclass_schema
from ..meter.meter import Meter
from ..metering.counter_guard import CounterState
from ..metering.net_split import NetSplit, NetSplitState
from ..protocol.quantities import Unit
from ..protocol.sensors import Sensor, Stream
from ..transport.subscriptions import Subscriptions
from .energy_source import EnergySource
from .state_storage import StateStorage
from .totals import EnergyTotal, Totals

ENERGY_IMPORT, ENERGY_EXPORT = "energy_import", "energy_export"


@dataclass(frozen=True, slots=True)
class NetCounterState:
    """The state of a net counter to restore after a restart, and that of its guard."""

    split: NetSplitState
    counter: CounterState


@dataclass(frozen=True, slots=True)
class NetCountersState:
    """The states of a meter's net counters by sensor id."""

    counters: Mapping[str, NetCounterState]


_LAYOUT = vol.Schema(
    dataclass_schema(
        NetCountersState,
        counters={
            str: dataclass_schema(
                NetCounterState,
                split=dataclass_schema(
                    NetSplitState, value=NUMBER, imported=NUMBER, exported=NUMBER
                ),
                counter=COUNTER,
            )
        },
    ),
    extra=vol.REMOVE_EXTRA,
)


class NetCounterStorage(StateStorage[NetCountersState]):
    """The file with the import and export of a meter's net counters."""

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        super().__init__(
            hass, f"{entry_id}.net_counters", _LAYOUT, contents="import and export of net counters"
        )


def is_net(stream: Stream) -> bool:
    """Return whether a stream is a counter of import less export."""
    return stream.both_ways and stream.unit is Unit.WATT_HOUR


class NetCounterTotal(EnergyTotal):
    """The import or the export of a net counter, an energy of its sensor."""

    def __init__(
        self,
        what: str,
        source: EnergySource,
        sensor: Sensor,
        figure: Callable[[], float | None],
        interval: int | None,
    ) -> None:
        super().__init__(what, source, figure, interval)
        self.sensor = sensor


class NetCounter(EnergySource):
    """Counts the import and the export of a net counter, and notifies its listeners of changes."""

    def __init__(
        self,
        channel: CounterChannel,
        stored: NetCounterState | None,
        storage: NetCounterStorage,
        interval: int | None,
    ) -> None:
        super().__init__()
        self.channel = channel
        self._split = NetSplit()
        self._stored = stored
        self._storage = storage
        sensor = channel.stream.sensor
        self.totals = (
            NetCounterTotal(ENERGY_IMPORT, self, sensor, lambda: self.imported, interval),
            NetCounterTotal(ENERGY_EXPORT, self, sensor, lambda: self.exported, interval),
        )

    @property
    @override
    def available(self) -> bool:
        return self.channel.available

    @property
    def imported(self) -> float:
        """The import (Wh)."""
        return self._split.imported

    @property
    def exported(self) -> float:
        """The export (Wh)."""
        return self._split.exported

    @property
    def state(self) -> NetCounterState | None:
        """The state to restore after a restart; None before the first reading."""
        split, guard = self._split.state, self.channel.guard.state
        return self._stored if split is None or guard is None else NetCounterState(split, guard)

    @callback
    @override
    def resume(self, what: str, energy: float) -> None:
        if self._stored is not None:
            return
        if what == ENERGY_IMPORT:
            self._split.resume(imported=energy)
        else:
            self._split.resume(exported=energy)

    @override
    async def _async_start(self, work: Subscriptions) -> None:
        if self._stored is not None and self._split.state is None:
            self._split.restore(self._stored.split)
            self.channel.restore(self._stored.counter)
        work.add(await self.channel.async_follow(self._take))

    @callback
    def _take(self, time: int, value: float, _at: float) -> None:
        self._split.take(time, value)
        self.up_to_date = True
        self._storage.save_soon()
        self._notify()


class NetCounters(Totals[NetCounterTotal]):
    """The net counters of a meter."""

    def __init__(self, meter: Meter, storage: NetCounterStorage) -> None:
        super().__init__(meter)
        self._storage = storage
        self._stored = dict(storage.state.counters) if storage.state else {}
        self._counters: dict[CounterChannel, NetCounter] = {}
        storage.save_from(self._state)

    def of(self, channel: CounterChannel) -> NetCounter | None:
        """Return the net counter of a channel; None for one that runs one way only."""
        return self._counters.get(channel)

    def _state(self) -> NetCountersState:
        """Return the states of all counters, also of those that the meter has no longer."""
        for channel, net_counter in self._counters.items():
            if net_counter.state is not None:
                self._stored[channel.stream.sensor.sensor_id] = net_counter.state
        return NetCountersState(dict(self._stored))

    @callback
    @override
    def _update(self) -> None:
        stored, before = self._state().counters, self._counters
        self._counters = {
            channel: before.get(channel)
            or NetCounter(
                channel,
                stored.get(channel.stream.sensor.sensor_id),
                self._storage,
                self._meter.intervals.other,
            )
            for channel in self._meter.channels.values()
            if isinstance(channel, CounterChannel) and is_net(channel.stream)
        }
        self.totals = {
            f"{total.sensor.sensor_id}_{total.what}": total
            for net_counter in self._counters.values()
            for total in net_counter.totals
        }

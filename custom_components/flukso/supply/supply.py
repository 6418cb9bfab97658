"""The totals over the phases of one supply."""

from collections.abc import Callable, Collection, Iterable
from datetime import tzinfo

from homeassistant.core import CALLBACK_TYPE, callback

from ..meter.channel import Channel
from ..meter.channel_types import CounterChannel
from ..meter.meter import Meter
from ..meter.write_intervals import is_due
from ..metering.rounding import rounded
from ..protocol.quantities import QUADRANTS, Quantity
from ..protocol.sensors import Source
from ..protocol.topics import Kind
from .energy import SupplyEnergy
from .phases import supply_ports
from .storage import SupplyStorage
from .totals import EnergyTotal, PowerTotal, Total

#: The quantities that each power is the sum of, with their signs.
_POWERS = {
    "active_power_import": {Quantity.PPLUS: 1},
    "active_power_export": {Quantity.PMINUS: 1},
    "net_active_power": {Quantity.PPLUS: 1, Quantity.PMINUS: -1},
    "reactive_power": QUADRANTS,
}

type _Figure = Callable[[SupplyEnergy], float | None]

_IMPORT: dict[str, _Figure] = {
    "active_energy_import": lambda supply_energy: supply_energy.imported.total
}
_EXPORT: dict[str, _Figure] = {
    "active_energy_export": lambda supply_energy: supply_energy.exported.total
}
_NETTED: dict[str, _Figure] = {
    "netted_energy_import": lambda supply_energy: _netted(
        supply_energy, supply_energy.netting.imported
    ),
    "netted_energy_export": lambda supply_energy: _netted(
        supply_energy, supply_energy.netting.exported
    ),
    "demand": lambda supply_energy: supply_energy.demand.average,
    "expected_demand": lambda supply_energy: supply_energy.demand.expected,
    "last_demand": lambda supply_energy: supply_energy.demand.last,
    "peak_demand": lambda supply_energy: (
        supply_energy.demand.peak.demand if supply_energy.demand.peak else None
    ),
}


class Supply:
    """Keeps the totals of a meter in line with its channels, and publishes them when due."""

    def __init__(
        self, meter: Meter, chosen: Iterable[int], zone: tzinfo, storage: SupplyStorage
    ) -> None:
        self.totals: dict[str, Total] = {}
        self._meter = meter
        self._chosen = tuple(chosen)
        self._zone = zone
        self._storage = storage
        self._channels: dict[tuple[Quantity, Kind], tuple[Channel, ...]] = {}
        self._update_totals()

    def current(self) -> Collection[Total]:
        """Return the totals of the supply as configured now."""
        return self.totals.values()

    @callback
    def listen(self) -> CALLBACK_TYPE:
        """Follow the meter; returns an unsubscribe function."""
        return self._meter.listen(self._update_totals, self._tick)

    @callback
    def _tick(self, elapsed: int) -> None:
        for total in self.totals.values():
            if not total.listening:
                continue
            if is_due(total.interval, elapsed) or not total.available:
                total.publish()
            else:
                total.notify()

    @callback
    def _update_totals(self) -> None:
        """Create the totals again when their channels have changed."""
        channels = self._find_channels()
        if channels == self._channels:
            return
        self._channels = channels
        self.totals = {}
        self._add_powers()
        self._add_energies()

    def _find_channels(self) -> dict[tuple[Quantity, Kind], tuple[Channel, ...]]:
        """Return the channels of all ports by quantity, without quantities that a port lacks."""
        ports = supply_ports(self._meter.configuration, self._chosen)
        by_port: dict[tuple[Quantity, Kind], dict[int, Channel]] = {}
        for channel in self._meter.channels.values():
            sensor = channel.stream.sensor
            if sensor.source is Source.CLAMP and sensor.ports and sensor.ports[0] in ports:
                quantity = (sensor.quantity, channel.stream.kind)
                by_port.setdefault(quantity, {})[sensor.ports[0]] = channel
        return {
            quantity: tuple(channels[port] for port in ports)
            for quantity, channels in by_port.items()
            if len(channels) == len(ports)
        }

    def _add_powers(self) -> None:
        for what, signs in _POWERS.items():
            if not all(self._gauges(quantity) for quantity in signs):
                continue
            gauges = {
                gauge: sign for quantity, sign in signs.items() for gauge in self._gauges(quantity)
            }
            interval = self._meter.intervals.of(next(iter(gauges)).stream)
            self.totals[what] = PowerTotal(what, gauges, interval)

    def _add_energies(self) -> None:
        imports, exports = self._counters(Quantity.PPLUS), self._counters(Quantity.PMINUS)
        supply_energy = SupplyEnergy(imports, exports, self._zone, self._storage)
        figures: dict[str, _Figure] = {}
        if imports:
            figures |= _IMPORT
        if exports:
            figures |= _EXPORT
        if imports and exports:
            figures |= _NETTED
        for what, figure in figures.items():
            self.totals[what] = EnergyTotal(
                what, supply_energy, figure, self._meter.intervals.other
            )

    def _gauges(self, quantity: Quantity) -> tuple[Channel, ...]:
        return self._channels.get((quantity, Kind.GAUGE), ())

    def _counters(self, quantity: Quantity) -> tuple[CounterChannel, ...]:
        channels = self._channels.get((quantity, Kind.COUNTER), ())
        return tuple(channel for channel in channels if isinstance(channel, CounterChannel))


def _netted(supply_energy: SupplyEnergy, energy: float) -> float | None:
    return None if supply_energy.netting.time is None else rounded(energy, 3)

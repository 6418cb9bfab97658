"""The totals over the phases of one supply."""

from collections.abc import Callable, Iterable
from datetime import tzinfo
from functools import partial
from typing import override

from homeassistant.core import callback

from ..meter.channel import Channel
from ..meter.channel_types import CounterChannel
from ..meter.meter import Meter
from ..metering.rounding import rounded
from ..protocol.quantities import QUADRANTS, Quantity
from ..protocol.sensors import Source
from ..protocol.topics import Kind
from .energy import SupplyEnergy
from .phases import supply_ports
from .storage import SupplyStorage
from .totals import EnergyTotal, PowerTotal, Total, Totals

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


class SupplyEnergyTotal(EnergyTotal):
    """An energy or demand of the supply."""

    def __init__(
        self, what: str, supply_energy: SupplyEnergy, figure: _Figure, interval: int
    ) -> None:
        super().__init__(what, supply_energy, partial(figure, supply_energy), interval)
        self.supply_energy = supply_energy


class Supply(Totals[Total]):
    """The totals of a supply."""

    def __init__(
        self, meter: Meter, chosen: Iterable[int], zone: tzinfo, storage: SupplyStorage
    ) -> None:
        super().__init__(meter)
        self._chosen = tuple(chosen)
        self._zone = zone
        self._storage = storage
        self._channels: dict[tuple[Quantity, Kind], tuple[Channel, ...]] = {}

    @callback
    @override
    def _update(self) -> None:
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
            self.totals[what] = SupplyEnergyTotal(
                what, supply_energy, figure, self._meter.intervals.other
            )

    def _gauges(self, quantity: Quantity) -> tuple[Channel, ...]:
        return self._channels.get((quantity, Kind.GAUGE), ())

    def _counters(self, quantity: Quantity) -> tuple[CounterChannel, ...]:
        channels = self._channels.get((quantity, Kind.COUNTER), ())
        return tuple(channel for channel in channels if isinstance(channel, CounterChannel))


def _netted(supply_energy: SupplyEnergy, energy: float) -> float | None:
    return None if supply_energy.netting.time is None else rounded(energy, 3)

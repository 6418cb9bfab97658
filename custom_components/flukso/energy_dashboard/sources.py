"""What of a meter can be a source of the Energy dashboard, and with which statistics."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
import re

from homeassistant.components.sensor import SensorDeviceClass

from ..entity_lookup import channel_unique_id, meter_unique_id
from ..meter.channel import Channel
from ..meter.counter_channel import CounterChannel
from ..meter.meter import Meter
from ..protocol.quantities import Quantity
from ..protocol.topics import Kind
from ..sensor_descriptions import description_of
from ..supply.feeds import Feed, find_feeds
from ..supply.phases import electricity_ports, in_order, summed_ports, supply_ports

#: Returns the statistic of the entity with a unique id; None if it has none.
type StatisticOf = Callable[[str], str | None]

#: The totals of a supply that are its import and export, the best first.
_GRID_ENERGIES = (
    ("netted_energy_import", "netted_energy_export"),
    ("active_energy_import", "active_energy_export"),
    ("energy", None),
)
_GRID_POWERS = ("net_active_power", "power")

#: The names of ports that tell what they measure, in the languages of the translations.
_GRID_NAME = re.compile(r"\b(grid|mains?|net|netz|réseau|hoofd\w*|haupt\w*)\b", re.IGNORECASE)
_SOLAR_NAME = re.compile(
    r"\b(solar\w*|pv|photovolt\w*|fotovolt\w*|zon(ne\w*)?|sonne\w*|solaire\w*|panneaux)\b",
    re.IGNORECASE,
)


class Use(StrEnum):
    """What the dashboard takes a source for."""

    GRID = "grid"
    SOLAR = "solar"
    GAS = "gas"
    WATER = "water"
    DEVICES = "devices"


_VOLUMES = {
    Quantity.GAS: (Use.GAS, {SensorDeviceClass.GAS, SensorDeviceClass.ENERGY}),
    Quantity.WATER: (Use.WATER, {SensorDeviceClass.WATER}),
}
_RATES = {SensorDeviceClass.POWER, SensorDeviceClass.VOLUME_FLOW_RATE}


@dataclass(frozen=True, slots=True)
class DashboardSource:
    """A source of energy or volume, or a single device, by the ids of its statistics.

    ``key`` tells it from the others of its use. ``rates`` is the statistic of its power or flow,
    if it has one, or those of its import and export. ``is_obvious`` is whether the settings of
    the meter, or the name of the port, tell that it is one.
    """

    use: Use
    key: str
    energy: str
    export: str | None = None
    rates: tuple[str, ...] = ()
    is_obvious: bool = True

    @property
    def statistics(self) -> frozenset[str]:
        """All its statistics."""
        return frozenset({self.energy, *self.rates} | ({self.export} if self.export else set()))


@dataclass(frozen=True, slots=True)
class _Port:
    """A port of electricity outside the supply, or (FLM02) a sensor of one or several.

    ``may_be_device`` is whether it measures neither part of what is added up, nor all phases.
    """

    feed: Feed
    imported: CounterChannel
    name: str
    may_be_device: bool

    @property
    def is_grid(self) -> bool:
        return _GRID_NAME.search(self.name) is not None

    def is_solar(self, production: Collection[str]) -> bool:
        if production:
            return self.imported.stream.sensor.place in production
        return _SOLAR_NAME.search(self.name) is not None


def _other_ports(meter: Meter, chosen: Collection[str]) -> Iterator[_Port]:
    configuration = meter.configuration
    supply, summed = supply_ports(configuration, chosen), summed_ports(configuration)
    for place in in_order(electricity_ports(configuration)):
        if place in supply:
            continue
        for feed in find_feeds(meter, [place]):
            if feed.imported is not None and not feed.is_net:
                sensor = feed.imported.stream.sensor
                may_be_device = place not in summed and len(sensor.ports) == 1
                name = configuration.name_of(sensor) or ""
                yield _Port(feed, feed.imported, name, may_be_device)


def knows_directions(meter: Meter, supply: Collection[str]) -> bool:
    """Return whether it is known of each clamp which of its two counters counts."""
    return all(port.feed.production is not None for port in _other_ports(meter, supply))


class SourceFinder:
    """Finds what of a meter can be a source, given the ports that the user has chosen."""

    def __init__(
        self,
        meter: Meter,
        supply: Collection[str],
        production: Collection[str],
        statistic_of: StatisticOf,
    ) -> None:
        self._meter, self._statistic_of = meter, statistic_of
        self._supply, self._production = supply, production

    def find(self) -> tuple[DashboardSource, ...]:
        """Return the sources in the order of their uses.

        A port of electricity outside the supply can be solar panels or a device, and where no
        supply is known, the grid: it is returned with each of these uses.
        """
        ports = tuple(_other_ports(self._meter, self._supply))
        supply = self._of_supply()
        has_grid = supply is not None or sum(port.is_grid for port in ports) == 1
        grids = [supply] if supply else [self._grid_of(port, has_grid) for port in ports]
        solar: list[DashboardSource | None] = []
        devices: list[DashboardSource | None] = []
        for port in ports:
            counter = port.feed.production or port.imported
            is_solar = port.is_solar(self._production)
            is_device = has_grid and port.may_be_device and not (is_solar or port.is_grid)
            solar.append(self._of_port(Use.SOLAR, port, counter, is_obvious=is_solar))
            devices.append(self._of_port(Use.DEVICES, port, counter, is_obvious=is_device))
        found = (*grids, *solar, *self._volumes(), *devices)
        return tuple(source for source in found if source is not None)

    def _of_supply(self) -> DashboardSource | None:
        total = partial(meter_unique_id, self._meter.device_id)
        for imported, exported in _GRID_ENERGIES:
            energy = self._statistic_of(total(imported))
            if energy is not None:
                export = self._statistic_of(total(exported)) if exported else None
                powers = [self._statistic_of(total(power)) for power in _GRID_POWERS]
                rates = tuple(power for power in powers if power is not None)[:1]
                return DashboardSource(Use.GRID, "supply", energy, export, rates)
        return None

    def _grid_of(self, port: _Port, has_grid: bool) -> DashboardSource | None:
        is_obvious = has_grid and port.is_grid
        source = self._of_port(Use.GRID, port, port.imported, is_obvious=is_obvious)
        exported = port.feed.exported
        export = None if exported is None else self._statistic(exported)
        if source is None or exported is None or export is None:
            return source
        rate = self._rate(exported)
        rates = (*source.rates, rate) if source.rates and rate is not None else ()
        return replace(source, export=export, rates=rates)

    def _of_port(
        self, use: Use, port: _Port, counter: Channel, *, is_obvious: bool
    ) -> DashboardSource | None:
        key = port.imported.stream.sensor.sensor_id
        return self._of_counter(use, key, counter, is_obvious=is_obvious)

    def _volumes(self) -> Iterator[DashboardSource | None]:
        for channel in self._meter.channels.values():
            use, classes = _VOLUMES.get(channel.stream.sensor.quantity, (None, set()))
            if use is not None and channel.stream.kind is Kind.COUNTER:
                description = description_of(channel.stream)
                if description is not None and description.device_class in classes:
                    yield self._of_counter(use, channel.stream.sensor.sensor_id, channel)

    def _of_counter(
        self, use: Use, key: str, counter: Channel, *, is_obvious: bool = True
    ) -> DashboardSource | None:
        energy, rate = self._statistic(counter), self._rate(counter)
        if energy is None:
            return None
        rates = () if rate is None else (rate,)
        return DashboardSource(use, key, energy, rates=rates, is_obvious=is_obvious)

    def _rate(self, counter: Channel) -> str | None:
        """Return the statistic of the power or flow beside a counter."""
        gauge = self._meter.channels.get((counter.stream.sensor.sensor_id, Kind.GAUGE))
        description = description_of(gauge.stream) if gauge else None
        is_rate = description is not None and description.device_class in _RATES
        return self._statistic(gauge) if gauge is not None and is_rate else None

    def _statistic(self, channel: Channel) -> str | None:
        sensor_id, kind = channel.stream.sensor.sensor_id, channel.stream.kind
        return self._statistic_of(channel_unique_id(self._meter.device_id, sensor_id, kind))

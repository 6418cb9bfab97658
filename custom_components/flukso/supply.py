"""The phases of one supply as a whole: which ports they are, and what they amount to."""

from collections.abc import Collection, Iterable
from datetime import tzinfo

from homeassistant.core import CALLBACK_TYPE, callback

from .channel import Channel, CounterChannel
from .ledger import Ledger
from .meter import Meter
from .protocol.config import Configuration
from .protocol.quantities import Quantity
from .protocol.sensors import Source
from .protocol.topics import Kind
from .totals import Booked, EnergyTotal, PowerTotal, Total

_THREE_PHASES = ("3p+n", "3p-n")
#: The port that carries the sum of the firmware (docs/protocol.md section 5).
_SUMMED_IN = {"p1+p2+p3": 1, "p2+p1": 2}

#: How the quadrants add up to reactive power: Q1 and Q2 are inductive.
_QUADRANTS = {Quantity.Q1: 1, Quantity.Q2: 1, Quantity.Q3: -1, Quantity.Q4: -1}


def supply_ports(configuration: Configuration, chosen: Iterable[int]) -> tuple[int, ...]:
    """The ports that make up the supply, unless the user chose others.

    Where the firmware forms a sum, the port that carries it stands for all; else all clamps of
    a three-phase system. The clamps of a single-phase system measure different things.
    """
    enabled = configuration.sensors.enabled if configuration.sensors else ()
    clamps = {port for sensor in enabled if sensor.source is Source.CLAMP for port in sensor.ports}
    if chosen := set(chosen):
        return tuple(sorted(clamps & chosen))
    ports = configuration.ports
    if ports is None:
        return ()
    if ports.math in _SUMMED_IN:
        return tuple(clamps & {_SUMMED_IN[ports.math]})
    return tuple(sorted(clamps)) if ports.phase in _THREE_PHASES else ()


class Supply:
    """Keeps the totals of a meter in step with its channels, and shows them when due."""

    def __init__(self, meter: Meter, chosen: Iterable[int], zone: tzinfo) -> None:
        self.totals: dict[str, Total] = {}
        self.ledger: Ledger | None = None
        self._meter = meter
        self._chosen = tuple(chosen)
        self._zone = zone
        self._members: dict[tuple[Quantity, Kind], tuple[Channel, ...]] = {}
        self._follow()

    def current(self) -> Collection[Total]:
        """The totals of the supply as it is now."""
        return self.totals.values()

    @callback
    def listen(self) -> CALLBACK_TYPE:
        """Follow the meter until the answer is called."""
        stops = [self._meter.listen(self._follow), self._meter.listen_to_ticks(self._tick)]

        @callback
        def stop() -> None:
            for each in stops:
                each()

        return stop

    @callback
    def _tick(self, elapsed: int) -> None:
        for total in self.totals.values():
            if not total.listening:
                continue
            is_due = not total.interval or elapsed % total.interval == 0
            if is_due or not total.available:
                total.show()
            else:
                total.tell()

    @callback
    def _follow(self) -> None:
        """Make the totals anew when they are of other channels."""
        members = self._find_members()
        if members == self._members:
            return
        self._members = members
        known = self.ledger.state if self.ledger else None
        self.totals = {}
        self._add_powers()
        self.ledger = self._add_energies()
        if self.ledger is not None and known is not None:
            self.ledger.restore(known)

    def _find_members(self) -> dict[tuple[Quantity, Kind], tuple[Channel, ...]]:
        """For each quantity the channels of all ports, where every port has one."""
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
        imports = dict.fromkeys(self._gauges(Quantity.PPLUS), 1)
        exports = dict.fromkeys(self._gauges(Quantity.PMINUS), 1)
        powers = {"active_power_import": imports, "active_power_export": exports}
        if imports and exports:
            powers["net_active_power"] = imports | dict.fromkeys(exports, -1)
        quadrants = [
            dict.fromkeys(self._gauges(quadrant), sign) for quadrant, sign in _QUADRANTS.items()
        ]
        if all(quadrants):
            powers["reactive_power"] = dict(
                pair for quadrant in quadrants for pair in quadrant.items()
            )
        for what, gauges in powers.items():
            if gauges:
                interval = self._meter.intervals.of(next(iter(gauges)).stream)
                self.totals[what] = PowerTotal(what, gauges, interval)

    def _add_energies(self) -> Ledger | None:
        imports, exports = self._counters(Quantity.PPLUS), self._counters(Quantity.PMINUS)
        interval = self._meter.intervals.other
        for what, counters in (
            ("active_energy_import", imports),
            ("active_energy_export", exports),
        ):
            if counters:
                self.totals[what] = EnergyTotal(what, counters, interval)
        if not imports or not exports:
            return None
        ledger = Ledger(imports, exports, self._zone)
        for what, figure in _FIGURES.items():
            self.totals[what] = Booked(what, ledger, figure, interval)
        return ledger

    def _gauges(self, quantity: Quantity) -> tuple[Channel, ...]:
        return self._members.get((quantity, Kind.GAUGE), ())

    def _counters(self, quantity: Quantity) -> tuple[CounterChannel, ...]:
        channels = self._members.get((quantity, Kind.COUNTER), ())
        return tuple(channel for channel in channels if isinstance(channel, CounterChannel))


def _imported(ledger: Ledger) -> float | None:
    return None if ledger.netting.time is None else round(ledger.netting.imported, 3)


def _exported(ledger: Ledger) -> float | None:
    return None if ledger.netting.time is None else round(ledger.netting.exported, 3)


_FIGURES = {
    "netted_energy_import": _imported,
    "netted_energy_export": _exported,
    "demand": lambda ledger: ledger.demand.average,
    "expected_demand": lambda ledger: ledger.demand.expected,
    "last_demand": lambda ledger: ledger.demand.last,
    "peak_demand": lambda ledger: ledger.demand.peak.demand if ledger.demand.peak else None,
}

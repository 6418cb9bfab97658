"""The ports that measure the supply, and their channels."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from ..meter.channel import Channel
from ..meter.counter_channel import CounterChannel
from ..meter.gauge_channel import GaugeChannel
from ..meter.input_limits import pulse_constant
from ..meter.meter import Meter
from ..protocol.configuration import Configuration
from ..protocol.quantities import Quantity
from ..protocol.sensors import Source
from ..protocol.topics import Kind
from .net_counters import is_net
from .phases import measures_electricity

#: What of a gauge's value is part of a power.
type Part = Callable[[float], float]

#: Counters that are sent only when they change count at least so much then, where it is not told.
_STEP = 1.0


@dataclass(frozen=True, slots=True)
class Feed:
    """The channels of an FLM03's clamp, or those of another sensor of electricity."""

    source: Source
    channels: Mapping[tuple[Quantity, Kind], Channel]

    @property
    def imported(self) -> CounterChannel | None:
        """The counter of its import; one that runs both ways also counts its export."""
        counter = self._counter(Quantity.ELECTRICITY if self.is_one_counter else Quantity.PPLUS)
        is_whole = counter is not None and self.is_net == is_net(counter.stream)
        return counter if is_whole else None

    @property
    def exported(self) -> CounterChannel | None:
        """The counter of its export, which may be that of its import."""
        return self.imported if self.is_net else self._counter(Quantity.PMINUS)

    @property
    def measures_export(self) -> bool:
        """Whether export is measured; a pulse meter counts import only."""
        return not self.is_one_counter or self.is_net

    @property
    def is_net(self) -> bool:
        """Whether its counter runs both ways."""
        return self.source is Source.COSEM

    def _counter(self, quantity: Quantity) -> CounterChannel | None:
        channel = self.channels.get((quantity, Kind.COUNTER))
        return channel if isinstance(channel, CounterChannel) else None

    @property
    def is_one_counter(self) -> bool:
        """Whether it has a single counter; a clamp of an FLM03 has one for each direction."""
        return self.source is not Source.CLAMP

    @property
    def production(self) -> CounterChannel | None:
        """The counter of what a source of power produces, whichever way round its clamp is.

        Of the two counters of a clamp it is the one that has counted more; None while that is not
        known.
        """
        forward, backward = self.imported, self.exported
        if forward is None or self.is_one_counter:
            return forward
        if backward is None or forward.guard.value is None or backward.guard.value is None:
            return None
        return backward if backward.guard.value > forward.guard.value else forward

    @property
    def counters(self) -> tuple[CounterChannel, ...]:
        """All its counters of active energy; none at all if one is missing."""
        wanted = (self.imported,) if self.is_one_counter else (self.imported, self.exported)
        known = tuple(counter for counter in wanted if counter is not None)
        return known if len(known) == len(wanted) else ()

    def production_parts(self) -> Mapping[Quantity, Part]:
        """Return the quantities whose gauges have the power of its production."""

        def forward(power: float) -> float:
            return 0.0 if self._is_backward else power

        def backward(power: float) -> float:
            return power if self._is_backward else 0.0

        return {
            Quantity.PPLUS: forward,
            Quantity.PMINUS: backward,
            Quantity.ELECTRICITY: lambda power: power,
        }

    @property
    def _is_backward(self) -> bool:
        return self.production is not None and self.production is self.exported

    def step(self, configuration: Configuration) -> float:
        """Return what its counter counts when it is sent (Wh); 0 if it is sent regularly."""
        if not self.is_one_counter or self.imported is None:
            return 0
        return pulse_constant(self.imported.stream.sensor, configuration) or _STEP

    def gauges(self, parts: Mapping[Quantity, Part]) -> Mapping[GaugeChannel, Part] | None:
        """Return its gauges of these quantities; None if it lacks one, or measures none of them."""
        gauges: dict[GaugeChannel, Part] = {}
        for quantity, part in parts.items():
            if (quantity is Quantity.ELECTRICITY) != self.is_one_counter:
                continue
            gauge = self.channels.get((quantity, Kind.GAUGE))
            if not isinstance(gauge, GaugeChannel):
                return None
            gauges[gauge] = part
        return gauges or None


def find_feeds(meter: Meter, ports: Iterable[str]) -> tuple[Feed, ...]:
    """Return the feeds of ports; none at all if one of the ports has no sensor of electricity."""
    found: dict[str, dict[str, Feed]] = {port: {} for port in ports}
    for channel in meter.channels.values():
        sensor = channel.stream.sensor
        if not measures_electricity(sensor) or sensor.place not in found:
            continue
        key = "" if sensor.source is Source.CLAMP else sensor.sensor_id
        feed = found[sensor.place].get(key) or Feed(sensor.source, {})
        channels = {**feed.channels, (sensor.quantity, channel.stream.kind): channel}
        found[sensor.place][key] = Feed(sensor.source, channels)
    if not all(found.values()):
        return ()
    return tuple(feed for of_port in found.values() for feed in of_port.values())

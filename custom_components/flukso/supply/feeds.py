"""The ports that measure the supply, and their channels."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from ..meter.channel import Channel
from ..meter.channel_types import CounterChannel
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
        is_clamp = self.source is Source.CLAMP
        counter = self._counter(Quantity.PPLUS if is_clamp else Quantity.ELECTRICITY)
        is_whole = counter is not None and self.is_net == is_net(counter.stream)
        return counter if is_whole else None

    @property
    def exported(self) -> CounterChannel | None:
        """The counter of its export, which may be that of its import."""
        return self.imported if self.is_net else self._counter(Quantity.PMINUS)

    @property
    def measures_export(self) -> bool:
        """Whether export is measured; a pulse meter counts import only."""
        return self.source is Source.CLAMP or self.is_net

    @property
    def is_net(self) -> bool:
        """Whether its counter runs both ways."""
        return self.source is Source.COSEM

    def _counter(self, quantity: Quantity) -> CounterChannel | None:
        channel = self.channels.get((quantity, Kind.COUNTER))
        return channel if isinstance(channel, CounterChannel) else None

    def step(self, configuration: Configuration) -> float:
        """Return what its counter counts when it is sent (Wh); 0 if it is sent regularly."""
        if self.source is Source.CLAMP or self.imported is None:
            return 0
        return pulse_constant(self.imported.stream.sensor, configuration) or _STEP

    def gauges(self, parts: Mapping[Quantity, Part]) -> Mapping[Channel, Part] | None:
        """Return its gauges of these quantities; None if it lacks one, or measures none of them."""
        is_clamp = self.source is Source.CLAMP
        gauges: dict[Channel, Part] = {}
        for quantity, part in parts.items():
            if (quantity is Quantity.ELECTRICITY) == is_clamp:
                continue
            gauge = self.channels.get((quantity, Kind.GAUGE))
            if gauge is None:
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

"""Some seconds at the clamps of a meter: what they say, and what may be wrong with them.

What is heard is the meter's own, whatever entities are enabled: the topics of all gauges are
subscribed to for that time.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from math import hypot
import re
from statistics import fmean

from homeassistant.core import callback

from .meter import Meter
from .metering.installation import Seen
from .protocol.config import Configuration
from .protocol.quantities import Quantity
from .protocol.reading import parse_reading
from .protocol.sensors import Sensor, Source, Stream
from .protocol.topics import Kind
from .protocol.wire import ProtocolError
from .supply import QUADRANTS
from .transport import Message, Transport

#: What each clamp says of a quantity, on average.
type Means = dict[int, dict[Quantity, float]]

#: A port with such a name may have power flow back.
_SOLAR = re.compile(
    r"solar|solaire|sun|zon|sonne|soleil|\bpv\b|photo|pane|inverter|omvormer|onduleur",
    re.IGNORECASE,
)
#: So much (W) flows through a port whose solar power may explain what others feed in.
_FLOWS = 20
_POWERS = {Quantity.PPLUS: 1, Quantity.PMINUS: -1}
_SINGLE_PHASE = "1p"
#: What the voltage should be (V), which is less without a neutral (docs/protocol.md section 2).
_NOMINAL = {"3p-n": 133.0}
_USUAL = 230.0


async def async_listen_to_clamps(
    meter: Meter, transport: Transport, wait: Callable[[], Awaitable[None]]
) -> Means:
    """The means of what the clamps' gauges say until ``wait`` is over."""
    heard: defaultdict[Stream, list[float]] = defaultdict(list)

    @callback
    def receive(stream: Stream, message: Message) -> None:
        try:
            reading = parse_reading(message.payload, stream)
        except ProtocolError as error:
            meter.hearing.note_broken(message.topic, error)
        else:
            heard[stream].append(reading.value)

    stops = []
    try:
        for channel in meter.channels.values():
            stream = channel.stream
            if stream.sensor.source is Source.CLAMP and stream.kind is Kind.GAUGE:
                listener = partial(receive, stream)
                stops.append(await transport.async_subscribe(channel.topic, listener))
        await wait()
    finally:
        for stop in stops:
            stop()
    means: defaultdict[int, dict[Quantity, float]] = defaultdict(dict)
    for stream, values in heard.items():
        means[stream.sensor.ports[0]][stream.sensor.quantity] = fmean(values)
    return means


def seen_of(
    sensor: Sensor,
    means: Means,
    configuration: Configuration,
    shape: Mapping[str, float | None],
) -> Seen:
    """All that is known of a clamp: one of its sensors, the figures of its waveform if any."""
    [port] = sensor.ports
    said, settings = means.get(port, {}), configuration.port_of(sensor)
    phase = configuration.ports.phase if configuration.ports else None
    powers = not configuration.sums_ports  # what a port says of its sum tells nothing of its clamp
    return Seen(
        active=_sum(said, _POWERS) if powers else None,
        reactive=_sum(said, QUADRANTS) if powers else None,
        voltage=said.get(Quantity.VRMS),
        current=said.get(Quantity.IRMS),
        distortion=said.get(Quantity.ITHD, _distortion(shape)),
        angle=shape.get("phase_shift") if phase == _SINGLE_PHASE else None,
        rating=settings.current if settings else None,
        nominal=_NOMINAL.get(phase or "", _USUAL),
        may_export=_may_export(sensor, means, configuration),
    )


def _distortion(shape: Mapping[str, float | None]) -> float | None:
    """The distortion by the harmonics that are known, a ratio."""
    harmonics = [value for what, value in shape.items() if what.startswith("harmonic_")]
    known = [value / 100 for value in harmonics if value is not None]
    return hypot(*known) if known else None


def _sum(said: Mapping[Quantity, float], signs: Mapping[Quantity, int]) -> float | None:
    """The sum of quantities, each with its sign; None if one of them was not heard."""
    if not signs.keys() <= said.keys():
        return None
    return sum(sign * said[quantity] for quantity, sign in signs.items())


def _may_export(sensor: Sensor, means: Means, configuration: Configuration) -> bool:
    """Whether solar power may flow back: by the name of the port, or from another port.

    What the house does not take of it flows back through the main port. That can't be at night,
    when a clamp sees that none comes; of a pulse input nothing is known.
    """
    sensors = configuration.sensors.enabled if configuration.sensors else ()
    solar = {
        port
        for each in sensors
        if each.kube is None and _SOLAR.search(configuration.name_of(each) or "")
        for port in each.ports
    }
    powers = (_sum(means.get(port, {}), _POWERS) for port in solar)
    own = solar.intersection(sensor.ports)
    return bool(own) or any(power is None or abs(power) > _FLOWS for power in powers)

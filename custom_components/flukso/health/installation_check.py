"""Some seconds at the clamps of a meter: what they say, and what may be wrong with them.

What is heard is the meter's own, whatever entities are enabled: the topics of all gauges are
subscribed to for that time.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import ExitStack
from functools import partial
from math import hypot
import re
from statistics import fmean

from homeassistant.core import callback

from ..meter.channel_types import FlowChannel
from ..meter.meter import Meter
from ..metering.clamp_checks import ClampFigures
from ..protocol.configuration import Configuration
from ..protocol.quantities import QUADRANTS, Quantity
from ..protocol.reading import parse_reading
from ..protocol.sensors import Sensor, Source, Stream
from ..protocol.topics import Kind
from ..protocol.validation import ProtocolError
from ..transport.home_assistant import Message, Transport

#: What each port says of a quantity, on average.
type Means = dict[int, dict[Quantity, float]]

#: A port with such a name gives power: solar panels, a battery, what else generates.
_SOURCE = re.compile(
    r"solar|solaire|sun|zon(?!e)|sonne|soleil|pv|photo|foto|panelen|panneaux"
    r"|inverter|omvormer|onduleur|wechselrichter|batter|accu(?!m)|akku|speicher|powerwall"
    r"|wind(?!o)|generat|wkk|chp|bhkw|produ|inje[ck]",
    re.IGNORECASE,
)
#: So much (W) flows through such a port when it may explain what others feed in.
_FLOWS = 20
_POWERS = {Quantity.PPLUS: 1, Quantity.PMINUS: -1}
_SINGLE_PHASE, _WITHOUT_NEUTRAL = "1p", "3p-n"


async def async_listen_to_clamps(
    meter: Meter, transport: Transport, wait: Callable[[], Awaitable[None]]
) -> Means:
    """The means of what the clamps' gauges say until ``wait`` is over, and what pulses tell."""
    heard: defaultdict[Stream, list[float]] = defaultdict(list)

    @callback
    def receive(stream: Stream, message: Message) -> None:
        if message.retained:
            return
        try:
            reading = parse_reading(message.payload, stream)
        except ProtocolError as error:
            meter.message_log.note_broken(message.topic, error)
        else:
            heard[stream].append(reading.value)

    with ExitStack() as listening:
        for channel in meter.channels.values():
            stream = channel.stream
            if stream.sensor.source is Source.CLAMP and stream.kind is Kind.GAUGE:
                listener = partial(receive, stream)
                listening.callback(await transport.async_subscribe(channel.topic, listener))
        await wait()
    means: defaultdict[int, dict[Quantity, float]] = defaultdict(dict)
    for stream, values in heard.items():
        means[stream.sensor.ports[0]][stream.sensor.quantity] = fmean(values)
    for port, quantity, flow in _flows(meter):
        means[port][quantity] = flow
    return means


def _flows(meter: Meter) -> Iterable[tuple[int, Quantity, float]]:
    """What pulse inputs with entities say, which fades to 0 as pulses stay away."""
    for channel in meter.channels.values():
        if isinstance(channel, FlowChannel) and channel.listening and channel.value is not None:
            sensor = channel.stream.sensor
            for port in sensor.ports:
                yield port, sensor.quantity, channel.value


def seen_of(
    sensor: Sensor,
    means: Means,
    configuration: Configuration,
    shape: Mapping[str, float | None],
) -> ClampFigures:
    """All that is known of a clamp: one of its sensors, the figures of its waveform if any.

    As long as the ports are not, neither is what the voltage should be, nor what gives power.
    """
    [port] = sensor.ports
    said, settings = means.get(port, {}), configuration.port_of(sensor)
    ports = configuration.ports
    phase = ports.phase if ports else None
    powers = not configuration.sums_ports  # what a port says of its sum tells nothing of its clamp
    sources = _sources(configuration)
    return ClampFigures(
        active=_sum(said, _POWERS) if powers else None,
        reactive=_sum(said, QUADRANTS) if powers else None,
        voltage=said.get(Quantity.VRMS) if ports else None,
        current=said.get(Quantity.IRMS),
        distortion=said.get(Quantity.ITHD, _distortion(shape)),
        angle=shape.get("phase_shift") if phase == _SINGLE_PHASE else None,
        rating=settings.current if settings else None,
        neutral=phase != _WITHOUT_NEUTRAL,
        source=port in sources,
        fed=ports is None or any(_gives(means.get(each, {})) for each in sources - {port}),
    )


def _distortion(shape: Mapping[str, float | None]) -> float | None:
    """The distortion by the harmonics that are known, a ratio."""
    harmonics = [value for what, value in shape.items() if what.startswith("harmonic_")]
    known = [value / 100 for value in harmonics if value is not None]
    return hypot(*known) if known else None


def _sum(said: Mapping[Quantity, float], symptoms: Mapping[Quantity, int]) -> float | None:
    """The sum of quantities, each with its sign; None if one of them was not heard."""
    if not symptoms.keys() <= said.keys():
        return None
    return sum(sign * said[quantity] for quantity, sign in symptoms.items())


def _sources(configuration: Configuration) -> set[int]:
    """The ports that give power, by their names, also where no sensor of theirs is enabled."""
    ports = configuration.ports.by_number if configuration.ports else {}
    return {number for number, port in ports.items() if _SOURCE.search(port.name or "")}


def _gives(said: Mapping[Quantity, float]) -> bool:
    """Whether a source gives power to others, as far as is known.

    What the house does not take of it flows back through the main port. That can't be at night,
    when a clamp, or a pulse input since minutes, sees that none comes.
    """
    power = said.get(Quantity.ELECTRICITY, _sum(said, _POWERS))
    return power is None or abs(power) > _FLOWS

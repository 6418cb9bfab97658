"""Collects what is needed to check the clamps of a meter, from some seconds of readings.

For that time the topics of all gauges of clamps are subscribed to, whatever entities are enabled.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from contextlib import ExitStack
from functools import partial
from math import hypot
from statistics import fmean

from homeassistant.core import callback

from ..meter.flow_channel import FlowChannel
from ..meter.meter import Meter
from ..metering.clamp_checks import ClampFigures
from ..protocol.configuration import Configuration
from ..protocol.quantities import QUADRANTS, Quantity
from ..protocol.reading import parse_reading
from ..protocol.sensors import Sensor, Source, Stream
from ..protocol.topics import Kind
from ..protocol.validation import ProtocolError
from ..transport.interface import Message, Transport

#: The mean of each quantity, by port.
type Means = dict[int, dict[Quantity, float]]

#: Above this power (W) a source may explain that power flows back through other ports.
_LEAST_SOURCE_POWER = 20
_POWERS = {Quantity.PPLUS: 1, Quantity.PMINUS: -1}
_SINGLE_PHASE, _WITHOUT_NEUTRAL = "1p", "3p-n"


async def async_listen_to_clamps(
    meter: Meter, transport: Transport, wait: Callable[[], Awaitable[None]]
) -> Means:
    """Return the means of the clamps' gauges during ``wait``, and the flows of pulse inputs."""
    values: defaultdict[Stream, list[float]] = defaultdict(list)

    @callback
    def receive(stream: Stream, message: Message) -> None:
        if message.retained:
            return
        try:
            reading = parse_reading(message.payload, stream)
        except ProtocolError as error:
            meter.message_log.note_broken(message.topic, error)
        else:
            values[stream].append(reading.value)

    with ExitStack() as subscriptions:
        for channel in meter.channels.values():
            stream = channel.stream
            if stream.sensor.source is Source.CLAMP and stream.kind is Kind.GAUGE:
                listener = partial(receive, stream)
                subscriptions.callback(await transport.async_subscribe(channel.topic, listener))
        await wait()
    means: defaultdict[int, dict[Quantity, float]] = defaultdict(dict)
    for stream, received in values.items():
        for port in stream.sensor.ports:
            means[port][stream.sensor.quantity] = fmean(received)
    for port, quantity, flow in _flows(meter):
        means[port][quantity] = flow
    return means


def _flows(meter: Meter) -> Iterable[tuple[int, Quantity, float]]:
    """Yield the flows of pulse inputs with entities, which decrease to 0 without pulses."""
    for channel in meter.channels.values():
        if isinstance(channel, FlowChannel) and channel.listening and channel.value is not None:
            sensor = channel.stream.sensor
            for port in sensor.ports:
                yield port, sensor.quantity, channel.value


def clamp_figures(
    sensor: Sensor,
    means: Means,
    configuration: Configuration,
    shape: Mapping[str, float | None],
    sources: Collection[int],
) -> ClampFigures:
    """Return the figures of the clamp of a sensor; ``shape`` has those of its waveform, if any.

    ``sources`` are the ports of what generates power. Without a ports configuration, neither the
    nominal voltage is known nor what is on the other ports.
    """
    [port] = sensor.ports
    measured, settings = means.get(port, {}), configuration.port_of(sensor)
    ports = configuration.ports
    phase = ports.phase if ports else None
    has_own_power = not configuration.sums_ports  # the power of a sum is not that of the clamp
    return ClampFigures(
        active=_sum(measured, _POWERS) if has_own_power else None,
        reactive=_sum(measured, QUADRANTS) if has_own_power else None,
        voltage=measured.get(Quantity.VRMS) if ports else None,
        current=measured.get(Quantity.IRMS),
        distortion=measured.get(Quantity.ITHD, _distortion(shape)),
        angle=shape.get("phase_shift") if phase == _SINGLE_PHASE else None,
        rating=settings.current if settings else None,
        neutral=phase != _WITHOUT_NEUTRAL,
        source=port in sources,
        ports_known=ports is not None,
        fed=ports is None
        or any(_may_supply(means.get(each, {})) for each in sources if each != port),
    )


def _distortion(shape: Mapping[str, float | None]) -> float | None:
    """Return the distortion from the known harmonics, a ratio."""
    harmonics = [value for what, value in shape.items() if what.startswith("harmonic_")]
    known = [value / 100 for value in harmonics if value is not None]
    return hypot(*known) if known else None


def _sum(measured: Mapping[Quantity, float], signs: Mapping[Quantity, int]) -> float | None:
    """Return the sum of quantities, each with its sign; None if one of them is missing."""
    if not signs.keys() <= measured.keys():
        return None
    return sum(sign * measured[quantity] for quantity, sign in signs.items())


def _may_supply(measured: Mapping[Quantity, float]) -> bool:
    """Return whether a source supplies power to other ports, as far as is known.

    Power that the house does not consume then flows back through the main port. A clamp, or after
    some minutes a pulse input, measures that there is none, such as at night.
    """
    power = measured.get(Quantity.ELECTRICITY, _sum(measured, _POWERS))
    return power is None or abs(power) > _LEAST_SOURCE_POWER

"""The hours of the gauges that a meter logs by itself, from the blocks of its memory."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from homeassistant.components.sensor import SensorStateClass
from homeassistant.core import callback
from homeassistant.util import dt as dt_util

from ..meter.channel import Channel
from ..meter.input_limits import gauge_range, is_event, max_age
from ..meter.meter import Meter
from ..metering.durations import DAY
from ..metering.gauge_hours import GaugeKind, GaugeSegment, GaugeTimeline, gauge_segment
from ..metering.rounding import rounded
from ..protocol.reading import meant_value
from ..protocol.sensors import Source, Stream
from ..protocol.tmpo_block import Block, BlockAddress
from ..protocol.topics import Kind
from ..sensor_descriptions import description_of

#: The age of a block that is kept all the same while nothing is imported (s).
_MAX_AGE = 400 * DAY
#: Decimals of a scaled value, as in the state of the entity.
_DECIMALS = 6


def is_logged_gauge(stream: Stream) -> bool:
    """Return whether the meter logs the readings of a gauge, each as a value of its own.

    It logs the topic of the sensor's data type only, so the powers of counters are not logged.
    """
    sensor = stream.sensor
    return (
        stream.kind is sensor.data_type is Kind.GAUGE
        and sensor.remembered
        and sensor.source is not Source.PULSE
        and not is_event(stream)
        and description_of(stream) is not None
    )


@dataclass(frozen=True, slots=True)
class _Known:
    """The timeline of a gauge, for one revision (``rid``) of its sensor id."""

    rid: int
    timeline: GaugeTimeline


class GaugeMemory:
    """Keeps the hours of the gauges in use (a ``BlockUser``).

    ``updated`` is called with a channel that has new data, and the begin and end of that data (s
    since 1970).
    """

    def __init__(self, meter: Meter, updated: Callable[[Channel, int, int], None]) -> None:
        self._meter = meter
        self._updated = updated
        self._known: dict[str, _Known] = {}
        self._since: float | None = None

    @callback
    def begin(self, since: float) -> None:
        """Keep the blocks since then, however old they are."""
        self._since = since

    @callback
    def end(self) -> None:
        """Drop the blocks that are too old for a gap."""
        self._since = None
        for known in self._known.values():
            known.timeline.forget(int(dt_util.utcnow().timestamp()) - _MAX_AGE)

    def timeline_of(self, stream: Stream) -> GaugeTimeline:
        """Return the timeline of a gauge for the current revision of its sensor id."""
        sensor = stream.sensor
        known = self._known.get(sensor.sensor_id)
        if known is None or known.rid != sensor.rid:
            known = self._known[sensor.sensor_id] = _Known(
                sensor.rid, GaugeTimeline(_kind_of(stream))
            )
        return known.timeline

    def wants(self, channel: Channel, address: BlockAddress) -> bool:
        """Return whether a block can contain new data."""
        oldest = dt_util.utcnow().timestamp() - _MAX_AGE
        return (
            is_logged_gauge(channel.stream)
            and address.end > (oldest if self._since is None else min(self._since, oldest))
            and not self.timeline_of(channel.stream).covers(address.begin, address.end)
        )

    def reduce(self, channel: Channel, block: Block) -> GaugeSegment:
        """Return the hours of a block; runs in a worker thread."""
        stream, address = channel.stream, block.address
        description = description_of(stream)
        scale = description.scale if description else 1
        read = partial(_value, stream, gauge_range(stream, self._meter.configuration), scale)
        return gauge_segment(
            address.begin,
            address.end,
            block.times,
            block.thousandths,
            kind=_kind_of(stream),
            read=read,
        )

    @callback
    def take(self, channel: Channel, address: BlockAddress, reduced: object) -> None:
        """Keep the hours of a block."""
        if TYPE_CHECKING:
            assert isinstance(reduced, GaugeSegment)
        self.timeline_of(channel.stream).add(reduced)
        self._updated(channel, address.begin, address.end)


def _kind_of(stream: Stream) -> GaugeKind:
    description = description_of(stream)
    is_circular = (
        description is not None and description.state_class is SensorStateClass.MEASUREMENT_ANGLE
    )
    return GaugeKind(max_age(stream), is_circular)


def _value(
    stream: Stream, limits: tuple[float, float], scale: float, thousandths: int
) -> float | None:
    """Return a stored reading in the unit of the entity; None if its input can't measure it."""
    value = meant_value(thousandths / 1000, stream)
    lowest, highest = limits
    if value is None or not lowest <= value <= highest:
        return None
    return value if scale == 1 else rounded(value * scale, _DECIMALS)

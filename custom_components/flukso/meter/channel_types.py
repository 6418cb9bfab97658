"""Which type of channel a stream has: how its value is computed from its readings."""

from ..protocol.sensors import Source, Stream
from ..protocol.topics import Kind
from .channel import Channel
from .counter_channel import CounterChannel
from .event_channel import EventChannel
from .flow_channel import FlowChannel
from .gauge_channel import GaugeChannel
from .input_limits import is_event


def channel_type_of(stream: Stream) -> type[Channel]:
    """Return the type of channel for a stream."""
    if is_event(stream):
        return EventChannel
    if stream.kind is Kind.COUNTER:
        return CounterChannel
    return FlowChannel if stream.sensor.source is Source.PULSE else GaugeChannel

"""The readings of messages that are as a meter sends them: one each second."""

from collections.abc import Sequence

from ..protocol.reading import Reading, parse_reading
from ..protocol.sensors import Stream
from ..protocol.validation import ProtocolError
from ..transport.interface import Message


def regular_readings(
    messages: Sequence[Message], stream: Stream, lowest: float, highest: float
) -> Sequence[Reading]:
    """Return the readings of messages of a stream, or none unless all are regular.

    They are if each is live, valid, of a later second than the one before, in the unit of the
    stream, and from ``lowest`` to ``highest`` in that unit.
    """
    if any(message.retained for message in messages):
        return ()
    try:
        readings = [parse_reading(message.payload, stream) for message in messages]
    except ProtocolError:
        return ()
    before = -1
    for time, value, unit in readings:
        if time <= before or unit is not stream.unit or not lowest <= value <= highest:
            return ()
        before = time
    return readings

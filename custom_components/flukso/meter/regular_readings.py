"""The readings of messages that are as a meter sends them: each of a later second, and valid."""

from collections.abc import Sequence

from ..protocol.reading import Reading, parse_reading
from ..protocol.sensors import Stream
from ..protocol.validation import ProtocolError
from ..transport.interface import Message


def regular_readings(
    messages: Sequence[Message], stream: Stream, lowest: float, highest: float
) -> Sequence[Reading]:
    """Return the readings of messages of a stream, or none unless all are regular.

    They are if each is not retained, valid, of a later second than the one before, in the unit of
    the stream, and from ``lowest`` to ``highest`` in that unit.
    """
    readings: list[Reading] = []
    before = -1
    for message in messages:
        try:
            reading = parse_reading(message.payload, stream)
        except ProtocolError:
            return ()
        is_possible = reading.unit is stream.unit and lowest <= reading.value <= highest
        if message.retained or reading.time <= before or not is_possible:
            return ()
        before = reading.time
        readings.append(reading)
    return readings

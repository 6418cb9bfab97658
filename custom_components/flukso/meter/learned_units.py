"""The units in which a meter sends its readings, where they are not the expected ones."""

from dataclasses import replace
import logging

from homeassistant.core import callback

from ..protocol.reading import Reading
from ..protocol.sensors import Stream
from ..protocol.validation import ProtocolError
from ..redaction import shortened
from ..transport.interface import Message
from .channel import Channel
from .configuration_delay import ConfigurationDelay
from .message_log import MessageLog
from .meter_storage import MeterStorage

_LOGGER = logging.getLogger(__name__)

#: So many readings in a row are believed to be in another unit than those before.
_READINGS_OF_A_UNIT = 10


class LearnedUnits:
    """Learns the unit of a stream from its first reading, and another one from some in a row.

    Until then, messages in another unit are broken. So they are while something changes all the
    time, as another unit is a change of the configuration.
    """

    def __init__(
        self, storage: MeterStorage, message_log: MessageLog, delay: ConfigurationDelay
    ) -> None:
        self._storage = storage
        self._message_log = message_log
        self._delay = delay

    def applied(self, stream: Stream) -> Stream:
        """Return a stream with its learned unit, if there is one."""
        unit = self._storage.unit_of(stream)
        return stream if unit is None else replace(stream, unit=unit)

    @callback
    def learn(self, channel: Channel, reading: Reading, message: Message) -> bool:
        """Learn the unit of a reading that has another one, or return False if it is broken."""
        stream = channel.stream
        is_first = not channel.stats.taken and self._storage.unit_of(stream) is None
        if not (is_first or self._has_changed(channel, reading)):
            error = ProtocolError(stream.kind, "its unit changes", reading.unit)
            channel.stats.note_broken(message.payload)
            self._message_log.note_broken(channel.topic, error)
            return False
        _LOGGER.info(
            "The readings on %s are in %r instead of %r",
            shortened(channel.topic),
            reading.unit.value,
            stream.unit.value,
        )
        self._storage.store_unit(stream, reading.unit)
        return True

    def _has_changed(self, channel: Channel, reading: Reading) -> bool:
        in_a_row = channel.stats.note_other_unit(reading.unit)
        if in_a_row < _READINGS_OF_A_UNIT or self._delay.wait > 0:
            return False
        self._delay.note_change()
        return True

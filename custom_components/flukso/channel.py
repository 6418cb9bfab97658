"""A channel: one readings topic of one sensor, parsed once however many listen."""

from collections.abc import Callable

from homeassistant.core import CALLBACK_TYPE, callback

from .protocol.reading import Reading, parse_reading
from .protocol.sensors import Stream
from .protocol.wire import ProtocolError
from .transport import Message, Transport


class Channel:
    """Follows a stream while somebody listens, and leaves the broker alone otherwise."""

    def __init__(
        self,
        stream: Stream,
        topic: str,
        transport: Transport,
        *,
        broken: Callable[[str, ProtocolError], None],
        other_unit: Callable[[Channel, Reading], None],
    ) -> None:
        """Follow ``topic`` through ``transport``.

        ``broken`` hears of messages that can't be read, ``other_unit`` of a reading in a unit
        that the stream does not have.
        """
        self.stream = stream
        self.topic = topic
        self.reading: Reading | None = None
        self._transport = transport
        self._broken = broken
        self._other_unit = other_unit
        self._listeners: list[Callable[[], None]] = []
        self._unsubscribe: CALLBACK_TYPE | None = None

    @property
    def available(self) -> bool:
        """Whether what it shows can be relied on now."""
        return self._transport.connected

    async def async_listen(self, changed: Callable[[], None]) -> CALLBACK_TYPE:
        """Call ``changed`` at every reading until the returned function is called."""
        self._listeners.append(changed)
        if len(self._listeners) == 1:
            self._unsubscribe = await self._transport.async_subscribe(self.topic, self._receive)

        @callback
        def stop() -> None:
            self._listeners.remove(changed)
            if not self._listeners and self._unsubscribe is not None:
                self._unsubscribe()
                self._unsubscribe = None

        return stop

    @callback
    def notify(self) -> None:
        """Tell the listeners that something about the channel changed."""
        for changed in self._listeners:
            changed()

    @callback
    def _receive(self, message: Message) -> None:
        try:
            reading = parse_reading(message.payload, self.stream)
        except ProtocolError as error:
            self._broken(message.topic, error)
            return
        if reading.unit != self.stream.unit:
            self._other_unit(self, reading)
            return
        self.take(reading)

    @callback
    def take(self, reading: Reading) -> None:
        """Take a reading in the unit of the stream."""
        self.reading = reading
        self.notify()

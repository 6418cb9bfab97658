"""A channel: one readings topic of one sensor, parsed once however many listen."""

from abc import abstractmethod
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import override

from homeassistant.core import CALLBACK_TYPE, callback

from ..metering.counter_guard import Break
from ..protocol.reading import Reading, parse_reading
from ..protocol.sensors import Stream
from ..protocol.topics import Kind
from ..protocol.validation import ProtocolError
from ..transport.home_assistant import Message, Transport
from .input_limits import freshness, max_silence
from .message_stats import MessageStats
from .observable import Observable

#: Gets the second by the meter's clock, the value, and when it was true (s since 1970).
type Follower = Callable[[int, float, float], None]


@dataclass(frozen=True, slots=True)
class Reports:
    """Whom channels tell of messages that can't be read, another unit, a counter's break."""

    broken: Callable[[str, ProtocolError], None]
    other_unit: Callable[[Channel, Reading, Message], None]
    counter_break: Callable[[Channel, Break], None]


class Channel(Observable):
    """Follows a stream while somebody listens, and leaves the broker alone otherwise.

    Readings are taken as they come, and the value for the listeners is made of them once an
    interval; the first is shown at once, and with an interval of 0 every one.
    """

    def __init__(
        self, stream: Stream, topic: str, transport: Transport, reports: Reports, interval: int
    ) -> None:
        super().__init__()
        self.stream = stream
        self.topic = topic
        self.interval = interval
        self.alive = True
        self.stats = MessageStats(topic)
        self._transport = transport
        self._reports = reports
        self._followers: list[Follower] = []
        self._at_once = True
        self._heard: float | None = None

    @property
    @override
    def available(self) -> bool:
        """Whether its value can be relied on now."""
        return self.alive and self._transport.connected

    async def async_follow(self, follower: Follower) -> CALLBACK_TYPE:
        """Call ``follower`` with every reading that is taken; returns an unsubscribe function.

        Raises:
            HomeAssistantError: it can't subscribe, and ``follower`` will not be called.
        """
        with ExitStack() as following:
            self._followers.append(follower)
            following.callback(self._followers.remove, follower)
            following.callback(await self.async_keep_active())
            return following.pop_all().close

    @override
    async def _async_start(self, work: ExitStack) -> None:
        work.callback(
            await self._transport.async_subscribe_buffered(
                self.topic, self._receive, self._shows_at_once
            )
        )

    @callback
    def _receive(self, message: Message) -> None:
        self.stats.arrive(message)
        try:
            reading = parse_reading(message.payload, self.stream)
        except ProtocolError as error:
            self.stats.note_broken(message.payload)
            self._reports.broken(message.topic, error)
            return
        if message.retained and self._is_stale(reading, message):
            self.stats.drop("retained and too old")
            return
        if reading.unit is not self.stream.unit:
            self._reports.other_unit(self, reading, message)
            return
        self.take(reading, message)

    @callback
    def take(self, reading: Reading, message: Message) -> None:
        """Take a reading in the unit of the stream, as it came in a message."""
        at = _true_at(reading, message) if message.retained else message.arrived
        if not self._take(reading, at):
            self.stats.drop("older than the last")
            return
        self.stats.take(reading, at)
        self._heard = at
        if self._at_once:
            self.alive = True
        if self._followers:
            time, value = self._followed(reading)
            for follower in self._followers:
                follower(time, value, at)
        if self._shows_at_once():
            self.show(message.arrived)
            self._at_once = False

    @callback
    def show(self, now: float) -> None:
        """Show what the readings up to now amount to."""
        self.value = self._current(now)
        self.stats.show(self.value)
        self.notify()

    @callback
    def lose(self) -> None:
        """Forget what is true only while messages come; the next reading is shown at once."""
        self._at_once = True

    @callback
    def set_alive(self, *, alive: bool) -> None:
        """Learn whether it is live, by its own silence or that of its neighbours."""
        if alive != self.alive:
            self.alive = alive
            self.lose()
            self.notify()

    @callback
    def connection_changed(self) -> None:
        """Learn that the connection came or went: from now on silence counts anew."""
        self.alive = True
        self._heard = None
        self.lose()
        self.notify()

    @callback
    def count_silence(self, now: float) -> None:
        """Count its silence from now on, where nothing was heard since one listens."""
        if self._heard is None:
            self._heard = now

    def is_silent(self, now: float) -> bool:
        """Whether nothing was heard for longer than it may be silent."""
        return self._heard is not None and now - self._heard > max_silence(self.stream)

    def _shows_at_once(self) -> bool:
        """Whether a reading is shown when it comes, and not at the end of the interval."""
        return self._at_once or not self.interval

    def _is_stale(self, reading: Reading, message: Message) -> bool:
        age = message.arrived - _true_at(reading, message)
        return self.stream.kind is Kind.GAUGE and age > freshness(self.stream)

    def _followed(self, reading: Reading) -> tuple[int, float]:
        """The second and value that followers get of a reading."""
        return reading.time, reading.value

    @abstractmethod
    def _take(self, reading: Reading, at: float) -> bool:
        """Accumulate a reading, true ``at`` that time; False for one that tells nothing."""

    @abstractmethod
    def _current(self, now: float) -> float | None:
        """The value to show."""


def _true_at(reading: Reading, message: Message) -> float:
    """When a retained reading was true: at its own time, as far as that can be."""
    return min(message.arrived, reading.time)

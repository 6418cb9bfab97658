"""A channel: one readings topic of one sensor, parsed once for all its listeners."""

from abc import abstractmethod
from collections.abc import Sequence
from functools import partial
from math import inf
from typing import override

from homeassistant.core import CALLBACK_TYPE, callback

from ..metering.last_heard import LastHeard
from ..protocol.configuration import Configuration
from ..protocol.reading import Reading, parse_reading
from ..protocol.sensors import Stream
from ..protocol.topics import Kind
from ..protocol.validation import ProtocolError
from ..transport.interface import BufferedSubscription, Message
from ..transport.subscriptions import Subscriptions
from .channel_context import ChannelContext, Follower
from .input_limits import gauge_range, max_age, max_silence
from .message_stats import MessageStats
from .observable import Observable
from .regular_readings import regular_readings
from .write_intervals import Tick

#: A reading that is no older when it arrives is live (s).
_MAX_TRANSIT = 10


class Channel(Observable):
    """Value of a stream, subscribed to while it has listeners.

    The value is updated from the readings once per interval (s); without one, that of a gauge when
    it changes, and that of a counter at the end of each minute. It is updated at once for the first
    reading, and with an interval of 0 for every one.
    """

    def __init__(
        self, stream: Stream, topic: str, context: ChannelContext, interval: int | None
    ) -> None:
        super().__init__()
        self.stream = stream
        self.topic = topic
        self.interval = interval
        self.alive = True
        self.stats = MessageStats(topic)
        self._context = context
        self._followers: list[Follower] = []
        self._first_pending = True
        self._last_seen: float | None = None
        self._last_heard = LastHeard()
        self._range = -inf, inf
        self._max_age = max_age(stream)
        self._subscription = BufferedSubscription(topic, self._receive, self._is_urgent)

    @property
    @override
    def available(self) -> bool:
        """Return whether its value is valid now."""
        return self.alive and self._context.transport.connected

    @callback
    def configure(self, configuration: Configuration, counter: Channel | None) -> None:
        """Take over the settings of its input, whose ``counter`` may be another channel."""
        if self.stream.kind is Kind.GAUGE:
            self._range = gauge_range(self.stream, configuration)

    async def async_follow(self, follower: Follower) -> CALLBACK_TYPE:
        """Call ``follower`` with every accepted reading; returns an unsubscribe function.

        Raises:
            HomeAssistantError: it can't subscribe, and ``follower`` will not be called.
        """
        with Subscriptions() as subscription:
            self._followers.append(follower)
            subscription.add(partial(self._followers.remove, follower))
            subscription.add(await self.async_keep_active())
            return subscription.close

    @override
    async def _async_start(self, work: Subscriptions) -> None:
        self._last_heard = self._known_before()
        subscribe = self._context.transport.async_subscribe_buffered
        work.add(await subscribe(self._subscription))

    @callback
    def _receive(self, messages: Sequence[Message]) -> None:
        """Process messages that arrived together, in one go if all are regular and new."""
        self.stats.note_arrived(messages)
        if not self._updates_at_once():
            readings = regular_readings(messages, self.stream, *self._range)
            if readings and self._are_news(readings, messages):
                self._process_together(readings, messages)
                return
        for message in messages:
            self._process(message)

    def _process_together(self, readings: Sequence[Reading], messages: Sequence[Message]) -> None:
        self._take_together(readings, messages)
        reading, message = readings[-1], messages[-1]
        arrived = self.stats.live_at = message.arrived
        self._context.clock.note(self.topic, reading.time, arrived, reading.value)
        measured = arrived - self._age(reading, message)
        self._note_taken(reading, arrived, measured, len(readings))

    def _process(self, message: Message) -> None:
        try:
            reading = parse_reading(message.payload, self.stream)
        except ProtocolError as error:
            self.stats.note_broken(message.payload)
            if not message.retained:
                self.stats.live_at = message.arrived
            self._context.broken(message.topic, error)
            return
        age = self._age_of_news(reading, message)
        if age is None:
            return
        if reading.unit is self.stream.unit:
            self._take_aged(reading, message, age)
        else:
            self._context.other_unit(self, reading, message)

    def _age_of_news(self, reading: Reading, message: Message) -> float | None:
        """Return how old a reading is (s); None if it tells nothing new, which is counted."""
        if self._last_heard.includes(reading.time) and self._is_repeated(reading, message):
            self.stats.note_dropped("repeated")
            return None
        if not message.retained:
            self._context.clock.note(self.topic, reading.time, message.arrived, reading.value)
        age = self._age(reading, message)
        if self._last_heard.is_later_than(reading.time, message.arrived - age):
            self.stats.note_dropped("older than the last")
            return None
        if age > self._max_age and not self._takes_old(reading):
            self.stats.note_dropped("too old")
            return None
        return age

    def _are_news(self, readings: Sequence[Reading], messages: Sequence[Message]) -> bool:
        """Return whether messages with readings of rising seconds are all live, and news."""
        oldest = self._age(readings[0], messages[0]) + messages[-1].arrived - messages[0].arrived
        return oldest <= _MAX_TRANSIT and self._last_heard.is_before(readings[0].time)

    def _is_repeated(self, reading: Reading, message: Message) -> bool:
        """Return whether the broker only says a reading again."""
        if reading.unit is not self.stream.unit:
            return False
        is_late = self._age(reading, message) > _MAX_TRANSIT
        is_repeated = self._last_heard.repeats(reading.time, reading.value, is_late=is_late)
        return is_repeated and self._context.clock.tells_time(message.arrived)

    @callback
    def take(self, reading: Reading, message: Message) -> None:
        """Process a reading in the unit of the stream, parsed from ``message``."""
        self._take_aged(reading, message, self._age(reading, message))

    def _take_aged(self, reading: Reading, message: Message, age: float) -> None:
        measured = message.arrived - age
        at = measured if message.retained or age > _MAX_TRANSIT else message.arrived
        is_live = age <= self._max_age
        if is_live:
            self.stats.live_at = message.arrived
        lowest, highest = self._range
        if not (lowest <= reading.value <= highest or self._is_proven(reading.value)):
            self.stats.note_dropped("beyond what its input can measure")
            return
        if not self._take(reading, at):
            self.stats.note_dropped("older than the last")
            return
        self._note_taken(reading, at, measured)
        if self._first_pending and is_live:
            self.alive = True
        self._tell_followers(reading, at)
        if self._updates_at_once():
            self.update_value(message.arrived)
            self._set_first_pending(self._first_pending and not is_live)

    def _tell_followers(self, reading: Reading, at: float) -> None:
        if self._followers:
            time, value = self._value_for_followers(reading)
            for follower in self._followers:
                follower(time, value, at)

    def _note_taken(self, reading: Reading, at: float, measured: float, count: int = 1) -> None:
        """Note the last of ``count`` readings that were taken."""
        self.stats.note_taken(reading, at, count)
        self._last_heard.note(reading.time, reading.value, measured)
        self._last_seen = at if self._last_seen is None else max(at, self._last_seen)

    @callback
    def update_value(self, now: float) -> None:
        """Update the value from the readings up to now, and notify the listeners."""
        self.value = self._current(now)
        self.stats.note_value(self.value)
        self.notify()

    def is_due(self, tick: Tick, _now: float) -> bool:
        """Return whether the value is to be updated at a tick."""
        return tick.is_due(self.interval)

    @callback
    def reset(self) -> None:
        """Discard what is valid only while messages arrive; the next reading updates at once."""
        self._set_first_pending(True)

    @callback
    def set_alive(self, *, alive: bool) -> None:
        """Set whether it is live, and notify the listeners of a change."""
        if alive != self.alive:
            self.alive = alive
            self.reset()
            self.notify()

    @callback
    def connection_changed(self) -> None:
        """Handle a connection or disconnection: silence is counted from now on."""
        self.alive = True
        self._last_seen = None
        self._last_heard = self._known_before()
        self.reset()
        self.notify()

    @callback
    def begin_silence(self, now: float) -> None:
        """Count its silence from now on if it has received no reading since it was subscribed to.

        So it does if the last one came later, before the host's clock was set back.
        """
        if self._last_seen is None or self._last_seen > now:
            self._last_seen = now

    def is_silent(self, now: float) -> bool:
        """Return whether it has been silent for longer than its stream may be."""
        return self._last_seen is not None and now - self._last_seen > max_silence(self.stream)

    def _updates_at_once(self) -> bool:
        """Return whether a reading updates the value on arrival, not at the end of the interval."""
        return self._first_pending or self.interval == 0

    def _set_first_pending(self, pending: bool) -> None:
        if pending != self._first_pending:
            self._first_pending = pending
            self._subscription.is_urgent = self._is_urgent if self._may_be_urgent() else None
            if not pending:  # what follows it may need a second reading to begin
                self._context.transport.is_eager = True

    def _may_be_urgent(self) -> bool:
        """Return whether a message may have to be processed before the next tick."""
        return self._updates_at_once()

    def _is_urgent(self, _payload: bytes) -> bool:
        """Return whether a message is to be processed as soon as its burst is over."""
        return self._updates_at_once()

    def _age(self, reading: Reading, message: Message) -> float:
        """Return how old a reading is (s); of a live one, 0 while the clock tells no time."""
        clock = self._context.clock
        age = clock.age if message.retained else clock.live_age
        return age(reading.time, message.arrived)

    def _is_proven(self, _value: float) -> bool:
        """Return whether the input has proved that it can measure a value beyond its range."""
        return False

    def _known_before(self) -> LastHeard:
        """Return what is known of the last reading when it is subscribed to."""
        return LastHeard()

    def _takes_old(self, reading: Reading) -> bool:
        """Return whether a reading that is too old to be live is used all the same."""
        return False

    def _value_for_followers(self, reading: Reading) -> tuple[int, float]:
        """Return the second and the value to pass to followers for a reading."""
        return reading.time, reading.value

    def _take_together(self, readings: Sequence[Reading], messages: Sequence[Message]) -> None:
        """Accumulate readings that follow the last one and each other, and tell the followers."""
        for reading, message in zip(readings, messages, strict=True):
            self._take(reading, message.arrived)
            self._tell_followers(reading, message.arrived)

    @abstractmethod
    def _take(self, reading: Reading, at: float) -> bool:
        """Accumulate a reading measured ``at`` that time; return False if it is to be ignored."""

    @abstractmethod
    def _current(self, now: float) -> float | None:
        """Return the value of the readings so far."""

"""A channel: one readings topic of one sensor, parsed once however many listen."""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, override

from homeassistant.core import CALLBACK_TYPE, callback

from .limits import freshness, patience, pulse_in_gauge_units
from .metering.flow import faded
from .metering.guard import Break, CounterState, Guard, Mark
from .metering.mean import Mean
from .protocol.quantities import Quantity
from .protocol.reading import Reading, parse_reading
from .protocol.sensors import Source, Stream
from .protocol.topics import Kind
from .protocol.wire import ProtocolError
from .shown import Shown
from .tally import Tally
from .transport import Message, Transport

#: Gets the second by the meter's clock, the value, and when it was true (s since 1970).
type Follower = Callable[[int, float, float], None]


@dataclass(frozen=True, slots=True)
class Reports:
    """Whom channels tell of messages that can't be read, another unit, a counter's break."""

    broken: Callable[[str, ProtocolError], None]
    other_unit: Callable[[Channel, Reading, Message], None]
    counter_break: Callable[[CounterChannel, Break], None]


class Channel(Shown):
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
        self.tally = Tally(topic)
        self._transport = transport
        self._reports = reports
        self._followers: list[Follower] = []
        self._unsubscribe: CALLBACK_TYPE = _nothing
        self._at_once = True
        self._heard: float | None = None

    @property
    @override
    def available(self) -> bool:
        """Whether its value can be relied on now."""
        return self.alive and self._transport.connected

    async def async_follow(self, follower: Follower) -> CALLBACK_TYPE:
        """Call ``follower`` with every reading that is taken, until the answer is called."""
        stop_listening = await self.async_listen(_nothing)
        self._followers.append(follower)

        @callback
        def stop() -> None:
            self._followers.remove(follower)
            stop_listening()

        return stop

    @override
    async def _async_begin(self) -> None:
        self._unsubscribe = await self._transport.async_gather(
            self.topic, self._receive, self._shows_at_once
        )

    @override
    def _end(self) -> None:
        self._unsubscribe()
        self._unsubscribe = _nothing

    @callback
    def _receive(self, message: Message) -> None:
        self.tally.arrive(message)
        try:
            reading = parse_reading(message.payload, self.stream)
        except ProtocolError as error:
            self.tally.note_broken(message.payload)
            self._reports.broken(message.topic, error)
            return
        if message.retained and self._is_stale(reading, message):
            self.tally.drop("retained and too old")
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
            self.tally.drop("older than the last")
            return
        self.tally.take(reading, at)
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
        self.tally.show(self.value)
        self.tell()

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
            self.tell()

    @callback
    def link_changed(self) -> None:
        """Learn that the connection came or went: from now on silence counts anew."""
        self.alive = True
        self._heard = None
        self.lose()
        self.tell()

    def was_heard(self, now: float) -> bool:
        """Whether it spoke lately; when one begins to listen, the benefit of the doubt is given."""
        if self._heard is None:
            self._heard = now
        return now - self._heard <= patience(self.stream)

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


class EventChannel(Channel):
    """Shows every reading at once: what a kube notices, and its faults."""

    _latest: float | None = None

    def __init__(
        self, stream: Stream, topic: str, transport: Transport, reports: Reports, _interval: int
    ) -> None:
        super().__init__(stream, topic, transport, reports, interval=0)

    @override
    def _take(self, reading: Reading, at: float) -> bool:
        self._latest = reading.value
        return True

    @override
    def _current(self, now: float) -> float | None:
        return self._latest


class GaugeChannel(Channel):
    """Shows the mean of each interval."""

    def __init__(
        self, stream: Stream, topic: str, transport: Transport, reports: Reports, interval: int
    ) -> None:
        super().__init__(stream, topic, transport, reports, interval)
        self._mean = Mean()

    @override
    def lose(self) -> None:
        super().lose()
        self._mean = Mean()
        self.value = None

    @override
    def _take(self, reading: Reading, at: float) -> bool:
        return self._mean.take(reading.time, reading.value, at)

    @override
    def _current(self, now: float) -> float | None:
        return self._mean.publish(0 if self._at_once else self.interval)


class FlowChannel(GaugeChannel):
    """Shows the mean while pulses come, and afterwards what still can flow.

    The size of a pulse (Wh, L, g or s) is the ``constant`` of its port, or else what the
    ``counter`` of the same input was seen to count at once.
    """

    constant: float | None = None
    counter: CounterChannel | None = None

    @override
    def _current(self, now: float) -> float | None:
        elapsed = 0 if self._heard is None else now - self._heard
        constant = self.constant or (self.counter.step if self.counter else None)
        pulse = constant and pulse_in_gauge_units(constant, self.stream.unit)
        return faded(super()._current(now), pulse, elapsed)


class CounterChannel(Channel):
    """Shows the last reading that the guard accepts."""

    def __init__(
        self, stream: Stream, topic: str, transport: Transport, reports: Reports, interval: int
    ) -> None:
        super().__init__(stream, topic, transport, reports, interval)
        self.guard = Guard(rid=stream.sensor.rid, both_ways=stream.both_ways)
        self.step: float | None = None

    @callback
    def restore(self, state: CounterState) -> None:
        """Go on from before a restart, by the newest of what was kept; what is heard is newer."""
        known = self.guard.state
        if known is None or known.mark.at < state.mark.at:
            self.guard.restore(state)
            self.value = self.guard.value

    @callback
    def book(self, difference: float, now: float) -> None:
        """Let a break count after all."""
        self.guard.book(difference)
        self.show(now)

    @override
    def _take(self, reading: Reading, at: float) -> bool:
        guard = self.guard
        before, held = guard.value, guard.held
        found = guard.take(Mark(reading.time, reading.value, at))
        if guard.held != held:
            self.tally.hold(guard.held)
        if found is not None:
            self._reports.counter_break(self, found)
        if before is not None and guard.value is not None and guard.value > before:
            counted = guard.value - before
            self.step = min(counted, self.step or counted)
        return True

    @override
    def _followed(self, reading: Reading) -> tuple[int, float]:
        """What the guard accepted last, in place of a reading that it holds."""
        last, value = self.guard.last, self.guard.value
        if TYPE_CHECKING:  # the guard has a reading by now
            assert last is not None
            assert value is not None
        return last.time, value

    @override
    def _current(self, now: float) -> float | None:
        return self.guard.value


def kind_of(stream: Stream) -> type[Channel]:
    """The kind of channel that a stream needs."""
    source = stream.sensor.source
    on_change = stream.kind is Kind.COUNTER or stream.sensor.quantity is Quantity.ERROR
    if source is Source.KUBE and on_change:
        return EventChannel
    if stream.kind is Kind.COUNTER:
        return CounterChannel
    return FlowChannel if source is Source.PULSE else GaugeChannel


@callback
def _nothing() -> None:
    """A follower needs no telling."""


def _true_at(reading: Reading, message: Message) -> float:
    """When a retained reading was true: at its own time, as far as that can be."""
    return min(message.arrived, reading.time)

"""A channel of a counter, whose readings a guard accepts or withholds."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, override

from homeassistant.core import callback

from ..metering.counter_guard import CounterGuard, CounterReading, CounterState
from ..metering.last_heard import LastHeard
from ..protocol.configuration import Configuration
from ..protocol.reading import Reading
from ..protocol.sensors import Stream
from ..transport.interface import Message
from .channel import Channel
from .channel_context import ChannelContext
from .input_limits import fastest


class CounterChannel(Channel):
    """The last reading that the guard accepted."""

    def __init__(
        self, stream: Stream, topic: str, context: ChannelContext, interval: int | None
    ) -> None:
        super().__init__(stream, topic, context, interval)
        self.guard = CounterGuard(rid=stream.sensor.rid, both_ways=stream.both_ways)
        self.step: float | None = None

    @override
    def configure(self, configuration: Configuration, counter: Channel | None) -> None:
        super().configure(configuration, counter)
        sensor = self.stream.sensor
        self.guard.fastest = fastest(sensor, configuration)
        self.guard.recycle(sensor.rid)

    @callback
    def restore(self, state: CounterState) -> None:
        """Continue from a stored state, unless a newer one is known."""
        current = self.guard.state
        if current is None or current.mark.at < state.mark.at:
            self.guard.restore(state)
            self.value = self.guard.value
            self._last_heard = self._known_before()

    @callback
    def book(self, difference: float, now: float) -> None:
        """Add the difference at a break to the counter after all."""
        self.guard.book(difference)
        self.update_value(now)

    @override
    def _take(self, reading: Reading, at: float) -> bool:
        guard = self.guard
        before, withheld = guard.value, guard.withheld_count
        counter_break = guard.take(CounterReading(reading.time, reading.value, at))
        if guard.withheld_count != withheld:
            self.stats.note_held(guard.withheld_count)
        if counter_break is not None:
            self._context.counter_break(self, counter_break)
        if before is not None and guard.value is not None:
            self._note_step(guard.value - before)
        return True

    @override
    def _take_together(self, readings: Sequence[Reading], messages: Sequence[Message]) -> None:
        guard, before = self.guard, self.guard.value
        last = CounterReading(readings[-1].time, readings[-1].value, messages[-1].arrived)
        values = [reading.value for reading in readings]
        if before is None or not guard.take_together(readings[0].time, values, last):
            super()._take_together(readings, messages)
            return
        for (time, value, _), message in zip(readings, messages, strict=True):
            shown = guard.shown(value)
            self._note_step(shown - before)
            before = shown
            for follower in self._followers:
                follower(time, shown, message.arrived)

    def _note_step(self, step: float) -> None:
        if step > 0 and (self.step is None or step < self.step):
            self.step = step

    @override
    def _known_before(self) -> LastHeard:
        last = self.guard.last
        return LastHeard() if last is None else LastHeard(last.time, last.at)

    @override
    def _takes_old(self, reading: Reading) -> bool:
        """Return whether it is newer than the last: it tells what was used meanwhile."""
        last = self.guard.last
        return last is None or reading.time > last.time

    @override
    def _value_for_followers(self, reading: Reading) -> tuple[int, float]:
        """Return the last reading that the guard accepted, in place of one that it withholds."""
        last, value = self.guard.last, self.guard.value
        if TYPE_CHECKING:  # the guard has a reading by now
            assert last is not None
            assert value is not None
        return last.time, value

    @override
    def _current(self, now: float) -> float | None:
        return self.guard.value

"""Types of channels: how each computes its value from the readings of its stream."""

from typing import TYPE_CHECKING, override

from homeassistant.core import callback

from ..metering.counter_guard import CounterGuard, CounterReading, CounterState
from ..metering.interval_mean import IntervalMean
from ..metering.last_heard import LastHeard
from ..metering.on_change import TICK, OnChange
from ..metering.pulse_flow import CountedFlow, decayed_flow
from ..protocol.configuration import Configuration
from ..protocol.reading import Reading, unchecked_value
from ..protocol.sensors import Source, Stream
from ..protocol.topics import Kind
from ..transport.interface import Transport
from .change_rules import change_rule
from .channel import Channel, ChannelContext
from .event_channel import EventChannel
from .input_limits import fastest, is_event, max_age, pulse_constant, pulse_in_gauge_units
from .reading_storage import LastReading
from .write_intervals import Tick


class GaugeChannel(Channel):
    """The mean over each interval, or a value that is updated when it changes."""

    def __init__(
        self,
        stream: Stream,
        topic: str,
        transport: Transport,
        context: ChannelContext,
        interval: int | None,
    ) -> None:
        super().__init__(stream, topic, transport, context, interval)
        self._mean = IntervalMean()
        self._rule = change_rule(stream) if interval is None else None
        self._changes = None if self._rule is None else OnChange(self._rule)

    @override
    def reset(self) -> None:
        super().reset()
        self._mean = IntervalMean()
        self._changes = None if self._rule is None else OnChange(self._rule)
        self.value = None

    @override
    def settle(self, now: float) -> None:
        if self._changes is not None and self._changes.follow():
            self.update_value(now)

    @override
    def is_due(self, tick: Tick, now: float) -> bool:
        if self._changes is None:
            return super().is_due(tick, now)
        return self._changes.tick(ends_minute=tick.ends_minute)

    @override
    def _is_urgent(self, payload: bytes) -> bool:
        if self._rule is None or self._changes is None or self._first_pending:
            return super()._is_urgent(payload)
        if not self._rule.prompt and not self._watches:
            return False
        value = unchecked_value(payload)
        lowest, highest = self._changes.range
        is_urgent = not lowest <= value <= highest
        for watch in self._watches:
            is_urgent = watch(value) or is_urgent
        return is_urgent

    @override
    def _take(self, reading: Reading, at: float) -> bool:
        if self._changes is None:
            return self._mean.take(reading.time, reading.value, at)
        is_taken = self._changes.take(reading.time, reading.value, at)
        if self._changes.out_of_range:
            self._context.changed(self)
        return is_taken

    @override
    def _current(self, now: float) -> float | None:
        if self._changes is None:
            return self._mean.publish(0 if self._first_pending else self.interval or 0)
        return self._changes.begin() if self._first_pending else self._changes.shown


class FlowChannel(GaugeChannel):
    """The mean flow while pulses arrive, and afterwards the most that can still flow.

    It is never more than what the counter of the same input counted, and one pulse.

    The size of a pulse (Wh, L, g or s) is the constant of its port, or else the smallest step that
    the counter of the same input has made.
    """

    def __init__(
        self,
        stream: Stream,
        topic: str,
        transport: Transport,
        context: ChannelContext,
        interval: int | None,
    ) -> None:
        super().__init__(stream, topic, transport, context, interval)
        self._constant: float | None = None
        self._counter: CounterChannel | None = None
        self._counted_flow = CountedFlow()
        self._silence = 0.0
        self._is_restored = False

    @callback
    def restore(self, last: LastReading, now: float) -> None:
        """Continue from the flow before a reload, which ends like any other flow."""
        self._mean.take(0, last.value, last.at)
        self._is_restored, self._last_seen = True, last.at
        self.stats.read_at = last.at
        self.update_value(now)

    @property
    def flow(self) -> float | None:
        """The value, or 0 if there was no pulse at all for so long that there is no flow."""
        is_idle = self.value is None and self._silence > max_age(self.stream)
        return 0.0 if is_idle else self.value

    @override
    def configure(self, configuration: Configuration, counter: Channel | None) -> None:
        super().configure(configuration, counter)
        self._constant = pulse_constant(self.stream.sensor, configuration)
        self._counter = counter if isinstance(counter, CounterChannel) else None

    @override
    def reset(self) -> None:
        super().reset()
        self._counted_flow = CountedFlow()

    @override
    def is_due(self, tick: Tick, now: float) -> bool:
        if self._changes is None:
            return super().is_due(tick, now)
        if tick.elapsed % TICK:
            return False
        self._take_flow(self._mean.publish(TICK), now)
        if self._changes.shown is None:
            return self._changes.begin() is not None
        return super().is_due(tick, now)

    @override
    def _is_urgent(self, payload: bytes) -> bool:
        """Return whether it is the first one; a flow is held against what was counted in 5 s."""
        return self._updates_at_once()

    @override
    def _take(self, reading: Reading, at: float) -> bool:
        if self._counter is not None and self._counter.guard.value is not None:
            self._counted_flow.begin(self._counter.guard.value, at)
        if self._is_restored:
            self._mean, self._is_restored = IntervalMean(), False
        return self._mean.take(reading.time, reading.value, at)

    @callback
    def _take_flow(self, flow: float | None, now: float) -> None:
        flow = self._limited(flow, now)
        if self._changes is not None and flow is not None:
            self._changes.take(int(now), flow, now)

    @override
    def _is_proven(self, value: float) -> bool:
        """Return whether the counter of the same input has proved that it is so fast."""
        proven = 0 if self._counter is None else self._counter.guard.proven
        return 0 <= value <= pulse_in_gauge_units(proven, self.stream.unit)

    @override
    def _current(self, now: float) -> float | None:
        if self._changes is None:
            return self._limited(super()._current(now), now)
        if self._first_pending:
            self._take_flow(self._mean.publish(0), now)
        return super()._current(now)

    def _limited(self, flow: float | None, now: float) -> float | None:
        """Return a flow, or less if so much can't flow now."""
        elapsed = self._silence = 0 if self._last_seen is None else now - self._last_seen
        unit, pulse = self.stream.unit, self._pulse
        if pulse is None:
            return decayed_flow(flow, None, elapsed)
        flow = decayed_flow(flow, pulse_in_gauge_units(pulse, unit), elapsed)
        most = self._counted(pulse, now)
        if flow is None or most is None:
            return flow
        return min(flow, pulse_in_gauge_units(most, unit))

    @property
    def _pulse(self) -> float | None:
        """The size of a pulse; None while unknown."""
        if self._constant is None and self._counter is not None:
            return self._counter.step
        return self._constant

    def _counted(self, pulse: float, now: float) -> float | None:
        """Return the most that flowed by the counter, if that is heard (units per second)."""
        guard = None if self._counter is None else self._counter.guard
        if guard is None or guard.last is None or guard.value is None:
            return None
        return self._counted_flow.most(guard.value, guard.last.at, pulse, now)


class CounterChannel(Channel):
    """The last reading that the guard accepted."""

    def __init__(
        self,
        stream: Stream,
        topic: str,
        transport: Transport,
        context: ChannelContext,
        interval: int | None,
    ) -> None:
        super().__init__(stream, topic, transport, context, interval)
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
        if before is not None and guard.value is not None and guard.value > before:
            step = guard.value - before
            if self.step is None or step < self.step:
                self.step = step
        return True

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


def channel_type_of(stream: Stream) -> type[Channel]:
    """Return the type of channel for a stream."""
    if is_event(stream):
        return EventChannel
    if stream.kind is Kind.COUNTER:
        return CounterChannel
    return FlowChannel if stream.sensor.source is Source.PULSE else GaugeChannel

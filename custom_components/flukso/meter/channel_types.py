"""The kinds of channels: what each makes of the readings of its stream."""

from typing import TYPE_CHECKING, override

from homeassistant.core import callback

from ..metering.counter_guard import CounterGuard, CounterReading, CounterState
from ..metering.interval_mean import IntervalMean
from ..metering.pulse_flow import decayed_flow
from ..protocol.reading import Reading
from ..protocol.sensors import Source, Stream
from ..protocol.topics import Kind
from ..transport.home_assistant import Transport
from .channel import Channel, Reports
from .input_limits import is_event, pulse_in_gauge_units


class EventChannel(Channel):
    """Shows every reading at once: what a kube notices, and its faults."""

    _latest: float | None = None

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
        self._mean = IntervalMean()

    @override
    def lose(self) -> None:
        super().lose()
        self._mean = IntervalMean()
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
        constant = self.constant
        if constant is None and self.counter is not None:
            constant = self.counter.step
        pulse = None if constant is None else pulse_in_gauge_units(constant, self.stream.unit)
        return decayed_flow(super()._current(now), pulse, elapsed)


class CounterChannel(Channel):
    """Shows the last reading that the guard accepts."""

    def __init__(
        self, stream: Stream, topic: str, transport: Transport, reports: Reports, interval: int
    ) -> None:
        super().__init__(stream, topic, transport, reports, interval)
        self.guard = CounterGuard(rid=stream.sensor.rid, both_ways=stream.both_ways)
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
        found = guard.take(CounterReading(reading.time, reading.value, at))
        if guard.held != held:
            self.stats.hold(guard.held)
        if found is not None:
            self._reports.counter_break(self, found)
        if before is not None and guard.value is not None and guard.value > before:
            counted = guard.value - before
            if self.step is None or counted < self.step:
                self.step = counted
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


def channel_type_of(stream: Stream) -> type[Channel]:
    """The kind of channel that a stream needs."""
    if is_event(stream):
        return EventChannel
    if stream.kind is Kind.COUNTER:
        return CounterChannel
    return FlowChannel if stream.sensor.source is Source.PULSE else GaugeChannel

"""A channel of the flow through a pulse input, which is sent on pulses only."""

from typing import override

from homeassistant.core import callback

from ..metering.interval_mean import IntervalMean
from ..metering.on_change import TICK
from ..metering.pulse_flow import CountedFlow, decayed_flow
from ..protocol.configuration import Configuration
from ..protocol.reading import Reading
from ..protocol.sensors import Stream
from .channel import Channel
from .channel_context import ChannelContext
from .counter_channel import CounterChannel
from .gauge_channel import GaugeChannel
from .input_limits import pulse_constant, pulse_in_gauge_units
from .reading_storage import LastReading
from .write_intervals import Tick


class FlowChannel(GaugeChannel):
    """The mean flow while pulses arrive, and afterwards the most that can still flow.

    It is never more than what the counter of the same input counted, and one pulse.

    The size of a pulse (Wh, L, g or s) is the constant of its port, or else the smallest step that
    the counter of the same input has made.
    """

    def __init__(
        self, stream: Stream, topic: str, context: ChannelContext, interval: int | None
    ) -> None:
        super().__init__(stream, topic, context, interval)
        self._constant: float | None = None
        self._counter: CounterChannel | None = None
        self._counted_flow = CountedFlow()
        self._is_restored = False

    @callback
    def restore(self, last: LastReading, now: float) -> None:
        """Continue from the flow before a reload, which ends like any other flow."""
        self._mean.take(0, last.value, last.at)
        self._is_restored, self._last_seen = True, last.at
        self.stats.read_at = last.at
        self.update_value(now)

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
    def _may_be_urgent(self) -> bool:
        """Return whether the first one is pending; a flow is held against what 5 s counted."""
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
        elapsed = 0 if self._last_seen is None else now - self._last_seen
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

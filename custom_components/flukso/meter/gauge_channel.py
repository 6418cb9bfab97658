"""A channel of a gauge: its mean over each interval, or its value when that changes."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import override

from homeassistant.core import CALLBACK_TYPE, callback

from ..metering.interval_mean import IntervalMean
from ..metering.on_change import OnChange
from ..protocol.reading import Reading, unchecked_value
from ..protocol.sensors import Stream
from ..transport.interface import Message
from .change_rules import change_rule
from .channel import Channel
from .channel_context import ChannelContext
from .write_intervals import Tick


class GaugeChannel(Channel):
    """The mean over each interval, or a value that is updated when it changes."""

    def __init__(
        self, stream: Stream, topic: str, context: ChannelContext, interval: int | None
    ) -> None:
        super().__init__(stream, topic, context, interval)
        self._mean = IntervalMean()
        self._rule = change_rule(stream) if interval is None else None
        self._changes = None if self._rule is None else OnChange(self._rule)
        self._has_changed = False
        self._watches: list[Callable[[float], bool]] = []

    @override
    def reset(self) -> None:
        super().reset()
        self._mean = IntervalMean()
        self._changes = None if self._rule is None else OnChange(self._rule)
        self.value = None

    @callback
    @override
    def _receive(self, messages: Sequence[Message]) -> None:
        super()._receive(messages)
        has_changed, self._has_changed = self._has_changed, False
        if has_changed and self._changes is not None and self._changes.follow():
            self.update_value(messages[-1].arrived)

    @override
    def _may_be_urgent(self) -> bool:
        if self._rule is None:
            return super()._may_be_urgent()
        return self._rule.prompt or self._updates_at_once()

    @callback
    def watch(self, is_urgent: Callable[[float], bool]) -> CALLBACK_TYPE:
        """Have values delivered soon that are urgent; returns an unsubscribe function.

        Only the transport over Home Assistant's MQTT asks; the direct one delivers all soon that
        may be urgent.
        """
        self._watches.append(is_urgent)
        return partial(self._watches.remove, is_urgent)

    @override
    def is_due(self, tick: Tick, now: float) -> bool:
        if self._changes is None:
            return super().is_due(tick, now)
        return self._changes.tick(ends_minute=tick.ends_minute)

    @override
    def _is_urgent(self, payload: bytes) -> bool:
        if self._rule is None or self._changes is None or self._first_pending:
            return super()._is_urgent(payload)
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
            self._has_changed = True
        return is_taken

    @override
    def _current(self, now: float) -> float | None:
        if self._changes is None:
            return self._mean.publish(0 if self._first_pending else self.interval or 0)
        return self._changes.begin() if self._first_pending else self._changes.shown

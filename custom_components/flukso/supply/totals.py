"""Totals: values computed from the readings of one or several channels."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import override

from homeassistant.core import CALLBACK_TYPE, callback

from ..meter.change_rules import change_rule
from ..meter.flow_channel import FlowChannel
from ..meter.gauge_channel import GaugeChannel
from ..meter.meter import Meter
from ..meter.observable import Observable
from ..meter.write_intervals import Tick
from ..metering.interval_mean import IntervalMean
from ..metering.on_change import OnChange
from ..metering.rounding import rounded
from ..metering.same_second_sum import SameSecondSum
from ..transport.subscriptions import Subscriptions
from .energy_source import EnergySource


class Total(Observable):
    """A value computed from channels, published once per interval, at first immediately.

    Without an interval it is published when it changes.

    It is never computed from some of its channels only: it waits for the others, or becomes
    unavailable.
    """

    def __init__(self, what: str, interval: int | None) -> None:
        super().__init__()
        self.what = what
        self.interval = interval
        self._publish_immediately = True

    @callback
    def publish(self) -> None:
        """Publish the value, or that it is unavailable."""
        if self.available:
            self.value = self._compute()
        else:
            self._reset()
            self._publish_immediately = True
        self.notify()

    @callback
    def _channel_updated(self) -> None:
        """Publish now if the value must not wait for the end of the interval."""
        if (self._publish_immediately or self.interval == 0) and self.available:
            self.publish()
            self._publish_immediately = self.value is None

    @callback
    def settle(self) -> None:
        """Publish the value if readings have changed it that were processed just now."""

    def is_due(self, tick: Tick) -> bool:
        """Return whether the value is to be published at a tick."""
        return tick.is_due(self.interval)

    def _reset(self) -> None:
        """Drop what is valid only while messages arrive."""

    @abstractmethod
    def _compute(self) -> float | None:
        """Return the value to publish."""


class PowerTotal(Total):
    """The sum of gauges, or of parts of them: the mean over the interval of each second's sum.

    The flow of a pulse input, which has no reading each second, is added as it is published.
    Without an interval, the sum is shown when it changes, by the rule of its gauges.
    """

    def __init__(
        self,
        what: str,
        gauges: Mapping[GaugeChannel, Callable[[float], float]],
        interval: int | None,
    ) -> None:
        super().__init__(what, interval)
        self._flows = {
            gauge: part for gauge, part in gauges.items() if isinstance(gauge, FlowChannel)
        }
        self._gauges = {gauge: part for gauge, part in gauges.items() if gauge not in self._flows}
        self._rule = change_rule(next(iter(gauges)).stream) if interval is None else None
        self._is_changed = False
        self._reset()

    @property
    @override
    def available(self) -> bool:
        return all(gauge.available for gauge in (*self._gauges, *self._flows))

    @override
    async def _async_start(self, work: Subscriptions) -> None:
        for gauge, part in self._gauges.items():
            take = partial(self._take, gauge.topic, part)
            work.add(await gauge.async_follow(take))
            if self._rule is not None and self._rule.prompt:
                work.add(gauge.watch(partial(self._is_urgent, gauge.topic, part)))
        for flow in self._flows:
            work.add(await flow.async_listen(self._flow_updated))

    @callback
    def _take(
        self, key: str, part: Callable[[float], float], time: int, value: float, at: float
    ) -> None:
        total = self._same_second_sum.take(key, time, part(value))
        average = self._mean if self._changes is None else self._changes
        if total is not None and average.take(time, total, at):
            if self._changes is not None and self._changes.out_of_range:
                self._is_changed = True
            self._channel_updated()

    @callback
    def _flow_updated(self) -> None:
        self._is_changed = True
        self._channel_updated()

    def _is_urgent(self, key: str, part: Callable[[float], float], value: float) -> bool:
        """Return whether the sum with a value that has arrived can't wait until the next tick."""
        self._arrived[key] = part(value)
        if self._changes is None or len(self._arrived) < len(self._gauges):
            return False
        lowest, highest = self._changes.range
        return not lowest <= sum(self._arrived.values()) <= highest

    @callback
    @override
    def settle(self) -> None:
        is_changed, self._is_changed = self._is_changed, False
        if self._changes is not None and is_changed and (self._changes.follow() or self._flows):
            self.publish()

    @override
    def is_due(self, tick: Tick) -> bool:
        if self._changes is None:
            return super().is_due(tick)
        has_flow_changed, self._is_changed = self._is_changed and bool(self._flows), False
        return self._changes.tick(ends_minute=tick.ends_minute) or has_flow_changed

    @override
    def _reset(self) -> None:
        self._same_second_sum = SameSecondSum([gauge.topic for gauge in self._gauges])
        self._mean = IntervalMean()
        self._changes = None if self._rule is None else OnChange(self._rule)
        self._arrived: dict[str, float] = {}
        self.value = None

    @override
    def _compute(self) -> float | None:
        power = self._power()
        if not self._flows:
            return power
        flows = [
            None if flow.value is None else part(flow.value) for flow, part in self._flows.items()
        ]
        powers = [*flows, power] if self._gauges else flows
        known = [each for each in powers if each is not None]
        return rounded(sum(known), 3) if len(known) == len(powers) else None

    def _power(self) -> float | None:
        """Return the sum of the gauges that have a reading each second."""
        if self._changes is None:
            return self._mean.publish(0 if self._publish_immediately else self.interval or 0)
        return self._changes.begin() if self._publish_immediately else self._changes.shown


class EnergyTotal(Total):
    """An energy or demand: a figure of a source."""

    def __init__(
        self,
        what: str,
        source: EnergySource,
        figure: Callable[[], float | None],
        interval: int | None,
    ) -> None:
        super().__init__(what, interval)
        self.source = source
        self._figure = figure

    @property
    @override
    def available(self) -> bool:
        return self.source.available

    @override
    async def _async_start(self, work: Subscriptions) -> None:
        work.add(await self.source.async_listen(self._channel_updated))

    @override
    def _compute(self) -> float | None:
        return self._figure() if self.source.up_to_date else None


class Totals[AnyTotal: Total](ABC):
    """Keeps totals of a meter in line with its channels, and publishes them when due."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self.totals: dict[str, AnyTotal] = {}

    def current(self) -> Collection[AnyTotal]:
        """Return the totals of the meter as configured now."""
        return self.totals.values()

    @callback
    def listen(self) -> CALLBACK_TYPE:
        """Follow the meter; returns an unsubscribe function."""
        self._update()
        return self._meter.listen(self._update, self._tick, self._settle)

    @callback
    def _settle(self) -> None:
        for total in self.totals.values():
            if total.listening:
                total.settle()

    @callback
    def _tick(self, tick: Tick) -> None:
        for total in self.totals.values():
            if not total.listening:
                continue
            if not total.available or total.is_due(tick):
                total.publish()
            else:
                total.notify()

    @callback
    @abstractmethod
    def _update(self) -> None:
        """Create the totals again when their channels have changed."""

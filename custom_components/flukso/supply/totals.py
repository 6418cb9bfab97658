"""Totals of a supply: what entities show of several channels together."""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial
from typing import override

from homeassistant.core import callback

from ..meter.channel import Channel
from ..meter.observable import Observable
from ..metering.interval_mean import IntervalMean
from ..metering.same_second_sum import SameSecondSum
from .energy import SupplyEnergy


class Total(Observable):
    """A value made of several channels, shown once an interval and the first time at once.

    It is never made of a part of them: it becomes unavailable, or waits.
    """

    def __init__(self, what: str, interval: int) -> None:
        super().__init__()
        self.what = what
        self.interval = interval
        self._at_once = True

    @callback
    def show(self) -> None:
        """Show what the channels amount to."""
        if self.available:
            self.value = self._current()
        else:
            self._forget()
            self._at_once = True
        self.notify()

    @callback
    def _news(self) -> None:
        """Show at once what is not to wait for the next interval."""
        if (self._at_once or not self.interval) and self.available:
            self.show()
            self._at_once = self.value is None

    def _forget(self) -> None:
        """Forget what is true only while messages come."""

    @abstractmethod
    def _current(self) -> float | None:
        """The value to show."""


class PowerTotal(Total):
    """The sum of gauges, each with its sign: the mean of the sums of every second."""

    def __init__(self, what: str, gauges: Mapping[Channel, int], interval: int) -> None:
        super().__init__(what, interval)
        self._gauges = gauges
        self._forget()

    @property
    @override
    def available(self) -> bool:
        return all(gauge.available for gauge in self._gauges)

    @override
    async def _async_start(self, work: ExitStack) -> None:
        for gauge in self._gauges:
            take = partial(self._take, gauge.topic)
            work.callback(await gauge.async_follow(take))

    @callback
    def _take(self, key: str, time: int, value: float, at: float) -> None:
        total = self._same_second_sum.take(key, time, value)
        if total is not None and self._mean.take(time, total, at):
            self._news()

    @override
    def _forget(self) -> None:
        signs = {gauge.topic: sign for gauge, sign in self._gauges.items()}
        self._same_second_sum = SameSecondSum(signs)
        self._mean = IntervalMean()
        self.value = None

    @override
    def _current(self) -> float | None:
        return self._mean.publish(0 if self._at_once else self.interval)


class EnergyTotal(Total):
    """A figure of the ledger."""

    def __init__(
        self,
        what: str,
        supply_energy: SupplyEnergy,
        figure: Callable[[SupplyEnergy], float | None],
        interval: int,
    ) -> None:
        super().__init__(what, interval)
        self.supply_energy = supply_energy
        self._figure = figure

    @property
    @override
    def available(self) -> bool:
        return self.supply_energy.available

    @override
    async def _async_start(self, work: ExitStack) -> None:
        work.callback(await self.supply_energy.async_listen(self._news))

    @override
    def _current(self) -> float | None:
        return self._figure(self.supply_energy) if self.supply_energy.current else None

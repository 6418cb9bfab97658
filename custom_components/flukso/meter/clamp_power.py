"""The power of each clamp of an FLM03: its import less its export."""

from collections.abc import Collection
from typing import override

from homeassistant.core import CALLBACK_TYPE, callback

from ..metering.rounding import rounded
from ..protocol.quantities import Quantity
from ..protocol.sensors import Sensor, Source
from ..protocol.topics import Kind
from ..transport.subscriptions import Subscriptions
from .channel import Channel
from .meter import Meter
from .observable import Observable
from .write_intervals import Tick

#: The meter prints three decimals.
_DECIMALS = 3


class ClampPower(Observable):
    """The power of a clamp (W), as its two directions are shown, and whenever one of them is."""

    def __init__(self, imported: Channel, exported: Channel) -> None:
        super().__init__()
        self.imported = imported
        self.exported = exported

    @property
    def sensor(self) -> Sensor:
        """Return the sensor of its import."""
        return self.imported.stream.sensor

    @property
    def port(self) -> int:
        """Return the number of its port."""
        return self.sensor.ports[0]

    @property
    @override
    def available(self) -> bool:
        return self.imported.available and self.exported.available

    @override
    async def _async_start(self, work: Subscriptions) -> None:
        for channel in (self.imported, self.exported):
            work.add(await channel.async_keep_active())
        self.update()

    @callback
    def update(self) -> None:
        """Compute it from both directions, once they have been updated."""
        imported, exported = self.imported.value, self.exported.value
        if imported is None or exported is None:
            self.value = None
        else:
            self.value = rounded(imported - exported, _DECIMALS)
        self.notify()


class ClampPowers:
    """Keeps the powers of a meter's clamps in line with their channels."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._powers: list[ClampPower] = []

    def current(self) -> Collection[ClampPower]:
        """Return those of the meter as configured now."""
        return self._powers

    @callback
    def listen(self) -> CALLBACK_TYPE:
        """Follow the meter; returns an unsubscribe function."""
        self._follow_channels()
        return self._meter.listen(self._follow_channels, self._tick, self._update)

    @callback
    def _follow_channels(self) -> None:
        """Create the powers again whose channels have changed."""
        imported, exported = self._gauges(Quantity.PPLUS), self._gauges(Quantity.PMINUS)
        known = {(power.imported, power.exported): power for power in self._powers}
        pairs = [
            (imported[port], exported[port]) for port in sorted(imported.keys() & exported.keys())
        ]
        self._powers = [known.get(pair) or ClampPower(*pair) for pair in pairs]

    def _gauges(self, quantity: Quantity) -> dict[int, Channel]:
        """Return the gauges of a quantity of the clamps, by port."""
        return {
            channel.stream.sensor.ports[0]: channel
            for channel in self._meter.channels.values()
            if channel.stream.kind is Kind.GAUGE
            and channel.stream.sensor.source is Source.CLAMP
            and channel.stream.sensor.quantity is quantity
            and len(channel.stream.sensor.ports) == 1
        }

    @callback
    def _tick(self, _tick: Tick) -> None:
        self._update()

    @callback
    def _update(self) -> None:
        for power in self._powers:
            if power.listening:
                power.update()

"""The Fluksometer FLM03E: three clamp ports, three pulse ports, kubes (docs/protocol.md)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import override

from . import installation, waveform, wire
from .blocks import History
from .clamp import COUNTER_UNITS, COUNTERS, GAUGE_UNITS, Clamp, Wiring
from .config import SECTIONS, Json
from .household import Home
from .installation import CLAMP_PORTS, PULSE_PORTS, clamp_slots, pulse_slot
from .kube import FLK01A, FLK01B, UNITS
from .message import Message
from .meter import KUBE_NAMES, Meter
from .pulse import KINDS, Pulse, PulseInput
from .random_values import draw
from .tap import tap

TIME_PERIOD = 10
TEST_PERIOD = 86400


@dataclass(frozen=True, slots=True)
class Outlet:
    """The topic of one reading of an enabled sensor.

    Attributes:
        index: Its place among its port's counters or gauges.
        topic: The full topic.
        unit: The unit in the payload.
        history: The memory that logs this topic, if any.
    """

    index: int
    topic: str
    unit: str
    history: History | None


class Flm03(Meter):
    """An FLM03E with firmware 382."""

    max_sensors = 128
    lag = 1

    def __init__(
        self,
        device_id: str,
        *,
        start: int,
        seed: int = 0,
        prefix: str = "",
        phase: str = "3p+n",
        math: str = "none",
        clamps: int = 3,
        pulses: Sequence[str] = ("water", "gas", "electricity"),
        kubes: int = 2,
        full: bool = False,
        solar_phase: int = 3,
        counters: Mapping[int, float] | None = None,
        waveforms: bool = True,
        blocks: bool = True,
        times: bool = True,
    ) -> None:
        """Install it.

        Args:
            device_id: 32 lower-case hex digits.
            start: The first second that can be simulated, since the epoch.
            seed: Selects its household.
            prefix: The prefix that a bridge adds to each topic.
            phase: "1p", "3p+n" or "3p-n".
            math: "none", "p2+p1" (with 1p) or "p1+p2+p3".
            clamps: How many of the ports 1 to 3 have a clamp.
            pulses: The types of the pulse ports in use, from port 4 on.
            kubes: How many kubes are paired, 10 at most.
            full: Use all 128 slots: three clamps, three pulse ports and ten kubes.
            solar_phase: The phase that the inverter feeds, 1 to 3; 0 without solar.
            counters: The start values of counters by slot, in Wh, VARh, L, …
            waveforms: Whether the waveform topics are published.
            blocks: Whether the meter keeps and publishes its memory.
            times: Whether the clock topic is published.

        Raises:
            ValueError: The device id is invalid.
        """
        home = Home(seed, solar_phase)
        super().__init__(device_id, start=start, home=home, prefix=prefix, blocks=blocks)
        if full:
            clamps, kubes = 3, 10
            pulses = (*pulses, "water", "gas", "electricity")[:3]
        self.ports = dict(installation.ports(clamps, pulses, phase))
        self._main: dict[str, Json] = {"led_mode": 255, "phase": phase, "math": math}
        self._waveforms, self._times = waveforms, times
        self._tested = start
        ids = {slot: sensor.id for slot, sensor in self.sensors.items()}
        self.sensors |= dict(installation.sensors(ids, clamps, pulses, math))
        starts = {slot: _start(device_id, slot) for slot in range(1, 40)}
        starts |= {slot: round(value * 1000) for slot, value in (counters or {}).items()}
        wiring = Wiring(home, phase, math)
        self._clamps = {
            port: Clamp(port, wiring, [starts[slot] for slot in clamp_slots(port)[:COUNTERS]])
            for port in CLAMP_PORTS
        }
        self._inputs = {
            port: PulseInput(
                KINDS[self.sensors[pulse_slot(port)].type or ""], home, starts[pulse_slot(port)]
            )
            for port in PULSE_PORTS
        }
        for kid in range(1, kubes + 1):
            # Only eight slots are left for a tenth kube: its registry has one type less.
            types = [kind for kind in UNITS if kid < 10 or kind != "proximity"]
            self.pair_kube(KUBE_NAMES[kid - 1], hw_type=FLK01B if kid % 2 else FLK01A, types=types)
        self._connect()

    @override
    def announce(self) -> list[Message]:
        """Return the retained topics: three configurations in any order, and the last self-test."""
        return [*self._saved("sensor", "flx", "kube"), self._test(self._tested)]

    @override
    def rename(self, port: int, name: str | None) -> list[Message]:
        """Rename a port, or remove its name; saving the page republishes the sensors as well.

        Raises:
            KeyError: There is no such port.
        """
        self.ports[port] = replace(self.ports[port], name=name)
        return self._saved("flx", "sensor")

    @override
    def retype(self, port: int, kind: str) -> list[Message]:
        """Change the type of a pulse port; its counter continues.

        Raises:
            KeyError: It is not a pulse port, or there is no such type.
        """
        self._inputs[port].kind = KINDS[kind]
        self._change(pulse_slot(port), type=kind, more=installation.pulse_keys(port, kind))
        return self._saved("flx", "sensor")

    def switch(self, port: int, watts: float) -> None:
        """Switch a load of so many watts on behind the clamp of a port; 0 switches it off.

        Raises:
            KeyError: It is not a clamp port.
        """
        self._clamps[port].switch(watts)

    def reset_counters(self) -> None:
        """Reset the counters of all ports to 0, as with a replaced sensor board."""
        for clamp in self._clamps.values():
            clamp.reset()
        for pulses in self._inputs.values():
            pulses.counter = 0

    @override
    def _saved(self, *topics: str) -> list[Message]:
        self._connect()
        return super()._saved(*topics)

    def _connect(self) -> None:
        """Determine the topics of the clamps' readings, once for all following seconds."""
        self._counters = {port: list(self._outlets(port, COUNTER_UNITS)) for port in self._clamps}
        self._gauges = {port: list(self._outlets(port, GAUGE_UNITS)) for port in self._clamps}

    def _outlets(self, port: int, units: Sequence[str]) -> Iterator[Outlet]:
        topic = "counter" if units is COUNTER_UNITS else "gauge"
        for index, unit in enumerate(units):
            sensor = self.sensors[clamp_slots(port)[index]]
            if sensor.publishes:
                history = self._history(sensor) if sensor.data_type == topic else None
                yield Outlet(index, f"{self.prefix}/sensor/{sensor.id}/{topic}", unit, history)

    @override
    def _live(self, start: int, stop: int) -> None:
        for port, clamp in self._clamps.items():
            clamp.integrate(start, stop)
            stamp = stop - self.lag + self.clock
            for outlet, reading in self._clamp_counters(port):
                if outlet.history:
                    outlet.history.log(stamp, reading)
            for outlet, raw in self._clamp_gauges(port):
                if outlet.history:
                    outlet.history.log(stamp, wire.gauge_misread(raw))
        for port, pulses in self._inputs.items():
            sensor = self.sensors[pulse_slot(port)]
            history = self._history(sensor)
            for pulse in pulses.integrate(start, stop):
                if history:
                    history.log(pulse.second + 1 + self.clock, pulse.counter)

    @override
    def _speak(self, now: int) -> Iterator[Message]:
        stamp = now + self.clock
        if now - self._tested >= TEST_PERIOD:
            self._tested = now
            yield self._test(stamp)
        if self._times and now % TIME_PERIOD == 0:
            yield self._time(stamp)
        for port, clamp in self._clamps.items():
            clamp.integrate(self._past, now)
            if self._waveforms and self.ports[port].enable:
                yield from self._waves(port, stamp - self.lag)
            yield from self._clamp_messages(port, stamp - self.lag)
        for port, pulses in self._inputs.items():
            yield from self._pulse_messages(port, pulses, stamp)

    def _clamp_counters(self, port: int) -> Iterator[tuple[Outlet, int]]:
        readings = list(self._clamps[port].counters())
        for outlet in self._counters[port]:
            yield outlet, readings[outlet.index]

    def _clamp_gauges(self, port: int) -> Iterator[tuple[Outlet, int]]:
        outlets, clamp = self._gauges[port], self._clamps[port]
        powers_only = not outlets or outlets[-1].index < COUNTERS
        gauges = clamp.powers() if powers_only else clamp.gauges()
        for outlet in outlets:
            yield outlet, gauges[outlet.index]

    def _clamp_messages(self, port: int, stamp: int) -> Iterator[Message]:
        for outlet, reading in self._clamp_counters(port):
            if outlet.history:
                outlet.history.log(stamp, reading)
            yield Message(outlet.topic, wire.counter(stamp, reading, outlet.unit))
        for outlet, raw in self._clamp_gauges(port):
            if outlet.history:
                outlet.history.log(stamp, wire.gauge_misread(raw))
            yield Message(outlet.topic, wire.gauge(stamp, raw, outlet.unit))

    def _pulse_messages(self, port: int, pulses: PulseInput, stamp: int) -> Iterator[Message]:
        for pulse in pulses.integrate(self._past, stamp - self.clock):
            yield from self._pulse_message(port, pulses, pulse, stamp)

    def _pulse_message(
        self, port: int, pulses: PulseInput, pulse: Pulse, stamp: int
    ) -> Iterator[Message]:
        sensor, kind = self.sensors[pulse_slot(port)], pulses.kind
        if not sensor.publishes:
            return
        history = self._history(sensor)
        if history:
            history.log(stamp, pulse.counter)
        topic = f"{self.prefix}/sensor/{sensor.id}"
        yield Message(f"{topic}/counter", wire.counter(stamp, pulse.counter, kind.counter))
        if value := wire.pulse_value(pulse.rate, kind.factor):
            yield Message(f"{topic}/gauge", wire.pulse_gauge(stamp, value, kind.gauge))

    def _waves(self, port: int, stamp: int) -> Iterator[Message]:
        seen = self._clamps[port].electricity()
        topic = f"{self.prefix}/device/{self.device_id}/flx"
        if port == 1:
            yield Message(f"{topic}/voltage/1", waveform.voltage(stamp, seen))
        yield Message(f"{topic}/current/{port}", waveform.current(stamp, seen))

    def _test(self, stamp: int) -> Message:
        topic = f"{self.prefix}/device/{self.device_id}/test/tap"
        return Message(topic, tap(self.device_id, stamp), retain=True)

    def _time(self, stamp: int) -> Message:
        flm = f"{{time:[{stamp},{12000 + stamp * 7919 % 900}],update:false}}"
        text = f"{{flm:{flm},flx:{{time:[{stamp},0],update:false}}}}"
        return Message(f"{self.prefix}/device/{self.device_id}/flx/time", text.encode())

    @override
    def _truth(self) -> Iterator[tuple[tuple[str, str], float]]:
        yield from super()._truth()
        for port, clamp in self._clamps.items():
            ids = [self.sensors[slot].id for slot in clamp_slots(port)]
            for sensor_id, reading in zip(ids, clamp.counters(), strict=False):
                yield (sensor_id, "counter"), reading / 1000
            for sensor_id, raw in zip(ids, clamp.gauges(), strict=True):
                yield (sensor_id, "gauge"), wire.gauge_value(raw)
        for port, pulses in self._inputs.items():
            sensor_id = self.sensors[pulse_slot(port)].id
            yield (sensor_id, "counter"), pulses.counter / 1000
            yield (sensor_id, "gauge"), wire.pulse_value(pulses.rate, pulses.kind.factor)

    @override
    def _entries(self, what: str) -> Mapping[str, Json]:
        entries = super()._entries(what)
        if what == "sensor":
            return {
                **entries,
                **SECTIONS,
                "main": {"max_provisioned_sensors": self.max_sensors},
                "tmpo": {"root": "/flukso/"},
            }
        if what == "flx":
            return {str(n): port.entry() for n, port in self.ports.items()} | {"main": self._main}
        return entries


def _start(device_id: str, slot: int) -> int:
    """Return what a slot's counter stands at when the simulation starts, in thousandths."""
    return draw(device_id, "counter", slot).randrange(10_000_000_000)

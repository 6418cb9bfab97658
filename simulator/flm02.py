"""The Fluksometer FLM02: unsigned integers, retained (docs/protocol.md section 1b).

It measures current only and assumes a constant voltage, so its clamps report apparent power and
count it upwards in both directions. The smart meter on its P1 port measures the direction: that
sensor is the net of import and export and counts both ways.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import override

from . import flows, wire
from .config import SECTIONS, Json, as_lua
from .household import MINUTE, Home, Minute, minute
from .kube import FLK01A, FLK01B
from .message import Message
from .meter import KUBE_NAMES, Meter
from .pulse import KINDS, MICRO, PulseInput
from .random_values import draw

ANALOG_SLOTS = (1, 2, 3)
PULSE_SLOTS = (4, 5)
UART_SLOT = 6
P1_ELECTRICITY, P1_GAS = 7, 8
P1_PERIOD = 10
UNITS: Mapping[str, tuple[str, str, int]] = {
    "electricity": ("Wh", "W", 3600),
    "water": ("L", "L/day", 86400),
    "gas": ("L", "L/day", 86400),
}
"""Of each type: the counter's unit, the gauge's, and the factor from the first a second to it."""
REGISTERS: Mapping[int, Sequence[str]] = {
    P1_ELECTRICITY: ("1-0:1.8.1", "1-0:2.8.1", "1-0:1.8.2", "1-0:2.8.2", "1-0:1.7.0", "1-0:2.7.0"),
    P1_GAS: ("0-1:24.2.0", "0-1:24.2.1"),
}


@dataclass(slots=True)
class Register:
    """The readings of a clamp or a smart meter at an interval.

    Attributes:
        rate: The flow in counter units per second, one item per second.
        factor: From counter units a second to the gauge's unit.
        period: Seconds between two readings.
        looked: The second of the last reading.
        total: The counter in millionths.
        gauge: The gauge published last, the mean since the reading before.
    """

    rate: Callable[[Minute], Sequence[float]]
    factor: int
    period: int
    looked: int
    total: int
    gauge: int = 0
    _before: int = field(init=False)

    def __post_init__(self) -> None:
        self._before = self.total

    @property
    def counter(self) -> int:
        """Return the counter in whole units, as it is published."""
        return self.total // MICRO

    def integrate(self, start: int, stop: int, home: Home) -> None:
        """Count the seconds from start up to, not including, stop."""
        second = start
        while second < stop:
            first, last = second % MINUTE, min(MINUTE, stop - second + second % MINUTE)
            flow = self.rate(minute(second // MINUTE, home))[first:last]
            self.total += sum(int(amount * MICRO) for amount in flow)
            second += last - first

    def look(self, now: int) -> bool:
        """Update the gauge, and return whether the counter has changed since the last reading."""
        before = self._before
        if now > self.looked:
            self.gauge = (self.total - before) * self.factor // ((now - self.looked) * MICRO)
        self._before, self.looked = self.total, now
        return before // MICRO != self.counter


class Flm02(Meter):
    """An FLM02B: three clamps, two pulse inputs, a P1 port, kubes."""

    max_sensors = 64

    def __init__(
        self,
        device_id: str,
        *,
        start: int,
        seed: int = 0,
        prefix: str = "",
        phases: int = 1,
        clamps: int = 2,
        pulses: Sequence[str] = ("gas", "water"),
        p1: bool = False,
        kubes: int = 0,
        solar_phase: int = 3,
        blocks: bool = True,
    ) -> None:
        """Install it.

        Args:
            device_id: 32 lower-case hex digits.
            start: The first second that can be simulated, since the epoch.
            seed: Selects its household.
            prefix: The prefix that a bridge adds to each topic.
            phases: 1, or 3 for one sensor that adds the clamps on the ports 1, 2 and 3.
            clamps: On one phase, how many clamps: the grid, the inverter, the kitchen.
            pulses: The types of the pulse ports in use, from port 4 on.
            p1: Whether a smart meter with electricity and gas is connected.
            kubes: How many kubes are paired, 6 at most.
            solar_phase: The phase that the inverter feeds, 1 to 3; 0 without solar.
            blocks: Whether the meter keeps and publishes its memory.

        Raises:
            ValueError: The device id is invalid.
        """
        home = Home(seed, solar_phase)
        super().__init__(device_id, start=start, home=home, prefix=prefix, blocks=blocks)
        self._phases = phases
        self._registers: dict[int, Register] = {}
        self._inputs: dict[int, PulseInput] = {}
        self._install_clamps(clamps)
        self._install_pulses(pulses)
        self._change(UART_SLOT, enable=False, more={"class": "uart", "port": [UART_SLOT]})
        if p1:
            self._install_p1()
        for kid in range(1, kubes + 1):
            self.pair_kube(KUBE_NAMES[kid - 1], hw_type=FLK01B if kid % 2 else FLK01A)

    def _install_clamps(self, clamps: int) -> None:
        names = ("main", "solar", "kitchen")
        for place, slot in enumerate(ANALOG_SLOTS):
            more = _analog(names[place], [slot] if self._phases == 1 else list(ANALOG_SLOTS))
            enable = place < clamps if self._phases == 1 else place == 0
            self._change(slot, enable=enable, type="electricity", more=more)
            rate = (
                flows.all_phases if self._phases == 3 else flows.grid,
                flows.inverter,
                flows.kitchen,
            )[place]
            self._registers[slot] = Register(rate, 3600, 1, self._past, self._start(slot))

    def _install_pulses(self, pulses: Sequence[str]) -> None:
        for place, slot in enumerate(PULSE_SLOTS):
            kind = pulses[place] if place < len(pulses) else "electricity"
            more: dict[str, Json] = {"class": "pulse", "function": kind, "port": [slot]}
            more["constant"] = KINDS[kind].constant
            self._change(slot, enable=place < len(pulses), type=kind, more=more)
            counter = self._start(slot) // MICRO * 1000
            self._inputs[slot] = PulseInput(KINDS[kind], self.home, counter)

    def _install_p1(self) -> None:
        for slot, kind in ((P1_ELECTRICITY, "electricity"), (P1_GAS, "gas")):
            more = {
                "class": "cosem",
                "function": "smart-main",
                "port": "ttyS0",
                "protocol": "dlms",
                "obis": [f"{register}*255" for register in REGISTERS[slot]],
                "derive": int(slot == P1_ELECTRICITY),
            }
            self._change(slot, enable=True, type=kind, more=more)
            rate = flows.net if slot == P1_ELECTRICITY else flows.gas
            self._registers[slot] = Register(
                rate, UNITS[kind][2], P1_PERIOD, self._past, self._start(slot)
            )

    @override
    def rename(self, port: int, name: str | None) -> list[Message]:
        """Rename the sensor of a port, or remove its name; the name is part of the sensor here."""
        for slot, sensor in self.sensors.items():
            ports = sensor.more.get("port")
            if isinstance(ports, list) and port in ports:
                more = {key: value for key, value in sensor.more.items() if key != "function"}
                self._change(slot, more=more if name is None else more | {"function": as_lua(name)})
        return self._saved("sensor")

    @override
    def retype(self, port: int, kind: str) -> list[Message]:
        """Change the type of a pulse port: electricity, water or gas.

        Raises:
            KeyError: It is not a pulse port, or there is no such type.
        """
        if kind not in UNITS:
            raise KeyError(kind)
        self._inputs[port].kind = KINDS[kind]
        self._change(port, type=kind)
        return self._saved("sensor")

    @override
    def _live(self, start: int, stop: int) -> None:
        for slot, register in self._registers.items():
            register.integrate(start, stop, self.home)
            if register.look(stop):
                self._log(slot, stop, register.counter)
        for slot, pulses in self._inputs.items():
            for pulse in pulses.integrate(start, stop):
                self._log(slot, pulse.second + 1, pulse.counter // 1000)

    @override
    def _speak(self, now: int) -> Iterator[Message]:
        for slot, register in self._registers.items():
            register.integrate(self._past, now, self.home)
            if now % register.period == 0:
                moved = register.look(now)
                yield from self._said(slot, now, register.gauge, register.counter, moved)
        for slot, pulses in self._inputs.items():
            if list(pulses.integrate(self._past, now)):
                gauge = int(pulses.rate * self._units(slot)[2] + 0.5)
                yield from self._said(slot, now, gauge, pulses.counter // 1000, moved=True)

    def _said(
        self, slot: int, now: int, gauge: int, counter: int, moved: bool
    ) -> Iterator[Message]:
        sensor = self.sensors[slot]
        if not sensor.publishes:
            return
        topic, stamp = f"{self.prefix}/sensor/{sensor.id}", now + self.clock
        counter_unit, gauge_unit, _ = self._units(slot)
        yield Message(f"{topic}/gauge", wire.reading(stamp, gauge, gauge_unit), retain=True)
        if moved:
            self._log(slot, now, counter)
            yield Message(
                f"{topic}/counter", wire.reading(stamp, counter, counter_unit), retain=True
            )

    def _log(self, slot: int, now: int, counter: int) -> None:
        if history := self._history(self.sensors[slot]):
            history.log(now + self.clock, counter * 1000)

    def _units(self, slot: int) -> tuple[str, str, int]:
        return UNITS[self.sensors[slot].type or ""]

    @override
    def _truth(self) -> Iterator[tuple[tuple[str, str], float]]:
        yield from super()._truth()
        for slot, register in self._registers.items():
            yield (self.sensors[slot].id, "counter"), register.counter
            yield (self.sensors[slot].id, "gauge"), register.gauge
        for slot, pulses in self._inputs.items():
            yield (self.sensors[slot].id, "counter"), pulses.counter // 1000
            yield (self.sensors[slot].id, "gauge"), int(pulses.rate * self._units(slot)[2] + 0.5)

    @override
    def _entries(self, what: str) -> Mapping[str, Json]:
        entries = super()._entries(what)
        if what == "sensor":
            return {**entries, **SECTIONS, "fsync": _FSYNC, "main": _MAIN | {"phase": self._phases}}
        return entries

    def _start(self, slot: int) -> int:
        """Return what a slot's counter stands at when the simulation starts, in millionths."""
        return draw(self.device_id, "counter", slot).randrange(10_000_000) * MICRO


_FSYNC: Mapping[str, Json] = {"time": 1450000000, "exit_status": 0, "exit_string": "success"}
_MAIN: dict[str, Json] = {
    "hw_major": 2,
    "hw_minor": 2,
    "sw_major": 2,
    "sw_minor": 5,
    "max_sensors": 6,
    "max_analog_sensors": 3,
    "max_provisioned_sensors": 64,
    "reset_counters": 0,
    "uart_tx_invert": 0,
    "uart_rx_invert": 1,
    "dsmr": 4,
    "led_mode": 256,
}


def _analog(name: str, ports: list[Json]) -> dict[str, Json]:
    return {"class": "analog", "function": name, "port": ports, "voltage": 230, "current": 50}

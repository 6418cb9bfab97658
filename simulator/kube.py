"""A FluksoKube: a radio sensor of the meter (docs/protocol.md sections 1a and 2)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from .config import Json, as_lua
from .household import MINUTE, Home, climate, minute
from .weather import air_pressure

FLK01A = 19217
FLK01B = 19218
UNITS: Mapping[str, str] = {
    "temperature": "°C",
    "humidity": "%",
    "pressure": "Pa",
    "light": "lx",
    "battery": "V",
    "error": "",
    "movement": "",
    "vibration": "",
    "proximity": "",
}
"""The nine sensor types that both models register, and the units of their readings."""
COUNTERS = ("movement", "vibration", "proximity")
SILENT: Mapping[int, frozenset[str]] = {
    FLK01A: frozenset({"pressure", "light", "vibration", "proximity"}),
    FLK01B: frozenset({"proximity"}),
}
"""Registered types that no packet of the model ever carries."""
GAUGE_PERIOD = 64
COUNTER_PERIOD = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class KubeNode:
    """A numbered entry of config/kube.

    Attributes:
        hw_id: The 32 hex digits of its hardware, a secret of its radio.
        hw_type: 19217 (FLK01A) or 19218 (FLK01B).
        name: What the user called it, or None.
    """

    hw_id: str
    hw_type: int
    name: str | None = None

    def entry(self) -> Mapping[str, Json]:
        """Return the entry as in config/kube."""
        entry: dict[str, Json] = {
            "enable": 1,
            "hw_id": self.hw_id,
            "hw_type": self.hw_type,
            "sw_version": 1,
        }
        return entry if self.name is None else entry | {"name": as_lua(self.name)}


def data_type(kind: str) -> str:
    """Return the one topic that a kube's sensor of this type has."""
    return "counter" if kind in COUNTERS else "gauge"


@dataclass(slots=True)
class Kube:
    """A kube.

    Attributes:
        kid: Its number at the meter; it also sets when its packets come.
        node: Its entry in config/kube.
        home: Its household.
        readings: The last reading sent of each type.
    """

    kid: int
    node: KubeNode
    home: Home
    readings: dict[str, float] = field(default_factory=dict)
    _passed: int = 0

    def second(self, start: int, now: int) -> Iterator[str]:
        """Simulate from start to now; return the types with readings in the packets at now."""
        self.count(start, now)
        if now in self.packets(now - 1, now):
            for kind, value in self._gauges(now).items():
                if kind not in SILENT[self.node.hw_type]:
                    self.readings[kind] = value
                    yield kind
        if (now + 3 * self.kid) % COUNTER_PERIOD == 0:
            counts = {
                "movement": self._passed % (1 << 32),
                "vibration": self._passed // 4 % (1 << 16),
            }
            for kind, count in counts.items():
                if kind in SILENT[self.node.hw_type] or self.readings.get(kind, 0) == count:
                    continue
                self.readings[kind] = count
                yield kind

    def say_counts_again(self) -> None:
        """Let the next packet tell how often it was moved, even if that has not changed."""
        for kind in COUNTERS:
            self.readings.pop(kind, None)

    def packets(self, start: int, stop: int) -> range:
        """Return the seconds after start, up to stop, in which it sends its gauges."""
        first = start + 1 + -(start + 1 + 7 * self.kid) % GAUGE_PERIOD
        return range(first, stop + 1, GAUGE_PERIOD)

    def count(self, start: int, now: int) -> None:
        """Count the movements from start up to, not including, now."""
        second = start
        while second < now:
            first, last = second % MINUTE, min(MINUTE, now - second + second % MINUTE)
            movement = minute(second // MINUTE, self.home).movement[self.kid % 3][first:last]
            self._passed += round(sum(movement))
            second += last - first

    def _gauges(self, now: int) -> dict[str, float]:
        air = climate(now, self.home, self.kid)
        return {
            "temperature": round(air.temperature, 2),
            "humidity": round(air.humidity, 1),
            "pressure": _pressure(now // GAUGE_PERIOD, self.home.seed),
            "light": round(air.light * 4) / 4,
            "battery": round(3.1 - (now // 86400 + 37 * self.kid) % 500 / 1000, 1),
            "error": 0,
        }


@lru_cache(maxsize=64)
def _pressure(step: int, seed: int) -> float:
    return round(air_pressure(step * GAUGE_PERIOD, seed) * 4) / 4

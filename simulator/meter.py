"""The common parts of both models of the Fluksometer."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
import json
import re

from . import config, kube, wire
from .blocks import History, MeterStorage
from .config import Json, Sensor
from .household import MINUTE, Home
from .kube import Kube, KubeNode
from .message import Message
from .random_values import draw, identity

KUBE_NAMES = (
    *("living room", "garden", "bedroom", "shed", "kitchen"),
    *("greenhouse", "hall", "garage", "study", "porch"),
)
MAX_KUBES = 30


class Meter(ABC):
    """A Fluksometer. It returns the messages of each second, and has no clock of its own.

    Attributes:
        device_id: Its 32 hex digits.
        prefix: The prefix that a bridge adds to each topic.
        home: Its household.
        sensors: The numbered slots of config/sensor as they are now.
        kubes: The paired kubes by their number.
        clock: How many seconds its clock is ahead of the true time.
    """

    max_sensors: int
    lag: int = 0
    """How many seconds a clamp's reading is older than its message."""

    def __init__(
        self, device_id: str, *, start: int, home: Home, prefix: str, blocks: bool
    ) -> None:
        """Initialize it.

        Args:
            device_id: 32 lower-case hex digits.
            start: The first second that can be simulated, since the epoch.
            home: The household behind it.
            prefix: The prefix that a bridge adds to each topic.
            blocks: Whether it keeps and publishes its memory.

        Raises:
            ValueError: The device id is invalid.
        """
        if not re.fullmatch(r"[0-9a-f]{32}", device_id):
            raise ValueError(f"A device id is 32 lower-case hex digits, not {device_id!r}")
        self.device_id = device_id
        self.prefix = prefix
        self.home = home
        self.sensors = {
            slot: Sensor(id=identity(device_id, "sensor", slot))
            for slot in range(1, self.max_sensors + 1)
        }
        self.kubes: dict[int, Kube] = {}
        self.clock = 0
        self._chance = draw(device_id, home.seed)
        self._storage = MeterStorage(self._chance) if blocks else None
        self._past = start - 1

    # Messages

    def announce(self) -> list[Message]:
        """Return the messages at the start of the meter's daemons: the retained topics."""
        return self._saved("sensor", "kube")

    def second(self, now: int) -> list[Message]:
        """Return all messages of a second.

        The time since the last simulated second is counted and stored, with one reading per
        minute, or of a kube per packet, but not published.

        Args:
            now: The second since the epoch, later than the last one.

        Raises:
            ValueError: The second is not later than the last one.
        """
        if now <= self._past:
            raise ValueError(f"Second {now} is not after {self._past}, which has passed")
        if now - 1 > self._past:
            self._skip(now - 1)
        messages = [
            *self._speak(now),
            *self._kube_messages(now),
            *self._block_messages(now),
        ]
        self._past = now
        return messages

    def hear(self, message: Message) -> list[Message]:
        """Answer a request for stored blocks (docs/protocol.md section 7) that was published."""
        if self._storage is None or message.topic != self.sync_topic:
            return []
        try:
            wanted = [
                (item["sid"], int(item["rid"]), int(item["bid"]) + (1 << int(item["lvl"])) - 1)
                for item in json.loads(message.payload)
            ]
        except KeyError, TypeError, ValueError:
            return []
        stored = (block for last in wanted for block in self._storage.since(*last))
        return [Message(self.prefix + topic, payload) for topic, payload in stored]

    @property
    def sync_topic(self) -> str:
        """Return the topic on which the meter takes requests for stored blocks."""
        return f"{self.prefix}/d/device/{self.device_id}/tmpo/sync"

    @property
    def truth(self) -> Mapping[tuple[str, str], float]:
        """Return what each (sensor id, "counter" or "gauge") last really was, published or not."""
        return dict(self._truth())

    # Changes by the user

    def enable(self, slot: int, on: bool = True) -> list[Message]:
        """Switch a sensor on or off.

        Raises:
            ValueError: The slot is not in use.
        """
        if self.sensors[slot].enable is None:
            raise ValueError(f"Nothing uses slot {slot}")
        self._change(slot, enable=on)
        return self._saved("sensor")

    def pair_kube(
        self, name: str | None = None, *, hw_type: int = kube.FLK01B, types: Collection[str] = ()
    ) -> list[Message]:
        """Pair a kube: it takes the first free number, and a free slot for each of its types.

        Args:
            name: What the user calls it.
            hw_type: 19217 (FLK01A) or 19218 (FLK01B).
            types: The types that its registry lists; by default all nine.

        Raises:
            ValueError: There are no free slots for it.
        """
        wanted = list(types or kube.UNITS)
        free = [slot for slot, sensor in self.sensors.items() if sensor.enable is None]
        kid = next((kid for kid in range(1, MAX_KUBES + 1) if kid not in self.kubes), None)
        if kid is None or len(free) < len(wanted):
            raise ValueError("There is no room for another kube")
        draw(self.device_id, "registry", kid).shuffle(wanted)
        for slot, kind in zip(free, wanted, strict=False):
            self._change(
                slot,
                enable=True,
                type=kind,
                data_type=kube.data_type(kind),
                rid=_next_use(self.sensors[slot].rid),
                more={"class": "kube", "kid": kid},
            )
        node = KubeNode(hw_id=identity(self.device_id, "kube", kid), hw_type=hw_type, name=name)
        self.kubes[kid] = Kube(kid, node, self.home)
        return self._saved("kube", "sensor")

    def unpair_kube(self, kid: int) -> list[Message]:
        """Remove a kube: its slots keep their ids, and their `rid` increases.

        Raises:
            KeyError: There is no such kube.
        """
        del self.kubes[kid]
        for slot, sensor in self.sensors.items():
            if sensor.more.get("kid") == kid:
                self._change(slot, enable=None, type=None, more={})
        return self._saved("kube", "sensor")

    @abstractmethod
    def rename(self, port: int, name: str | None) -> list[Message]:
        """Rename a port, or remove its name."""

    @abstractmethod
    def retype(self, port: int, kind: str) -> list[Message]:
        """Change the type of a pulse port, such as "water" or "gas"."""

    # Implementation

    @abstractmethod
    def _live(self, start: int, stop: int) -> None:
        """Count the seconds from start up to, not including, stop; store the counters."""

    @abstractmethod
    def _speak(self, now: int) -> Iterator[Message]:
        """Simulate the second before now and return the messages of all ports."""

    @abstractmethod
    def _truth(self) -> Iterator[tuple[tuple[str, str], float]]:
        for _, sensor, reading in self._kube_readings():
            yield (sensor.id, sensor.data_type), reading

    def _entries(self, what: str) -> Mapping[str, Json]:
        """Return the content of the config topic with this name."""
        if what == "kube":
            nodes = {str(kid): kube.node.entry() for kid, kube in self.kubes.items()}
            return {**nodes, "main": self._kube_main()}
        return {str(slot): sensor.entry() for slot, sensor in self.sensors.items()}

    def _skip(self, until: int) -> None:
        while self._past < until:
            whole = (self._past - self.lag) // MINUTE * MINUTE + MINUTE + self.lag
            stop = min(whole, until)
            self._live(self._past, stop)
            for kube_ in self.kubes.values():
                self._live_kube(kube_, stop)
            self._past = stop
        if self._storage is not None:
            self._storage.settle(until + self.clock)

    def _live_kube(self, kube_: Kube, stop: int) -> None:
        """Count a kube's movements up to, not including, stop; store what its packets said."""
        passed = self._past
        if self._storage is not None:
            for now in kube_.packets(self._past, stop):
                spoken = set(kube_.second(passed, now))
                passed = now
                for kid, sensor, reading in self._kube_readings():
                    if kid == kube_.kid and sensor.type in spoken:
                        self._log_kube(now, sensor, reading)
        kube_.count(passed, stop)
        kube_.say_counts_again()  # nobody has heard them

    def _kube_messages(self, now: int) -> Iterator[Message]:
        spoken = {kid: set(kube.second(self._past, now)) for kid, kube in self.kubes.items()}
        if not any(spoken.values()):
            return
        for kid, sensor, reading in self._kube_readings():
            if sensor.type in spoken[kid]:
                yield self._kube_message(now, sensor, reading)

    def _kube_message(self, now: int, sensor: Sensor, reading: float) -> Message:
        self._log_kube(now, sensor, reading)
        payload = wire.reading(now + self.clock, reading, kube.UNITS[sensor.type or ""])
        return Message(f"{self.prefix}/sensor/{sensor.id}/{sensor.data_type}", payload, retain=True)

    def _log_kube(self, now: int, sensor: Sensor, reading: float) -> None:
        if history := self._history(sensor):
            history.log(now + self.clock, round(reading * 1000))

    def _kube_readings(self) -> Iterator[tuple[int, Sensor, float]]:
        """Yield the enabled sensors of kubes that have sent packets, with their last readings."""
        for sensor in self.sensors.values():
            kid = sensor.more.get("kid")
            if isinstance(kid, int) and sensor.publishes and sensor.type is not None:
                reading = self.kubes[kid].readings.get(sensor.type)
                if reading is not None:
                    yield kid, sensor, reading

    def _kube_main(self) -> Mapping[str, Json]:
        return {
            "pair_group": 212,
            "collect_group": 1 + int(self.device_id[:2], 16) % 210,
            "max_nodes": MAX_KUBES,
            "encryption": 0,
            "cache": "/usr/share/kube",
            "null_key": identity("null key"),
            "key": identity(self.device_id, "key"),
        }

    def _block_messages(self, now: int) -> Iterator[Message]:
        if self._storage is not None:
            for topic, payload in self._storage.second(now + self.clock):
                yield Message(self.prefix + topic, payload)

    def _history(self, sensor: Sensor) -> History | None:
        return self._storage.history(sensor) if self._storage and sensor.logged else None

    def _change(self, slot: int, **changes: object) -> None:
        # who calls names fields of a sensor, with values of their types
        self.sensors[slot] = replace(self.sensors[slot], **changes)  # type: ignore[arg-type]

    def _saved(self, *topics: str) -> list[Message]:
        """Republish config topics; each daemon has its own delay, so their order is random."""
        return [self._config(topic) for topic in self._chance.sample(topics, len(topics))]

    def _config(self, topic: str) -> Message:
        payload = config.encode(self._entries(topic), self._chance)
        return Message(
            f"{self.prefix}/device/{self.device_id}/config/{topic}", payload, retain=True
        )


def _next_use(rid: int | None) -> int:
    return 0 if rid is None else rid + 1

"""Weeks of a meter that Home Assistant recorded but for some hours, and what the meter remembers.

A block of level 20 takes twelve days to fill, so all this lies in the past: ten days of the newest
one whose span was over some hours ago, and the days since.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
import json

from simulator import Flm03, Message
from simulator.random_values import draw, identity

HOUR = 3600
DAY = 24 * HOUR
_SPAN_16, _SPAN_20 = 1 << 16, 1 << 20

#: Days in June: the household's sun is high whatever the season of the test.
_JUNE = 1_782_000_000 // DAY * DAY
#: Home Assistant writes counters every 30 s, and a reading is on its way for a second.
_OLDEST_SHOWN = 31
_SOLAR_SLOT, _UNUSED_SLOTS = 37, range(3, 13)


@dataclass(frozen=True, slots=True)
class Hole:
    """Hours that Home Assistant missed, from one to before another (s since 1970)."""

    begin: int
    end: int

    @property
    def hours(self) -> range:
        """When each began."""
        return range(self.begin, self.end, HOUR)


class Remembered:
    """A clamp that imports and exports and a pulse input on the inverter, lived up to now.

    Attributes:
        meter: The meter.
        import_: The sensor of what the clamp imports; it missed the long hole only.
        export: That of what it exports.
        solar: That of the inverter.
        begin: The end of the first hour that was counted.
        until: The end of the block of level 20.
        last: The end of the last hour that is over.
        truth: What each sensor had counted by the end of each hour, in Wh.
        shown: What Home Assistant showed of it then, in Wh.
        block: When the block of level 16 begins that has the short hole, and the long one's begin.
        small: The blocks of level 16, as the meter tells them.
        large: Those of level 20.
    """

    def __init__(self, now: int) -> None:
        self.until = (now - 6 * HOUR) // _SPAN_20 * _SPAN_20
        self.begin = _up(self.until) - 10 * DAY
        self.last = now // HOUR * HOUR
        self._offset = self.begin // DAY * DAY - _JUNE
        self.meter = Flm03(
            identity("history"),
            start=self.begin - HOUR - self._offset,
            clamps=1,
            solar_phase=1,
            pulses=("electricity",),
            kubes=0,
            waveforms=False,
        )
        self.meter.clock = self._offset
        for slot in _UNUSED_SLOTS:
            self.meter.enable(slot, on=False)
        slots = (1, 2, _SOLAR_SLOT)
        self.import_, self.export, self.solar = (self.meter.sensors[slot].id for slot in slots)
        self.truth: dict[str, dict[int, float]] = defaultdict(dict)
        self.shown: dict[str, dict[int, float]] = defaultdict(dict)
        self.block = 0
        self.small: Sequence[Message] = ()
        self.large: Sequence[Message] = ()

    @property
    def ids(self) -> tuple[str, str, str]:
        """All three sensors."""
        return self.import_, self.export, self.solar

    @property
    def short(self) -> Hole:
        """Five hours."""
        return _short(self.block)

    @property
    def long(self) -> Hole:
        """26 hours, which end in the second block of level 16 after that in which they begin."""
        begin = _up(self.block) + 12 * HOUR
        return Hole(begin, begin + 26 * HOUR)

    def holes(self, sensor_id: str) -> Sequence[Hole]:
        """What Home Assistant missed of a sensor."""
        return [self.long] if sensor_id == self.import_ else [self.short, self.long]

    def live(self) -> None:
        """Count all of it, which takes a while, and choose where the holes are."""
        for end in range(self.begin, self.last + 1, HOUR):
            age = draw("age", end).randint(1, _OLDEST_SHOWN)
            self._note(self.shown, self.ids, end, end - age)
            # A pulse is told with the second after it, a clamp's reading is a second old.
            self._note(self.truth, [self.solar], end, end)
            self._note(self.truth, [self.import_, self.export], end, end + 1)
            if end < self.until <= end + HOUR:
                self.small = self._told(16)
            elif end >= self.until and not self.large:
                self.large = self._told(20)
        blocks = range(self.until - 10 * _SPAN_16, self.until - 4 * _SPAN_16, _SPAN_16)
        self.block = max(blocks, key=self._sun)

    def second(self, now: int) -> list[Message]:
        """What the meter says in a second."""
        return self.meter.second(now - self._offset)

    def _note(
        self, where: Mapping[str, dict[int, float]], ids: Collection[str], end: int, second: int
    ) -> None:
        self.second(second)
        for sensor_id in ids:
            where[sensor_id][end] = self.meter.truth[sensor_id, "counter"]

    def _told(self, level: int) -> list[Message]:
        """The blocks of a level that the meter has, as it tells them when it is asked."""
        first = [{"sid": sensor_id, "rid": 0, "lvl": level, "bid": 0} for sensor_id in self.ids]
        asked = Message(self.meter.sync_topic, json.dumps(first).encode())
        return [told for told in self.meter.hear(asked) if f"/{level}/" in told.topic]

    def _sun(self, block: int) -> float:
        """What is exported in the darkest hour of a short hole, in Wh."""
        truth = self.truth[self.export]
        return min(truth[hour + HOUR] - truth[hour] for hour in _short(block).hours)


def _up(second: int) -> int:
    return -(-second // HOUR) * HOUR


def _short(block: int) -> Hole:
    begin = _up(block) + 3 * HOUR
    return Hole(begin, begin + 5 * HOUR)

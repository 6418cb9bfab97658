"""A counter's past: what it showed when, as blocks of its meter and as rows of the recorder."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from random import Random

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from simulator import blocks

from .broker import Broker
from .meters import Meter
from .statistics import HOUR, leave_counter

#: A block of level 20 in which the clocks of Europe were put forward (on 29 March 2026).
LEVEL = 20
BEGIN = 1692 << LEVEL
END = 1693 << LEVEL
NOW = datetime(2026, 4, 4, 9, 41, 30, tzinfo=UTC)
#: The hours that have a row: ten days within the block, and from its end on until now.
FIRST, LAST = (int(datetime(2026, *day, tzinfo=UTC).timestamp()) for day in ((3, 24), (4, 4, 7)))
#: What is counted in an hour (Wh), one hour after the other, and again.
_RATES = tuple(range(200, 900, 100))


def shown(time: float) -> int:
    """What the counter showed at a second, in thousandths: more by day than by night."""
    hours, seconds = divmod(int(time) - BEGIN, HOUR)
    rounds, hour = divmod(hours, len(_RATES))
    counted = rounds * sum(_RATES) + sum(_RATES[:hour])
    return 5_000_000_000 + counted * 1000 + _RATES[hour] * seconds * 1000 // HOUR


@dataclass(frozen=True)
class Past:
    """That of the counter in a slot of a meter."""

    meter: Meter
    slot: int
    every: int = 60
    told: Callable[[float], int] = shown
    kind: str = "counter"

    def readings(self, begin: int, end: int) -> list[blocks.Reading]:
        """What the meter remembers of these seconds."""
        first = -(-begin // self.every) * self.every
        return [(time, self.told(time)) for time in range(first, end, self.every)]

    def topic(self, level: int, bid: int, rid: int = 0) -> str:
        """Where a block is published."""
        sensor_id = self.meter.sensor_id(self.slot)
        return f"{self.meter.prefix}sensor/{sensor_id}/tmpo/{rid}/{level}/{bid}/gz"

    def payload(self, level: int, bid: int) -> bytes:
        """What is in a block."""
        config = {"id": self.meter.sensor_id(self.slot), "data_type": self.kind, "rid": 0}
        made = _block(level, tuple(self.readings(bid, bid + (1 << level))))
        return made.payload(config, Random(1))

    async def publish(self, broker: Broker, level: int, bid: int) -> None:
        """Publish a block, and wait until all that follows from it is done."""
        await publish(broker, self.topic(level, bid), self.payload(level, bid))

    def rows(self, hours: Iterable[int]) -> dict[int, tuple[float, float]]:
        """The state and sum (Wh) that each of some hours should have."""
        first = self.told(FIRST) / 1000
        states = {hour: self.told(hour + HOUR) / 1000 for hour in hours}
        return {hour: (state, state - first) for hour, state in states.items()}

    async def leave(
        self,
        hass: HomeAssistant,
        statistic_id: str,
        hours: Iterable[int],
        *,
        unit: str = "kWh",
        scale: float = 1000,
    ) -> None:
        """Leave the rows of some hours, in a unit that is so many Wh."""
        rows = [
            (hour, state / scale, total / scale)
            for hour, (state, total) in self.rows(hours).items()
        ]
        await leave_counter(hass, statistic_id, unit, rows)


@lru_cache(16)
def _block(level: int, readings: Sequence[blocks.Reading]) -> blocks.Block:
    """Make a block once for all tests that are told the same."""
    return blocks.of_readings(level, readings)


async def publish(broker: Broker, topic: str, payload: bytes) -> None:
    """Publish anything there, and wait until all that follows from it is done."""
    await broker.publish(topic, payload)
    await broker.settle_all()


async def look(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory, seconds: int
) -> None:
    """Let the import look after some time."""
    freezer.tick(seconds)
    async_fire_time_changed(hass)
    await broker.settle_all()


#: 26 hours, the second of which had the clocks of Europe put forward at its end.
HOLE = range(
    int(datetime(2026, 3, 28, 23, tzinfo=UTC).timestamp()),
    int(datetime(2026, 3, 30, 1, tzinfo=UTC).timestamp()),
    HOUR,
)
RECORDED = range(FIRST, LAST + HOUR, HOUR)


def all_but(missing: Iterable[int]) -> list[int]:
    """The hours that have a row, without some."""
    return sorted(set(RECORDED) - set(missing))

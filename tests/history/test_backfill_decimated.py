"""A meter that stores the readings of every eighth second only, as one version of tmpo does.

Most pulses come in the seconds between, so its memory is behind the statistics.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import override

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder import Recorder
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flukso.const import DOMAIN
from simulator import blocks

from ..broker import Broker
from ..home import entity_of, set_up
from ..meters import flm03
from ..past import BEGIN, END, HOLE, LEVEL, NOW, Past, all_but
from ..statistics import HOUR, table

METER = flm03()
WATER = 37
START = 345_678
#: When ten litres were counted.
PULSES = [BEGIN + 9]
_RANDOM = Random(15)
while PULSES[-1] < NOW.timestamp():
    PULSES.append(PULSES[-1] + _RANDOM.choice((21, 31, 60, 111)))


def shown(time: float) -> int:
    """What the counter showed at a second, in thousandths."""
    return (START + 10 * bisect_right(PULSES, time)) * 1000


@dataclass(frozen=True)
class Decimated(Past):
    """The past of a pulse input whose meter stores only every eighth second."""

    factor: int = 8

    @override
    def readings(self, begin: int, end: int) -> Sequence[blocks.Reading]:
        return [
            (time, shown(time))
            for time in PULSES
            if begin <= time < end and time % self.factor == 0
        ]


PAST = Decimated(METER, WATER, told=shown)


@pytest.fixture(autouse=True)
def _this_integration(
    recorder_mock: Recorder, enable_custom_integrations: None, freezer: FrozenDateTimeFactory
) -> None:
    """Let Home Assistant record."""
    freezer.move_to(NOW)


@pytest.fixture
async def entry(hass: HomeAssistant, broker: Broker) -> MockConfigEntry:
    """Set up the meter, whose other counters have been compared."""
    await hass.config.async_set_time_zone("UTC")
    entry = await set_up(hass, broker, METER)
    for counter in entry.runtime_data.history.blocks.counters:
        if METER.sensor_id(WATER) not in counter:
            entry.runtime_data.history.filled_until.note(counter, NOW.timestamp())
    return entry


@pytest.fixture
def water(hass: HomeAssistant, entry: MockConfigEntry) -> str:
    """The statistic of the water meter."""
    return entity_of(hass, METER, WATER, "counter").entity_id


async def findings(hass: HomeAssistant, entry: MockConfigEntry) -> set[str]:
    """Audit a day of the block."""
    answer = await hass.services.async_call(
        DOMAIN,
        "audit_history",
        {
            "config_entry_id": entry.entry_id,
            "start": "2026-03-26T00:00:00+00:00",
            "end": "2026-03-27T00:00:00+00:00",
        },
        blocking=True,
        return_response=True,
    )
    assert answer is not None
    return {
        hour["finding"]
        for counter in answer["counters"]
        if counter["entity_id"].endswith("_water_consumption")
        for hour in counter["hours"]
    }


async def test_history_is_filled_until_the_end_of_the_block_and_says_what_is_hidden(
    hass: HomeAssistant, broker: Broker, entry: MockConfigEntry, water: str
) -> None:
    await PAST.leave(hass, water, all_but(()), unit="L", scale=1)
    before = await table(hass, water)

    await PAST.publish(broker, LEVEL, BEGIN)

    state = hass.states.get("sensor.fluksometer_history_complete_until")
    assert state is not None
    last = datetime.fromtimestamp(END // HOUR * HOUR, UTC)
    assert state.state == last.isoformat()
    assert await table(hass, water) == before
    assert await findings(hass, entry) <= {"agrees", "decimated"}
    assert "decimated" in await findings(hass, entry)


async def test_a_hole_is_filled_within_what_is_hidden(
    hass: HomeAssistant, broker: Broker, entry: MockConfigEntry, water: str
) -> None:
    await PAST.leave(hass, water, all_but(HOLE), unit="L", scale=1)

    await PAST.publish(broker, LEVEL, BEGIN)

    rows = await table(hass, water)
    states = [float(rows[hour][0] or 0) for hour in (HOLE[0] - HOUR, *HOLE, HOLE[-1] + HOUR)]
    assert states == sorted(states)
    for hour in HOLE:
        assert 0 <= shown(hour + HOUR) / 1000 - float(rows[hour][0] or 0) <= 300


async def test_a_meter_that_stores_every_second_hides_nothing(
    hass: HomeAssistant, broker: Broker, entry: MockConfigEntry, water: str
) -> None:
    """Rows that are ahead of it by as much are close, as ever."""
    ahead = Decimated(METER, WATER, told=lambda time: shown(time) + 100_000)
    await ahead.leave(hass, water, all_but(()), unit="L", scale=1)

    await Decimated(METER, WATER, told=shown, factor=1).publish(broker, LEVEL, BEGIN)

    assert await findings(hass, entry) == {"close"}

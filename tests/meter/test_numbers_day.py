"""A day with a fault in every minute: what Home Assistant books is what the meter counted.

What reaches Home Assistant goes through its own MQTT client, its own state machine and its own
recorder, whose five-minute and hourly statistics are those that the Energy dashboard adds up.

To simulate a day in a minute, the clamp sends every 5 s instead of every second, except where
the fault needs every second; all pulses are sent. A restart of Home Assistant is a reload of the
config entry: the states are saved and restored, and messages of the meter meanwhile are lost.
``tests/end_to_end`` restarts a real Home Assistant.

The counters of the meter are reset to 0 once. The first readings after that, and those at the
start of the day, are the ones that Home Assistant starts from: what was counted before them (5 s
of the clamp, one pulse) can't be booked and is not part of the expected energy.

A leap goes 10^3 to 10^9 Wh beyond what the input can have counted since its last reading: what it
can have counted is by definition no fault. Nor can three false readings in a row that agree with
each other be distinguished from a replaced board: an input without a reading since its last
fault, such as that of an idle boiler, gets no further fault.
"""

from itertools import pairwise
import logging

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder import CONF_COMMIT_INTERVAL, Recorder
from homeassistant.components.recorder.statistics import statistics_during_period
from homeassistant.const import CONF_ENTITIES, CONF_INCLUDE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)

from ..broker import Broker
from ..day import CADENCE, CLAMP, FASTEST, HEAT, HOUR, MIDNIGHT, MINUTE, Day

HOURS = range(24)
ENERGY = {
    CLAMP: "sensor.fluksometer_l1_active_energy_import",
    HEAT: "sensor.fluksometer_heat_heat_energy",
}
#: An hour may be off by what is counted in so long (s). Counters are written in the last 5 s of a
#: minute; the bound is the one that held when they were written every 30 s.
BOUND = 30 + CADENCE
#: The second of a minute in which its fault begins.
BEGIN = 5


@pytest.fixture
def midnight(freezer: FrozenDateTimeFactory) -> None:
    """Set the clock to the start of the day."""
    freezer.move_to(MIDNIGHT)


@pytest.fixture(autouse=True)
def _this_integration(
    midnight: None, recorder_mock: Recorder, enable_custom_integrations: None
) -> None:
    """Start the recorder before Home Assistant, at the start of the day."""


@pytest.fixture
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    """Disable what is logged below warning."""
    caplog.set_level(logging.WARNING)


async def book(hass: HomeAssistant) -> dict[int, list[float]]:
    """What Home Assistant's statistics booked in each hour of the day, in Wh."""
    await async_wait_recording_done(hass)
    statistics = await hass.async_add_executor_job(
        statistics_during_period,
        *(hass, MIDNIGHT, None, set(ENERGY.values()), "hour", {"energy": "Wh"}, {"change"}),
    )
    booked = {slot: [0.0 for _ in HOURS] for slot in ENERGY}
    for slot, entity_id in ENERGY.items():
        for row in statistics[entity_id]:
            booked[slot][int(row["start"] - MIDNIGHT.timestamp()) // HOUR] = row["change"] or 0.0
    return booked


@pytest.mark.long
@pytest.mark.timeout(400)
@pytest.mark.parametrize("enable_statistics", [True])
@pytest.mark.parametrize(
    "recorder_config",
    [{CONF_COMMIT_INTERVAL: MINUTE, CONF_INCLUDE: {CONF_ENTITIES: list(ENERGY.values())}}],
)
@pytest.mark.usefixtures("hass_storage", "_quiet")
async def test_whatever_goes_wrong_a_day_is_booked_as_it_was(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    broker: Broker,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The day's total is within the energy of 35 s, and so is each hour.

    For an hour, that is the most that the input counted in the last 35 s of a minute of that hour
    or of the one before, whose last minute may be booked in this one.
    """
    day = Day(hass, freezer, broker)
    await day.begin()
    counted = [day.counted]
    worth = [dict.fromkeys(FASTEST, 0.0) for _ in (-1, *HOURS)]

    for hour in HOURS:
        for minute in range(hour * 60, hour * 60 + 60):
            await day.live(BEGIN)
            await day.go_wrong(minute)
            await day.live(MINUTE - BOUND - day.now % MINUTE)
            before = day.counted
            await day.live(BOUND)
            for slot, after in day.counted.items():
                worth[hour + 1][slot] = max(worth[hour + 1][slot], after - before[slot])
        counted.append(day.counted)
    await day.live(15)

    for slot, booked in (await book(hass)).items():
        true = [after[slot] - before[slot] for before, after in pairwise(counted)]
        allowed = [max(before[slot], after[slot]) for before, after in pairwise(worth)]
        off = [round(seen - really, 3) for seen, really in zip(booked, true, strict=True)]
        assert sum(true) > 4000
        assert [hour for hour in HOURS if abs(off[hour]) > allowed[hour]] == [], off
        assert abs(sum(off)) <= allowed[-1], off

    breaks = [issue.translation_placeholders or {} for issue in ir.async_get(hass).issues.values()]
    assert sorted(found["entity_id"] for found in breaks) == sorted(ENERGY.values())
    assert "not strictly increasing" not in caplog.text

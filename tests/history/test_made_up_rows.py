"""The rows that Home Assistant itself makes for an outage are taken for what they are."""

from datetime import UTC, datetime

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder import Recorder, get_instance
from homeassistant.components.recorder.tasks import CompileMissingStatisticsTask
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
    do_adhoc_statistics,
)

from custom_components.flukso.history.statistics_units import async_mean_rows
from custom_components.flukso.metering.absence import made_up_rows
from custom_components.flukso.metering.rows import MeanRow

from ..statistics import HOUR, table

#: Later than any time at which this runs: the recorder starts before the clock is moved.
BEGIN = datetime(2045, 3, 28, 10, tzinfo=UTC)
FIRST = int(BEGIN.timestamp())
VOLTS = "sensor.voltage"
_ATTRIBUTES = {"device_class": "voltage", "state_class": "measurement", "unit_of_measurement": "V"}


@pytest.fixture
def record_states() -> bool:
    """Statistics are made of states here."""
    return True


@pytest.fixture(autouse=True)
def _this_integration(recorder_mock: Recorder, freezer: FrozenDateTimeFactory) -> None:
    """Let Home Assistant record."""
    freezer.move_to(BEGIN)


async def test_whole_hours_of_an_outage_look_made_up_and_no_other(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """Home Assistant crashes at 11:20 and is back at 15:10."""
    await async_setup_component(hass, "sensor", {})
    do_adhoc_statistics(hass, start=BEGIN.replace(hour=9, minute=55))
    for hour, minute in ((10, 0), (10, 30), (11, 0), (11, 10), (11, 20)):
        freezer.move_to(BEGIN.replace(hour=hour, minute=minute, second=7))
        hass.states.async_set(VOLTS, f"{230 + hour / 100 + minute / 7:.3f}", _ATTRIBUTES)
    await async_wait_recording_done(hass)
    freezer.move_to(BEGIN.replace(hour=15, minute=10, second=7))
    hass.states.async_set(VOLTS, "229.9", _ATTRIBUTES)
    await async_wait_recording_done(hass)
    freezer.move_to(BEGIN.replace(hour=16, minute=1))

    get_instance(hass).queue_task(CompileMissingStatisticsTask())

    assert (await table(hass, VOLTS)).keys() == {FIRST + hour * HOUR for hour in range(6)}
    rows = await async_mean_rows(hass, VOLTS, FIRST, FIRST + 6 * HOUR, "V")
    recorded = {row.hour: row for row in rows}
    known = [MeanRow(hour, 231, 229, 233) for hour in recorded]
    made_up = [row.hour - FIRST for row in made_up_rows(known, recorded, recorded)]
    assert made_up == [2 * HOUR, 3 * HOUR, 4 * HOUR]

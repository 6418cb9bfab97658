"""Without a recorder, nothing is read and nothing can be written."""

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.util import dt as dt_util
import pytest

from custom_components.flukso.const import DOMAIN
from custom_components.flukso.history.statistics_units import (
    async_mean_rows,
    async_plan,
    async_rows,
)
from custom_components.flukso.metering.rows import Row

from ..broker import Broker
from ..home import set_up
from ..meters import flm03


async def test_without_a_recorder_nothing_is_read_or_written(hass: HomeAssistant) -> None:
    assert await async_rows(hass, "sensor.grid_energy", 0, 3600, "Wh") == []
    assert await async_mean_rows(hass, "sensor.grid_power", 0, 3600, "W") == []
    assert await async_plan(hass, "sensor.grid_energy", [Row(0, 1, 1)], "Wh") is None


@pytest.mark.parametrize("action", ["audit_history", "fill_history", "restore_history"])
async def test_a_history_action_reports_that_nothing_is_recorded(
    hass: HomeAssistant, broker: Broker, action: str
) -> None:
    entry = await set_up(hass, broker, flm03())
    period = {"start": "2026-03-29 08:00:00", "end": "2026-03-29 09:00:00"}
    data = {"config_entry_id": entry.entry_id} | (period if action == "audit_history" else {})

    with pytest.raises(ServiceValidationError) as error:
        await hass.services.async_call(DOMAIN, action, data, blocking=True, return_response=True)

    assert error.value.translation_key == "no_recorder"
    assert "recorder is not set up" in str(error.value)


async def test_without_a_recorder_an_import_waits(hass: HomeAssistant, broker: Broker) -> None:
    entry = await set_up(hass, broker, flm03())
    past = entry.runtime_data.history.past
    await past.async_begin(0)

    await past.async_look(dt_util.utcnow())

    assert past.log.running.asked_at is None

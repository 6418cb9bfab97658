"""Where Home Assistant does not record, nothing is read and nothing can be written."""

from homeassistant.core import HomeAssistant

from custom_components.flukso.metering.gaps import Row
from custom_components.flukso.recorded import async_mean_rows, async_plan, async_rows


async def test_where_nothing_is_recorded_nothing_is_read_or_written(hass: HomeAssistant) -> None:
    assert await async_rows(hass, "sensor.grid_energy", 0, 3600, "Wh") == []
    assert await async_mean_rows(hass, "sensor.grid_power", 0, 3600, "W") == []
    assert await async_plan(hass, "sensor.grid_energy", [Row(0, 1, 1)], "Wh") is None

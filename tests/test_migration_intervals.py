"""An entry of before with the intervals that were the defaults then: they become on change."""

from typing import Any

from homeassistant.core import HomeAssistant
import pytest

from custom_components.flukso.config_flow import FluksoConfigFlow

from .broker import Broker
from .home import config_entry
from .meters import flm03


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {}),
        ({"power_interval": 5, "supply_ports": [1, "P1"]}, {"supply_ports": [1, "P1"]}),
        ({"power_interval": 5, "other_interval": 30}, {}),
        ({"power_interval": 30, "other_interval": 5}, {"power_interval": 30, "other_interval": 5}),
        ({"power_interval": 0, "other_interval": 30}, {"power_interval": 0}),
        (
            {
                "power_interval": 5,
                "other_interval": 60,
                "waveform_interval": 30,
                "fill_gaps": False,
            },
            {"other_interval": 60, "waveform_interval": 30, "fill_gaps": False},
        ),
    ],
)
async def test_intervals_that_equal_the_former_defaults_become_on_change_and_others_stay(
    hass: HomeAssistant, broker: Broker, before: dict[str, Any], after: dict[str, Any]
) -> None:
    entry = config_entry(flm03(), options=before)
    entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(entry, version=3)

    assert await hass.config_entries.async_setup(entry.entry_id)
    await broker.settle()

    assert entry.options == after
    assert entry.version == FluksoConfigFlow.VERSION == 4
    intervals = entry.runtime_data.meter.intervals
    assert intervals.power == after.get("power_interval")
    assert intervals.other == after.get("other_interval")

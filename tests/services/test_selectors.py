"""What an action offers to choose from when it is called by hand."""

from pathlib import Path
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.selector import DeviceSelector
from homeassistant.util.yaml import load_yaml_dict
import pytest

import custom_components.flukso as integration

from ..broker import Broker
from ..home import device_names, devices, set_up
from ..meters import Meter, flm02, flm03

_ACTIONS: dict[str, Any] = load_yaml_dict(Path(integration.__file__).parent / "services.yaml")


@pytest.mark.parametrize(
    ("meter", "clamps"), [(flm03(), {"main (port 1)", "main (port 2)", "solar"}), (flm02(), set())]
)
async def test_a_waveform_is_captured_of_clamps_and_nothing_else_is_offered(
    hass: HomeAssistant, broker: Broker, meter: Meter, clamps: set[str]
) -> None:
    """The selector shows the devices with an enabled entity that fits one of its filters."""
    config = _ACTIONS["capture_waveform"]["fields"]["device_id"]["selector"]["device"]
    [wanted] = DeviceSelector(config).config["entity"]
    entry = await set_up(hass, broker, meter)

    offered = {
        device.name
        for device in devices(hass, entry)
        for entity in er.async_entries_for_device(er.async_get(hass), device.id)
        if (entity.platform, entity.domain) == (wanted["integration"], *wanted["domain"])
        and entity.original_device_class in wanted["device_class"]
    }

    assert offered == clamps
    assert clamps < set(device_names(hass, entry))

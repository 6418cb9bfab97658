"""The Energy dashboard of a Home Assistant, and the step that adds a meter to it."""

from collections.abc import Mapping
from typing import Any

from homeassistant.components.energy.data import async_get_manager
from homeassistant.config_entries import ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from ..meters import Meter


async def open_step(hass: HomeAssistant, entry: MockConfigEntry) -> ConfigFlowResult:
    """Choose the step in the menu of Configure, and return its first result."""
    menu = await hass.config_entries.options.async_init(entry.entry_id)
    assert menu["type"] is FlowResultType.MENU
    assert "energy" in menu["menu_options"]
    return await hass.config_entries.options.async_configure(
        menu["flow_id"], {"next_step_id": "energy"}
    )


async def add(
    hass: HomeAssistant, form: ConfigFlowResult, ticked: Mapping[str, list[str]] | None = None
) -> ConfigFlowResult:
    """Send the form, as it is or with something else ticked."""
    return await hass.config_entries.options.async_configure(
        form["flow_id"], suggested(form) if ticked is None else dict(ticked)
    )


def suggested(form: ConfigFlowResult) -> dict[str, list[str]]:
    """What is ticked at first in each list of the form."""
    assert form["data_schema"] is not None
    return {
        str(field): list(field.description["suggested_value"])
        for field in form["data_schema"].schema
    }


def offered(form: ConfigFlowResult) -> dict[str, dict[str, str]]:
    """What each list of the form has: the keys by their labels."""
    assert form["data_schema"] is not None
    return {
        str(field): {each["label"]: each["value"] for each in selector.config["options"]}
        for field, selector in form["data_schema"].schema.items()
    }


def ticked(form: ConfigFlowResult) -> dict[str, list[str]]:
    """The labels of what is ticked at first."""
    keys = suggested(form)
    return {
        use: [label for label, key in options.items() if key in keys[use]]
        for use, options in offered(form).items()
    }


async def preferences(hass: HomeAssistant, meter: Meter) -> dict[str, list[dict[str, Any]]]:
    """What is in the dashboard, without what is None; an entity by the end of its unique id.

    In place of a sensor id is the number of its slot.
    """
    manager = await async_get_manager(hass)
    registry = er.async_get(hass)
    slots = {str(settings["id"]): str(slot) for slot, settings in meter.sensors.items()}

    def told(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: told(each) for key, each in value.items() if each is not None}
        entry = registry.async_get(value) if isinstance(value, str) else None
        if entry is None or entry.platform != "flukso":
            return value
        end = entry.unique_id.removeprefix(f"{meter.device_id}_")
        sensor_id, _, kind = end.partition("_")
        return f"{slots[sensor_id]}_{kind}" if sensor_id in slots else end

    assert manager.data is not None
    return {
        "sources": [told(source) for source in manager.data["energy_sources"]],
        "devices": [told(device) for device in manager.data["device_consumption"]],
    }

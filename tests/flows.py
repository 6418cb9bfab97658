"""The config flow as a user goes through it."""

from typing import Any

from homeassistant.config_entries import (
    DISCOVERY_SOURCES,
    SOURCE_USER,
    ConfigEntry,
    ConfigFlowResult,
)
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType

from custom_components.flukso.const import DOMAIN

from .broker import Broker
from .meters import Meter


def cards(hass: HomeAssistant) -> list[ConfigFlowResult]:
    """The discoveries that wait for the user."""
    flows = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    return [flow for flow in flows if flow["context"]["source"] in DISCOVERY_SOURCES]


async def discover(hass: HomeAssistant, broker: Broker, meter: Meter) -> ConfigFlowResult:
    """Announce a meter, and return the form that asks whether to add it."""
    await broker.publish_all(dict(reversed(meter.reports.items())), retain=True)
    await hass.async_block_till_done(wait_background_tasks=True)
    [card] = [card for card in cards(hass) if card["context"]["unique_id"] == meter.device_id]
    return await hass.config_entries.flow.async_configure(card["flow_id"])


async def confirm(
    hass: HomeAssistant, broker: Broker, form: ConfigFlowResult, step_id: str = "confirm"
) -> ConfigFlowResult:
    """Send the form that asks whether to add a meter."""
    assert form["step_id"] == step_id
    result = await hass.config_entries.flow.async_configure(form["flow_id"], {})
    await broker.settle()
    return result


async def confirm_silent(
    hass: HomeAssistant, broker: Broker, form: ConfigFlowResult
) -> ConfigFlowResult:
    """Send the form that asks whether to add a meter of which nothing is received."""
    return await confirm(hass, broker, form, "confirm_silent")


async def start_by_hand(hass: HomeAssistant) -> ConfigFlowResult:
    """Open the form that adds a meter by hand through Home Assistant's broker."""
    menu = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    return await choose_broker(hass, menu)


async def choose_broker(hass: HomeAssistant, menu: ConfigFlowResult) -> ConfigFlowResult:
    """Choose Home Assistant's broker in the menu of both ways."""
    assert menu["type"] is FlowResultType.MENU
    form = await hass.config_entries.flow.async_configure(
        menu["flow_id"], {"next_step_id": "broker"}
    )
    assert form["type"] is FlowResultType.FORM
    assert form["step_id"] == "broker"
    return form


async def listen(
    hass: HomeAssistant, form: ConfigFlowResult, **user_input: Any
) -> ConfigFlowResult:
    """Send the form that makes Home Assistant listen for meters."""
    return await hass.config_entries.flow.async_configure(form["flow_id"], user_input)


async def open_settings(hass: HomeAssistant, entry: ConfigEntry[Any]) -> ConfigFlowResult:
    """Open the form with the options of a meter, which may be behind a menu."""
    result = await hass.config_entries.options.async_init(entry.entry_id)
    if result["type"] is FlowResultType.MENU:
        result = await hass.config_entries.options.async_configure(
            result["flow_id"], {"next_step_id": "settings"}
        )
    assert result["step_id"] == "settings"
    return result

"""The check of the installation under "Configure": its answer can be read there."""

from collections.abc import Mapping
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntry, ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError
import pytest

from .broker import Broker
from .checks import METER, say_for_a_check, says
from .flows import open_settings
from .home import set_up
from .meters import flm02

pytestmark = pytest.mark.usefixtures("freezer")


async def choose(hass: HomeAssistant, menu: ConfigFlowResult, step: str) -> ConfigFlowResult:
    """Choose what to do from a menu."""
    assert menu["type"] is FlowResultType.MENU
    assert step in menu["menu_options"]
    return await hass.config_entries.options.async_configure(
        menu["flow_id"], {"next_step_id": step}
    )


async def checked(
    hass: HomeAssistant,
    broker: Broker,
    freezer: FrozenDateTimeFactory,
    menu: ConfigFlowResult,
    said: dict[str, str],
) -> ConfigFlowResult:
    """Check the installation, while the meter says this every second."""
    shown = await choose(hass, menu, "check_installation")
    assert shown["type"] is FlowResultType.SHOW_PROGRESS
    await broker.settle()
    await say_for_a_check(hass, broker, freezer, said)
    await broker.settle()
    return await hass.config_entries.options.async_configure(menu["flow_id"])


def results(menu: ConfigFlowResult) -> list[str]:
    """What is told of each port."""
    assert menu["step_id"] == "checked"
    told: Mapping[str, str] = menu["description_placeholders"] or {}
    return told["results"].splitlines()


async def test_the_answer_can_be_read_where_the_meter_is_configured(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    entry = await set_up(hass, broker, METER)
    messages = says(METER, 1) | says(METER, 2, pplus=0, pminus=800)
    messages |= says(METER, 3, pplus=30, irms=0.2)

    menu = await hass.config_entries.options.async_init(entry.entry_id)
    menu = await checked(hass, broker, freezer, menu, messages)

    grid, kitchen, solar = results(menu)
    assert grid == "- **grid** (port 1): OK."
    assert kitchen.startswith("- **kitchen** (port 2): problem. Power flows back through kitchen")
    assert solar.startswith("- **solar** (port 3): inconclusive. Only 30.0 VA flow")


async def test_it_can_be_checked_again_and_one_can_go_back_to_the_options(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    entry = await set_up(hass, broker, METER)
    menu = await hass.config_entries.options.async_init(entry.entry_id)
    menu = await checked(hass, broker, freezer, menu, {})
    assert "problem. No message from grid arrived for 10 s" in results(menu)[0]

    menu = await checked(hass, broker, freezer, menu, says(METER, 1))

    assert results(menu)[0] == "- **grid** (port 1): OK."
    menu = await choose(hass, menu, "init")
    assert (await choose(hass, menu, "settings"))["type"] is FlowResultType.FORM


async def test_a_check_that_fails_says_why(hass: HomeAssistant, broker: Broker) -> None:
    entry = await set_up(hass, broker, METER)
    menu = await hass.config_entries.options.async_init(entry.entry_id)

    with patch(
        "custom_components.flukso.options_flow.async_check_installation",
        side_effect=HomeAssistantError("the broker is gone"),
    ):
        result = await choose(hass, menu, "check_installation")

    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "check_failed"
    assert result["description_placeholders"] == {"error": "the broker is gone"}


async def test_a_meter_whose_clamps_can_not_be_checked_has_its_options_at_once(
    hass: HomeAssistant, broker: Broker
) -> None:
    entry: ConfigEntry = await set_up(hass, broker, flm02())

    form = await hass.config_entries.options.async_init(entry.entry_id)

    assert form["type"] is FlowResultType.FORM
    assert form["step_id"] == "settings"


async def test_a_meter_that_is_not_loaded_has_its_options_at_once(
    hass: HomeAssistant, broker: Broker
) -> None:
    entry = await set_up(hass, broker, METER)
    await hass.config_entries.async_unload(entry.entry_id)

    form = await open_settings(hass, entry)

    assert form["type"] is FlowResultType.FORM

"""A Home Assistant with a recorder and the Energy dashboard, as nearly every one has it."""

from homeassistant.components.recorder import Recorder
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest


@pytest.fixture(autouse=True)
def _this_integration(recorder_mock: Recorder, enable_custom_integrations: None) -> None:
    """The recorder is set up before Home Assistant is."""


@pytest.fixture(autouse=True)
async def _energy(_this_integration: None, hass: HomeAssistant) -> None:
    """The Energy dashboard is set up."""
    assert await async_setup_component(hass, "energy", {})

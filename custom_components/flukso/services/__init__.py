"""The actions of the integration."""

from homeassistant.core import HomeAssistant, callback

from .history import async_setup_history_actions
from .installation_check import async_setup_installation_check
from .request_history import async_setup_history_request
from .waveform import async_setup_waveform_action


@callback
def async_setup_actions(hass: HomeAssistant) -> None:
    """Register all actions."""
    async_setup_history_actions(hass)
    async_setup_history_request(hass)
    async_setup_installation_check(hass)
    async_setup_waveform_action(hass)

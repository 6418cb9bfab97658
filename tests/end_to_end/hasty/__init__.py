"""An integration for Home Assistant with which a lost meter is a repair within a second."""

from datetime import timedelta

from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.typing import ConfigType

from custom_components.flukso.health import monitor

CONFIG_SCHEMA = cv.empty_config_schema("hasty")


async def async_setup(_hass: HomeAssistant, _config: ConfigType) -> bool:
    """Let the health monitor wait a second where it waits minutes."""
    monitor.SOON = 1
    monitor._PERIOD = timedelta(seconds=1)
    return True

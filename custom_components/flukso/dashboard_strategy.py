"""Offers the Flukso dashboard: a strategy that Home Assistant's frontend loads as a module."""

from pathlib import Path

from homeassistant.components import frontend
from homeassistant.components.http import StaticPathConfig
from homeassistant.core import HomeAssistant
from homeassistant.loader import async_get_loaded_integration

from .const import DOMAIN

_MODULE = Path(__file__).parent / "frontend" / "dashboard.js"
_URL = f"/{DOMAIN}/{_MODULE.name}"


async def async_offer_dashboard(hass: HomeAssistant) -> None:
    """Let the frontend load the module, where there is one.

    A browser caches the module for a month, so its address changes with the version.
    """
    if frontend.DOMAIN not in hass.config.components:
        return
    path = StaticPathConfig(_URL, str(_MODULE), cache_headers=True)
    await hass.http.async_register_static_paths([path])
    version = async_get_loaded_integration(hass, DOMAIN).version
    frontend.add_extra_js_url(hass, f"{_URL}?v={version}")

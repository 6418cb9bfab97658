"""Which way the messages of a meter arrive, by the data of its config entry."""

from collections.abc import Mapping

from homeassistant.core import HomeAssistant

from .home_assistant import HomeAssistantTransport
from .interface import Transport


def transport_of(hass: HomeAssistant, _data: Mapping[str, object]) -> Transport:
    """Return the transport of a config entry."""
    return HomeAssistantTransport(hass)

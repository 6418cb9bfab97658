"""Which way the messages of a meter arrive, by the data of its config entry."""

from collections.abc import Mapping

from homeassistant.const import CONF_HOST, CONF_PORT
from homeassistant.core import HomeAssistant

from .direct import DirectTransport
from .home_assistant import HomeAssistantTransport
from .interface import Transport


def transport_of(hass: HomeAssistant, data: Mapping[str, object]) -> Transport:
    """Return the transport of a config entry: direct if it has an address."""
    if CONF_HOST in data:
        return DirectTransport(hass, str(data[CONF_HOST]), int(str(data[CONF_PORT])))
    return HomeAssistantTransport(hass)

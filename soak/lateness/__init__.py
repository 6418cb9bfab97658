"""An integration for Home Assistant that watches how long its event loop is held.

It asks to be called every few milliseconds; how late the call comes is how long a click would have
waited.
"""

from homeassistant.core import HomeAssistant, ServiceCall, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.typing import ConfigType

DOMAIN = "lateness"
CONFIG_SCHEMA = cv.empty_config_schema(DOMAIN)

_EVERY = 0.005


async def async_setup(hass: HomeAssistant, _config: ConfigType) -> bool:
    """Offer an action that begins anew, and one that tells the longest hold since, in ms."""
    longest = 0.0

    @callback
    def tick(due: float) -> None:
        nonlocal longest
        now = hass.loop.time()
        longest = max(longest, now - due)
        hass.loop.call_at(now + _EVERY, tick, now + _EVERY)

    @callback
    def begin(_call: ServiceCall) -> None:
        nonlocal longest
        longest = 0.0

    @callback
    def tell(_call: ServiceCall) -> None:
        hass.states.async_set("lateness.longest", f"{longest * 1000:.0f}")

    hass.services.async_register(DOMAIN, "begin", begin)
    hass.services.async_register(DOMAIN, "tell", tell)
    tick(hass.loop.time())
    return True

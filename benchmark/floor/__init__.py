"""The baseline: an integration for Home Assistant that only parses the JSON of messages.

No integration that receives its messages through Home Assistant's MQTT integration can cost less.
"""

from homeassistant.components import mqtt
from homeassistant.core import HomeAssistant, ServiceCall, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.typing import ConfigType
from homeassistant.util.json import json_loads

DOMAIN = "floor"
CONFIG_SCHEMA = cv.empty_config_schema(DOMAIN)


async def async_setup(hass: HomeAssistant, _config: ConfigType) -> bool:
    """Register an action that subscribes to topics, and one that publishes the message count."""
    count = 0

    @callback
    def received(message: mqtt.ReceiveMessage) -> None:
        nonlocal count
        json_loads(message.payload)
        count += 1

    async def listen(call: ServiceCall) -> None:
        for topic in call.data["topics"]:
            await mqtt.async_subscribe(hass, topic, received, encoding=None)

    @callback
    def tell(_call: ServiceCall) -> None:
        hass.states.async_set("floor.count", str(count))

    hass.services.async_register(DOMAIN, "listen", listen)
    hass.services.async_register(DOMAIN, "tell", tell)
    return True

"""The action that asks a meter for the blocks in its memory."""

from datetime import datetime, timedelta

from homeassistant.const import ATTR_CONFIG_ENTRY_ID
from homeassistant.core import HomeAssistant, ServiceCall, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv, entity_registry as er
from homeassistant.helpers.service import async_get_config_entry
from homeassistant.util import dt as dt_util
import voluptuous as vol

from .const import CONF_FILL_GAPS, DOMAIN
from .meter import Meter
from .protocol.sensors import Sensor
from .protocol.tmpo_sync import sync_list, sync_topic
from .protocol.topics import Kind
from .runtime import FluksoConfigEntry
from .transport import Transport

ATTR_SINCE = "since"

_PAUSE = timedelta(hours=1)
_SCHEMA = vol.Schema(
    {vol.Required(ATTR_CONFIG_ENTRY_ID): cv.string, vol.Required(ATTR_SINCE): cv.datetime}
)


@callback
def async_setup_history_request(hass: HomeAssistant) -> None:
    """Register the action."""
    requests = _Requests()
    hass.services.async_register(DOMAIN, "request_history", requests.async_request, schema=_SCHEMA)


class _Requests:
    """Asks each meter at most once an hour: its answer costs it minutes of hard work."""

    def __init__(self) -> None:
        self._asked: dict[str, datetime] = {}

    async def async_request(self, call: ServiceCall) -> None:
        """Publish which blocks are wanted.

        Raises:
            ServiceValidationError: no such meter, nothing to ask for, or asked too recently.
            HomeAssistantError: the broker is out of reach.
        """
        entry: FluksoConfigEntry = async_get_config_entry(
            call.hass, DOMAIN, call.data[ATTR_CONFIG_ENTRY_ID]
        )
        meter = entry.runtime_data.meter
        now, since = dt_util.utcnow(), dt_util.as_utc(call.data[ATTR_SINCE])
        if since >= now:
            raise ServiceValidationError(
                translation_domain=DOMAIN, translation_key="history_not_yet_there"
            )
        if not entry.options.get(CONF_FILL_GAPS, True):
            raise ServiceValidationError(
                translation_domain=DOMAIN, translation_key="history_not_listened_to"
            )
        sensors = counters_in_use(call.hass, meter)
        if not sensors:
            raise ServiceValidationError(
                translation_domain=DOMAIN, translation_key="no_counter_in_use"
            )
        asked = self._asked.get(meter.device_id)
        if asked is not None and now < asked + _PAUSE:
            again = dt_util.as_local(asked + _PAUSE)
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="history_just_requested",
                translation_placeholders={"again": f"{again:%H:%M}"},
            )
        await Transport(call.hass).async_publish(
            sync_topic(meter.prefix, meter.device_id),
            sync_list(sensors, int(since.timestamp())),
        )
        self._asked[meter.device_id] = now


def counters_in_use(hass: HomeAssistant, meter: Meter) -> list[Sensor]:
    """The sensors whose counter has an entity that is enabled."""
    registry = er.async_get(hass)
    found = []
    for channel in meter.channels.values():
        if channel.stream.kind is Kind.COUNTER:
            sensor = channel.stream.sensor
            unique_id = f"{meter.device_id}_{sensor.sensor_id}_{Kind.COUNTER}"
            entity_id = registry.async_get_entity_id("sensor", DOMAIN, unique_id)
            entity = registry.async_get(entity_id) if entity_id else None
            if entity is not None and not entity.disabled:
                found.append(sensor)
    return found

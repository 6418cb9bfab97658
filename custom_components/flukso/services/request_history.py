"""The action that requests the blocks in a meter's memory."""

from datetime import datetime, timedelta
from weakref import WeakKeyDictionary

from homeassistant.const import ATTR_CONFIG_ENTRY_ID
from homeassistant.core import HomeAssistant, ServiceCall, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.service import async_get_config_entry
from homeassistant.util import dt as dt_util
import voluptuous as vol

from ..const import DOMAIN
from ..models import FluksoConfigEntry
from ..protocol.tmpo_request import sync_list, sync_topic

ATTR_SINCE = "since"

_MIN_INTERVAL = timedelta(hours=1)
_SCHEMA = vol.Schema(
    {vol.Required(ATTR_CONFIG_ENTRY_ID): cv.string, vol.Required(ATTR_SINCE): cv.datetime}
)


@callback
def async_setup_history_request(hass: HomeAssistant) -> None:
    """Register the action."""
    requests = _Requests()
    hass.services.async_register(DOMAIN, "request_history", requests.async_request, schema=_SCHEMA)


class _Requests:
    """Requests the blocks of each meter at most once an hour: the answer takes it minutes.

    A config entry outlives its reloads, and is dropped here once the user has removed it.
    """

    def __init__(self) -> None:
        self._requested_at = WeakKeyDictionary[FluksoConfigEntry, datetime]()

    async def async_request(self, call: ServiceCall) -> None:
        """Publish the request for the blocks since a time.

        Raises:
            ServiceValidationError: there is no such meter, nothing to request, or the last request
                was too recent.
            HomeAssistantError: the broker is not connected.
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
        history = entry.runtime_data.history
        if history is None:
            raise ServiceValidationError(
                translation_domain=DOMAIN, translation_key="history_not_listened_to"
            )
        counters, gauges = history.blocks.counters.values(), history.blocks.gauges.values()
        sensors = [channel.stream.sensor for channel in (*counters, *gauges)]
        if not sensors:
            raise ServiceValidationError(
                translation_domain=DOMAIN, translation_key="no_counter_in_use"
            )
        requested_at = self._requested_at.get(entry)
        if requested_at is not None and now < requested_at + _MIN_INTERVAL:
            again = dt_util.as_local(requested_at + _MIN_INTERVAL)
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="history_just_requested",
                translation_placeholders={"again": f"{again:%H:%M}"},
            )
        await entry.runtime_data.transport.async_publish(
            sync_topic(meter.prefix, meter.device_id),
            sync_list(sensors, int(since.timestamp())),
        )
        self._requested_at[entry] = now

"""The action that asks a meter for the blocks in its memory."""

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
from ..transport.home_assistant import Transport

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
    """Asks each meter at most once an hour: its answer costs it minutes of hard work.

    A config entry lives through reloads, and is forgotten here once the user removed it.
    """

    def __init__(self) -> None:
        self._asked = WeakKeyDictionary[FluksoConfigEntry, datetime]()

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
        history = entry.runtime_data.history
        if history is None:
            raise ServiceValidationError(
                translation_domain=DOMAIN, translation_key="history_not_listened_to"
            )
        sensors = [channel.stream.sensor for channel in history.blocks.counters.values()]
        if not sensors:
            raise ServiceValidationError(
                translation_domain=DOMAIN, translation_key="no_counter_in_use"
            )
        asked = self._asked.get(entry)
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
        self._asked[entry] = now

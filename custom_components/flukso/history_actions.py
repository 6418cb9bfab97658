"""Actions on the history: what agrees with the meter's memory, what to fill, what to take back."""

from homeassistant.const import ATTR_CONFIG_ENTRY_ID
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv, entity_registry as er
from homeassistant.helpers.service import async_get_config_entry
from homeassistant.util import dt as dt_util
from homeassistant.util.json import JsonObjectType
import voluptuous as vol

from .const import DOMAIN
from .fillings import Filling
from .runtime import FluksoConfigEntry

_METER = {vol.Required(ATTR_CONFIG_ENTRY_ID): cv.string}


@callback
def async_setup_history_actions(hass: HomeAssistant) -> None:
    """Register the actions."""
    hass.services.async_register(
        DOMAIN, "restore_history", _async_restore, vol.Schema(_METER), SupportsResponse.OPTIONAL
    )


async def _async_restore(call: ServiceCall) -> ServiceResponse:
    """Take the last filling back, and tell which hours of which entities that were.

    Raises:
        ServiceValidationError: there is none, or it was changed since.
        HomeAssistantError: the recorder does not come round to it.
    """
    taken = await _entry_of(call).runtime_data.fillings.async_restore()
    if not taken:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="nothing_to_restore"
        )
    if all(reason for _, reason in taken):
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="not_restored")
    return {
        "restored": [told(call.hass, filling) for filling, reason in taken if not reason],
        "left": [
            told(call.hass, filling) | {"reason": reason} for filling, reason in taken if reason
        ],
    }


def _entry_of(call: ServiceCall) -> FluksoConfigEntry:
    entry: FluksoConfigEntry = async_get_config_entry(
        call.hass, DOMAIN, call.data[ATTR_CONFIG_ENTRY_ID]
    )
    return entry


def told(hass: HomeAssistant, filling: Filling) -> JsonObjectType:
    """A filling as an answer tells it."""
    entity_id = er.async_get(hass).async_get_entity_id("sensor", DOMAIN, filling.unique_id)
    return {
        "entity_id": entity_id,
        "begin": iso(min(filling.hours)),
        "hours": len(filling.hours),
        "amount": filling.amount,
        "unit": filling.change.unit,
    }


def iso(hour: float) -> str:
    """A time in the zone of the house."""
    return dt_util.as_local(dt_util.utc_from_timestamp(hour)).isoformat()

"""Actions on the history: what agrees with the meter's memory, what to fill, what to take back."""

from datetime import datetime, timedelta
from math import ceil, floor

from homeassistant.const import ATTR_CONFIG_ENTRY_ID
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.service import async_get_config_entry
from homeassistant.util import dt as dt_util
from homeassistant.util.json import JsonArrayType, JsonObjectType
import voluptuous as vol

from ..const import DOMAIN
from ..entity_lookup import sensor_entity_id
from ..history.audit import Audit
from ..history.backfill import Backfill
from ..history.fill_log import Fill
from ..history.statistics_store import is_recording
from ..metering.durations import HOUR
from ..models import FluksoConfigEntry

ATTR_START = "start"
ATTR_END = "end"

#: How long a period may be that is told hour by hour.
_LONGEST = timedelta(days=31)

_METER = vol.Schema({vol.Required(ATTR_CONFIG_ENTRY_ID): cv.string})
_AUDIT = _METER.extend({vol.Required(ATTR_START): cv.datetime, vol.Required(ATTR_END): cv.datetime})
_FILL = _METER.extend({vol.Optional(ATTR_START): cv.datetime, vol.Optional(ATTR_END): cv.datetime})


@callback
def async_setup_history_actions(hass: HomeAssistant) -> None:
    """Register the actions."""
    for name, action, schema, response in (
        ("audit_history", _async_audit, _AUDIT, SupportsResponse.ONLY),
        ("fill_history", _async_fill, _FILL, SupportsResponse.OPTIONAL),
        ("restore_history", _async_restore, _METER, SupportsResponse.OPTIONAL),
    ):
        hass.services.async_register(DOMAIN, name, action, schema, response)


async def _async_audit(call: ServiceCall) -> ServiceResponse:
    """Tell hour by hour what is recorded of each counter and what the meter says.

    Raises:
        ServiceValidationError: no such meter, none that is listened to, no such period, or no
            recorder.
    """
    begin, end = _period_of(call, _LONGEST)
    counters: JsonArrayType = []
    for audit in await _history_of(call).async_audit(begin, end):
        # In a worker: the hours of a month take some 10 ms, and a meter has up to 21 counters.
        hours = await call.hass.async_add_executor_job(_told_hours, audit)
        entity_id = sensor_entity_id(call.hass, audit.unique_id)
        counters.append({"entity_id": entity_id, "unit": audit.unit, "hours": hours})
    return {"counters": counters}


def _told_hours(audit: Audit) -> JsonArrayType:
    """The hours of a counter as the answer tells them."""
    return [
        {
            "hour": iso(hour.hour),
            "recorded": hour.recorded,
            "meter": hour.meter,
            "finding": hour.finding,
        }
        for hour in audit.hours
    ]


async def _async_fill(call: ServiceCall) -> ServiceResponse:
    """Fill the gaps of a period, or all that can be filled, and tell what was refused and why.

    Raises:
        ServiceValidationError: no such meter, none that is listened to, no such period, or no
            recorder.
        HomeAssistantError: the recorder does not come round to it.
    """
    begin, end = _period_of(call, None)
    outcome = await _history_of(call).async_fill(begin, end)
    return {
        "filled": [told(call.hass, fill) for fill in outcome.filled],
        "refused": [
            {
                "entity_id": sensor_entity_id(call.hass, refusal.unique_id),
                "begin": iso(refusal.begin),
                "end": iso(refusal.end),
                "hours": (refusal.end - refusal.begin) // HOUR,
                "reason": refusal.reason,
            }
            for refusal in outcome.refused
        ],
    }


def _period_of(call: ServiceCall, longest: timedelta | None) -> tuple[int, int]:
    """The whole hours of the period, up to now."""
    now = dt_util.utcnow()
    start = _seconds(call.data[ATTR_START]) if ATTR_START in call.data else 0
    end = min(now.timestamp(), _seconds(call.data.get(ATTR_END, now)))
    if start >= end:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="no_period")
    if longest is not None and end - start > longest.total_seconds():
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="period_too_long",
            translation_placeholders={"days": str(longest.days)},
        )
    return floor(max(start, 0) / HOUR) * HOUR, ceil(end / HOUR) * HOUR


def _seconds(time: datetime) -> float:
    """Since 1970; a time without a zone is the home's."""
    if time.tzinfo is None:
        time = time.replace(tzinfo=dt_util.get_default_time_zone())
    return time.timestamp()


def _history_of(call: ServiceCall) -> Backfill:
    history = _entry_of(call).runtime_data.history
    if history is None:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="history_not_listened_to"
        )
    return history


async def _async_restore(call: ServiceCall) -> ServiceResponse:
    """Take the last filling back, and tell which hours of which entities that were.

    Raises:
        ServiceValidationError: there is none, it was changed since, or no recorder is there.
        HomeAssistantError: the recorder does not come round to it.
    """
    taken = await _entry_of(call).runtime_data.fill_log.async_restore()
    if not taken:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="nothing_to_restore"
        )
    if all(reason for _, reason in taken):
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="not_restored")
    return {
        "restored": [told(call.hass, fill) for fill, reason in taken if not reason],
        "left": [told(call.hass, fill) | {"reason": reason} for fill, reason in taken if reason],
    }


def _entry_of(call: ServiceCall) -> FluksoConfigEntry:
    """The meter to act on.

    Raises:
        ServiceValidationError: no such meter, or nothing is recorded.
    """
    entry: FluksoConfigEntry = async_get_config_entry(
        call.hass, DOMAIN, call.data[ATTR_CONFIG_ENTRY_ID]
    )
    if not is_recording(call.hass):
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="no_recorder")
    return entry


def told(hass: HomeAssistant, fill: Fill) -> JsonObjectType:
    """A filling as an answer tells it."""
    return {
        "entity_id": sensor_entity_id(hass, fill.unique_id),
        "begin": iso(min(fill.hours)),
        "end": iso(max(fill.hours) + HOUR),
        "hours": len(fill.hours),
        "amount": fill.amount,
        "unit": fill.change.unit,
    }


def iso(hour: float) -> str:
    """A time in the zone of the house."""
    return dt_util.as_local(dt_util.utc_from_timestamp(hour)).isoformat()

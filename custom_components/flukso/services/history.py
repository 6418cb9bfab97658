"""The actions that audit, fill and import a meter's history, and undo that."""

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
from ..entity_lookup import counter_name, sensor_entity_id
from ..history.audit import Audit
from ..history.backfill import Backfill
from ..history.fill_file import Fill
from ..history.fill_log import RestoreFailure
from ..history.import_file import Imported
from ..history.outcome import Refusal
from ..history.statistics_store import is_recording
from ..metering.durations import HOUR
from ..models import FluksoConfigEntry

ATTR_START = "start"
ATTR_END = "end"
ATTR_SINCE = "since"

#: The longest period of an audit.
_MAX_PERIOD = timedelta(days=31)

_METER = vol.Schema({vol.Required(ATTR_CONFIG_ENTRY_ID): cv.string})
_AUDIT = _METER.extend({vol.Required(ATTR_START): cv.datetime, vol.Required(ATTR_END): cv.datetime})
_IMPORT = _METER.extend({vol.Optional(ATTR_SINCE): cv.datetime})
_FILL = _METER.extend({vol.Optional(ATTR_START): cv.datetime, vol.Optional(ATTR_END): cv.datetime})


@callback
def async_setup_history_actions(hass: HomeAssistant) -> None:
    """Register the actions."""
    for name, action, schema, response in (
        ("audit_history", _async_audit, _AUDIT, SupportsResponse.ONLY),
        ("fill_history", _async_fill, _FILL, SupportsResponse.OPTIONAL),
        ("import_history", _async_import, _IMPORT, SupportsResponse.NONE),
        ("restore_history", _async_restore, _METER, SupportsResponse.OPTIONAL),
    ):
        hass.services.async_register(DOMAIN, name, action, schema, response)


async def _async_audit(call: ServiceCall) -> ServiceResponse:
    """Return for each counter and hour what is recorded and what the meter remembers.

    Raises:
        ServiceValidationError: there is no such meter, its history is not listened to, the period
            is invalid, or there is no recorder.
        HomeAssistantError: the recorder is too busy, or failed.
    """
    begin, end = _period_of(call, _MAX_PERIOD)
    counters: JsonArrayType = []
    for audit in await _history_of(call).async_audit(begin, end):
        # In a worker thread: a month takes some 10 ms, and a meter has up to 21 counters.
        hours = await call.hass.async_add_executor_job(_hours_response, audit)
        entity_id = sensor_entity_id(call.hass, audit.unique_id)
        counters.append({"entity_id": entity_id, "unit": audit.unit, "hours": hours})
    return {"counters": counters}


def _hours_response(audit: Audit) -> JsonArrayType:
    """Return the hours of a counter for the response."""
    return [
        {
            "hour": _local_iso(hour.hour),
            "recorded": hour.recorded,
            "meter": hour.meter,
            "finding": hour.finding,
        }
        for hour in audit.hours
    ]


async def _async_fill(call: ServiceCall) -> ServiceResponse:
    """Fill the gaps of a period, or all gaps; returns the filled and the refused ones.

    Raises:
        ServiceValidationError: there is no such meter, its history is not listened to, the period
            is invalid, or there is no recorder.
        HomeAssistantError: the recorder is too busy, or failed.
    """
    begin, end = _period_of(call, None)
    history, device_id = _history_of(call), _entry_of(call).runtime_data.meter.device_id
    outcome = await history.async_fill(begin, end)
    return {
        "filled": [_fill_response(call.hass, fill) for fill in outcome.filled],
        "refused": [
            _refusal_response(call.hass, device_id, refusal) for refusal in outcome.refused
        ],
    }


def _refusal_response(hass: HomeAssistant, device_id: str, refusal: Refusal) -> JsonObjectType:
    """Return a gap that was not filled for the response, with the names of missing counters."""
    response: JsonObjectType = {
        "entity_id": sensor_entity_id(hass, refusal.unique_id),
        "begin": _local_iso(refusal.begin),
        "end": _local_iso(refusal.end),
        "hours": (refusal.end - refusal.begin) // HOUR,
        "reason": refusal.reason,
    }
    if refusal.missing:
        response["missing"] = [counter_name(hass, device_id, each) for each in refusal.missing]
    return response


def _period_of(call: ServiceCall, longest: timedelta | None) -> tuple[int, int]:
    """Return the begin and end (s since 1970) of the period in whole hours, up to now.

    Raises:
        ServiceValidationError: the period is empty, or longer than ``longest``.
    """
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
    """Return a time in seconds since 1970; one without a time zone is in Home Assistant's."""
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
    """Undo the last fill or import, and return its hours and entities.

    Raises:
        ServiceValidationError: there is none, its rows were changed since, or there is no recorder.
        HomeAssistantError: the recorder is too busy, or failed.
    """
    runtime = _entry_of(call).runtime_data
    fills, imports = runtime.fill_log.filled, runtime.import_log.imports
    results: list[tuple[JsonObjectType, RestoreFailure | None]]
    if imports and (not fills or fills[-1].at < imports[-1].at):
        imported = await runtime.import_log.async_restore()
        results = [(_import_response(call.hass, part), reason) for part, reason in imported]
    else:
        filled = await runtime.fill_log.async_restore()
        results = [(_fill_response(call.hass, fill), reason) for fill, reason in filled]
        if not results:
            raise ServiceValidationError(
                translation_domain=DOMAIN, translation_key="nothing_to_restore"
            )
    if results and all(reason for _, reason in results):
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="not_restored")
    return {
        "restored": [response for response, reason in results if not reason],
        "left": [response | {"reason": reason} for response, reason in results if reason],
    }


async def _async_import(call: ServiceCall) -> None:
    """Begin to import what the meter remembers since a time, or all.

    Raises:
        ServiceValidationError: there is no such meter, its history is not listened to, no logged
            sensor is in use, the time is not over, there is no recorder, or an import is running.
    """
    history = _history_of(call)
    if not (history.blocks.counters or history.blocks.gauges):
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="no_counter_in_use")
    if history.past.log.running is not None:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="import_running")
    now, since = dt_util.utcnow().timestamp(), 0.0
    if ATTR_SINCE in call.data:
        since = max(_seconds(call.data[ATTR_SINCE]), 0)
    if since >= now:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="history_not_yet_there"
        )
    await history.past.async_begin(floor(since))


def _entry_of(call: ServiceCall) -> FluksoConfigEntry:
    """Return the config entry of the meter to act on.

    Raises:
        ServiceValidationError: there is no such meter, or no recorder.
    """
    entry: FluksoConfigEntry = async_get_config_entry(
        call.hass, DOMAIN, call.data[ATTR_CONFIG_ENTRY_ID]
    )
    if not is_recording(call.hass):
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="no_recorder")
    return entry


def _fill_response(hass: HomeAssistant, fill: Fill) -> JsonObjectType:
    """Return a fill for the response."""
    return {
        "entity_id": sensor_entity_id(hass, fill.unique_id),
        "begin": _local_iso(min(fill.hours)),
        "end": _local_iso(max(fill.hours) + HOUR),
        "hours": len(fill.hours),
        "amount": fill.amount,
        "unit": fill.change.unit,
    }


def _import_response(hass: HomeAssistant, part: Imported) -> JsonObjectType:
    """Return what was imported of an entity for the response."""
    put = part.put
    return {
        "entity_id": sensor_entity_id(hass, part.unique_id),
        "begin": _local_iso(put.begin),
        "end": _local_iso(put.end),
        "hours": put.hours,
        "amount": part.amount,
        "unit": put.unit,
    }


def _local_iso(time: float) -> str:
    """Return a time (s since 1970) in Home Assistant's time zone, in ISO 8601."""
    return dt_util.as_local(dt_util.utc_from_timestamp(time)).isoformat()

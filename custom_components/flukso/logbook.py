"""The activity log's lines for hours that were filled or imported from the meter's memory."""

from collections.abc import Callable
from datetime import datetime

from homeassistant.components.logbook import (
    LOGBOOK_ENTRY_ENTITY_ID,
    LOGBOOK_ENTRY_MESSAGE,
    LOGBOOK_ENTRY_NAME,
)
from homeassistant.const import ATTR_ENTITY_ID
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers.translation import async_get_cached_translations

from .const import (
    DOMAIN,
    EVENT_HISTORY_FILLED,
    EVENT_HISTORY_IMPORTED,
    EVENT_HISTORY_MISSING,
    EVENT_PEAK_RAISED,
)
from .formats import readable_number, readable_time

_DECIMALS = 3


@callback
def async_describe_events(
    hass: HomeAssistant,
    async_describe_event: Callable[[str, str, Callable[[Event], dict[str, str]]], None],
) -> None:
    """Register the descriptions of the events."""
    keys = {
        EVENT_HISTORY_FILLED: ("hours_filled", "hours_filled_amount"),
        EVENT_HISTORY_IMPORTED: ("hours_imported", "hours_imported_amount"),
        EVENT_HISTORY_MISSING: ("hours_missing", "hours_missing"),
        EVENT_PEAK_RAISED: ("hours_peak", "hours_peak"),
    }

    @callback
    def describe(event: Event) -> dict[str, str]:
        data, entity_id = event.data, event.data[ATTR_ENTITY_ID]
        key, key_with_amount = keys[str(event.event_type)]
        if data.get("amount") is not None:
            key = key_with_amount
        texts = async_get_cached_translations(hass, hass.config.language, "common", DOMAIN)
        text = texts[f"component.{DOMAIN}.common.activity_{key}"]
        state = hass.states.get(entity_id)
        placeholders = {
            "hours": data.get("hours"),
            "begin": _time(hass, data["begin"]),
            "end": _time(hass, data.get("end", data["begin"])),
            "amount": _amount(hass, data.get("amount") or 0, data.get("unit")),
            "sensors": ", ".join(data.get("sensors", ())),
        }
        return {
            LOGBOOK_ENTRY_NAME: state.name if state else entity_id,
            LOGBOOK_ENTRY_MESSAGE: text.format(**placeholders),
            LOGBOOK_ENTRY_ENTITY_ID: entity_id,
        }

    for event_type in keys:
        async_describe_event(DOMAIN, event_type, describe)


def _time(hass: HomeAssistant, time: str) -> str:
    return readable_time(hass, datetime.fromisoformat(time).timestamp())


def _amount(hass: HomeAssistant, amount: float, unit: str | None) -> str:
    return f"{readable_number(hass, amount, _DECIMALS)} {unit or ''}".strip()

"""The activity log's line for hours that were filled from the meter's memory."""

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
from homeassistant.util import dt as dt_util

from .const import DOMAIN, EVENT_HISTORY_FILLED


@callback
def async_describe_events(
    hass: HomeAssistant,
    async_describe_event: Callable[[str, str, Callable[[Event], dict[str, str]]], None],
) -> None:
    """Register the description of the event."""

    @callback
    def describe(event: Event) -> dict[str, str]:
        filled, entity_id = event.data, event.data[ATTR_ENTITY_ID]
        key = "hours_filled" if filled["amount"] is None else "hours_filled_amount"
        texts = async_get_cached_translations(hass, hass.config.language, "common", DOMAIN)
        text = texts[f"component.{DOMAIN}.common.activity_{key}"]
        begin = dt_util.as_local(datetime.fromisoformat(filled["begin"]))
        state = hass.states.get(entity_id)
        placeholders = {
            "hours": filled["hours"],
            "begin": f"{begin:%Y-%m-%d %H:%M}",
            "amount": f"{filled['amount'] or 0:.3f} {filled['unit'] or ''}".strip(),
        }
        return {
            LOGBOOK_ENTRY_NAME: state.name if state else entity_id,
            LOGBOOK_ENTRY_MESSAGE: text.format(**placeholders),
            LOGBOOK_ENTRY_ENTITY_ID: entity_id,
        }

    async_describe_event(DOMAIN, EVENT_HISTORY_FILLED, describe)

"""What an import could not have: reported to the user, and kept for the diagnostics."""

import logging

from homeassistant.const import ATTR_DEVICE_ID, ATTR_ENTITY_ID
from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ..const import EVENT_HISTORY_MISSING
from ..entity_lookup import counter_name, sensor_entry
from ..metering.past_rows import PastRows
from ..redaction import shortened
from .import_file import NotImported

_LOGGER = logging.getLogger(__name__)


@callback
def report_not_imported(
    hass: HomeAssistant, device_id: str, unique_id: str, past: PastRows, *, is_energy: bool
) -> NotImported | None:
    """Report the hours of an entity that have no row, or one that counts nothing.

    Hours without a row of an energy are shown in *Activity*, with the names of the sensors. Returns
    None if there are none.
    """
    entity, short_id = sensor_entry(hass, unique_id), shortened(unique_id)
    if past.impossible:
        _LOGGER.warning(
            "%s: %d hours of the past count nothing, as more was remembered than can be",
            short_id,
            past.impossible,
        )
    missing = past.missing
    if missing is not None:
        begin, end = (dt_util.utc_from_timestamp(time) for time in (missing.begin, missing.end))
        _LOGGER.info(
            "%s: %d hours between %s and %s have no past, as the meter has nothing of %s",
            short_id,
            missing.hours,
            begin,
            end,
            shortened(", ".join(missing.sensors)),
        )
        if is_energy:
            data = {
                ATTR_ENTITY_ID: entity.entity_id if entity else short_id,
                ATTR_DEVICE_ID: entity and entity.device_id,
                "begin": begin.isoformat(),
                "end": end.isoformat(),
                "hours": missing.hours,
                "sensors": [counter_name(hass, device_id, each) for each in missing.sensors],
            }
            hass.bus.async_fire(EVENT_HISTORY_MISSING, data)
    if missing is None and not past.impossible:
        return None
    return NotImported(past.impossible, missing)

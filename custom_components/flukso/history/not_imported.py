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
def not_imported(
    hass: HomeAssistant, device_id: str, unique_id: str, past: PastRows, *, is_energy: bool
) -> NotImported | None:
    """Report the hours of an entity that have no row, or one that counts nothing.

    Hours without a row of an energy are shown in *Activity*, with the names of the sensors. Returns
    None if there are none.
    """
    entity = sensor_entry(hass, unique_id)
    name = shortened(unique_id) if entity is None else entity.entity_id
    if past.impossible:
        _LOGGER.warning(
            "%s: %d hours of the past count nothing, as more was remembered than can be",
            name,
            past.impossible,
        )
    missing = past.missing
    if missing is not None:
        sensors = [counter_name(hass, device_id, sensor) for sensor in missing.sensors]
        begin, end = (dt_util.utc_from_timestamp(time) for time in (missing.begin, missing.end))
        _LOGGER.info(
            "%s: %d hours between %s and %s have no past, as the meter has nothing of %s",
            name,
            missing.hours,
            begin,
            end,
            ", ".join(sensors),
        )
        if is_energy:
            data = {
                ATTR_ENTITY_ID: name,
                ATTR_DEVICE_ID: entity and entity.device_id,
                "begin": begin.isoformat(),
                "end": end.isoformat(),
                "hours": missing.hours,
                "sensors": sensors,
            }
            hass.bus.async_fire(EVENT_HISTORY_MISSING, data)
    if missing is None and not past.impossible:
        return None
    return NotImported(past.impossible, missing)

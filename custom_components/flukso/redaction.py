"""Redaction of what identifies a meter.

- The **ids** of devices and sensors are complete in Home Assistant's own files and in the debug
  log. Log lines at info level and above contain six digits of each, as does what users share:
  diagnostics, and the repairs in them. Recordings contain other ids (``record/``).
- The **serial number** is displayed on the device page only. It is never logged, and is removed
  from diagnostics and repairs.
- The **address** of a meter is removed from diagnostics (``diagnostics.py``).
- **Secrets** (the keys of the radio, the kubes' hardware ids) are dropped by the parser
  (``protocol/configuration.py``).
"""

import re

from homeassistant.const import CONF_DEVICE_ID
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.redact import REDACTED

from .const import DOMAIN
from .entity_lookup import channel_unique_id, sensor_entity_id
from .models import FluksoConfigEntry
from .protocol.topics import Kind

_ID = re.compile(r"([0-9A-Fa-f]{6})[0-9A-Fa-f]{10,}")
#: A shorter serial number could match part of an ordinary word.
_SHORTEST_SERIAL = 6


def shortened(text: object) -> str:
    """Return a text with each id in it shortened to six digits."""
    return _ID.sub(r"\1…", str(text))


class Redaction:
    """Shortens ids and removes the serial number of a meter, ignoring case."""

    def __init__(self, hass: HomeAssistant, entry: FluksoConfigEntry) -> None:
        identifier = (DOMAIN, str(entry.data.get(CONF_DEVICE_ID)))
        device = dr.async_get(hass).async_get_device_by_identifier(identifier, entry.entry_id)
        serial = (device.serial_number if device else None) or ""
        is_long = len(serial) >= _SHORTEST_SERIAL
        forms = "|".join(re.escape(form) for form in (serial, shortened(serial)))
        self._serial = re.compile(forms, re.IGNORECASE) if is_long else None

    def text(self, text: str) -> str:
        """Return a text without what identifies the meter."""
        short = shortened(text)
        return self._serial.sub(REDACTED, short) if self._serial else short


def name_and_entity_id(
    hass: HomeAssistant, entry: FluksoConfigEntry, sensor_id: str
) -> tuple[str, str]:
    """Return the name and the entity id of the counter of a sensor, both redacted.

    Home Assistant's diagnostics contain the data of issues, and an entity id may contain an id of
    the meter: the older integration named its device by the serial number.
    """
    unique_id = channel_unique_id(entry.runtime_data.meter.device_id, sensor_id, Kind.COUNTER)
    entity_id = sensor_entity_id(hass, unique_id) or shortened(sensor_id)
    state = hass.states.get(entity_id)
    redaction = Redaction(hass, entry)
    return redaction.text(state.name if state else entity_id), redaction.text(entity_id)

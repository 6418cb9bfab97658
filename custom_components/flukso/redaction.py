"""What identifies a meter, taken out of texts that the user may pass on."""

import re

from homeassistant.const import CONF_DEVICE_ID
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.redact import REDACTED

from .const import DOMAIN
from .runtime import FluksoConfigEntry

_ID = re.compile(r"([0-9A-Fa-f]{6})[0-9A-Fa-f]{10,}")
#: A shorter serial number might be part of any word.
_SHORTEST_SERIAL = 6


class Redaction:
    """Cuts ids short, and takes the serial number of a meter out, in capitals or not."""

    def __init__(self, hass: HomeAssistant, entry: FluksoConfigEntry) -> None:
        identifier = (DOMAIN, str(entry.data.get(CONF_DEVICE_ID)))
        device = dr.async_get(hass).async_get_device_by_identifier(identifier, entry.entry_id)
        serial = (device.serial_number if device else None) or ""
        is_long = len(serial) >= _SHORTEST_SERIAL
        self._serial = re.compile(re.escape(serial), re.IGNORECASE) if is_long else None

    def text(self, found: str) -> str:
        """A text without what identifies the meter."""
        shortened = _ID.sub(r"\1…", found)
        return self._serial.sub(REDACTED, shortened) if self._serial else shortened

"""What identifies a meter, and who gets to see it.

- The **ids** of device and sensors are whole in Home Assistant's own files and in the debug log.
  Log lines at info and above have six digits of each, and so has what is passed on to others:
  diagnostics, and repairs, which are part of them. Recordings have other ids (``record/``).
- The **serial number** is shown on the device page, where the owner of Home Assistant sees it. It
  is in no log, and is left out of what is passed on to others, like the ids.
- **Secrets** (the keys of the radio, the kubes' hardware ids) get as far as the parser, which drops
  them (``protocol/config.py``).
"""

import re

from homeassistant.const import CONF_DEVICE_ID
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.redact import REDACTED

from .const import DOMAIN
from .models import FluksoConfigEntry

_ID = re.compile(r"([0-9A-Fa-f]{6})[0-9A-Fa-f]{10,}")
#: A shorter serial number might be part of any word.
_SHORTEST_SERIAL = 6


def shortened(text: object) -> str:
    """A text with six digits of each id that is in it."""
    return _ID.sub(r"\1…", str(text))


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
        short = shortened(found)
        return self._serial.sub(REDACTED, short) if self._serial else short

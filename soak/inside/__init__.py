"""An integration for Home Assistant that tells what its memory is used for.

SQLite keeps pages of the recorder's database, up to 16 MB a connection: Home Assistant sets that.
"""

import _sqlite3
import ctypes
import gc
import sys
from typing import Any

from homeassistant.components import websocket_api
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.typing import ConfigType
import voluptuous as vol

CONFIG_SCHEMA = cv.empty_config_schema("inside")

_sqlite = ctypes.CDLL(getattr(_sqlite3, "__file__", None))
_sqlite.sqlite3_memory_used.restype = ctypes.c_int64


async def async_setup(hass: HomeAssistant, _config: ConfigType) -> bool:
    """Register the command that tells it."""
    websocket_api.async_register_command(hass, _memory)
    return True


@websocket_api.websocket_command({vol.Required("type"): "inside/memory"})
@callback
def _memory(
    _hass: HomeAssistant, connection: websocket_api.ActiveConnection, message: dict[str, Any]
) -> None:
    """Send the bytes that SQLite uses, and how many memory blocks Python has without garbage."""
    gc.collect()
    result = {"sqlite": _sqlite.sqlite3_memory_used(), "blocks": sys.getallocatedblocks()}
    connection.send_result(message["id"], result)

"""An integration for Home Assistant that tells what its memory is used for, and reads MQTT in bulk.

SQLite keeps pages of the recorder's database, up to 16 MB a connection: Home Assistant sets that.

Home Assistant asks its MQTT client for up to 500 messages per turn of the event loop, but paho-mqtt
2.1 reads one. Where the messages of seconds arrive at once, that costs a quarter of the time.
"""

import _sqlite3
import ctypes
import gc
from select import select
import sys
from typing import Any

from homeassistant.components import websocket_api
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.typing import ConfigType
from paho.mqtt.client import Client
from paho.mqtt.enums import MQTTErrorCode
import voluptuous as vol

CONFIG_SCHEMA = cv.empty_config_schema("inside")

_sqlite = ctypes.CDLL(getattr(_sqlite3, "__file__", None))
_sqlite.sqlite3_memory_used.restype = ctypes.c_int64


async def async_setup(hass: HomeAssistant, _config: ConfigType) -> bool:
    """Register the command that tells it."""
    websocket_api.async_register_command(hass, _memory)
    _read_in_bulk()
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


def _read_in_bulk() -> None:
    """Let each client read until nothing more waits, or as many messages as it is asked for."""
    read_one = Client.loop_read

    def loop_read(self: Client, max_packets: int = 1) -> MQTTErrorCode:
        for _ in range(max_packets):
            result = read_one(self)
            connection = self.socket()
            if result or connection is None or not select((connection,), (), (), 0)[0]:
                break
        return result

    Client.loop_read = loop_read  # type: ignore[method-assign]

"""An integration for Home Assistant whose clock can be set ahead, together with all its timers.

Home Assistant runs with libfaketime, which takes the time from an environment variable. Timers are
set by the clock of the event loop, so that is set ahead as well: those that become due are fired,
as on a machine that slept.
"""

import asyncio
from collections.abc import Sized
import ctypes
import os
from selectors import BaseSelector
import time
from typing import Any

from homeassistant.components import websocket_api
from homeassistant.components.recorder import get_instance
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.typing import ConfigType
import voluptuous as vol

CONFIG_SCHEMA = cv.empty_config_schema("settable_clock")

_libc = ctypes.CDLL(None)
#: The length of the variable, with its name.
_LENGTH = 64
#: The parts of each step (s), so that a timer of some seconds fires nearly as often as it should.
_PART = 2.0
_MINUTE = 60
#: Where the coroutines are that read blocks and write rows.
_HISTORY = "/flukso/history/"


async def async_setup(hass: HomeAssistant, _config: ConfigType) -> bool:
    """Register the command that sets the clock: not an action, which Home Assistant records."""
    clock = _Clock(hass)

    @websocket_api.websocket_command(
        {vol.Required("type"): "settable_clock/advance", vol.Required("to"): vol.Coerce(float)}
    )
    @websocket_api.async_response
    async def advance(
        _hass: HomeAssistant, connection: websocket_api.ActiveConnection, message: dict[str, Any]
    ) -> None:
        await clock.async_advance(message["to"])
        result = {"now": time.time(), "busy": clock.is_busy()}
        connection.send_result(message["id"], result)

    websocket_api.async_register_command(hass, advance)
    return True


class _Clock:
    """The clock of Home Assistant, and that of its event loop."""

    def __init__(self, hass: HomeAssistant) -> None:
        self._hass = hass
        self._ahead = float(os.environ["FAKETIME"])
        self._texts = [ctypes.create_string_buffer(_LENGTH) for _ in range(2)]
        self._skipped = 0.0
        loop = vars(hass.loop)
        loop["time"] = lambda: time.monotonic() + self._skipped
        #: What the loop has to do next, and what knows where more is to be read.
        self._ready: Sized = loop["_ready"]
        self._selector: BaseSelector = loop["_selector"]

    async def async_advance(self, to: float) -> None:
        """Set the clock to a time (s since 1970), unless it is later already."""
        before = time.time()
        await self._async_come_to_rest()
        while True:
            self._skip(min(_PART, to - time.time()))
            await self._async_come_to_rest()
            if time.time() >= to:
                break
        if before // _MINUTE != time.time() // _MINUTE:
            await get_instance(self._hass).async_block_till_done()

    def is_busy(self) -> bool:
        """Whether blocks are being read, or rows written, which takes its time."""
        tasks = self._hass._background_tasks  # noqa: SLF001 # nothing public tells them
        coroutines = [task.get_coro() for task in tasks if isinstance(task, asyncio.Task)]
        codes = [getattr(coroutine, "cr_code", None) for coroutine in coroutines]
        return any(_HISTORY in code.co_filename for code in codes if code is not None)

    async def _async_come_to_rest(self) -> None:
        """Turn the event loop until nothing is due, and all that has arrived has been read."""
        while True:
            await asyncio.sleep(0)
            if not self._ready and not self._selector.select(0):
                return

    def _skip(self, seconds: float) -> None:
        if seconds > 0:
            self._ahead += seconds
            self._tell()
            self._skipped += seconds

    def _tell(self) -> None:
        """Set the variable that libfaketime reads, which a thread may be reading now.

        ``os.environ`` would do, but the C library keeps all values that a variable ever had.
        """
        self._texts.reverse()
        self._texts[0].value = f"FAKETIME={self._ahead:+.6f}".encode()
        _libc.putenv(self._texts[0])

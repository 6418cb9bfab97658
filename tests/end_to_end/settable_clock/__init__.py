"""An integration for Home Assistant whose clock can be set ahead, together with all its timers.

Home Assistant runs with libfaketime, which takes the time from an environment variable. Timers are
set by the clock of the event loop, so that is set ahead as well: those that become due are fired,
as on a machine that slept.
"""

import asyncio
import os
import time

from homeassistant.components.recorder import get_instance
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.typing import ConfigType

CONFIG_SCHEMA = cv.empty_config_schema("settable_clock")

#: The parts of each step (s), so that a timer of some seconds fires nearly as often as it should.
_PART = 2.0
#: How often the event loop turns after each part.
_TURNS = 4
_MINUTE = 60
#: Where the coroutines are that read blocks and write rows.
_HISTORY = "/flukso/history/"


async def async_setup(hass: HomeAssistant, _config: ConfigType) -> bool:
    """Register the action."""
    clock = _Clock(hass)
    hass.services.async_register(
        "settable_clock", "advance", clock.async_advance, supports_response=SupportsResponse.ONLY
    )
    return True


class _Clock:
    """The clock of Home Assistant, and that of its event loop."""

    def __init__(self, hass: HomeAssistant) -> None:
        self._hass = hass
        self._ahead = float(os.environ["FAKETIME"])
        self._skipped = 0.0
        hass.loop.time = lambda: time.monotonic() + self._skipped

    async def async_advance(self, call: ServiceCall) -> ServiceResponse:
        """Set the clock to a time (s since 1970), unless it is later already."""
        before = time.time()
        while True:
            self._skip(min(_PART, call.data["to"] - time.time()))
            for _ in range(_TURNS):
                await asyncio.sleep(0)
            if time.time() >= call.data["to"]:
                break
        if before // _MINUTE != time.time() // _MINUTE:
            await get_instance(self._hass).async_block_till_done()
        return {"now": time.time(), "busy": self._is_busy()}

    def _is_busy(self) -> bool:
        """Whether blocks are being read, or rows written, which takes its time."""
        tasks = [task for task in self._hass._background_tasks if isinstance(task, asyncio.Task)]
        codes = [getattr(task.get_coro(), "cr_code", None) for task in tasks]
        return any(_HISTORY in code.co_filename for code in codes if code is not None)

    def _skip(self, seconds: float) -> None:
        if seconds > 0:
            self._ahead += seconds
            os.environ["FAKETIME"] = f"{self._ahead:+.6f}"
            self._skipped += seconds

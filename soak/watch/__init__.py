"""An integration for Home Assistant that measures its event loop and its memory from inside.

It schedules a call every few milliseconds; the delay of a call is how long a user's request would
have waited. The delay includes other programs on the machine; the duration of one run of the loop,
and that of a garbage collection, are measured in processor time. It also counts the memory blocks
that Python has allocated: the memory of the process hides a leak for a long time, because memory
that was freed after the start is used again.
"""

import asyncio
import gc
import sys
import time

from homeassistant.core import HomeAssistant, ServiceCall, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.typing import ConfigType

DOMAIN = "watch"
CONFIG_SCHEMA = cv.empty_config_schema(DOMAIN)

_EVERY = 0.005


async def async_setup(hass: HomeAssistant, _config: ConfigType) -> bool:
    """Register an action that starts a measurement, and one that publishes its results."""
    longest = dict.fromkeys(("hold", "work", "collection"), 0.0)
    blocks = 0
    worked = 0.0
    collecting = 0.0

    def saw(what: str, seconds: float) -> None:
        longest[what] = max(longest[what], seconds)

    @callback
    def tick(due: float) -> None:
        nonlocal worked
        now, work = hass.loop.time(), time.thread_time()
        saw("hold", now - due)
        saw("work", work - worked)
        worked = work
        hass.loop.call_at(now + _EVERY, tick, now + _EVERY)

    def collect(phase: str, _info: dict[str, int]) -> None:
        """Measure a garbage collection; called in the thread that runs it."""
        nonlocal collecting
        if phase == "start":
            collecting = time.thread_time()
        else:
            saw("collection", time.thread_time() - collecting)

    async def begin(_call: ServiceCall) -> None:
        nonlocal blocks
        blocks = _blocks()
        await asyncio.sleep(10 * _EVERY)  # counting has blocked the loop
        longest.update(dict.fromkeys(longest, 0.0))

    @callback
    def tell(_call: ServiceCall) -> None:
        for what, seconds in longest.items():
            hass.states.async_set(f"watch.longest_{what}", f"{seconds * 1000:.0f}")
        hass.states.async_set("watch.more_blocks", str(_blocks() - blocks))

    hass.services.async_register(DOMAIN, "begin", begin)
    hass.services.async_register(DOMAIN, "tell", tell)
    gc.callbacks.append(collect)
    tick(hass.loop.time())
    return True


def _blocks() -> int:
    gc.collect()
    return sys.getallocatedblocks()

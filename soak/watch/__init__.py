"""An integration for Home Assistant that watches it from inside: its event loop and its memory.

It asks to be called every few milliseconds; how late the call comes is how long a click would have
waited. That has the machine's other work in it; what the loop itself did in one go, and what Python
took to collect garbage, is told in processor time. And it counts the blocks of memory that Python
holds: the memory of the process hides for a long time what piles up, in the room that its start
left behind.
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
    """Offer an action that begins anew, and one that tells of the time since."""
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
        """Python calls this in the thread that collects, whichever it is."""
        nonlocal collecting
        if phase == "start":
            collecting = time.thread_time()
        else:
            saw("collection", time.thread_time() - collecting)

    async def begin(_call: ServiceCall) -> None:
        nonlocal blocks
        blocks = _blocks()
        await asyncio.sleep(10 * _EVERY)  # counting has held the loop
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

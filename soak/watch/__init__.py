"""An integration for Home Assistant that watches it from inside: its event loop and its memory.

It asks to be called every few milliseconds; how late the call comes is how long a click would have
waited. And it counts the blocks of memory that Python holds: the memory of the process hides for a
long time what piles up, in the room that its start left behind.
"""

import asyncio
import gc
import sys

from homeassistant.core import HomeAssistant, ServiceCall, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.typing import ConfigType

DOMAIN = "watch"
CONFIG_SCHEMA = cv.empty_config_schema(DOMAIN)

_EVERY = 0.005


async def async_setup(hass: HomeAssistant, _config: ConfigType) -> bool:
    """Offer an action that begins anew, and one that tells of the time since."""
    longest = 0.0
    blocks = 0

    @callback
    def tick(due: float) -> None:
        nonlocal longest
        now = hass.loop.time()
        longest = max(longest, now - due)
        hass.loop.call_at(now + _EVERY, tick, now + _EVERY)

    async def begin(_call: ServiceCall) -> None:
        nonlocal blocks, longest
        blocks = _blocks()
        await asyncio.sleep(10 * _EVERY)  # counting has held the loop
        longest = 0.0

    @callback
    def tell(_call: ServiceCall) -> None:
        hass.states.async_set("watch.longest_hold", f"{longest * 1000:.0f}")
        hass.states.async_set("watch.more_blocks", str(_blocks() - blocks))

    hass.services.async_register(DOMAIN, "begin", begin)
    hass.services.async_register(DOMAIN, "tell", tell)
    tick(hass.loop.time())
    return True


def _blocks() -> int:
    gc.collect()
    return sys.getallocatedblocks()

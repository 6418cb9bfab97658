"""Waiting until the entities of a new meter are there."""

import asyncio
import contextlib

from homeassistant.core import callback

from ..models import FluksoConfigEntry
from .sources import knows_directions

#: How long a dialog waits for them (s).
WITHIN = 5


async def async_wait_until_ready(entry: FluksoConfigEntry) -> None:
    """Wait until the meter is known, each clamp has counted, and all entities are added.

    Which way round a clamp is can be told from its counters only. These are not waited for any
    more after some seconds, as a meter may be silent; adding entities always ends.
    """
    meter = entry.runtime_data.meter
    ready = asyncio.Event()

    @callback
    def check() -> None:
        if meter.channels and knows_directions(meter, ()):
            ready.set()

    unsubscribe = meter.listen(check, settled=check)
    check()
    try:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(WITHIN):
                await ready.wait()
    finally:
        unsubscribe()
    while entry.runtime_data.updates:
        await asyncio.wait(entry.runtime_data.updates)

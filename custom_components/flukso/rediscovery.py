"""Rediscovery: what it means that a meter which is set up was announced on the network."""

import asyncio

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_DEVICE_ID, CONF_HOST, CONF_PORT
from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

from .models import FluksoConfigEntry
from .transport.direct import DirectTransport
from .transport.discovery import async_ask_announced

#: A meter from which nothing came for so long is not heard any more (s).
MAX_SILENCE = 60
_LOOK_EVERY = 0.5


async def async_rediscover(
    hass: HomeAssistant, entry: FluksoConfigEntry, host: str, port: int
) -> bool:
    """Let a meter connect now if it is not connected; return whether it has moved to an address.

    It has moved if it is not at the address of its entry any more, but at the announced one. Both
    are asked: any device can have announced it. Any device can also delete the configuration by
    which it is found, so a meter that is still heard has not moved.
    """
    began = dt_util.utcnow().timestamp()
    _connect_now(entry)
    device_id, address = entry.data[CONF_DEVICE_ID], _address(entry)
    if address == (host, port):
        return False
    if device_id in (await async_ask_announced(hass, *address, device_id)).meters:
        return False
    if await _async_is_heard(entry, began):
        return False
    answer = await async_ask_announced(hass, host, port, device_id)
    return device_id in answer.meters and _address(entry) == address


async def _async_is_heard(entry: FluksoConfigEntry, since: float) -> bool:
    """Return whether a meter is heard since it was announced, or before it counts as silent.

    What was heard before is no proof: it may have moved a second ago.
    """
    while (heard_at := _heard_at(entry)) <= since:
        if dt_util.utcnow().timestamp() - heard_at > MAX_SILENCE:
            return False
        await asyncio.sleep(_LOOK_EVERY)
    return True


@callback
def _heard_at(entry: FluksoConfigEntry) -> float:
    """Return when the last message of a meter arrived (s since 1970); 0 if it isn't connected."""
    if entry.state is not ConfigEntryState.LOADED or not entry.runtime_data.transport.connected:
        return 0
    meter = entry.runtime_data.meter
    clock_at, _ = meter.clock.last_offset or (0, 0)
    return max([clock_at, *(channel.stats.live_at or 0 for channel in meter.channels.values())])


@callback
def _connect_now(entry: FluksoConfigEntry) -> None:
    """End the pause between two attempts to connect."""
    if entry.state is ConfigEntryState.LOADED:
        transport = entry.runtime_data.transport
        if isinstance(transport, DirectTransport) and not transport.connected:
            transport.retry()


def _address(entry: FluksoConfigEntry) -> tuple[str, int]:
    return entry.data.get(CONF_HOST, ""), entry.data.get(CONF_PORT, 0)

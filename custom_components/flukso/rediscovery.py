"""Rediscovery: what it means that a meter which is set up was announced on the network."""

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_DEVICE_ID, CONF_HOST, CONF_PORT
from homeassistant.core import HomeAssistant, callback

from .models import FluksoConfigEntry
from .transport.direct import DirectTransport
from .transport.discovery import async_ask_announced


async def async_rediscover(
    hass: HomeAssistant, entry: FluksoConfigEntry, host: str, port: int
) -> bool:
    """Let a meter connect now if it is not connected; return whether it has moved to an address.

    It has moved if it is not at the address of its entry any more, but at the announced one. Both
    are asked: any device can have announced it.
    """
    _connect_now(entry)
    device_id, address = entry.data[CONF_DEVICE_ID], _address(entry)
    if address == (host, port):
        return False
    for asked, is_expected in ((address, False), ((host, port), True)):
        answer = await async_ask_announced(hass, *asked, device_id)
        if (device_id in answer.meters) is not is_expected:
            return False
    return _address(entry) == address


@callback
def _connect_now(entry: FluksoConfigEntry) -> None:
    """End the pause between two attempts to connect."""
    if entry.state is ConfigEntryState.LOADED:
        transport = entry.runtime_data.transport
        if isinstance(transport, DirectTransport) and not transport.connected:
            transport.retry()


def _address(entry: FluksoConfigEntry) -> tuple[str, int]:
    return entry.data.get(CONF_HOST, ""), entry.data.get(CONF_PORT, 0)

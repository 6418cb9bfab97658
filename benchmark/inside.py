"""Home Assistant in this process, so that the calls it makes can be timed."""

from collections.abc import AsyncIterator
import contextlib
import logging
from pathlib import Path

from homeassistant import bootstrap
from homeassistant.config_entries import SOURCE_USER, ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.runner import RuntimeConfig

from custom_components.flukso.const import CONF_IMPORT_HISTORY
from stack import configuration, eventually, free_port
from stack.home_assistant import COMPONENT
from stack.launch import stand_in_for_sound
from stack.ports import LOOPBACK

#: The log goes to the terminal, where the table is printed.
_LEVELS = {"homeassistant": "error", "custom_components": "error", "simulator": "warning"}


@contextlib.asynccontextmanager
async def home_assistant(folder: Path) -> AsyncIterator[HomeAssistant]:
    """Start Home Assistant with this integration, its recorder included, and stop it again.

    Raises:
        RuntimeError: it does not start.
    """
    stand_in_for_sound()
    configuration.prepare(folder, free_port(), COMPONENT, levels=_LEVELS)
    for name, level in _LEVELS.items():
        logging.getLogger(name).setLevel(level.upper())  # before it reads its configuration
    hass = await bootstrap.async_setup_hass(RuntimeConfig(str(folder), skip_pip=True))
    if hass is None:
        raise RuntimeError("Home Assistant does not start")
    try:
        await hass.async_start()
        yield hass
    finally:
        await hass.async_stop(force=True)


async def add_mqtt(hass: HomeAssistant, port: int) -> None:
    """Connect Home Assistant's MQTT integration to a broker on the loopback address."""
    flow = await hass.config_entries.flow.async_init("mqtt", context={"source": SOURCE_USER})
    settings = {"set_client_cert": False, "set_ca_cert": "off"}
    await hass.config_entries.flow.async_configure(
        flow["flow_id"],
        {"broker": LOOPBACK, "port": port, "protocol": "5", "other_settings": settings},
    )


async def add_directly(hass: HomeAssistant, domain: str, port: int) -> ConfigEntry:
    """Add the meter whose broker is at a port of the loopback address, without its past."""
    flow = await hass.config_entries.flow.async_init(domain, context={"source": SOURCE_USER})
    address = {"host": LOOPBACK, "port": port}
    form = await hass.config_entries.flow.async_configure(flow["flow_id"], address)
    without_past = {CONF_IMPORT_HISTORY: False}
    result = await hass.config_entries.flow.async_configure(form["flow_id"], without_past)
    entry: ConfigEntry = result["result"]
    return entry


async def add_discovered(hass: HomeAssistant, domain: str) -> ConfigEntry:
    """Wait for a discovery, and confirm it."""

    async def flow_id() -> str | None:
        flows = hass.config_entries.flow.async_progress_by_handler(domain)
        return flows[0]["flow_id"] if flows else None

    found = await eventually(flow_id, f"a discovered {domain}")
    assert found is not None
    result = await hass.config_entries.flow.async_configure(found, {})
    entry: ConfigEntry = result["result"]
    return entry

"""Home Assistant that restarts, crashes, reloads a meter, and whose user disables entities."""

from collections.abc import Awaitable, Callable, Collection
from copy import deepcopy
import json
from typing import Any
from unittest.mock import patch

from homeassistant.const import EVENT_HOMEASSISTANT_FINAL_WRITE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er, restore_state
from homeassistant.helpers.json import json_bytes
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_mock_restore_state_shutdown_restart,
)

from .broker import Broker
from .supplies import METER


async def restart(hass: HomeAssistant, broker: Broker, entry: MockConfigEntry) -> None:
    """Let Home Assistant write down what it keeps, go, and begin anew."""
    assert await hass.config_entries.async_unload(entry.entry_id)
    await async_mock_restore_state_shutdown_restart(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await broker.settle()


async def crash(
    hass: HomeAssistant, broker: Broker, entry: MockConfigEntry, storage: dict[str, Any]
) -> Callable[[], Awaitable[None]]:
    """Let Home Assistant write down what it keeps; the answer is how to begin anew from that."""
    data = restore_state.async_get(hass)
    states = json_bytes([stored.as_dict() for stored in data.async_get_stored_states()])
    hass.bus.async_fire(EVENT_HOMEASSISTANT_FINAL_WRITE)
    await hass.async_block_till_done()
    files = deepcopy(storage)

    async def begin_anew() -> None:
        assert await hass.config_entries.async_unload(entry.entry_id)
        storage.update(files)
        with patch.object(data.store, "async_load", return_value=json.loads(states)):
            await data.async_load()
        assert await hass.config_entries.async_setup(entry.entry_id)
        await broker.settle()

    return begin_anew


def only(hass: HomeAssistant, entry: MockConfigEntry, wanted: Collection[str]) -> None:
    """Let the user disable all entities of the meter but some totals."""
    registry = er.async_get(hass)
    ids = {f"{METER.device_id}_{what}" for what in wanted}
    for entity in er.async_entries_for_config_entry(registry, entry.entry_id):
        disabled = None if entity.unique_id in ids else er.RegistryEntryDisabler.USER
        registry.async_update_entity(entity.entity_id, disabled_by=disabled)


async def reload(hass: HomeAssistant, broker: Broker, entry: MockConfigEntry) -> None:
    """Reload the meter, as Home Assistant does when entities are enabled."""
    await hass.config_entries.async_reload(entry.entry_id)
    await broker.settle()

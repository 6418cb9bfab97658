"""Home Assistant as a test sees it: set a meter up, and look at what became of it."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
import re
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import device_registry as dr, entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flukso.const import DOMAIN

from .broker import Broker
from .meters import Meter
from .timers import fire_due_timers

_OF_A_TOPIC = re.compile(r"[0-9a-f]{32}_[0-9a-f]{32}_(gauge|counter)")


#: The options of tests in which values are written at intervals.
AT_INTERVALS = {"power_interval": 5, "other_interval": 30}


def caching_in(hass: HomeAssistant, folder: Path) -> AbstractContextManager[object]:
    """Let Home Assistant keep in a folder what can be had again; by itself it shares one."""
    return patch.object(
        type(hass.config), "cache_path", lambda _, *parts: str(folder.joinpath(*parts))
    )


def config_entry(
    meter: Meter, title: str = "Fluksometer", options: Mapping[str, object] | None = None
) -> MockConfigEntry:
    """The config entry of a meter, as the config flow makes it but for the intervals."""
    return MockConfigEntry(
        domain=DOMAIN,
        title=title,
        unique_id=meter.device_id,
        data={"device_id": meter.device_id, "topic_prefix": meter.prefix},
        options=dict(AT_INTERVALS if options is None else options),
        version=4,
    )


async def set_up(
    hass: HomeAssistant, broker: Broker, meter: Meter, title: str = "Fluksometer"
) -> MockConfigEntry:
    """Set up a meter whose configuration is retained by the broker."""
    return await set_up_knowing(hass, broker, meter, meter.reports, title)


async def set_up_on_change(hass: HomeAssistant, broker: Broker, meter: Meter) -> MockConfigEntry:
    """Set up a meter whose values are written on change, which is the default."""
    entry = config_entry(meter, options={})
    return await set_up_knowing(hass, broker, meter, meter.reports, entry=entry)


async def set_up_knowing(
    hass: HomeAssistant,
    broker: Broker,
    meter: Meter,
    reports: dict[str, str],
    title: str = "Fluksometer",
    *,
    entry: MockConfigEntry | None = None,
) -> MockConfigEntry:
    """Set up a meter of which nothing but some messages is retained by the broker."""
    entry = entry or config_entry(meter, title)
    entry.add_to_hass(hass)
    await broker.publish_all(reports, retain=True)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await broker.settle()
    return entry


async def set_up_and_read(
    hass: HomeAssistant, broker: Broker, meter: Meter, title: str = "Fluksometer"
) -> MockConfigEntry:
    """Set up a meter, and let it publish a reading on every topic."""
    entry = await set_up(hass, broker, meter, title)
    await broker.publish_all(meter.readings())
    return entry


def entities(hass: HomeAssistant, entry: MockConfigEntry) -> list[er.RegistryEntry]:
    """The registered entities that show the topics of a meter, by entity id."""
    registered = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    of_topics = (entity for entity in registered if _OF_A_TOPIC.fullmatch(entity.unique_id))
    return sorted(of_topics, key=lambda entity: entity.entity_id)


def states(hass: HomeAssistant, entry: MockConfigEntry) -> dict[str, str]:
    """The states that show the topics of a meter, by entity id."""
    found = (hass.states.get(entity.entity_id) for entity in entities(hass, entry))
    return {state.entity_id: state.state for state in found if state is not None}


def devices(hass: HomeAssistant, entry: MockConfigEntry) -> list[dr.AnyDeviceEntry]:
    """The devices and child devices of a meter, by name."""
    registry, entry_id = dr.async_get(hass), entry.entry_id
    registered: list[dr.AnyDeviceEntry] = [
        *dr.async_entries_for_config_entry(registry, entry_id),
        *dr.async_child_entries_for_config_entry(registry, entry_id),
    ]
    return sorted(registered, key=lambda device: (device.name or "", str(device.identifiers)))


def device_names(hass: HomeAssistant, entry: MockConfigEntry) -> list[str | None]:
    """What the devices of a meter are called."""
    return [device.name for device in devices(hass, entry)]


def device_of(hass: HomeAssistant, entry: MockConfigEntry, name: str) -> dr.AnyDeviceEntry:
    """The device of that name."""
    [device] = [device for device in devices(hass, entry) if device.name == name]
    return device


def entity_of(hass: HomeAssistant, meter: Meter, slot: int, kind: str) -> er.RegistryEntry:
    """The entity that shows a topic of a slot."""
    registry = er.async_get(hass)
    unique_id = f"{meter.device_id}_{meter.sensor_id(slot)}_{kind}"
    [entity] = [
        entity
        for entity in registry.entities.values()
        if entity.platform == DOMAIN and entity.unique_id == unique_id
    ]
    return entity


def state_of(hass: HomeAssistant, meter: Meter, slot: int, kind: str) -> State:
    """The state of the entity that shows a topic of a slot."""
    state = hass.states.get(entity_of(hass, meter, slot, kind).entity_id)
    assert state is not None
    return state


def value_of(hass: HomeAssistant, meter: Meter, slot: int, kind: str) -> float:
    """The state of the entity that shows a topic of a slot, as a number."""
    return float(state_of(hass, meter, slot, kind).state)


async def let_pass(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory, seconds: int
) -> None:
    """Let time pass, in steps in which every timer of the integration comes round."""
    for step in [5] * (seconds // 5) if seconds <= 60 else [seconds - 5, 5]:
        freezer.tick(step)
        fire_due_timers(hass)
        await broker.settle()

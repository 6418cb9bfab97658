"""Unique ids of entities, and the look-up of the entities registered with them.

The unique ids are those of the older integration, so that its users keep entities and statistics.
"""

from homeassistant.components.sensor import DOMAIN as SENSOR_DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from .const import DOMAIN
from .protocol.topics import Kind, is_id


def channel_unique_id(device_id: str, sensor_id: str, kind: Kind) -> str:
    """Return the unique id of the entity of the gauge or the counter of a sensor."""
    return f"{device_id}_{sensor_id}_{kind}"


def sensor_unique_id(device_id: str, sensor_id: str, what: str) -> str:
    """Return the unique id of an entity with what is computed from a sensor."""
    return f"{device_id}_{sensor_id}_{what}"


def port_unique_id(device_id: str, port: int, what: str) -> str:
    """Return the unique id of an entity of a port that belongs to none of its sensors."""
    return f"{device_id}_port_{port}_{what}"


def meter_unique_id(device_id: str, what: str) -> str:
    """Return the unique id of an entity of the meter as a whole."""
    return f"{device_id}_{what}"


def registered_sensors(hass: HomeAssistant, device_id: str) -> set[str]:
    """Return the ids of the sensors of a meter that have or had an entity."""
    entities = er.async_get(hass).entities.values()
    unique_ids = (each.unique_id.split("_") for each in entities if each.platform == DOMAIN)
    return {parts[1] for parts in unique_ids if parts[0] == device_id and is_id(parts[1])}


def sensor_entity_id(hass: HomeAssistant, unique_id: str) -> str | None:
    """Return the entity id, which is the statistic id too; None if no such sensor is registered."""
    return er.async_get(hass).async_get_entity_id(SENSOR_DOMAIN, DOMAIN, unique_id)


def sensor_entry(hass: HomeAssistant, unique_id: str) -> er.RegistryEntry | None:
    """Return the registry entry of a sensor; None if no such sensor is registered."""
    entity_id = sensor_entity_id(hass, unique_id)
    return er.async_get(hass).async_get(entity_id) if entity_id else None


def counter_name(hass: HomeAssistant, device_id: str, sensor_id: str) -> str:
    """Return the name of the counter of a sensor; where none is registered, its shortened id."""
    entry = sensor_entry(hass, channel_unique_id(device_id, sensor_id, Kind.COUNTER))
    if entry is None:
        return sensor_id[:6]
    state = hass.states.get(entry.entity_id)
    return state.name if state else er.async_get_full_entity_name(hass, entry)


def enabled_sensor(hass: HomeAssistant, unique_id: str) -> er.RegistryEntry | None:
    """Return the registry entry of a sensor; None if it is disabled, or not registered."""
    entry = sensor_entry(hass, unique_id)
    return None if entry is None or entry.disabled else entry

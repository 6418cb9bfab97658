"""Sensors of this integration in the entity registry, whatever they are called by now."""

from homeassistant.components.sensor import DOMAIN as SENSOR_DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from .const import DOMAIN


def sensor_id_of(hass: HomeAssistant, unique_id: str) -> str | None:
    """The entity id, which is its statistic id too; None where there is no such sensor."""
    return er.async_get(hass).async_get_entity_id(SENSOR_DOMAIN, DOMAIN, unique_id)


def sensor_of(hass: HomeAssistant, unique_id: str) -> er.RegistryEntry | None:
    """The whole entry."""
    entity_id = sensor_id_of(hass, unique_id)
    return er.async_get(hass).async_get(entity_id) if entity_id else None

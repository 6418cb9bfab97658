"""Sensors: every gauge and counter that is a number."""

from typing import override

from homeassistant.components.sensor import SensorEntity
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .channel import Channel
from .descriptions import FluksoSensorDescription, description_of
from .entity import FluksoEntity, follow_channels
from .meter import FluksoConfigEntry

PARALLEL_UPDATES = 0

#: Scaling adds digits that the meter does not have.
_DECIMALS = 6


async def async_setup_entry(
    hass: HomeAssistant,
    entry: FluksoConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the sensors of a meter, now and whenever it enables others."""
    follow_channels(hass, entry, async_add_entities, _create)


def _create(hass: HomeAssistant, entry: FluksoConfigEntry, channel: Channel) -> FluksoSensor | None:
    description = description_of(channel.stream)
    return None if description is None else FluksoSensor(hass, entry, channel, description)


class FluksoSensor(FluksoEntity, SensorEntity):
    """The value of a channel."""

    entity_description: FluksoSensorDescription

    def __init__(
        self,
        hass: HomeAssistant,
        entry: FluksoConfigEntry,
        channel: Channel,
        description: FluksoSensorDescription,
    ) -> None:
        super().__init__(hass, entry, channel)
        self.entity_description = description

    @override
    def _take_reading(self) -> None:
        reading, scale = self.channel.reading, self.entity_description.scale
        if reading is not None:
            value = reading.value
            self._attr_native_value = value if scale == 1 else round(value * scale, _DECIMALS)

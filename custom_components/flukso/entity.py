"""What the entities of all platforms share: their device, their availability, their channel."""

from abc import abstractmethod
from collections.abc import Callable
from typing import override

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .channel import Channel
from .devices import device_info
from .meter import FluksoConfigEntry


class FluksoEntity(Entity):
    """An entity that shows a channel."""

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(self, hass: HomeAssistant, entry: FluksoConfigEntry, channel: Channel) -> None:
        stream = channel.stream
        self.channel = channel
        self._attr_unique_id = (
            f"{entry.runtime_data.device_id}_{stream.sensor.sensor_id}_{stream.kind}"
        )
        self._attr_device_info = device_info(hass, entry, stream.sensor)

    @property
    @override
    def available(self) -> bool:
        """Whether the channel can be relied on."""
        return self.channel.available

    @override
    async def async_added_to_hass(self) -> None:
        """Listen for as long as the entity is part of Home Assistant."""
        await super().async_added_to_hass()
        self._take_value()
        self.async_on_remove(await self.channel.async_listen(self._channel_changed))

    @callback
    def _channel_changed(self) -> None:
        self._take_value()
        self.async_write_ha_state()

    @abstractmethod
    def _take_value(self) -> None:
        """Take the state over from the channel."""


@callback
def follow_channels(
    hass: HomeAssistant,
    entry: FluksoConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
    create: Callable[[HomeAssistant, FluksoConfigEntry, Channel], FluksoEntity | None],
) -> None:
    """Keep the entities of a platform in step with the channels of the meter.

    ``create`` makes the entity of a channel, or None where another platform does. The entity
    of a channel that is gone leaves, and its place in the entity registry waits for it.
    """
    meter = entry.runtime_data
    entities: dict[Channel, FluksoEntity] = {}

    async def follow() -> None:
        for channel in entities.keys() - set(meter.channels.values()):
            gone = entities.pop(channel)
            if gone.hass:  # one that the user has disabled was never added
                await gone.async_remove()
        new = {
            channel: entity
            for channel in meter.channels.values()
            if channel not in entities and (entity := create(hass, entry, channel)) is not None
        }
        entities.update(new)
        async_add_entities(new.values())

    @callback
    def channels_changed() -> None:
        entry.async_create_task(hass, follow(), "flukso follow channels")

    entry.async_on_unload(meter.listen(channels_changed))
    channels_changed()

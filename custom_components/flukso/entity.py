"""What the entities of all platforms share: their device, their availability, their channel."""

from abc import abstractmethod
import asyncio
from collections.abc import Callable, Collection
from typing import override

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import async_get_current_platform

from .devices import AnyDeviceInfo, device_info
from .entity_lookup import channel_unique_id
from .meter.channel import Channel
from .meter.observable import Observable
from .models import FluksoConfigEntry


class FluksoEntity(Entity):
    """An entity that shows a value of the meter."""

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(self, observable: Observable, unique_id: str, info: AnyDeviceInfo) -> None:
        self.observable = observable
        self._attr_unique_id = unique_id
        self._attr_device_info = info

    @property
    @override
    def available(self) -> bool:
        """Whether the value can be relied on."""
        return self.observable.available

    @override
    async def async_added_to_hass(self) -> None:
        """Listen for as long as the entity is part of Home Assistant."""
        await super().async_added_to_hass()
        self._take_value()
        self.async_on_remove(await self.observable.async_listen(self._changed))

    @callback
    def _changed(self) -> None:
        self._take_value()
        self.async_write_ha_state()

    @abstractmethod
    def _take_value(self) -> None:
        """Take the state over from what is shown."""


class ChannelEntity(FluksoEntity):
    """An entity that shows a channel."""

    def __init__(self, hass: HomeAssistant, entry: FluksoConfigEntry, channel: Channel) -> None:
        stream = channel.stream
        device_id = entry.runtime_data.meter.device_id
        super().__init__(
            channel,
            channel_unique_id(device_id, stream.sensor.sensor_id, stream.kind),
            device_info(hass, entry, stream.sensor),
        )


async def async_follow[Source: Observable](
    hass: HomeAssistant,
    entry: FluksoConfigEntry,
    sources: Callable[[], Collection[Source]],
    create: Callable[[Source], FluksoEntity | None],
) -> None:
    """Add the entities of what the meter has to show, and keep the platform in step with it.

    ``create`` makes the entity of a source, or None where another platform does. The entity of
    a source that is gone leaves, and its place in the entity registry waits for it.

    Changes are followed one after the other. That takes waiting until entities are added, which
    the callback that platforms are given for it does not offer.
    """
    platform = async_get_current_platform()
    entities: dict[Source, FluksoEntity] = {}
    updating = asyncio.Lock()

    async def update() -> None:
        async with updating:
            for source in entities.keys() - set(sources()):
                gone = entities.pop(source)
                if gone.hass:  # one that the user has disabled was never added
                    await gone.async_remove()
            new = []
            for source in sources():
                entity = None if source in entities else create(source)
                if entity is not None:
                    entities[source] = entity
                    new.append(entity)
            await platform.async_add_entities(new)

    @callback
    def changed() -> None:
        entry.async_create_background_task(hass, update(), "flukso follow")

    entry.async_on_unload(entry.runtime_data.meter.listen(changed))
    await update()


def channels_of(entry: FluksoConfigEntry) -> Collection[Channel]:
    """The channels of the meter as it is configured now."""
    return entry.runtime_data.meter.channels.values()

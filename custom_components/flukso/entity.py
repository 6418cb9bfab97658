"""Base classes of the entities, and how platforms add and remove them."""

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
    """An entity with the value of an observable."""

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(self, observable: Observable, unique_id: str, info: AnyDeviceInfo) -> None:
        self.observable = observable
        self._attr_unique_id = unique_id
        self._attr_device_info = info

    @property
    @override
    def available(self) -> bool:
        """Return whether the value is valid now."""
        return self.observable.available

    @override
    async def async_added_to_hass(self) -> None:
        """Subscribe to the observable until the entity is removed."""
        await super().async_added_to_hass()
        self._take_value()
        self.async_on_remove(await self.observable.async_listen(self._changed))

    @callback
    def _changed(self) -> None:
        self._take_value()
        self.async_write_ha_state()

    @abstractmethod
    def _take_value(self) -> None:
        """Update the state attributes from the observable."""


class ChannelEntity(FluksoEntity):
    """An entity with the value of a channel."""

    def __init__(self, hass: HomeAssistant, entry: FluksoConfigEntry, channel: Channel) -> None:
        stream = channel.stream
        device_id = entry.runtime_data.meter.device_id
        super().__init__(
            channel,
            channel_unique_id(device_id, stream.sensor.sensor_id, stream.kind),
            device_info(hass, entry, stream.sensor),
        )


async def async_sync_entities[Source: Observable](
    hass: HomeAssistant,
    entry: FluksoConfigEntry,
    sources: Callable[[], Collection[Source]],
    create: Callable[[Source], FluksoEntity | None],
) -> None:
    """Add an entity for each of the ``sources``, and update the platform when they change.

    ``create`` returns the entity of a source, or None if another platform has it. When a source
    is gone its entity is removed; the entry in the entity registry stays.

    Updates run one after the other, each until its entities are added, and no more than one waits.
    The callback that is passed to platforms can't be awaited, hence
    ``platform.async_add_entities``.
    """
    platform = async_get_current_platform()
    entities: dict[Source, FluksoEntity] = {}
    updating = asyncio.Lock()
    is_waiting = False

    async def update() -> None:
        nonlocal is_waiting
        async with updating:
            is_waiting = False
            for source in entities.keys() - set(sources()):
                entity = entities.pop(source)
                if entity.hass:  # a disabled entity was never added
                    await entity.async_remove()
            new = []
            for source in sources():
                created = None if source in entities else create(source)
                if created is not None:
                    entities[source] = created
                    new.append(created)
            await platform.async_add_entities(new)

    @callback
    def changed() -> None:
        nonlocal is_waiting
        if is_waiting:
            return
        is_waiting = True
        task = entry.async_create_background_task(hass, update(), "flukso sync entities")
        updates = entry.runtime_data.updates
        updates.add(task)
        task.add_done_callback(updates.discard)

    entry.async_on_unload(entry.runtime_data.meter.listen(changed))
    await update()


def channels_of(entry: FluksoConfigEntry) -> Collection[Channel]:
    """Return the channels of the meter in its current configuration."""
    return entry.runtime_data.meter.channels.values()

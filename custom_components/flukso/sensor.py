"""Sensors: every gauge and counter that is a number."""

from dataclasses import asdict, dataclass
from typing import Any, override

from homeassistant.components.sensor import DOMAIN as SENSOR_DOMAIN, SensorEntity
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.restore_state import ExtraStoredData, RestoreEntity

from .channel import Channel, CounterChannel
from .const import DOMAIN
from .descriptions import FluksoSensorDescription, description_of
from .entity import FluksoEntity, follow_channels
from .meter import FluksoConfigEntry
from .metering.guard import CounterState, Mark
from .protocol.quantities import Unit

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
    if description is None:
        return None
    entity = (
        FluksoCounter(hass, entry, channel, description)
        if isinstance(channel, CounterChannel)
        else FluksoSensor(hass, entry, channel, description)
    )
    _suggest_unit_anew(hass, entity)
    return entity


def _suggest_unit_anew(hass: HomeAssistant, entity: FluksoSensor) -> None:
    """Suggest the unit of an entity whose sensor now measures something else.

    Home Assistant takes a suggestion when it registers an entity, and never again.
    """
    registry, description = er.async_get(hass), entity.entity_description
    entity_id = registry.async_get_entity_id(SENSOR_DOMAIN, DOMAIN, entity.unique_id or "")
    registered = registry.async_get(entity_id) if entity_id else None
    if registered is None or registered.original_device_class == description.device_class:
        return
    unit = description.suggested_unit_of_measurement
    suggestion = {"suggested_unit_of_measurement": unit} if unit else None
    registry.async_update_entity_options(
        registered.entity_id, f"{SENSOR_DOMAIN}.private", suggestion
    )


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
    def _take_value(self) -> None:
        value, scale = self.channel.value, self.entity_description.scale
        if value is not None and scale != 1:
            value = round(value * scale, _DECIMALS)
        self._attr_native_value = value


class FluksoCounter(FluksoSensor, RestoreEntity):
    """The value of a counter, which goes on after a restart from where it was."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: FluksoConfigEntry,
        channel: CounterChannel,
        description: FluksoSensorDescription,
    ) -> None:
        super().__init__(hass, entry, channel, description)
        self._counter = channel

    @property
    @override
    def extra_restore_state_data(self) -> _Kept | None:
        """What the guard needs to go on, and the unit it is in."""
        state = self._counter.guard.state
        return None if state is None else _Kept(state, self._counter.stream.unit)

    @override
    async def async_added_to_hass(self) -> None:
        """Go on from where the counter was."""
        stored = await self.async_get_last_extra_data()
        kept = None if stored is None else _Kept.of(stored.as_dict())
        if kept is not None and kept.unit is self._counter.stream.unit:
            self._counter.restore(kept.state)
        await super().async_added_to_hass()


@dataclass(frozen=True, slots=True)
class _Kept(ExtraStoredData):
    """The state of a guard as Home Assistant keeps it."""

    state: CounterState
    unit: Unit

    @override
    def as_dict(self) -> dict[str, Any]:
        """As JSON."""
        return {**asdict(self.state), "unit": self.unit}

    @classmethod
    def of(cls, stored: dict[str, Any]) -> _Kept | None:
        """From JSON, if it is of this shape."""
        try:
            mark = stored["mark"]
            state = CounterState(
                Mark(int(mark["time"]), float(mark["value"]), float(mark["at"])),
                float(stored["offset"]),
                int(stored["rid"]),
            )
            return cls(state, Unit(stored["unit"]))
        except KeyError, TypeError, ValueError:
            return None

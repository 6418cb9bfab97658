"""Binary sensors: connectivity, and movement, vibration, faults and the battery of a FluksoKube."""

from datetime import datetime
from functools import partial
from typing import override

from homeassistant.components.binary_sensor import (
    BinarySensorDeviceClass,
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.const import EntityCategory
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.restore_state import RestoreEntity
from homeassistant.util import dt as dt_util

from .devices import device_info, meter_info
from .entity import ChannelEntity, FluksoEntity, async_sync_entities, channels_of
from .entity_lookup import meter_unique_id, sensor_unique_id
from .meter.channel import Channel
from .meter.connectivity import Connectivity
from .meter.event_channel import EventChannel
from .meter.extra_data import StoredState
from .meter.reading_storage import reading_from, stored_reading
from .models import FluksoConfigEntry
from .protocol.quantities import Quantity
from .protocol.topics import Kind

PARALLEL_UPDATES = 0

#: The bits of a kube's error field, lowest first (docs/protocol.md section 2).
FAULTS = (
    "temperature",
    "humidity",
    "light",
    "pressure",
    "accelerometer",
    "brown_out",
    "watchdog",
)

#: How long movement or vibration stays on (s): a kube reports it at most every 8 s.
ON_SECONDS = 30

_PROBLEM = BinarySensorEntityDescription(
    key="problem",
    translation_key="problem",
    device_class=BinarySensorDeviceClass.PROBLEM,
    entity_category=EntityCategory.DIAGNOSTIC,
)
#: The voltage of a kube's two cells down to which they are low, and up to which they stay so (V).
_BATTERY_IS_LOW, _BATTERY_STAYS_LOW = 2.4, 2.5

_LOW_BATTERY = BinarySensorEntityDescription(
    key="battery_low",
    device_class=BinarySensorDeviceClass.BATTERY,
    entity_category=EntityCategory.DIAGNOSTIC,
)
_CONNECTIVITY = BinarySensorEntityDescription(
    key="connectivity",
    device_class=BinarySensorDeviceClass.CONNECTIVITY,
    entity_category=EntityCategory.DIAGNOSTIC,
)
_EVENTS = {
    Quantity.MOVEMENT: BinarySensorEntityDescription(
        key="movement", device_class=BinarySensorDeviceClass.MOTION
    ),
    Quantity.VIBRATION: BinarySensorEntityDescription(
        key="vibration", device_class=BinarySensorDeviceClass.VIBRATION
    ),
}


async def async_setup_entry(
    hass: HomeAssistant,
    entry: FluksoConfigEntry,
    _async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the binary sensors of a meter and its kubes, also of those added later."""
    channels = partial(channels_of, entry)
    await async_sync_entities(hass, entry, channels, partial(_create, hass, entry))
    await async_sync_entities(hass, entry, channels, partial(_create_low_battery, hass, entry))
    connectivities = entry.runtime_data.meter.connectivities
    create = partial(FluksoConnectivity, hass, entry)
    await async_sync_entities(hass, entry, lambda: connectivities.all, create)


def _create(
    hass: HomeAssistant, entry: FluksoConfigEntry, channel: Channel
) -> ChannelEntity | None:
    quantity, kind = channel.stream.sensor.quantity, channel.stream.kind
    if quantity is Quantity.ERROR and kind is Kind.GAUGE:
        return FluksoProblem(hass, entry, channel)
    if quantity in _EVENTS and isinstance(channel, EventChannel):
        return FluksoEvent(hass, entry, channel, _EVENTS[quantity])
    return None


def _create_low_battery(
    hass: HomeAssistant, entry: FluksoConfigEntry, channel: Channel
) -> FluksoLowBattery | None:
    is_battery = channel.stream.sensor.quantity is Quantity.BATTERY
    return FluksoLowBattery(hass, entry, channel) if is_battery else None


class FluksoConnectivity(FluksoEntity, BinarySensorEntity):
    """Whether the meter, or one of its kubes, is heard."""

    entity_description = _CONNECTIVITY

    def __init__(
        self, hass: HomeAssistant, entry: FluksoConfigEntry, connectivity: Connectivity
    ) -> None:
        meter, sensor = entry.runtime_data.meter, connectivity.sensor
        info = meter_info(meter) if sensor is None else device_info(hass, entry, sensor)
        what = _CONNECTIVITY.key if sensor is None else f"kube_{sensor.kube}_{_CONNECTIVITY.key}"
        super().__init__(connectivity, meter_unique_id(meter.device_id, what), info)

    @override
    def _take_value(self) -> None:
        value = self.observable.value
        self._attr_is_on = None if value is None else value > 0


class FluksoProblem(ChannelEntity, BinarySensorEntity):
    """The error field of a kube: on while any bit is set, with the faults in an attribute."""

    entity_description = _PROBLEM

    @override
    def _take_value(self) -> None:
        if self.observable.value is not None:
            bits = int(self.observable.value)
            faults = [fault for bit, fault in enumerate(FAULTS) if bits & 1 << bit]
            self._attr_is_on = bits != 0
            self._attr_extra_state_attributes = {"faults": faults}


class FluksoLowBattery(FluksoEntity, BinarySensorEntity):
    """Whether the battery of a kube is low, by its voltage."""

    entity_description = _LOW_BATTERY

    def __init__(self, hass: HomeAssistant, entry: FluksoConfigEntry, channel: Channel) -> None:
        sensor = channel.stream.sensor
        device_id = entry.runtime_data.meter.device_id
        unique_id = sensor_unique_id(device_id, sensor.sensor_id, _LOW_BATTERY.key)
        super().__init__(channel, unique_id, device_info(hass, entry, sensor))

    @override
    def _take_value(self) -> None:
        value = self.observable.value
        if value is not None:
            low = _BATTERY_STAYS_LOW if self._attr_is_on else _BATTERY_IS_LOW
            self._attr_is_on = value <= low


class FluksoEvent(ChannelEntity, BinarySensorEntity, RestoreEntity):
    """Movement or vibration: on for ``ON_SECONDS`` after the kube's counter changed.

    The first reading is no change, as it may be days old; after a reload, it is compared with the
    last one before that.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: FluksoConfigEntry,
        channel: EventChannel,
        description: BinarySensorEntityDescription,
    ) -> None:
        super().__init__(hass, entry, channel)
        self.entity_description = description
        self._channel = channel
        self._count: float | None = None
        self._cancel_turn_off: CALLBACK_TYPE | None = None

    @property
    @override
    def extra_restore_state_data(self) -> StoredState | None:
        """Return the count, and when it was."""
        return stored_reading(self._channel, dt_util.utcnow().timestamp())

    @override
    async def async_added_to_hass(self) -> None:
        """Restore the count."""
        stored, now = await self.async_get_last_extra_data(), dt_util.utcnow().timestamp()
        last = reading_from(stored, self._channel.stream.unit, now)
        if last is not None:
            self._channel.restore(last)
        await super().async_added_to_hass()

    @override
    async def async_will_remove_from_hass(self) -> None:
        """Cancel the timer."""
        await super().async_will_remove_from_hass()
        self._cancel_timer()

    @override
    def _take_value(self) -> None:
        count = self.observable.value
        if count is None:
            return
        has_changed = self._count is not None and count != self._count
        self._count = count
        if has_changed and self._is_recent:
            self._cancel_timer()
            self._cancel_turn_off = async_call_later(self.hass, ON_SECONDS, self._turn_off)
        self._attr_is_on = self._cancel_turn_off is not None

    @property
    def _is_recent(self) -> bool:
        """Return whether the last event is not over already; the broker may have kept it."""
        read_at = self._channel.stats.read_at
        return read_at is not None and dt_util.utcnow().timestamp() - read_at < ON_SECONDS

    def _cancel_timer(self) -> None:
        if self._cancel_turn_off is not None:
            self._cancel_turn_off()
            self._cancel_turn_off = None

    @callback
    def _turn_off(self, _now: datetime) -> None:
        self._cancel_turn_off = None
        self._attr_is_on = False
        self.async_write_ha_state()

"""Sensors of the history: until when it is complete, and how far it reaches back."""

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING, override

from homeassistant.components.sensor import RestoreSensor, SensorEntity
from homeassistant.util import dt as dt_util

from .devices import meter_info
from .entity import FluksoEntity, channels_of
from .entity_lookup import meter_unique_id
from .history.filled_until import FilledUntil
from .history.reaches_back import ReachesBack
from .meter.counter_channel import CounterChannel
from .models import FluksoConfigEntry
from .sensor_descriptions import FILLED_UNTIL, REACHES_BACK

ATTR_PROGRESS = "import_progress"


def filled_until_of(entry: FluksoConfigEntry) -> Collection[FilledUntil]:
    """Return until when the statistics are filled, for a meter with counters."""
    history = entry.runtime_data.history
    has_counters = any(isinstance(channel, CounterChannel) for channel in channels_of(entry))
    return [history.filled_until] if has_counters and history else []


class FluksoFilledUntil(FluksoEntity, RestoreSensor):
    """Until when the statistics agree with the meter's memory."""

    entity_description = FILLED_UNTIL

    def __init__(self, entry: FluksoConfigEntry, until: FilledUntil) -> None:
        meter = entry.runtime_data.meter
        unique_id = meter_unique_id(meter.device_id, FILLED_UNTIL.key)
        super().__init__(until, unique_id, meter_info(meter))
        self._until = until

    @override
    async def async_added_to_hass(self) -> None:
        """Restore the last state, or start at the time when the entity was registered."""
        if TYPE_CHECKING:
            assert self.registry_entry is not None  # it has a unique id
        stored = await self.async_get_last_sensor_data()
        last = stored.native_value if stored is not None else None
        begin = last if isinstance(last, datetime) else self.registry_entry.created_at
        self._until.restore(begin.timestamp())
        await super().async_added_to_hass()

    @override
    def _take_value(self) -> None:
        value = self.observable.value
        self._attr_native_value = None if value is None else dt_util.utc_from_timestamp(value)


def reaches_back_of(entry: FluksoConfigEntry) -> Collection[ReachesBack]:
    """Return how far the history reaches back, for a meter with counters."""
    history = entry.runtime_data.history
    return [history.past.reaches_back] if history and filled_until_of(entry) else []


class FluksoReachesBack(FluksoEntity, SensorEntity):
    """From when on there are statistics, and the progress of an import (%)."""

    entity_description = REACHES_BACK
    _unrecorded_attributes = frozenset({ATTR_PROGRESS})

    def __init__(self, entry: FluksoConfigEntry, reaches_back: ReachesBack) -> None:
        meter = entry.runtime_data.meter
        unique_id = meter_unique_id(meter.device_id, REACHES_BACK.key)
        super().__init__(reaches_back, unique_id, meter_info(meter))
        self._reaches_back = reaches_back
        self._added = entry.created_at.timestamp()

    @override
    async def async_added_to_hass(self) -> None:
        """Start at the time when the meter was added."""
        self._reaches_back.restore(self._added)
        await super().async_added_to_hass()

    @override
    def _take_value(self) -> None:
        value, progress = self.observable.value, self._reaches_back.progress
        self._attr_native_value = None if value is None else dt_util.utc_from_timestamp(value)
        self._attr_extra_state_attributes = {} if progress is None else {ATTR_PROGRESS: progress}

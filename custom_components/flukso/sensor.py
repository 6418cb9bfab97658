"""Sensors: gauges and counters, totals of the supply, figures of the waveforms, and the clock."""

import asyncio
from collections.abc import Collection
from dataclasses import replace
from functools import partial
from typing import override

from homeassistant.components.sensor import SensorEntity
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback, EntityPlatform
from homeassistant.helpers.restore_state import ExtraStoredData, RestoreEntity
from homeassistant.util import dt as dt_util

from .const import CONF_PRODUCTION_PORTS, CONF_SUPPLY_PORTS
from .devices import device_info, meter_info
from .entity import ChannelEntity, FluksoEntity, async_sync_entities, channels_of
from .entity_lookup import meter_unique_id, port_unique_id, sensor_entry
from .history.gauge_memory import is_logged_gauge
from .history_entities import (
    FluksoFilledUntil,
    FluksoReachesBack,
    filled_until_of,
    reaches_back_of,
)
from .meter.channel import Channel
from .meter.clamp_power import ClampPower, ClampPowers
from .meter.clock import Clock
from .meter.counter_channel import CounterChannel
from .meter.counter_storage import counter_from
from .meter.extra_data import StoredState
from .meter.flow_channel import FlowChannel
from .meter.meter import Meter
from .meter.reading_storage import reading_from, stored_reading
from .metering.rounding import rounded
from .models import FluksoConfigEntry
from .port_entities import FluksoInput, PortInputs
from .sensor_descriptions import (
    CLOCK_OFFSET,
    FIGURES,
    POWER,
    FluksoSensorDescription,
    description_of,
)
from .supply.net_counters import NetCounters, NetCounterStorage
from .supply.storage import SupplyStorage
from .supply.supply import Supply
from .supply_entities import FluksoNetCounterTotal, create_total
from .waveform.waveforms import Figure

PARALLEL_UPDATES = 0

#: The key of the suggested unit in the options of an entity.
_SUGGESTION = "suggested_unit_of_measurement"

#: Decimals of a scaled value, which has more digits than that of the meter.
_DECIMALS = 6


async def async_setup_entry(
    hass: HomeAssistant,
    entry: FluksoConfigEntry,
    _async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the sensors of a meter, also those that it enables later."""
    meter = entry.runtime_data.meter
    net_storage, storage = (
        NetCounterStorage(hass, entry.entry_id),
        SupplyStorage(hass, entry.entry_id),
    )
    for each in (net_storage, storage):
        await each.async_load()
        entry.async_on_unload(each.async_flush)
    net_counters = NetCounters(meter, net_storage)
    entry.async_on_unload(net_counters.listen())
    supply = Supply(
        meter,
        net_counters,
        chosen=map(str, entry.options.get(CONF_SUPPLY_PORTS, [])),
        production=map(str, entry.options.get(CONF_PRODUCTION_PORTS, [])),
        zone=dt_util.get_default_time_zone(),
        storage=storage,
    )
    entry.async_on_unload(supply.listen())
    if entry.runtime_data.history is not None:
        entry.runtime_data.history.follow_supply(entry.entry_id, lambda: supply.record)
    channels = partial(channels_of, entry)
    await async_sync_entities(hass, entry, channels, partial(_create, hass, entry))
    powers = ClampPowers(meter)
    entry.async_on_unload(powers.listen())
    await async_sync_entities(hass, entry, powers.current, partial(FluksoClampPower, hass, entry))
    net_totals = partial(FluksoNetCounterTotal, hass, entry)
    await async_sync_entities(hass, entry, net_counters.current, net_totals)
    totals = partial(create_total, hass, entry)
    await async_sync_entities(hass, entry, supply.current, totals)
    figures = entry.runtime_data.waveforms.figures
    await async_sync_entities(hass, entry, figures, partial(FluksoFigure, hass, entry))
    clocks = partial(_clocks, meter)
    await async_sync_entities(hass, entry, clocks, partial(FluksoClock, entry))
    inputs = PortInputs(meter)
    await async_sync_entities(hass, entry, inputs.current, partial(FluksoInput, hass, entry))
    filled = partial(filled_until_of, entry)
    await async_sync_entities(hass, entry, filled, partial(FluksoFilledUntil, entry))
    reaches_back = partial(reaches_back_of, entry)
    await async_sync_entities(hass, entry, reaches_back, partial(FluksoReachesBack, entry))


def _create(hass: HomeAssistant, entry: FluksoConfigEntry, channel: Channel) -> FluksoSensor | None:
    description = description_of(channel.stream)
    if description is None:
        return None
    if isinstance(channel, CounterChannel):
        return FluksoCounter(hass, entry, channel, description)
    if isinstance(channel, FlowChannel):
        return FluksoFlow(hass, entry, channel, description)
    return FluksoSensor(hass, entry, channel, description)


class FluksoSensor(ChannelEntity, SensorEntity):
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
        self._channel = channel
        self._history = entry.runtime_data.history

    @override
    async def async_added_to_hass(self) -> None:
        """Subscribe to the blocks of the meter's memory, if it logs this channel."""
        is_logged = isinstance(self._channel, CounterChannel) or is_logged_gauge(
            self._channel.stream
        )
        if self._history is not None and is_logged:
            self.async_on_remove(await self._history.blocks.async_follow(self._channel))
        await super().async_added_to_hass()

    @callback
    @override
    def add_to_platform_start(
        self,
        hass: HomeAssistant,
        platform: EntityPlatform,
        parallel_updates: asyncio.Semaphore | None,
    ) -> None:
        """Update the suggested unit before the platform reads it."""
        self.hass = hass
        self._update_suggested_unit()
        super().add_to_platform_start(hass, platform, parallel_updates)

    def _update_suggested_unit(self) -> None:
        """Update the suggested unit in the registry when the device class has changed.

        Home Assistant stores a suggested unit only when it registers an entity, and would
        otherwise continue to convert to the previous unit where it can.
        """
        registry = er.async_get(self.hass)
        registered = sensor_entry(self.hass, self.unique_id or "")
        if registered is None or registered.original_device_class == self.device_class:
            return
        suggested = self.get_initial_entity_options() or {}
        previous = {key for key, options in registered.options.items() if _SUGGESTION in options}
        for key in previous | suggested.keys():
            registry.async_update_entity_options(registered.entity_id, key, suggested.get(key))
        registry.async_update_entity(registered.entity_id, unit_of_measurement=None)

    @override
    def _take_value(self) -> None:
        value, scale = self.observable.value, self.entity_description.scale
        if value is not None and scale != 1:
            value = rounded(value * scale, _DECIMALS)
        self._attr_native_value = value


class FluksoCounter(FluksoSensor, RestoreEntity):
    """The value of a counter, whose guard is restored after a restart."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: FluksoConfigEntry,
        channel: CounterChannel,
        description: FluksoSensorDescription,
    ) -> None:
        super().__init__(hass, entry, channel, description)
        self._counter = channel
        self._stored: ExtraStoredData | None = None

    @property
    @override
    def extra_restore_state_data(self) -> ExtraStoredData | None:
        """Return the state of the guard, and its unit; before a reading, what was stored."""
        state = self._counter.guard.state
        return self._stored if state is None else StoredState(state, self._counter.stream.unit)

    @override
    async def async_added_to_hass(self) -> None:
        """Restore the guard."""
        self._stored = await self.async_get_last_extra_data()
        state = counter_from(self._stored, self._counter.stream.unit)
        if state is not None:
            self._counter.restore(state)
        await super().async_added_to_hass()


class FluksoFlow(FluksoSensor, RestoreEntity):
    """The flow through a pulse input, restored after a reload: the next pulse may take minutes."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: FluksoConfigEntry,
        channel: FlowChannel,
        description: FluksoSensorDescription,
    ) -> None:
        super().__init__(hass, entry, channel, description)
        self._flow = channel

    @property
    @override
    def extra_restore_state_data(self) -> StoredState | None:
        """Return the flow, its unit, and when the last pulse was."""
        return stored_reading(self._flow, dt_util.utcnow().timestamp())

    @override
    async def async_added_to_hass(self) -> None:
        """Restore the flow."""
        stored, now = await self.async_get_last_extra_data(), dt_util.utcnow().timestamp()
        last = reading_from(stored, self._flow.stream.unit, now)
        if last is not None:
            self._flow.restore(last, now)
        await super().async_added_to_hass()


class FluksoClampPower(FluksoEntity, SensorEntity):
    """The power of a clamp: import less export."""

    entity_description = replace(POWER, key="power")

    def __init__(self, hass: HomeAssistant, entry: FluksoConfigEntry, power: ClampPower) -> None:
        device_id, sensor = entry.runtime_data.meter.device_id, power.sensor
        unique_id = port_unique_id(device_id, power.port, self.entity_description.key)
        super().__init__(power, unique_id, device_info(hass, entry, sensor))

    @override
    def _take_value(self) -> None:
        self._attr_native_value = self.observable.value


class FluksoFigure(FluksoEntity, SensorEntity):
    """A figure of a clamp's waveform."""

    def __init__(self, hass: HomeAssistant, entry: FluksoConfigEntry, figure: Figure) -> None:
        device_id, sensor = entry.runtime_data.meter.device_id, figure.oscilloscope.sensor
        unique_id = port_unique_id(device_id, figure.oscilloscope.port, figure.what)
        super().__init__(figure, unique_id, device_info(hass, entry, sensor))
        self.entity_description = FIGURES[figure.what]

    @override
    def _take_value(self) -> None:
        self._attr_native_value = self.observable.value


def _clocks(meter: Meter) -> Collection[Clock]:
    """Return the clock of an FLM03; an FLM02 does not send its time."""
    is_known = meter.configuration.sensors is not None
    return [meter.clock] if is_known and meter.configuration.model == "FLM03" else []


class FluksoClock(FluksoEntity, SensorEntity):
    """How far the clock of the meter is ahead (s)."""

    entity_description = CLOCK_OFFSET

    def __init__(self, entry: FluksoConfigEntry, clock: Clock) -> None:
        meter = entry.runtime_data.meter
        unique_id = meter_unique_id(meter.device_id, CLOCK_OFFSET.key)
        super().__init__(clock, unique_id, meter_info(meter))

    @override
    def _take_value(self) -> None:
        self._attr_native_value = self.observable.value

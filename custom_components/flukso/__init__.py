"""The Flukso integration: a Fluksometer's MQTT topics as devices and entities."""

from functools import partial

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_DEVICE_ID, Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryNotReady, HomeAssistantError
from homeassistant.helpers import config_validation as cv, device_registry as dr
from homeassistant.helpers.typing import ConfigType

from .const import (
    CONF_FILL_GAPS,
    CONF_IMPORT_HISTORY,
    CONF_OTHER_INTERVAL,
    CONF_POWER_INTERVAL,
    CONF_TOPIC_PREFIX,
    CONF_WAVEFORM_INTERVAL,
    DEFAULT_WAVEFORM_INTERVAL,
    DOMAIN,
)
from .dashboard_strategy import async_offer_dashboard
from .devices import async_register_devices, part_of
from .health.monitor import HealthMonitor
from .history.backfill import Backfill
from .history.fill_log import async_load_fill_log, async_remove_fill_log
from .history.import_log import async_load_import_log, async_remove_import_log
from .history.supply_past import async_remove_readings
from .meter.meter import Meter
from .meter.meter_storage import MeterStorage
from .meter.write_intervals import Intervals
from .migration import EntityTakeover, async_convert_entry, migrate_intervals, migrate_prefix
from .models import FluksoConfigEntry, FluksoData
from .repairs import delete_issues, raise_counter_break
from .services import async_setup_actions
from .supply.net_counters import NetCounterStorage
from .supply.storage import SupplyStorage
from .transport.choice import transport_of
from .waveform.waveforms import Waveforms

PLATFORMS = [Platform.BINARY_SENSOR, Platform.IMAGE, Platform.SENSOR]
CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)


async def async_setup(hass: HomeAssistant, _config: ConfigType) -> bool:
    """Register the actions and the dashboard, which are the same for all meters."""
    async_setup_actions(hass)
    await async_offer_dashboard(hass)
    return True


async def async_migrate_entry(hass: HomeAssistant, entry: FluksoConfigEntry) -> bool:
    """Migrate an entry of an earlier version, or of the older integration."""
    if entry.version == 1:
        return await async_convert_entry(hass, entry)
    if entry.version == 2:
        migrate_prefix(hass, entry)
    if entry.version == 3:
        migrate_intervals(hass, entry)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: FluksoConfigEntry) -> bool:
    """Set up a meter: its configuration first, then its entities, which subscribe to readings.

    Only the import comes after the platforms, so that a failed setup leaves nothing behind.

    Raises:
        ConfigEntryNotReady: Home Assistant's MQTT is not set up, or no longer; or the meter can't
            be reached, and has never been.
    """
    transport = transport_of(hass, entry.data)
    entry.async_on_unload(transport.async_stop)
    try:
        await transport.async_start()
    except HomeAssistantError as error:
        raise _not_ready(error) from error
    meter = Meter(
        hass,
        transport,
        MeterStorage(hass, entry.entry_id),
        device_id=entry.data[CONF_DEVICE_ID],
        prefix=entry.data[CONF_TOPIC_PREFIX],
        intervals=Intervals(
            entry.options.get(CONF_POWER_INTERVAL), entry.options.get(CONF_OTHER_INTERVAL)
        ),
        counter_break=partial(raise_counter_break, hass, entry),
    )
    entry.async_on_unload(meter.async_stop)
    waveform_interval = int(entry.options.get(CONF_WAVEFORM_INTERVAL, DEFAULT_WAVEFORM_INTERVAL))
    waveforms = Waveforms(hass, meter, transport, waveform_interval)
    entry.async_on_unload(waveforms.listen())
    fill_log = await async_load_fill_log(hass, entry.entry_id)
    fill_gaps = entry.options.get(CONF_FILL_GAPS, True)
    import_log = await async_load_import_log(hass, entry.entry_id)
    history = Backfill(hass, meter, transport, fill_log, import_log) if fill_gaps else None
    entry.runtime_data = FluksoData(transport, meter, waveforms, fill_log, import_log, history)
    await meter.async_load()
    if transport.error is not None and meter.configuration.sensors is None:
        raise _not_ready(transport.error)

    takeover = EntityTakeover(hass, entry)

    @callback
    def follow_meter() -> None:
        async_register_devices(hass, entry)
        takeover.update()

    follow_meter()
    entry.async_on_unload(meter.listen(follow_meter))
    try:
        await meter.async_start()
    except HomeAssistantError as error:
        raise ConfigEntryNotReady(
            translation_domain=DOMAIN, translation_key="mqtt_unavailable"
        ) from error
    HealthMonitor(hass, entry, transport).start()
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    if history is None or import_log.running is None:
        await async_remove_readings(hass, entry.entry_id)
    if history is not None:
        await _async_start_import(hass, entry, history)
    return True


async def _async_start_import(
    hass: HomeAssistant, entry: FluksoConfigEntry, history: Backfill
) -> None:
    """Continue the import of the meter's past, or begin the one chosen when it was added."""
    if entry.options.get(CONF_IMPORT_HISTORY):
        options = {key: entry.options[key] for key in entry.options if key != CONF_IMPORT_HISTORY}
        hass.config_entries.async_update_entry(entry, options=options)
        if history.past.log.running is None:
            await history.past.async_begin(0)
    entry.async_on_unload(history.past.start())


def _not_ready(error: HomeAssistantError) -> ConfigEntryNotReady:
    return ConfigEntryNotReady(
        translation_domain=error.translation_domain,
        translation_key=error.translation_key,
        translation_placeholders=error.translation_placeholders,
    )


async def async_unload_entry(hass: HomeAssistant, entry: FluksoConfigEntry) -> bool:
    """Unload a meter."""
    runtime = entry.runtime_data
    if runtime.history is not None:
        await runtime.history.async_stop()
    runtime.meter.catch_up()
    return await hass.config_entries.async_unload_platforms(entry, PLATFORMS)


async def async_remove_entry(hass: HomeAssistant, entry: FluksoConfigEntry) -> None:
    """Delete the issues and files of a removed meter, also those that an import left halfway."""
    delete_issues(hass, entry)
    await MeterStorage(hass, entry.entry_id).async_remove()
    await async_remove_import_log(hass, entry.entry_id)
    await async_remove_fill_log(hass, entry.entry_id)
    await SupplyStorage(hass, entry.entry_id).async_remove()
    await NetCounterStorage(hass, entry.entry_id).async_remove()
    await async_remove_readings(hass, entry.entry_id)


async def async_remove_config_entry_device(
    hass: HomeAssistant, entry: FluksoConfigEntry, device_entry: dr.AnyDeviceEntry
) -> bool:
    """Return whether the meter is known to have no enabled sensor on a device."""
    if entry.state is not ConfigEntryState.LOADED:
        return False
    meter = entry.runtime_data.meter
    if meter.configuration.sensors is None:
        return False
    in_use = {part_of(meter, sensor).identifier for sensor in meter.sensors}
    return device_entry.identifiers.isdisjoint(in_use | {(DOMAIN, meter.device_id)})

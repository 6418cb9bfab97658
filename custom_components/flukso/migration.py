"""Migration from the older integration of this domain: entry, entities and statistics.

Its source is github.com/bertouttier/flukso-hacs, read at commit c8a6092 (version 1.0.13, 2024)
and in its history from version 1.0.0 on. It leaves:

- a config entry of version 1, titled ``Flukso <device id>``, with the unique id
  ``flukso_<device id>`` and the data ``{"device_hash": <device id>}``;
- one device for everything, with the identifier of the meter's device here, and the firmware
  "unknown" if no self-test was received;
- entities with the same unique ids as here, all diagnostic. Errors, movements and vibrations of
  kubes are binary sensors, as here; proximity is a sensor of a gauge that no kube publishes;
- statistics that Home Assistant converts by itself (gas counters in m³, power factors in %,
  distortions without a unit), and others: reactive energy in "VARh"; flows in "L/s", those of
  gas divided by 1000 and in "m³/s", although an FLM02 sends them per day; the pressure of
  kubes in "hPa" although it is in Pa; their battery in "%" of 3.3 V; angles without a unit.

The entry is migrated at once. Its entities are marked, and taken over when the configuration of
their sensors arrives: what they measure, and in which unit, is unknown before.
"""

import asyncio
from collections.abc import Mapping
from itertools import product
import logging

from homeassistant.config_entries import SOURCE_IGNORE
from homeassistant.const import CONF_DEVICE_ID
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.util import dt as dt_util

from .const import CONF_OTHER_INTERVAL, CONF_POWER_INTERVAL, CONF_TOPIC_PREFIX, DOMAIN
from .devices import part_of
from .entity_lookup import channel_unique_id
from .history.statistics_store import is_recording
from .models import FluksoConfigEntry
from .protocol.sensors import Sensor, Stream
from .protocol.topics import OWN_PREFIX, Kind, is_id
from .redaction import shortened
from .statistics_correction import async_correct_statistic, is_mislabelled

_LOGGER = logging.getLogger(__name__)

#: The default intervals of version 3 (s).
_FORMER_DEFAULTS = {CONF_POWER_INTERVAL: 5, CONF_OTHER_INTERVAL: 30}
#: The options of an entity that is not taken over yet.
_PENDING_OPTIONS = {"taken_over": False}
#: The option of one that is taken over, but whose statistics are not correct yet: since when (s).
_TAKEN_OVER_AT = "taken_over_at"


async def async_convert_entry(hass: HomeAssistant, entry: FluksoConfigEntry) -> bool:
    """Convert a config entry of the older integration, and mark its entities.

    Returns False, without a change, if the entry does not identify its meter, or that meter is set
    up already. An ignored discovery of the meter is removed.
    """
    device_id = str(entry.data.get("device_hash"))
    name = shortened(entry.title)
    if not is_id(device_id) or entry.unique_id != f"{DOMAIN}_{device_id}":
        _LOGGER.error(
            "%s can't be migrated because it does not identify its meter: delete it", name
        )
        return False
    other = hass.config_entries.async_entry_for_domain_unique_id(DOMAIN, device_id)
    if other is not None and other.source != SOURCE_IGNORE:
        _LOGGER.error(
            "%s can't be migrated because its meter is already set up again: delete it", name
        )
        return False
    if other is not None:
        await hass.config_entries.async_remove(other.entry_id)
    registry = er.async_get(hass)
    for entity in er.async_entries_for_config_entry(registry, entry.entry_id):
        registry.async_update_entity_options(entity.entity_id, DOMAIN, _PENDING_OPTIONS)
    _forget_unknown_firmware(hass, entry, device_id)
    has_others = len(hass.config_entries.async_entries(DOMAIN, include_ignore=False)) > 1
    title = f"Fluksometer {device_id[:6]}" if has_others else "Fluksometer"
    hass.config_entries.async_update_entry(
        entry,
        title=title if entry.title == f"Flukso {device_id}" else entry.title,
        unique_id=device_id,
        data={CONF_DEVICE_ID: device_id, CONF_TOPIC_PREFIX: OWN_PREFIX},
        version=4,
    )
    return True


@callback
def migrate_prefix(hass: HomeAssistant, entry: FluksoConfigEntry) -> None:
    """Add the slash with which a meter's topics begin to the topic prefix of version 2."""
    prefix = entry.data[CONF_TOPIC_PREFIX] + OWN_PREFIX
    data = {**entry.data, CONF_TOPIC_PREFIX: prefix}
    hass.config_entries.async_update_entry(entry, data=data, version=3, minor_version=1)


@callback
def migrate_intervals(hass: HomeAssistant, entry: FluksoConfigEntry) -> None:
    """Remove intervals that equal the defaults of version 3: states are written on change then."""
    options = {
        option: value
        for option, value in entry.options.items()
        if _FORMER_DEFAULTS.get(option) != value
    }
    hass.config_entries.async_update_entry(entry, options=options, version=4)


def _forget_unknown_firmware(hass: HomeAssistant, entry: FluksoConfigEntry, device_id: str) -> None:
    registry = dr.async_get(hass)
    device = registry.async_get_device_by_identifier((DOMAIN, device_id), entry.entry_id)
    if device is not None and device.sw_version == "unknown":
        registry.async_update_device(device.id, sw_version=None)


class EntityTakeover:
    """Takes over the marked entities of a meter, and corrects their statistics.

    An entity stays marked until its statistics are correct. Where that fails, or the entry is
    unloaded meanwhile, it is tried again when the entry is set up next. So it is without a
    recorder, which may have failed.
    """

    def __init__(self, hass: HomeAssistant, entry: FluksoConfigEntry) -> None:
        self._hass = hass
        self._entry = entry
        self._tried: set[str] = set()

    @callback
    def update(self) -> None:
        """Take over the marked entities whose sensors are in the meter's configuration by now.

        Entities of disabled sensors stay marked. One whose sensor does not publish such readings
        can never become available again, and is removed. The meter's devices are registered
        already.
        """
        registry, meter = er.async_get(self._hass), self._entry.runtime_data.meter
        marked = {
            entity.unique_id: entity
            for entity in er.async_entries_for_config_entry(registry, self._entry.entry_id)
            if DOMAIN in entity.options and entity.id not in self._tried
        }
        sensors = meter.configuration.sensors
        if sensors is None or not meter.channels:
            return
        streams: dict[str, Stream] = {}
        for sensor, kind in product(sensors.enabled, Kind):
            entity = marked.get(channel_unique_id(meter.device_id, sensor.sensor_id, kind))
            channel = meter.channels.get((sensor.sensor_id, kind))
            if entity is None:
                continue
            is_taken_over = _TAKEN_OVER_AT in entity.options[DOMAIN]
            if channel is not None:
                if not is_taken_over:
                    self._take_over(entity, channel.stream)
                self._tried.add(entity.id)
                streams[entity.entity_id] = channel.stream
            elif not is_taken_over:
                registry.async_remove(entity.entity_id)
        if streams and is_recording(self._hass):
            # In the background, because the recorder waits until Home Assistant has started.
            self._entry.async_create_background_task(
                self._hass, self._async_correct_all(streams), "flukso correct statistics"
            )

    def _take_over(self, entity: er.RegistryEntry, stream: Stream) -> None:
        registry = er.async_get(self._hass)
        taken_over = {_TAKEN_OVER_AT: dt_util.utcnow().timestamp()}
        registry.async_update_entity_options(entity.entity_id, DOMAIN, taken_over)
        if is_mislabelled(stream, entity.unit_of_measurement):
            # Home Assistant would continue to display that unit if it can convert to it.
            registry.async_update_entity(entity.entity_id, unit_of_measurement=None)
        _keep_in_area(self._hass, self._entry, stream.sensor)

    async def _async_correct_all(self, streams: Mapping[str, Stream]) -> None:
        """Correct the statistics of entities (by entity id)."""
        corrections = (self._async_correct(*each) for each in streams.items())
        await asyncio.gather(*corrections)

    async def _async_correct(self, entity_id: str, stream: Stream) -> None:
        taken_over_at = er.async_get(self._hass).entities[entity_id].options[DOMAIN][_TAKEN_OVER_AT]
        # not by its entity id, which may contain the serial number
        topic = shortened(f"sensor/{stream.sensor.sensor_id}/{stream.kind}")
        try:
            is_cleared = await async_correct_statistic(self._hass, entity_id, stream, taken_over_at)
        except HomeAssistantError as error:
            _LOGGER.warning(
                "The statistics of %s will be corrected at the next start: %s", topic, error
            )
        else:
            self._unmark(entity_id)
            if is_cleared:
                _LOGGER.warning(
                    "The statistics of %s are cleared: they are arithmetic means of angles, "
                    "in which 359° is far from 1°",
                    topic,
                )

    def _unmark(self, entity_id: str) -> None:
        registry = er.async_get(self._hass)
        if registry.async_get(entity_id) is not None:
            registry.async_update_entity_options(entity_id, DOMAIN, None)


def _keep_in_area(hass: HomeAssistant, entry: FluksoConfigEntry, sensor: Sensor) -> None:
    """Put a kube into the meter's area, where its entities were; only ports inherit it."""
    registry, meter = dr.async_get(hass), entry.runtime_data.meter
    main = registry.async_get_device_by_identifier((DOMAIN, meter.device_id), entry.entry_id)
    part = part_of(meter, sensor)
    kube = registry.async_get_device_by_identifier(part.identifier, entry.entry_id)
    if main is not None and kube is not None and kube.area_id is None:
        registry.async_update_device(kube.id, area_id=main.area_id)

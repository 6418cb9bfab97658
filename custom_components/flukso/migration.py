"""Take over what the older integration of this domain left, so that its users lose nothing.

Its source is github.com/bertouttier/flukso-hacs, read at commit c8a6092 (version 1.0.13, 2024)
and in its history from version 1.0.0 on. What it left:

- a config entry of version 1, titled ``Flukso <device id>``, with the unique id
  ``flukso_<device id>`` and ``{"device_hash": <device id>}`` for data;
- one device for everything, with the identifier that the meter's device has here, and the
  firmware "unknown" where no self-test was heard;
- entities with the unique ids of today, all diagnostic. Errors, movements and vibrations of
  kubes are binary sensors, as they are here; proximity is a sensor of a gauge that no kube
  publishes;
- statistics that Home Assistant converts by itself (gas counters in m³, power factors in %,
  distortions without a unit), and others: reactive energy in "VARh"; flows in "L/s", those of
  gas divided by 1000 and in "m³/s", although an FLM02 tells them by the day; the pressure of
  kubes in "hPa" although it is in Pa; their battery in "%" of 3.3 V; angles without a unit.

The entry is migrated at once. Its entities are marked, and taken over when the meter tells of
their sensors: before that nobody knows what they measure, and what comes over the wire.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import product
import logging

from homeassistant.const import (
    CONF_DEVICE_ID,
    UnitOfElectricPotential,
    UnitOfPressure,
    UnitOfReactiveEnergy,
    UnitOfReactivePower,
    UnitOfVolumeFlowRate,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.util import dt as dt_util

from .const import CONF_TOPIC_PREFIX, DOMAIN
from .devices import part_of
from .entity_lookup import channel_unique_id
from .history.statistics_store import (
    Statistic,
    StoredRow,
    async_read,
    async_statistic,
    clear,
    is_recording,
    write,
    write_recent,
)
from .metering.durations import DAY, MINUTE
from .models import FluksoConfigEntry
from .protocol.quantities import Unit
from .protocol.sensors import Sensor, Stream
from .protocol.topics import Kind, is_id
from .redaction import shortened

_LOGGER = logging.getLogger(__name__)

#: Home Assistant's recent statistics have a row for so long (s).
_RECENT = 5 * MINUTE
#: The options of an entity that waits to be taken over.
_MARK = {"taken_over": False}


@dataclass(frozen=True, slots=True)
class _Meaning:
    """What values under an older label are: ``factor`` of a unit each, if ``over`` a limit."""

    unit: str
    unit_class: str
    factor: float = 1
    over: float = 0

    def of(self, value: float | None) -> float | None:
        """A recorded value as it should have been; where there is none, there is none."""
        return value * self.factor if value is not None and value > self.over else value


#: What the older labels mean, by the unit on the wire. No air weighs 2000 hPa: that was Pa. Before
#: 2023 reactive power was in "VAR" and a flow of water in "L".
_MEANINGS: dict[tuple[Unit, str | None], _Meaning] = {
    (Unit.VAR_HOUR, "VARh"): _Meaning(
        UnitOfReactiveEnergy.VOLT_AMPERE_REACTIVE_HOUR, "reactive_energy"
    ),
    (Unit.VAR, "VAR"): _Meaning(UnitOfReactivePower.VOLT_AMPERE_REACTIVE, "reactive_power"),
    (Unit.LITRE_PER_SECOND, "L"): _Meaning(
        UnitOfVolumeFlowRate.LITERS_PER_SECOND, "volume_flow_rate"
    ),
    (Unit.LITRE_PER_DAY, "L"): _Meaning(
        UnitOfVolumeFlowRate.LITERS_PER_MINUTE, "volume_flow_rate", MINUTE / DAY
    ),
    (Unit.LITRE_PER_DAY, "L/s"): _Meaning(
        UnitOfVolumeFlowRate.LITERS_PER_MINUTE, "volume_flow_rate", MINUTE / DAY
    ),
    (Unit.LITRE_PER_DAY, "m³/s"): _Meaning(
        UnitOfVolumeFlowRate.LITERS_PER_MINUTE, "volume_flow_rate", 1000 * MINUTE / DAY
    ),
    (Unit.PASCAL, "hPa"): _Meaning(UnitOfPressure.HPA, "pressure", 0.01, over=2000),
    (Unit.VOLT, "%"): _Meaning(UnitOfElectricPotential.VOLT, "voltage", 3.3 / 100),
}


@callback
def migrate_entry(hass: HomeAssistant, entry: FluksoConfigEntry) -> bool:
    """Make an entry of the older integration one of this, and mark its entities.

    It fails, and changes nothing, where the entry does not tell its meter, and where that meter
    is set up already.
    """
    device_id = str(entry.data.get("device_hash"))
    name = shortened(entry.title)
    if not is_id(device_id) or entry.unique_id != f"{DOMAIN}_{device_id}":
        _LOGGER.error("%s can't be migrated, it does not tell its meter: delete it", name)
        return False
    if hass.config_entries.async_entry_for_domain_unique_id(DOMAIN, device_id):
        _LOGGER.error("%s can't be migrated, its meter is set up anew: delete it", name)
        return False
    registry = er.async_get(hass)
    for entity in er.async_entries_for_config_entry(registry, entry.entry_id):
        registry.async_update_entity_options(entity.entity_id, DOMAIN, _MARK)
    _forget_unknown_firmware(hass, entry, device_id)
    another = len(hass.config_entries.async_entries(DOMAIN, include_ignore=False)) > 1
    title = f"Fluksometer {device_id[:6]}" if another else "Fluksometer"
    hass.config_entries.async_update_entry(
        entry,
        title=title if entry.title == f"Flukso {device_id}" else entry.title,
        unique_id=device_id,
        data={CONF_DEVICE_ID: device_id, CONF_TOPIC_PREFIX: ""},
        version=2,
    )
    return True


def _forget_unknown_firmware(hass: HomeAssistant, entry: FluksoConfigEntry, device_id: str) -> None:
    registry = dr.async_get(hass)
    device = registry.async_get_device_by_identifier((DOMAIN, device_id), entry.entry_id)
    if device is not None and device.sw_version == "unknown":
        registry.async_update_device(device.id, sw_version=None)


@callback
def take_over(hass: HomeAssistant, entry: FluksoConfigEntry) -> None:
    """Take over the marked entities of the sensors that the meter has told of by now.

    Those of disabled sensors wait. One whose sensor does not publish such readings can never
    come alive again, and is removed. The devices of the meter are registered already.
    """
    registry, meter = er.async_get(hass), entry.runtime_data.meter
    marked = {
        entity.unique_id: entity
        for entity in er.async_entries_for_config_entry(registry, entry.entry_id)
        if DOMAIN in entity.options
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
        if channel is None:
            registry.async_remove(entity.entity_id)
            continue
        streams[entity.entity_id] = channel.stream
        registry.async_update_entity_options(entity.entity_id, DOMAIN, None)
        if (channel.stream.unit, entity.unit_of_measurement) in _MEANINGS:
            # Home Assistant would go on to show that unit, if it can.
            registry.async_update_entity(entity.entity_id, unit_of_measurement=None)
        _keep_in_area(hass, entry, sensor)
    if streams and is_recording(hass):
        entry.async_create_task(
            hass, _async_correct_statistics(hass, streams, dt_util.utcnow()), "flukso take over"
        )


def _keep_in_area(hass: HomeAssistant, entry: FluksoConfigEntry, sensor: Sensor) -> None:
    """Put a kube where its entities were: in the area of the meter, which only ports inherit."""
    registry, meter = dr.async_get(hass), entry.runtime_data.meter
    main = registry.async_get_device_by_identifier((DOMAIN, meter.device_id), entry.entry_id)
    part = part_of(meter, sensor)
    kube = registry.async_get_device_by_identifier(part.identifier, entry.entry_id)
    if main is not None and kube is not None and kube.area_id is None:
        registry.async_update_device(kube.id, area_id=main.area_id)


async def _async_correct_statistics(
    hass: HomeAssistant, streams: Mapping[str, Stream], now: datetime
) -> None:
    """Let the statistics of entities, by entity id, mean what they say, and go on."""
    for statistic_id, stream in streams.items():
        recorded = await async_statistic(hass, statistic_id)
        if recorded is None:
            continue
        meaning = _MEANINGS.get((stream.unit, recorded.unit))
        statistic = recorded
        if meaning is not None:
            statistic = recorded.relabelled(meaning.unit, meaning.unit_class)
        if stream.unit is Unit.DEGREE:
            _LOGGER.warning(
                "The statistics of %s are cleared and start anew: they are means of angles that "
                "were taken as if 359° were far from 1°",
                statistic_id,
            )
            clear(hass, recorded)
        elif recorded.has_sum:
            end = await _async_end_of_sum(hass, recorded, now)
            if meaning is not None:
                write(hass, statistic, [])
            write_recent(hass, statistic, end)
        elif meaning is not None:
            hours = await async_read(hass, recorded)
            five_minutes = await async_read(hass, recorded, recent=True)
            write(hass, statistic, [_corrected(row, meaning) for row in hours])
            write_recent(hass, statistic, [_corrected(row, meaning) for row in five_minutes])


def _corrected(row: StoredRow, meaning: _Meaning) -> StoredRow:
    return StoredRow(
        row.hour, mean=meaning.of(row.mean), min=meaning.of(row.min), max=meaning.of(row.max)
    )


async def _async_end_of_sum(
    hass: HomeAssistant, statistic: Statistic, now: datetime
) -> list[StoredRow]:
    """Where a sum ended, as a five-minute row of just now; nothing where such a row exists.

    Home Assistant adds to the latest five-minute row, and deletes them after some days. An
    entity that comes back later would start from 0, and the Energy dashboard would show all
    that was ever counted as a negative consumption.
    """
    if await async_read(hass, statistic, recent=True):
        return []
    start = int(now.timestamp() // _RECENT * _RECENT - 2 * _RECENT)
    summed = [row for row in await async_read(hass, statistic) if row.sum is not None]
    return [StoredRow(start, state=row.state, sum=row.sum) for row in summed[-1:]]

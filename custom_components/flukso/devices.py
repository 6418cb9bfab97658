"""Devices of a meter and their names: the Fluksometer itself, its ports, its FluksoKubes."""

from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import TypedDict

from homeassistant.const import CONF_HOST
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.typing import UNDEFINED, UndefinedType
from yarl import URL

from .const import DOMAIN, MANUFACTURER
from .meter.meter import Meter
from .models import FluksoConfigEntry
from .protocol.configuration import Kube
from .protocol.self_test import SelfTest
from .protocol.sensors import Sensor, Source

type AnyDeviceInfo = dr.DeviceInfo | dr.ChildDeviceInfo


class _Naming(TypedDict):
    identifiers: set[tuple[str, str]]
    name: str | UndefinedType
    translation_key: str | None
    translation_placeholders: dict[str, str]


@dataclass(frozen=True, slots=True)
class Part:
    """A port or kube: its identifier, the name the user gave it, and its number ("2", "P1")."""

    identifier: tuple[str, str]
    name: str | None
    place: str
    kube: Kube | None = None


def part_of(meter: Meter, sensor: Sensor) -> Part:
    """Return the part of the meter that a sensor belongs to.

    This is a kube, a port of an FLM03, or an input of an FLM02, where every sensor is named.
    Sensors of a P1 port that have the same name are one part.
    """
    configuration = meter.configuration
    name = configuration.name_of(sensor)
    kube = None
    if sensor.source is Source.KUBE:
        kube = configuration.kube_of(sensor) or Kube()
        identifier, place = f"kube_{sensor.kube}", str(sensor.kube)
    else:
        place = sensor.place
        has_port = configuration.model == "FLM03" and len(sensor.ports) == 1
        identifier = f"port_{place}" if has_port else _first_of_name(meter, sensor).sensor_id
    return Part((DOMAIN, f"{meter.device_id}_{identifier}"), name, place, kube)


def _first_of_name(meter: Meter, sensor: Sensor) -> Sensor:
    """Return the first sensor of a P1 port that has the same name, unless it measures the same."""
    sensors, name = meter.configuration.sensors, meter.configuration.name_of(sensor)
    if sensor.source is not Source.COSEM or sensors is None or name is None:
        return sensor
    same = [
        each
        for each in sensors.enabled
        if each.source is Source.COSEM and meter.configuration.name_of(each) == name
    ]
    are_different = len({each.quantity for each in same}) == len(same)
    return same[0] if are_different else sensor


@callback
def async_register_devices(hass: HomeAssistant, entry: FluksoConfigEntry) -> None:
    """Add the devices of a meter to the device registry or update them.

    Where a name is missing or not unique, the device is named by the number of its port or kube.
    Nothing is removed but the second device that earlier versions had for a P1 port.
    """
    registry, meter = dr.async_get(hass), entry.runtime_data.meter
    self_test = meter.self_test or SelfTest(serial=None, firmware=None)
    main = registry.async_get_or_create(
        config_entry_id=entry.entry_id,
        configuration_url=_web_page(entry),
        identifiers={(DOMAIN, meter.device_id)},
        manufacturer=MANUFACTURER,
        model=meter.configuration.model,
        name=entry.title,
        serial_number=self_test.serial or UNDEFINED,
        sw_version=self_test.firmware or UNDEFINED,
    )
    parts = {part_of(meter, sensor) for sensor in meter.sensors}
    names = Counter(part.name for part in parts)
    for part in sorted(parts, key=lambda part: part.identifier):
        naming = _naming(part, is_unique=names[part.name] == 1)
        if part.kube is None:
            registry.async_get_or_create_child(
                config_entry_id=entry.entry_id, parent_device_id=main.id, **naming
            )
        else:
            registry.async_get_or_create(
                config_entry_id=entry.entry_id,
                via_device_id=main.id,
                manufacturer=MANUFACTURER,
                model=part.kube.model or "FluksoKube",
                sw_version=part.kube.sw_version,
                **naming,
            )
    _merge_devices(hass, entry)


def _web_page(entry: FluksoConfigEntry) -> URL | None:
    """Return the address of the meter's web page, if it is connected to directly."""
    host = entry.data.get(CONF_HOST)
    return None if host is None else URL.build(scheme="http", host=host)


@callback
def _merge_devices(hass: HomeAssistant, entry: FluksoConfigEntry) -> None:
    """Move the entities of sensors that share a device to it, and remove those of their own."""
    devices, entities, meter = dr.async_get(hass), er.async_get(hass), entry.runtime_data.meter
    device_of = partial(
        devices.async_get_child_device_by_identifier, config_entry_id=entry.entry_id
    )
    for sensor in meter.sensors:
        own = device_of((DOMAIN, f"{meter.device_id}_{sensor.sensor_id}"))
        shared = device_of(part_of(meter, sensor).identifier)
        if own is None or shared is None or own.id == shared.id:
            continue
        for entity in er.async_entries_for_device(entities, own.id, include_disabled_entities=True):
            entities.async_update_entity(entity.entity_id, device_id=shared.id)
        devices.async_remove_device(own.id)


def _naming(part: Part, *, is_unique: bool) -> _Naming:
    """Return the name of a part: its own if that is unique, else one with its number."""
    kind = "port" if part.kube is None else "kube"
    name: str | UndefinedType = UNDEFINED
    translation_key = None
    if part.name is None:
        translation_key = kind
    elif is_unique:
        name = part.name
    else:
        translation_key = f"named_{kind}"
    return {
        "identifiers": {part.identifier},
        "name": name,
        "translation_key": translation_key,
        "translation_placeholders": {"name": part.name or "", "place": part.place},
    }


def device_info(hass: HomeAssistant, entry: FluksoConfigEntry, sensor: Sensor) -> AnyDeviceInfo:
    """Return the device info of an entity of a sensor; its device is registered already."""
    part = part_of(entry.runtime_data.meter, sensor)
    if part.kube is not None:
        return dr.DeviceInfo(identifiers={part.identifier})
    return dr.ChildDeviceInfo(
        identifiers={part.identifier},
        parent_device_id=dr.async_get_device_id_by_identifier(
            hass, (DOMAIN, entry.runtime_data.meter.device_id), config_entry_id=entry.entry_id
        ),
    )


def meter_info(meter: Meter) -> AnyDeviceInfo:
    """Return the device info of an entity of the meter as a whole."""
    return dr.DeviceInfo(identifiers={(DOMAIN, meter.device_id)})

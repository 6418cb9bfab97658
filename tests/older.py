"""What the older integration left of a meter: its config entry, its registry, its statistics.

The source of the layout is named in ``custom_components.flukso.migration``.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
import json
from typing import Any

from homeassistant.components.recorder import get_instance
from homeassistant.components.recorder.db_schema import StatisticsShortTerm
from homeassistant.components.recorder.models import (
    StatisticData,
    StatisticMeanType,
    StatisticMetaData,
)
from homeassistant.components.recorder.statistics import (
    STATISTIC_UNIT_TO_UNIT_CONVERTER,
    async_import_statistics,
)
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flukso.const import DOMAIN

from .broker import Broker
from .meters import FIRMWARE, SERIAL, Meter, Section

_TOTAL, _MEASUREMENT = "total_increasing", "measurement"
_BINARY = {"error": "problem", "movement": None, "vibration": None}
_ICONS = {
    "electricity": "mdi:lightning-bolt",
    "water": "mdi:water",
    "gas": "mdi:fire",
    "proximity": "mdi:ruler",
}


@dataclass(frozen=True)
class Shape:
    """How a sensor showed: its class and unit, and by what its readings were multiplied."""

    device_class: str | None = None
    unit: str | None = None
    factor: float = 1


_SHAPES = {
    **dict.fromkeys([("pplus", "gauge"), ("pminus", "gauge")], Shape("power", "W")),
    **dict.fromkeys([("pplus", "counter"), ("pminus", "counter")], Shape("energy", "Wh")),
    **{(f"q{number}", "gauge"): Shape("reactive_power", "var") for number in (1, 2, 3, 4)},
    **{(f"q{number}", "counter"): Shape(None, "VARh") for number in (1, 2, 3, 4)},
    ("vrms", "gauge"): Shape("voltage", "V"),
    ("irms", "gauge"): Shape("current", "A"),
    ("pf", "gauge"): Shape("power_factor", "%", 100),
    **{(name, "gauge"): Shape() for name in ("vthd", "ithd", "alpha", "proximity")},
    ("electricity", "gauge"): Shape("power", "W"),
    ("electricity", "counter"): Shape("energy", "Wh"),
    ("water", "gauge"): Shape("water", "L/s"),
    ("water", "counter"): Shape("water", "L"),
    ("gas", "gauge"): Shape("gas", "m³/s", 0.001),
    ("gas", "counter"): Shape("gas", "m³", 0.001),
    ("temperature", "gauge"): Shape("temperature", "°C"),
    ("humidity", "gauge"): Shape("humidity", "%"),
    ("pressure", "gauge"): Shape("pressure", "hPa"),
    ("light", "gauge"): Shape("illuminance", "lx"),
    ("battery", "gauge"): Shape("battery", "%", 100 / 3.3),
}


def leave_behind(
    hass: HomeAssistant, meter: Meter, title: str | None = None, **entry_as: Any
) -> MockConfigEntry:
    """Leave an entry with its device and its entities."""
    made = {
        "title": title or f"Flukso {meter.device_id}",
        "unique_id": f"flukso_{meter.device_id}",
        "data": {"device_hash": meter.device_id},
    }
    entry = MockConfigEntry(domain=DOMAIN, version=1, **made | entry_as)
    entry.add_to_hass(hass)
    known = meter.ports is not None
    device = dr.async_get(hass).async_get_or_create(
        config_entry_id=entry.entry_id,
        identifiers={(DOMAIN, meter.device_id)},
        manufacturer="Flukso",
        name=SERIAL if known else meter.device_id,
        sw_version=FIRMWARE if known else "unknown",
    )
    for slot, settings in meter.sensors.items():
        if settings.get("enable"):
            _leave_entities(hass, entry, device.id, meter, slot)
    return entry


async def start(hass: HomeAssistant, broker: Broker, meter: Meter, entry: MockConfigEntry) -> None:
    """Start Home Assistant with this integration, and let the meter publish everything once."""
    await broker.publish_all(meter.reports, retain=True)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await broker.settle()
    await broker.publish_all(meter.readings())


def _leave_entities(
    hass: HomeAssistant, entry: MockConfigEntry, device_id: str, meter: Meter, slot: int
) -> None:
    settings, registry = meter.sensors[slot], er.async_get(hass)
    quantity, name = settings["type"], _name(meter, settings)
    binary = quantity in _BINARY
    for kind in [settings["data_type"]] if binary else ["gauge", "counter"]:
        shape = Shape(_BINARY.get(quantity)) if binary else _shape(settings, kind)
        if shape is None:
            continue
        words = [name, quantity, settings.get("subtype") if quantity == "electricity" else ""]
        if quantity in ("electricity", "water", "gas"):
            words.append(kind)
        state_class = _TOTAL if kind == "counter" else _MEASUREMENT
        registry.async_get_or_create(
            "binary_sensor" if binary else "sensor",
            DOMAIN,
            f"{meter.device_id}_{meter.sensor_id(slot)}_{kind}",
            suggested_object_id=" ".join(word for word in words if word),
            config_entry=entry,
            device_id=device_id,
            capabilities=None if binary else {"state_class": state_class},
            entity_category=EntityCategory.DIAGNOSTIC,
            has_entity_name=True,
            original_device_class=shape.device_class,
            original_icon=_ICONS.get(quantity),
            original_name=name,
            unit_of_measurement=shape.unit,
        )


def _name(meter: Meter, settings: Section) -> str:
    if settings.get("class") == "kube":
        named = (meter.kubes or {})[str(settings["kid"])]
    else:
        named = {"name": settings.get("function")}
        if meter.ports is not None:
            named = meter.ports[str(settings["port"][0])]
    return str(named["name"])


def _shape(settings: Section, kind: str) -> Shape | None:
    """How one of the two topics of a sensor showed, if it did."""
    on_clamp = settings.get("port", [9])[0] in (1, 2, 3) and settings.get("subtype")
    return _SHAPES.get((settings["subtype"] if on_clamp else settings["type"], kind))


def shown(meter: Meter, slot: int, kind: str) -> float:
    """What an entity showed of the reading that ``meter.readings()`` has."""
    shape = _shape(meter.sensors[slot], kind)
    assert shape is not None
    return float(json.loads(meter.readings()[meter.topic(slot, kind)])[1]) * shape.factor


def record_hours(
    hass: HomeAssistant, entity: er.RegistryEntry, value: float, *, last: datetime, recent: bool
) -> None:
    """Leave statistics of three hours, in which an entity showed a value or counted up to it.

    ``last`` is the start of the last of them; ``recent`` statistics have a row of its last five
    minutes as well.
    """
    counts, metadata = _metadata(entity)

    def row(start: datetime, missing: int) -> StatisticData:
        if counts:
            return {"start": start, "state": value - missing, "sum": 100.0 - missing}
        return {"start": start, "mean": value, "min": value / 2, "max": value * 2}

    hours = [row(last - timedelta(hours=ago), ago) for ago in (2, 1, 0)]
    async_import_statistics(hass, metadata, hours)
    if recent:
        five_minutes = [row(last + timedelta(minutes=55), 0)]
        get_instance(hass).async_import_statistics(metadata, five_minutes, StatisticsShortTerm)


def leave_empty_hour(hass: HomeAssistant, entity: er.RegistryEntry, start: datetime) -> None:
    """Leave a row of an hour that has no values."""
    _, metadata = _metadata(entity)
    async_import_statistics(hass, metadata, [{"start": start}])


def _metadata(entity: er.RegistryEntry) -> tuple[bool, StatisticMetaData]:
    """Whether an entity counts, and what its statistic is."""
    assert entity.capabilities is not None
    counts = entity.capabilities["state_class"] == _TOTAL
    unit = entity.unit_of_measurement
    converter = STATISTIC_UNIT_TO_UNIT_CONVERTER.get(unit)
    return counts, StatisticMetaData(
        mean_type=StatisticMeanType.NONE if counts else StatisticMeanType.ARITHMETIC,
        has_sum=counts,
        name=None,
        source="recorder",
        statistic_id=entity.entity_id,
        unit_class=converter.UNIT_CLASS if converter else None,
        unit_of_measurement=unit,
    )

"""The log at info and above: a sensor can be told by six digits of its id, and never has more."""

from collections.abc import Callable
from dataclasses import replace
import hashlib
import json
import logging
import re
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
import pytest

from custom_components.flukso.redaction import shortened

from .broker import Broker
from .home import config_entry, entities
from .meters import SELF_TEST, SERIAL, Meter, flm03, reading
from .older import leave_behind

#: What is left of an id has six digits, and an ellipsis for the rest.
_WHOLE_ID = re.compile(r"[0-9a-fA-F]{32}")


def _hash(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _as_bought() -> Meter:
    """A meter with ids like those that meters have."""
    meter = flm03()
    sensors = {
        slot: settings | {"id": _hash(str(slot))} for slot, settings in meter.sensors.items()
    }
    return replace(meter, device_id=_hash("meter"), sensors=sensors)


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> Callable[[], str]:
    """What the integration has logged at info and above, not Home Assistant for it."""
    caplog.set_level(logging.INFO)

    def lines() -> str:
        return "\n".join(
            record.getMessage()
            for record in caplog.records
            if record.levelno >= logging.INFO and "/custom_components/flukso/" in record.pathname
        )

    return lines


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("/sensor/0123456789abcdef0123456789abcdef/gauge", "/sensor/012345…/gauge"),
        ("0123456789ABCDEF0123456789ABCDEF_fedcba9876543210f…", "012345…_fedcba……"),
        ("topic /device/012345/config/sensor of 2026-11-25", None),
    ],
)
def test_ids_are_shortened_wherever_they_are_in_a_text(text: str, short: str | None) -> None:
    assert shortened(text) == (text if short is None else short)


async def test_whatever_arrives_no_whole_id_is_logged(
    hass: HomeAssistant, broker: Broker, said: Callable[[], str]
) -> None:
    meter = _as_bought()
    entry = config_entry(meter)
    entry.add_to_hass(hass)
    await broker.publish_all(meter.reports | {meter.tap_topic: SELF_TEST}, retain=True)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await broker.settle()
    await broker.publish_all(meter.readings())

    for topic in [*meter.reports, meter.tap_topic, *meter.readings()]:
        for payload in ("", "[]", f'"{meter.device_id}"', b"\xff", "[" * 5000):
            await broker.publish(topic, payload)
        await broker.publish(topic, json.dumps([meter.sensor_id(1), 1.5, "W"]))
        await broker.publish(topic, json.dumps({"1": {"id": meter.sensor_id(1) * 2, "enable": 1}}))
        await broker.publish(topic, json.dumps({"1": {"enable": 1, "name": [meter.device_id]}}))
    await broker.publish_all(meter.reports, retain=True)
    await broker.publish(meter.topic(42, "gauge"), reading(1013.25, "hPa"))
    await broker.publish(meter.topic(42, "gauge"), reading(1013.25, "Pa"))
    await broker.publish(f"/sensor/{meter.sensor_id(1)}/tmpo/0/12/1750433792/gz", b"\x1f\x8b")
    await broker.lose_connection()
    await broker.restore_connection()

    logged = said()
    assert entities(hass, entry)
    assert f"/sensor/{meter.sensor_id(42)[:6]}…/gauge are in 'hPa'" in logged
    assert f"/device/{meter.device_id[:6]}…/config/sensor" in logged
    assert logged.count("Ignoring a message on") > 10
    assert _WHOLE_ID.search(logged) is None
    assert SERIAL not in logged


async def test_what_is_unreadable_on_disk_is_told_without_a_whole_id(
    hass: HomeAssistant, broker: Broker, hass_storage: dict[str, Any], said: Callable[[], str]
) -> None:
    meter = _as_bought()
    entry = config_entry(meter)
    entry.add_to_hass(hass)
    sensor_id = meter.sensor_id(1)
    written = {
        "": {"reports": {}, "units": {f"{sensor_id}/gauge/pplus": "furlong"}},
        ".fillings": {"filled": [], "held": {f"{meter.device_id}_{sensor_id}_counter": "all"}},
    }
    for name, data in written.items():
        hass_storage[f"flukso.{entry.entry_id}{name}"] = {
            "version": 1,
            "minor_version": 1,
            "data": data,
        }

    assert await hass.config_entries.async_setup(entry.entry_id)
    await broker.settle()

    logged = said()
    assert logged.count(f"{sensor_id[:6]}…") == len(written)
    assert _WHOLE_ID.search(logged) is None


async def test_an_entry_that_can_not_be_migrated_is_told_without_a_whole_id(
    hass: HomeAssistant, broker: Broker, said: Callable[[], str]
) -> None:
    meter = _as_bought()
    without_id = leave_behind(hass, meter, data={})
    assert not await hass.config_entries.async_setup(without_id.entry_id)
    config_entry(meter).add_to_hass(hass)
    too_late = leave_behind(hass, meter)
    assert not await hass.config_entries.async_setup(too_late.entry_id)

    assert without_id.state is too_late.state is ConfigEntryState.MIGRATION_ERROR
    logged = said()
    assert logged.count(f"Flukso {meter.device_id[:6]}… can't be migrated") == 2
    assert _WHOLE_ID.search(logged) is None

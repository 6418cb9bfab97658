"""Broken messages on every topic: each kind is logged once and has no other effect."""

import json
import logging
import time

from homeassistant.core import HomeAssistant
import pytest

from custom_components.flukso.const import DOMAIN

from ..broker import Broker, Payload
from ..flows import cards
from ..home import device_names, entities, set_up_and_read
from ..meters import SELF_TEST, Section, flm02, flm03

pytestmark = pytest.mark.usefixtures("freezer")

NOW = int(time.time())

#: Home Assistant's own discovery warns of each message on config/sensor that is not UTF-8.
DISCOVERY = "homeassistant.components.mqtt.client"

#: Payloads that are invalid on every topic of a meter.
NONSENSE: list[Payload] = [
    *("", " ", "\n", "\0", "x", "null", "true", "false", "5", "-1.5", '"text"', "NaN"),
    *("[1]", "[1,", "{", "}", '{"1"', '{"1": }', "{'1': 1}"),
    *('{"1": 1}', '{"1": "text"}', '{"1": true}', '{"1": NaN}', '{"1": inf}'),
    *(b"\xff", b"\xfe\xff\x00", b"\x1f\x8b\x08\x00" + bytes(64), "°".encode("latin-1")),
    *("[" * 100, "[" * 50_000, '{"a":' * 20_000, "[" * 999 + "]" * 999),
    *("x" * 100_000, b"\x00" * 100_000, '"' + "x" * 100_000 + '"', "9" * 100_000),
    '{"main": 5}',
    "{flm:{time:[1,2],update:false},flx:{time:[1,0],update:false}}",
    '[[1500000000,500],[1,2,3],"mV"]',
]

#: Reports in which nothing is set, and which are no readings.
EMPTY_REPORTS: list[Payload] = [
    *("[]", "[[]]", "[{}]", "[null]", '{"1": null}', '{"1": []}', '{"main": []}'),
]

#: Payloads that are nearly readings.
NO_READINGS: list[Payload] = [
    f"[{NOW}]",
    f"[{NOW}, 1.5",
    f'[{NOW}, 1.5, "W", 0]',
    f'{{"time": {NOW}, "value": 1.5}}',
    f'["{NOW}", 1.5, "W"]',
    f'[{NOW}.5, 1.5, "W"]',
    '[true, 1.5, "W"]',
    '[null, 1.5, "W"]',
    '[-1, 1.5, "W"]',
    f'[{10**12}, 1.5, "W"]',
    f'[{NOW}, "1.5", "W"]',
    f'[{NOW}, true, "W"]',
    f'[{NOW}, null, "W"]',
    f'[{NOW}, [1.5], "W"]',
    f'[{NOW}, {{"value": 1.5}}, "W"]',
    f'[{NOW}, NaN, "W"]',
    f'[{NOW}, Infinity, "W"]',
    f'[{NOW}, -Infinity, "W"]',
    f'[{NOW}, 1e400, "W"]',
    f'[{NOW}, 1e12, "W"]',
    f'[{NOW}, -1e12, "W"]',
    f'[{NOW}, 1.5, "bananas"]',
    f'[{NOW}, 1.5, "w"]',
    f"[{NOW}, 1.5, 1]",
    f"[{NOW}, 1.5, null]",
    f'[{NOW}, 1.5, ["W"]]',
    f'[{NOW}, 1.5, "{"W" * 200}"]',
]

#: Invalid settings of a slot.
NO_SLOTS: list[Section] = [
    {"id": None},
    {"id": True},
    {"id": "0" * 31},
    {"id": "G" * 32},
    {"enable": 2},
    {"enable": True},
]


def broken_slots() -> list[Payload]:
    """Payloads that are nearly valid on config/sensor."""
    settings = {"enable": 1, "type": "water"}
    return [json.dumps({"1": settings | wrong}) for wrong in NO_SLOTS]


async def test_broken_messages_are_logged_once_a_kind_and_change_nothing(
    hass: HomeAssistant, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    meter = flm03()
    await broker.publish(meter.tap_topic, SELF_TEST)
    entry = await set_up_and_read(hass, broker, meter)
    shown = {state.entity_id: state.state for state in hass.states.async_all()}
    registered, named = entities(hass, entry), device_names(hass, entry)
    topics = set(broker.topics)
    caplog.set_level(logging.WARNING)
    caplog.clear()
    some_readings = list(meter.readings())[::8]
    sent = 0

    for _ in range(2):
        for topic in [*meter.reports, meter.tap_topic, *some_readings]:
            for payload in NONSENSE:
                broker.send(topic, payload)
                sent += 1
        for topic in some_readings:
            for payload in (*NO_READINGS, *EMPTY_REPORTS):
                broker.send(topic, payload)
                sent += 1
        for payload in broken_slots():
            broker.send(meter.sensor_report[0], payload)
        await broker.settle()

    assert sent > 1000
    others = {record.name for record in caplog.records if DOMAIN not in record.name}
    assert others <= {DISCOVERY, "asyncio"}  # slow callback: so many messages take a while
    assert all(record.levelno == logging.WARNING for record in caplog.records)
    logged = [record.getMessage() for record in caplog.records if DOMAIN in record.name]
    kinds = [message.split(": ", 1)[1].split(" (")[0] for message in logged]
    assert len(kinds) == len(set(kinds))
    assert {state.entity_id: state.state for state in hass.states.async_all()} == shown
    assert entities(hass, entry) == registered
    assert device_names(hass, entry) == named
    assert broker.topics == topics
    assert cards(hass) == []


async def test_other_meters_and_other_topics_are_ignored(
    hass: HomeAssistant, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    meter = flm03()
    await set_up_and_read(hass, broker, meter)
    shown = {state.entity_id: state.state for state in hass.states.async_all()}
    caplog.set_level(logging.WARNING)
    caplog.clear()

    await broker.publish_all(flm02().readings())
    for topic in ("flx/time", "flx/voltage/1", "flx/current/1", "tmpo/sync", "debug/flx/shift"):
        await broker.publish(f"/device/{meter.device_id}/{topic}", "{flm:{time:[1,2]}}")
    for slot in (1, 37, 40):
        sensor = f"/sensor/{meter.sensor_id(slot)}"
        await broker.publish(f"{sensor}/tmpo/0/8/1404224768/gz", b"\x1f\x8b\x08\x00")
        await broker.publish(sensor, f'[{NOW}, 1, "W"]')
        await broker.publish(f"home{sensor}/gauge", f'[{NOW}, 1, "W"]')

    assert {state.entity_id: state.state for state in hass.states.async_all()} == shown
    assert caplog.records == []

"""Diagnostics: all that helps to follow a meter's messages, and nothing that identifies it."""

from dataclasses import replace
import json
import time
from typing import Any
from unittest.mock import ANY

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import __version__
from homeassistant.core import HomeAssistant
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    issue_registry as ir,
)
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from .broker import Broker
from .home import config_entry, device_of, devices, entities, let_pass, set_up, set_up_and_read
from .meters import (
    FIRMWARE,
    HARDWARE_IDS,
    NULL_KEY,
    RADIO_KEY,
    SELF_TEST,
    SERIAL,
    Meter,
    flm02,
    flm03,
    reading,
)
from .older import leave_behind, start

SECRETS = (RADIO_KEY, NULL_KEY, SERIAL, *HARDWARE_IDS)


class Download:
    """What the user downloads, to attach it to a bug report."""

    def __init__(self, hass: HomeAssistant, hass_client: ClientSessionGenerator) -> None:
        self._hass = hass
        self._hass_client = hass_client

    async def text(self, entry: MockConfigEntry, device: dr.AnyDeviceEntry | None = None) -> str:
        """The whole file."""
        assert await async_setup_component(self._hass, "diagnostics", {})
        await self._hass.async_block_till_done()
        client = await self._hass_client()
        of_device = f"/device/{device.id}" if device else ""
        answer = await client.get(f"/api/diagnostics/config_entry/{entry.entry_id}{of_device}")
        assert answer.status == 200
        return await answer.text()

    async def data(
        self, entry: MockConfigEntry, device: dr.AnyDeviceEntry | None = None
    ) -> dict[str, Any]:
        """The part of it that this integration wrote."""
        data: dict[str, Any] = json.loads(await self.text(entry, device))["data"]
        return data


@pytest.fixture
def download(hass: HomeAssistant, hass_client: ClientSessionGenerator) -> Download:
    """What the user downloads."""
    return Download(hass, hass_client)


def channel_of(data: dict[str, Any], quantity: str, kind: str) -> dict[str, Any]:
    """The first channel of a quantity."""
    channels = [
        channel
        for channel in data["channels"]
        if channel["quantity"] == quantity and channel["topic"].endswith(kind)
    ]
    found: dict[str, Any] = channels[0]
    return found


async def test_versions_connection_and_configuration_are_told(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory, download: Download
) -> None:
    meter = replace(flm03(), prefix="home/")
    entry = await set_up_and_read(hass, broker, meter)
    await broker.publish(meter.tap_topic, SELF_TEST)
    await broker.publish(meter.kube_report[0], "no JSON")
    freezer.tick(20)

    data = await download.data(entry)

    assert data["versions"] == {"home_assistant": __version__, "integration": "0.2.0"}
    assert data["connection"] == "connected"
    assert data["entry"] == {
        "state": "loaded",
        "data": {"device_id": "f10300…", "topic_prefix": "home/"},
        "options": {"power_interval": 5, "other_interval": 30},
    }
    assert data["meter"] == {
        "model": "FLM03",
        "firmware": FIRMWARE,
        "online": True,
        "reports": {
            "config/sensor": {"age": 20, "retained": True, "wrong": None},
            "config/flx": {"age": 20, "retained": True, "wrong": None},
            "config/kube": {"age": 20, "retained": False, "wrong": "not JSON"},
            "test/tap": {"age": 20, "retained": False, "wrong": None},
        },
        "broken": {"config/kube: not JSON": 1},
    }
    configuration = data["configuration"]
    assert len(configuration["sensors"]["enabled"]) == 54
    assert configuration["ports"]["by_number"]["4"]["name"] == "tap water"
    assert configuration["kubes"]["by_number"]["2"]["hw_type"] == 19217


async def test_a_channel_can_be_followed(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory, download: Download
) -> None:
    meter = flm03()
    entry = await set_up_and_read(hass, broker, meter)
    topic = meter.topic(1, "counter")
    freezer.tick(10)
    now = int(time.time())
    await broker.publish(topic, reading("2593806.500", "Wh"))
    await broker.publish(topic, reading("9000000", "Wh"))
    for payload in ("", "[1,", f'["{meter.sensor_id(1)}", {"9" * 200}]'):
        await broker.publish(topic, payload)
    freezer.tick(30)

    channel = channel_of(await download.data(entry), "pplus", "counter")

    assert channel == {
        "sensor_id": "f10300…",
        "topic": "/sensor/f10300…/counter",
        "source": "clamp",
        "quantity": "pplus",
        "unit": "Wh",
        "interval": 30,
        "listening": True,
        "available": True,
        "value": 2593805.4,
        "last_message_age": 30,
        "last_reading": {"time": now, "value": 9000000, "unit": "Wh", "age": 30},
        "messages": {"accepted": 2, "held": 1, "dropped": 0, "broken": 3},
        "last_broken": '["f10300…", ...',
        "guard": {
            "offset": 0,
            "last_accepted": {"time": now, "value": 2593806.5, "at": ANY},
            "rid": 0,
            "fastest": pytest.approx(5.2, abs=0.1),
        },
    }


async def test_what_was_dropped_and_what_was_never_heard_is_told(
    hass: HomeAssistant, broker: Broker, download: Download
) -> None:
    meter = flm02()
    await broker.publish(meter.topic(4, "gauge"), reading(5, "L/day", age=3600), retain=True)
    entry = await set_up(hass, broker, meter)
    await broker.publish(meter.topic(1, "gauge"), reading(420, "W"))
    await broker.publish(meter.topic(1, "gauge"), reading(410, "W", age=5))

    data = await download.data(entry)

    late = channel_of(data, "electricity", "gauge")
    assert late["messages"] == {"accepted": 1, "held": 0, "dropped": 1, "broken": 0}
    old = channel_of(data, "water", "gauge")
    assert old["messages"] == {"accepted": 0, "held": 0, "dropped": 1, "broken": 0}
    unheard = channel_of(data, "gas", "counter")
    assert unheard["last_message_age"] is None
    assert unheard["last_reading"] is None
    assert unheard["guard"]["last_accepted"] is None
    assert unheard["last_broken"] == ""


async def test_a_second_unit_counts_as_broken(
    hass: HomeAssistant, broker: Broker, download: Download
) -> None:
    meter = flm03()
    entry = await set_up(hass, broker, meter)
    for unit in ("hPa", "Pa"):
        await broker.publish(meter.topic(42, "gauge"), reading(50, unit))

    channel = channel_of(await download.data(entry), "pressure", "gauge")

    assert channel["unit"] == "hPa"
    assert channel["messages"] == {"accepted": 1, "held": 0, "dropped": 0, "broken": 1}
    assert channel["last_broken"].endswith(', 50, "Pa"]')


@pytest.mark.parametrize(
    ("name", "quantities"),
    [
        ("gas", {"gas"}),
        ("attic", {"temperature", "humidity", "battery", "error", "movement"}),
    ],
)
async def test_a_device_has_the_channels_of_its_port_or_kube(
    hass: HomeAssistant, broker: Broker, download: Download, name: str, quantities: set[str]
) -> None:
    entry = await set_up_and_read(hass, broker, flm03())

    data = await download.data(entry, device_of(hass, entry, name))

    assert {channel["quantity"] for channel in data["channels"]} == quantities
    assert data["meter"]["online"] is True


async def test_the_fluksometer_has_all_channels(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory, download: Download
) -> None:
    entry = await set_up_and_read(hass, broker, flm03())

    of_device = await download.data(entry, device_of(hass, entry, "Fluksometer"))

    assert len(of_device["channels"]) == 70
    assert of_device == await download.data(entry)


async def test_a_meter_that_waits_for_mqtt_has_diagnostics(
    hass: HomeAssistant, download: Download
) -> None:
    entry = config_entry(flm03())
    entry.add_to_hass(hass)
    await hass.config_entries.async_setup(entry.entry_id)

    data = await download.data(entry)

    assert data["entry"]["state"] == "setup_retry"
    assert data["connection"] == "missing"
    assert "channels" not in data


async def test_a_lost_connection_is_told(
    hass: HomeAssistant, broker: Broker, download: Download
) -> None:
    entry = await set_up_and_read(hass, broker, flm03())
    await broker.lose_connection()

    data = await download.data(entry)

    assert data["connection"] == "disconnected"
    assert data["meter"]["online"] is False
    assert not any(channel["available"] for channel in data["channels"])


def ids_of(meter: Meter) -> set[str]:
    """Every id of a meter."""
    return {meter.device_id} | {settings["id"] for settings in meter.sensors.values()}


async def let_a_counter_break(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory, meter: Meter
) -> None:
    """Let the first counter leap, which raises an issue that the file holds as it is."""
    for value in ("9000000.000", "9000000.250", "9000000.500"):
        freezer.tick(1)
        await broker.publish(meter.topic(1, "counter"), reading(value, "Wh"))
    await let_pass(hass, broker, freezer, 5)
    assert "counter_break" in [
        issue.translation_key for issue in ir.async_get(hass).issues.values()
    ]


async def assert_anonymous(
    hass: HomeAssistant, download: Download, entry: MockConfigEntry, secrets: tuple[str, ...]
) -> None:
    """Nothing of the secrets is in what can be downloaded of a meter and of all its devices."""
    for device in (None, *devices(hass, entry)):
        file = (await download.text(entry, device)).lower()
        assert "f10" in file
        for secret in secrets:
            assert secret[:7].lower() not in file


@pytest.mark.parametrize("meter", [flm03(), flm02()], ids=["FLM03", "FLM02"])
async def test_nothing_in_it_identifies_the_meter(
    hass: HomeAssistant,
    broker: Broker,
    freezer: FrozenDateTimeFactory,
    download: Download,
    meter: Meter,
) -> None:
    meter = replace(meter, prefix=f"home/{SERIAL}/{meter.device_id}")
    entry = await set_up_and_read(hass, broker, meter, f"Fluksometer {meter.device_id}")
    await broker.publish(meter.tap_topic, SELF_TEST)
    await let_a_counter_break(hass, broker, freezer, meter)
    for report, payload in meter.reports.items():
        await broker.publish(report, payload + "}")
    await broker.publish(meter.tap_topic, f"# serial:{SERIAL}")
    secrets = (*SECRETS, *ids_of(meter))
    for number, topic in enumerate(meter.readings()):
        secret = secrets[number % len(secrets)]
        for payload in (secret, 9 * f"[{secret}", f"{'x' * (number + 30)} {secret}"):
            await broker.publish(topic, payload)

    await assert_anonymous(hass, download, entry, secrets)
    assert await hass.config_entries.async_unload(entry.entry_id)
    await assert_anonymous(hass, download, entry, secrets)


@pytest.mark.parametrize("name", [SERIAL.lower(), flm03().device_id])
async def test_ids_in_what_the_older_integration_called_its_entities_are_not_told(
    hass: HomeAssistant,
    broker: Broker,
    freezer: FrozenDateTimeFactory,
    download: Download,
    name: str,
) -> None:
    meter, registry = flm03(), er.async_get(hass)
    entry = leave_behind(hass, meter)
    for entity in entities(hass, entry):
        called = entity.entity_id.replace(".", f".{name}_")
        registry.async_update_entity(entity.entity_id, new_entity_id=called)
    await broker.publish(meter.tap_topic, SELF_TEST, retain=True)
    await start(hass, broker, meter, entry)

    await let_a_counter_break(hass, broker, freezer, meter)

    await assert_anonymous(hass, download, entry, (*SECRETS, *ids_of(meter)))


@pytest.mark.parametrize("serial", ["0123456789ABCDEF", "FL0123456789abcdef01"])
async def test_nothing_of_a_serial_number_that_resembles_an_id_is_told(
    hass: HomeAssistant, broker: Broker, download: Download, serial: str
) -> None:
    meter = flm03()
    entry = await set_up_and_read(hass, broker, meter)
    await broker.publish(meter.tap_topic, f"# serial: {serial}\n# firmware: {FIRMWARE}")
    await broker.publish(meter.topic(1, "gauge"), f"meter {serial.lower()}")

    file = await download.text(entry)

    assert "meter **REDACTED**" in file
    assert "012345" not in file

"""A setting that is not known costs what it is in, is told, and leaves all else as it was."""

from dataclasses import replace
import json
import logging
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flukso.const import DOMAIN
from custom_components.flukso.diagnostics import async_get_config_entry_diagnostics

from ..broker import Broker
from ..home import device_names, entities, let_pass, set_up, value_of
from ..meters import Meter, flm02, flm03, three_clamps
from ..minutes import Home

pytestmark = pytest.mark.usefixtures("freezer")

_FREQUENCY = {"subtype": "frequency", "enable": 1}
_TOLD = "config/sensor 12: subtype is not a subtype of a clamp (frequency)"


@pytest.fixture
def home(hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory) -> Home:
    """Return Home Assistant with simulated minutes."""
    return Home(hass, broker, freezer)


async def unread(hass: HomeAssistant, entry: MockConfigEntry, report: str) -> Any:
    """What diagnostics tell of a report's unknown parts."""
    diagnostics: Any = await async_get_config_entry_diagnostics(hass, entry)
    return diagnostics["configuration"][report]["unread"]


def logged(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The warnings of the integration."""
    return [
        record.getMessage()
        for record in caplog.records
        if DOMAIN in record.name and record.levelno >= logging.WARNING
    ]


async def test_a_subtype_that_is_not_known_costs_its_sensor_alone(
    hass: HomeAssistant, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    meter = flm03().changed(12, **_FREQUENCY)
    entry = await set_up(hass, broker, meter)

    assert len(entities(hass, entry)) == 70
    await broker.publish_all(flm03().readings())
    assert value_of(hass, meter, 1, "gauge") == 1278.5
    [line] = logged(caplog)
    assert _TOLD in line
    assert meter.device_id not in line
    assert await unread(hass, entry, "sensors") == [
        {
            "entry": "12",
            "wrong": "subtype is not a subtype of a clamp (frequency)",
            "minor": False,
        }
    ]


async def test_it_is_logged_once(
    hass: HomeAssistant, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    meter = flm03().changed(12, **_FREQUENCY)
    await set_up(hass, broker, meter)

    for slot in (24, 36):
        await broker.publish(*meter.changed(slot, **_FREQUENCY).sensor_report)

    assert len(logged(caplog)) == 1


async def test_it_is_a_repair_that_links_the_issue_tracker_until_all_is_known(
    hass: HomeAssistant, broker: Broker, home: Home
) -> None:
    meter = three_clamps()
    await set_up(hass, broker, meter.changed(12, **_FREQUENCY))

    await home.wait(6, meter)
    assert home.issues == ["unknown_settings"]
    assert home.told["settings"] == _TOLD
    assert home.told["issue_tracker"].endswith("/issues")

    await broker.publish(*meter.sensor_report)
    await home.wait(1, meter)
    assert home.issues == []


async def test_it_stays_a_repair_over_a_restart_without_the_meter(
    hass: HomeAssistant, broker: Broker, home: Home
) -> None:
    meter = three_clamps()
    entry = await set_up(hass, broker, meter.changed(12, **_FREQUENCY))
    await home.wait(6, meter)
    broker.retained.clear()

    await home.restart(entry)
    assert len(entities(hass, entry)) == 51
    await home.wait(6, meter)
    assert "unknown_settings" in home.issues


@pytest.mark.parametrize(
    ("report", "settings", "told"),
    [
        ("flx", {"2": 5}, "config/flx 2: not an object"),
        ("flx", {"2": {"current": "auto"}}, "config/flx 2: current is not a number (auto)"),
        ("flx", {"main": {"phase": True}}, "config/flx main: phase is not text"),
        ("kube", {"2": [5]}, "config/kube 2: not an object"),
        ("kube", {"2": "text"}, "config/kube 2: not an object"),
        ("kube", {"2": {"enable": 7, "name": "attic"}}, "config/kube 2: enable is neither 0 nor 1"),
    ],
)
async def test_an_odd_port_or_kube_costs_no_other_and_is_a_repair(
    hass: HomeAssistant,
    broker: Broker,
    home: Home,
    *,
    report: str,
    settings: dict[str, Any],
    told: str,
) -> None:
    meter = flm03()
    entry = await set_up(hass, broker, meter)
    topic = f"/device/{meter.device_id}/config/{report}"

    await broker.publish(topic, json.dumps(json.loads(meter.reports[topic]) | settings))
    await home.wait(6, meter)

    assert len(entities(hass, entry)) >= 70
    assert {"tap water", "gas", "living room"} <= set(device_names(hass, entry))
    assert home.told["settings"] == told


async def test_many_unknown_settings_are_told_in_part(
    hass: HomeAssistant, broker: Broker, home: Home
) -> None:
    meter = three_clamps()
    await set_up(hass, broker, meter.changed(*range(1, 13), subtype="p"))

    await home.wait(6, replace(meter, sensors={14: meter.sensors[14]}))

    assert home.told["settings"].count("config/sensor") == 5
    assert home.told["settings"].endswith("(p); …")


async def test_a_name_that_reads_as_a_huge_number_leaves_the_port_its_number(
    hass: HomeAssistant, broker: Broker, home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    meter = three_clamps().with_port(3, name=1e20).with_port(4, name=1234567890123500.0)
    meter = meter.changed(37, enable=1)
    entry = await set_up(hass, broker, meter)

    assert {"Port 3", "1234567890123500"} <= set(device_names(hass, entry))
    assert (await unread(hass, entry, "ports"))[0]["wrong"] == "name is too large a number"
    await home.wait(6, meter)
    assert (home.issues, logged(caplog)) == ([], [])


async def test_an_unused_slot_whose_id_reads_as_a_number_costs_nothing(
    hass: HomeAssistant, broker: Broker, home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    meter = three_clamps()
    entry = await set_up(hass, broker, meter.changed(57, id=1.2345678901235e31))

    assert len(entities(hass, entry)) == 51
    assert [part["entry"] for part in await unread(hass, entry, "sensors")] == ["57"]
    await home.wait(6, meter)
    assert (home.issues, logged(caplog)) == ([], [])


@pytest.mark.parametrize("meter", [flm03(), flm02()], ids=["FLM03", "FLM02"])
async def test_sensors_without_ports_are_sensors_all_the_same(
    hass: HomeAssistant, broker: Broker, meter: Meter, caplog: pytest.LogCaptureFixture
) -> None:
    without = meter.changed(
        *(slot for slot in meter.sensors if "port" in meter.sensors[slot]), port=[]
    )
    entry = await set_up(hass, broker, without)
    await broker.publish_all(meter.readings())

    assert len(entities(hass, entry)) == sum(1 for _ in meter.readings())
    assert value_of(hass, meter, 1, "counter") > 0
    await async_get_config_entry_diagnostics(hass, entry)
    assert await hass.config_entries.async_reload(entry.entry_id)
    assert logged(caplog) == []


async def test_a_counter_of_a_sensor_without_ports_counts(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    meter = flm02()
    await set_up(hass, broker, meter.changed(1, port=[]))
    await broker.publish_all(meter.readings())
    before = value_of(hass, meter, 1, "counter")
    freezer.tick(10)
    topic, payload = meter.topic(1, "counter"), meter.readings()[meter.topic(1, "counter")]
    time, value, unit = json.loads(payload)
    await broker.publish(topic, json.dumps([time, value + 1, unit]))
    await let_pass(hass, broker, freezer, 60)
    assert value_of(hass, meter, 1, "counter") > before

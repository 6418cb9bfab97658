"""Ignored issues of the health monitor: ignored while the problem lasts, and no longer."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, flush_store

from custom_components.flukso.const import DOMAIN

from ..broker import Broker
from ..home import set_up
from ..mains import clock, flx_topic
from ..meters import Meter, kubes_alone, reading, three_clamps
from ..minutes import Home

A_DAY = 24 * 60
PREFIX = "home/flukso/"

type Again = Callable[[MockConfigEntry], Awaitable[None]]


@pytest.fixture
def meter() -> Meter:
    """Return a meter that sends every second."""
    return three_clamps()


@pytest.fixture
def pulses(meter: Meter) -> Meter:
    """Return a meter with a water meter only."""
    return meter.changed(*range(1, 37), enable=0).changed(37, enable=1)


@pytest.fixture
def home(hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory) -> Home:
    """Return Home Assistant with simulated minutes."""
    return Home(hass, broker, freezer)


@pytest.fixture(params=["reload", "restart"])
def again(
    request: pytest.FixtureRequest, hass: HomeAssistant, hass_storage: object, home: Home
) -> Again:
    """Reload the meter, or restart Home Assistant."""

    async def restart(entry: MockConfigEntry) -> None:
        await flush_store(ir.async_get(hass)._store)
        assert await hass.config_entries.async_unload(entry.entry_id)
        await ir.async_get(hass)._async_load()
        assert await hass.config_entries.async_setup(entry.entry_id)
        await home.broker.settle()

    return home.restart if request.param == "reload" else restart


def ignore(hass: HomeAssistant) -> None:
    """Let the user ignore the one issue."""
    [issue] = ir.async_get(hass).issues.values()
    ir.async_ignore_issue(hass, DOMAIN, issue.issue_id, ignore=True)


def assert_ignored(hass: HomeAssistant, entry: MockConfigEntry, what: str) -> None:
    """Assert that there is only this issue, and that it is ignored."""
    [issue] = ir.async_get(hass).issues.values()
    assert issue.issue_id == f"{what}_{entry.entry_id}"
    assert issue.dismissed_version is not None


async def test_readings_that_never_arrived(
    hass: HomeAssistant, broker: Broker, home: Home, meter: Meter, again: Again
) -> None:
    entry = await set_up(hass, broker, meter)
    await home.wait(6)
    ignore(hass)

    await again(entry)
    assert_ignored(hass, entry, "no_readings")
    await home.wait(10)
    assert_ignored(hass, entry, "no_readings")
    assert home.issues == ["no_readings"]

    await home.wait(1, meter)
    assert home.issues == []
    await home.wait(6)
    await broker.publish(*meter.saved_report)
    await home.wait(1)
    assert home.issues == ["no_readings"]
    [issue] = ir.async_get(hass).issues.values()
    assert issue.dismissed_version is None


async def test_readings_that_arrived_until_the_bridge_lost_them(
    hass: HomeAssistant, broker: Broker, home: Home, meter: Meter, again: Again
) -> None:
    entry = await set_up(hass, broker, meter)
    await broker.publish_all(meter.readings())
    await home.wait(1, meter)
    home.freezer.tick(1)
    await broker.publish(*meter.saved_report)
    await home.wait(6)
    ignore(hass)

    await again(entry)
    for _ in range(10):
        await home.wait(1)
        assert_ignored(hass, entry, "no_readings")


async def test_readings_of_kubes_which_send_once_a_minute(
    hass: HomeAssistant, broker: Broker, home: Home, again: Again
) -> None:
    entry = await set_up(hass, broker, kubes_alone())
    await home.wait(11)
    ignore(hass)

    await again(entry)
    for _ in range(15):
        await home.wait(1)
        assert_ignored(hass, entry, "no_readings")


@pytest.mark.parametrize("meter", [three_clamps(), kubes_alone()], ids=["clamps", "kubes"])
async def test_a_meter_that_is_silent(
    hass: HomeAssistant, broker: Broker, home: Home, meter: Meter, again: Again
) -> None:
    entry = await set_up(hass, broker, meter)
    await broker.publish(*meter.sensor_report)
    await home.wait(1)
    await broker.publish_all(meter.readings())
    await home.sleep(A_DAY + 1)
    assert home.issues == ["silent"]
    ignore(hass)

    await again(entry)
    for _ in range(15):
        await home.wait(1)
        assert_ignored(hass, entry, "silent")
    await home.sleep(A_DAY)
    assert_ignored(hass, entry, "silent")

    await home.wait(1, meter)
    assert home.issues == []


async def test_a_silent_meter_whose_configuration_arrives_later(
    hass: HomeAssistant, broker: Broker, home: Home, again: Again
) -> None:
    meter = kubes_alone()
    entry = await set_up(hass, broker, meter)
    await home.wait(1, meter)
    await home.sleep(A_DAY + 1)
    ignore(hass)
    await again(entry)
    await home.wait(11)

    await broker.publish(*meter.saved_report)
    await home.wait(1)

    assert home.issues == ["no_readings"]


async def test_a_silent_meter_without_clamps(
    hass: HomeAssistant, broker: Broker, home: Home, pulses: Meter, again: Again
) -> None:
    entry = await set_up(hass, broker, pulses)
    await broker.publish_all(pulses.readings())
    for _ in range(5):
        await home.wait(1)
        await broker.publish(flx_topic(pulses, "time"), clock())
    await home.sleep(A_DAY + 10)
    assert home.issues == ["silent"]
    ignore(hass)

    await again(entry)
    await home.sleep(A_DAY + 10)
    assert_ignored(hass, entry, "silent")

    await broker.publish(flx_topic(pulses, "time"), clock())
    await home.wait(1)
    assert home.issues == []


async def test_a_configuration_that_does_not_arrive(
    hass: HomeAssistant, broker: Broker, home: Home, meter: Meter, again: Again
) -> None:
    entry = await set_up(hass, broker, meter)
    broker.retained.clear()
    await home.restart(entry)
    await home.wait(6, meter)
    assert home.issues == ["no_configuration"]
    ignore(hass)

    await again(entry)
    await home.wait(6)
    assert_ignored(hass, entry, "no_configuration")

    await broker.publish(*meter.sensor_report)
    await home.wait(1, meter)
    assert home.issues == []


async def test_an_invalid_configuration(
    hass: HomeAssistant, broker: Broker, home: Home, meter: Meter, again: Again
) -> None:
    entry = await set_up(hass, broker, meter)
    broker.retained.clear()
    await broker.publish(meter.port_report[0], "no JSON")
    await home.wait(6, meter)
    assert home.issues == ["unreadable_configuration"]
    ignore(hass)

    await again(entry)
    await home.wait(4, meter)
    await broker.publish(*meter.sensor_report)
    await broker.publish(meter.port_report[0], "no JSON")
    await home.wait(2, meter)
    assert_ignored(hass, entry, "unreadable_configuration")

    await broker.publish(*meter.port_report)
    await home.wait(1, meter)
    assert home.issues == []


async def test_an_invalid_configuration_that_does_not_arrive_again(
    hass: HomeAssistant, broker: Broker, home: Home, meter: Meter, again: Again
) -> None:
    entry = await set_up(hass, broker, meter)
    await broker.publish(meter.port_report[0], "no JSON")
    await home.wait(6, meter)
    ignore(hass)
    broker.retained.clear()

    await again(entry)
    await home.wait(6)

    assert_ignored(hass, entry, "unreadable_configuration")


@pytest.mark.parametrize(
    ("what", "is_behind"), [("other_prefix", False), ("two_prefixes", True)], ids=["gone", "twice"]
)
async def test_readings_that_arrive_without_the_prefix(
    hass: HomeAssistant,
    broker: Broker,
    home: Home,
    meter: Meter,
    again: Again,
    *,
    what: str,
    is_behind: bool,
) -> None:
    behind = replace(meter, prefix=PREFIX)
    entry = await set_up(hass, broker, behind)
    sending = [meter, behind] if is_behind else [meter]
    await home.wait(8, *sending)
    assert home.issues == [what]
    ignore(hass)

    await again(entry)
    for _ in range(10):
        await home.wait(1, *sending)
        assert_ignored(hass, entry, what)

    await home.wait(6, behind)
    assert home.issues == []


async def test_a_clock_that_is_wrong(
    hass: HomeAssistant, broker: Broker, home: Home, meter: Meter, again: Again
) -> None:
    async def wait(minutes: int, ahead: int) -> None:
        for _ in range(minutes):
            await broker.publish(meter.topic(1, "gauge"), reading(100, "W", age=-ahead))
            await home.wait(1)

    entry = await set_up(hass, broker, meter)
    await wait(61, 3600)
    ignore(hass)

    await again(entry)
    await wait(65, 3600)
    assert_ignored(hass, entry, "clock_wrong")
    assert home.issues == ["clock_wrong"]

    await wait(2, 0)
    assert home.issues == []


async def test_a_meter_whose_entities_are_all_disabled_has_no_issue(
    hass: HomeAssistant, broker: Broker, home: Home, meter: Meter, again: Again
) -> None:
    entry = await set_up(hass, broker, meter)
    await home.wait(6)
    ignore(hass)
    await broker.publish(*meter.changed(*range(1, 40), enable=0).sensor_report, retain=True)

    await again(entry)
    await home.wait(6)

    assert home.issues == []


async def test_a_disabled_meter_has_no_issue(
    hass: HomeAssistant, broker: Broker, home: Home, meter: Meter
) -> None:
    entry = await set_up(hass, broker, meter)
    await home.wait(6)
    assert home.issues == ["no_readings"]

    await hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
    await home.wait(6)

    assert home.issues == []


async def test_an_ignored_issue_of_a_disabled_meter_stays_ignored_until_the_problem_is_gone(
    hass: HomeAssistant, broker: Broker, home: Home, meter: Meter
) -> None:
    entry = await set_up(hass, broker, meter)
    await home.wait(6)
    ignore(hass)

    await hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
    assert_ignored(hass, entry, "no_readings")
    await hass.config_entries.async_set_disabled_by(entry.entry_id, None)
    await broker.settle()
    await home.wait(6)
    assert_ignored(hass, entry, "no_readings")

    await home.wait(1, meter)
    assert home.issues == []


async def test_an_issue_stays_over_a_reload(
    hass: HomeAssistant, broker: Broker, home: Home, meter: Meter
) -> None:
    entry = await set_up(hass, broker, meter)
    await home.wait(6)
    assert home.issues == ["no_readings"]

    await home.restart(entry)
    assert home.issues == ["no_readings"]

    await home.wait(6, meter)
    assert home.issues == []


async def test_an_ignored_issue_is_deleted_with_the_meter(
    hass: HomeAssistant, broker: Broker, home: Home, meter: Meter
) -> None:
    entry = await set_up(hass, broker, meter)
    await home.wait(6)
    ignore(hass)

    await hass.config_entries.async_remove(entry.entry_id)
    await home.wait(6)

    assert home.issues == []

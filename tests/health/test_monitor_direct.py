"""The issues of a meter that is connected to directly: never those of a bridge."""

from collections.abc import Awaitable, Callable, Generator
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
    flush_store,
)

from custom_components.flukso.const import DOMAIN

from ..broker import Broker
from ..direct import set_up_directly
from ..home import set_up
from ..meters import Meter, three_clamps
from .connection import ADDRESS, Connection, connection_in_memory

type Again = Callable[[MockConfigEntry], Awaitable[None]]


@pytest.fixture
def meter() -> Meter:
    """Return a meter that sends every second."""
    return three_clamps()


@pytest.fixture
def connection(meter: Meter) -> Generator[Connection]:
    """The connection to the meter, in the place of the real one."""
    with connection_in_memory(meter) as connection:
        yield connection


@pytest.fixture
async def entry(hass: HomeAssistant, meter: Meter, connection: Connection) -> MockConfigEntry:
    """The meter, connected to directly."""
    return await set_up_directly(hass, meter, ADDRESS)


class Time:
    """Home Assistant over the minutes, and its issues."""

    def __init__(self, hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
        self._hass = hass
        self._freezer = freezer

    async def wait(self, minutes: int) -> None:
        """Let minutes pass."""
        for _ in range(minutes):
            self._freezer.tick(60)
            async_fire_time_changed(self._hass)
            await self._hass.async_block_till_done()

    async def sleep(self, minutes: int) -> None:
        """Let minutes pass at once."""
        self._freezer.tick(60 * (minutes - 1))
        await self.wait(1)

    @property
    def issues(self) -> list[str | None]:
        """What the user is told."""
        issues = ir.async_get(self._hass).issues.values()
        return [issue.translation_key for issue in issues if issue.domain == DOMAIN]


@pytest.fixture
def time(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> Time:
    """Return the simulated minutes."""
    return Time(hass, freezer)


def the_issue(hass: HomeAssistant) -> ir.IssueEntry:
    """The one issue."""
    [issue] = ir.async_get(hass).issues.values()
    return issue


def ignore(hass: HomeAssistant) -> None:
    """Let the user ignore the one issue."""
    ir.async_ignore_issue(hass, DOMAIN, the_issue(hass).issue_id, ignore=True)


async def test_a_meter_that_is_lost_has_an_issue_after_five_minutes_until_it_is_back(
    hass: HomeAssistant, connection: Connection, entry: MockConfigEntry, time: Time
) -> None:
    connection.lose()

    await time.wait(4)
    assert time.issues == []
    await time.wait(2)
    assert time.issues == ["unreachable"]
    issue = the_issue(hass)
    assert issue.is_fixable
    assert issue.severity is ir.IssueSeverity.WARNING
    assert issue.translation_placeholders == {"name": "Fluksometer", "host": ADDRESS["host"]}

    connection.restore()
    assert time.issues == []


async def test_a_meter_that_is_off_when_home_assistant_starts_has_an_issue_after_five_minutes(
    hass: HomeAssistant, connection: Connection, entry: MockConfigEntry, time: Time
) -> None:
    connection.lose()
    assert await hass.config_entries.async_reload(entry.entry_id)

    await time.wait(4)
    assert time.issues == []
    await time.wait(2)
    assert time.issues == ["unreachable"]


async def test_a_short_interruption_is_no_issue(
    connection: Connection, entry: MockConfigEntry, time: Time
) -> None:
    for _ in range(2):
        connection.lose()
        await time.wait(4)
        connection.restore()

    assert time.issues == []


@pytest.fixture(params=["reload", "restart"])
def again(
    request: pytest.FixtureRequest, hass: HomeAssistant, hass_storage: dict[str, Any]
) -> Again:
    """Reload the meter, or restart Home Assistant."""

    async def restart(entry: MockConfigEntry) -> None:
        await flush_store(ir.async_get(hass)._store)
        assert await hass.config_entries.async_unload(entry.entry_id)
        if request.param == "restart":
            await ir.async_get(hass)._async_load()
        assert await hass.config_entries.async_setup(entry.entry_id)
        await hass.async_block_till_done()

    return restart


async def test_an_ignored_issue_stays_ignored_while_the_meter_is_lost(
    hass: HomeAssistant,
    connection: Connection,
    entry: MockConfigEntry,
    time: Time,
    *,
    again: Again,
) -> None:
    connection.lose()
    await time.wait(6)
    ignore(hass)

    await again(entry)
    for _ in range(10):
        await time.wait(1)
        assert the_issue(hass).dismissed_version is not None

    connection.restore()
    assert time.issues == []


async def test_a_disabled_meter_has_no_issue(
    hass: HomeAssistant, connection: Connection, entry: MockConfigEntry, time: Time
) -> None:
    connection.lose()
    await time.wait(6)
    assert time.issues == ["unreachable"]

    await hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)

    assert time.issues == []


async def test_a_meter_that_is_connected_and_silent_is_not_told_of_a_bridge(
    hass: HomeAssistant,
    connection: Connection,
    meter: Meter,
    entry: MockConfigEntry,
    time: Time,
) -> None:
    await time.wait(4)
    assert time.issues == []
    await time.wait(2)
    assert time.issues == ["no_readings_direct"]
    await time.sleep(2 * 24 * 60)
    assert time.issues == ["no_readings_direct"]

    connection.publish(meter.readings())
    await time.wait(2)
    assert time.issues == []


async def test_a_meter_without_its_configuration_is_not_told_of_a_bridge(
    hass: HomeAssistant,
    connection: Connection,
    meter: Meter,
    entry: MockConfigEntry,
    time: Time,
) -> None:
    connection.reports.clear()
    assert await hass.config_entries.async_reload(entry.entry_id)

    for _ in range(7):
        connection.publish(meter.readings())
        await time.wait(1)

    assert time.issues == ["no_configuration_direct"]


async def test_the_issues_of_the_other_way_are_gone_and_the_ignored_ones_stay_ignored(
    hass: HomeAssistant, broker: Broker, connection: Connection, meter: Meter, time: Time
) -> None:
    entry = await set_up(hass, broker, meter)
    through_mqtt = dict(entry.data)
    directly = {"device_id": meter.device_id, **ADDRESS, "topic_prefix": "/"}

    async def change(data: dict[str, Any]) -> None:
        hass.config_entries.async_update_entry(entry, data=data)
        assert await hass.config_entries.async_reload(entry.entry_id)
        await broker.settle()

    await time.wait(6)
    assert time.issues == ["no_readings"]
    await change(directly)
    assert time.issues == []
    await time.wait(6)
    assert time.issues == ["no_readings_direct"]
    await change(through_mqtt)
    assert time.issues == []

    await time.wait(6)
    ignore(hass)
    await change(directly)
    connection.publish(meter.readings())
    await time.wait(6)
    await change(through_mqtt)
    ignored = [i.issue_id for i in ir.async_get(hass).issues.values() if i.dismissed_version]
    assert ignored == [f"no_readings_{entry.entry_id}"]


async def test_home_assistants_broker_that_is_lost_is_no_issue_of_the_meter(
    hass: HomeAssistant, broker: Broker, time: Time
) -> None:
    await set_up(hass, broker, three_clamps())
    await broker.lose_connection()

    await time.wait(10)

    assert time.issues == []

"""The issues of the health monitor: while a problem lasts, and if the user can fix it."""

from dataclasses import replace

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import async_capture_events

from ..broker import Broker
from ..home import set_up, set_up_and_read
from ..meters import Meter, kubes_alone, reading, three_clamps
from ..minutes import Home

PREFIX = "home/flukso/"
A_DAY = 24 * 60
AN_HOUR = 60


@pytest.fixture
def meter() -> Meter:
    """Return a meter that sends every second."""
    return three_clamps()


@pytest.fixture
def home(hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory) -> Home:
    """Return Home Assistant with simulated minutes."""
    return Home(hass, broker, freezer)


@pytest.mark.parametrize("prefix", ["/", PREFIX])
async def test_a_meter_without_problems_has_no_issues(
    hass: HomeAssistant, broker: Broker, home: Home, meter: Meter, prefix: str
) -> None:
    meter = replace(meter, prefix=prefix)
    await set_up(hass, broker, meter)

    await home.wait(15, meter)

    assert home.issues == []


async def test_a_bridge_without_the_readings_has_an_issue_until_they_arrive(
    hass: HomeAssistant, broker: Broker, home: Home, meter: Meter
) -> None:
    meter = replace(meter, prefix=PREFIX)
    await set_up(hass, broker, meter, "Upstairs")

    await home.wait(4)
    assert home.issues == []
    await home.wait(2)
    assert home.issues == ["no_readings"]
    assert home.told["name"] == "Upstairs"
    assert (home.told["slash"], home.told["mapping"]) == ("/", "home/flukso")

    await home.wait(1, meter)
    assert home.issues == []


async def test_a_bridge_that_loses_the_readings_has_an_issue(
    hass: HomeAssistant, broker: Broker, home: Home, meter: Meter
) -> None:
    await set_up(hass, broker, meter)
    await home.wait(10, meter)

    home.freezer.tick(1)
    await broker.publish(*meter.saved_report)
    await home.wait(6)

    assert home.issues == ["no_readings"]


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_configuration_that_is_said_again_is_no_sign_of_life(
    hass: HomeAssistant, broker: Broker, home: Home, meter: Meter, *, restarted: bool
) -> None:
    """A broker between both says it again, without the retain flag, of a meter that is off."""
    entry = await set_up(hass, broker, meter)
    await broker.publish_all(meter.readings())
    await home.wait(10, meter)
    if restarted:
        broker.retained.clear()
        await home.restart(entry)

    for _ in range(3):
        home.freezer.tick(1)
        await broker.publish(*meter.sensor_report)
        await home.wait(6)
    assert home.issues == []

    await home.sleep(A_DAY)
    assert home.issues == ["silent"]


async def test_a_meter_that_is_switched_off_has_an_issue_after_an_hour(
    hass: HomeAssistant, broker: Broker, home: Home, meter: Meter
) -> None:
    await hass.config.async_set_time_zone("UTC")
    home.freezer.move_to("2026-11-20T08:00:00+00:00")
    await set_up(hass, broker, meter)
    await broker.publish(*meter.sensor_report)
    await home.wait(10, meter)

    await home.sleep(AN_HOUR - 10)
    assert home.issues == []
    await home.sleep(11)
    assert home.issues == ["silent"]
    assert home.told["since"] == "20 November 2026, 08:10"

    await home.wait(1, meter)
    assert home.issues == []


async def test_silence_before_a_restart_counts(
    hass: HomeAssistant, broker: Broker, home: Home, meter: Meter
) -> None:
    entry = await set_up(hass, broker, meter)
    await broker.publish_all(meter.readings())

    await home.sleep(AN_HOUR - 1)
    await home.restart(entry)
    await home.wait(4)
    assert home.issues == []
    await home.wait(2)

    assert home.issues == ["silent"]


async def test_a_meter_that_never_sent_anything_has_an_issue_after_an_hour(
    hass: HomeAssistant, broker: Broker, home: Home, meter: Meter
) -> None:
    entry = await set_up(hass, broker, meter)
    broker.retained.clear()
    await home.restart(entry)

    await home.wait(15)
    assert home.issues == []
    await home.sleep(AN_HOUR)

    assert home.issues == ["silent"]


@pytest.fixture
def pulses(meter: Meter) -> Meter:
    """Return a meter with a water meter alone."""
    return meter.changed(*range(1, 37), enable=0).changed(37, enable=1)


@pytest.mark.parametrize("restarted", [False, True])
async def test_an_idle_water_meter_has_no_issue(
    hass: HomeAssistant, broker: Broker, home: Home, pulses: Meter, *, restarted: bool
) -> None:
    entry = await set_up_and_read(hass, broker, pulses)
    if restarted:
        await home.restart(entry)

    await home.wait(6)
    await home.sleep(2 * A_DAY)

    assert home.issues == []


async def test_a_water_meter_that_was_never_heard_has_an_issue_after_a_day(
    hass: HomeAssistant, broker: Broker, home: Home, pulses: Meter
) -> None:
    """It was added by hand, from the configuration that the broker has kept of it."""
    await hass.config.async_set_time_zone("UTC")
    home.freezer.move_to("2026-11-20T08:00:00+00:00")
    entry = await set_up(hass, broker, pulses)

    await home.wait(6)
    await home.sleep(A_DAY - 8)
    assert home.issues == []
    await home.sleep(3)
    assert home.issues == ["silent"]
    assert home.told["since"] == "20 November 2026, 08:00"

    await home.restart(entry)
    await home.wait(10)
    assert home.issues == ["silent"]
    await broker.publish(pulses.topic(37, "counter"), reading(1000, "L"))
    await home.wait(1)
    assert home.issues == []


async def test_a_meter_with_kubes_only_has_an_issue_after_ten_minutes(
    hass: HomeAssistant, broker: Broker, home: Home
) -> None:
    await set_up(hass, broker, kubes_alone())

    await home.wait(9)
    assert home.issues == []
    await home.wait(2)

    assert home.issues == ["no_readings"]


async def test_a_broker_that_is_not_connected_is_no_problem_of_the_meter(
    hass: HomeAssistant, broker: Broker, home: Home, meter: Meter
) -> None:
    await set_up(hass, broker, meter)
    await home.wait(10, meter)

    await broker.lose_connection()
    await home.sleep(2 * A_DAY)
    await home.wait(10)
    assert home.issues == []

    await broker.restore_connection()
    await home.wait(4)
    assert home.issues == []
    await home.wait(10, meter)
    assert home.issues == []


async def test_a_bridge_without_the_configuration_has_an_issue_until_it_arrives(
    hass: HomeAssistant, broker: Broker, home: Home, meter: Meter
) -> None:
    entry = await set_up(hass, broker, meter)
    broker.retained.clear()
    await home.restart(entry)

    await home.wait(4, meter)
    assert home.issues == []
    await home.wait(2, meter)
    assert home.issues == ["no_configuration"]

    await broker.publish(*meter.sensor_report)
    await home.wait(1, meter)
    assert home.issues == []


@pytest.mark.parametrize(
    ("report", "fix"),
    [
        ("sensor", "the next valid one"),
        ("flx", "the next valid one"),
        ("kube", "deleted"),
        ("flx", "deleted"),
    ],
)
async def test_an_invalid_configuration_has_an_issue_until_it_is_valid_or_deleted(
    hass: HomeAssistant, broker: Broker, home: Home, *, report: str, fix: str
) -> None:
    meter = kubes_alone()
    await set_up(hass, broker, meter)
    await home.wait(6, meter)
    topic = f"/device/{meter.device_id}/config/{report}"

    await broker.publish(topic, '{"1": {"name": ')
    await home.wait(1, meter)
    assert home.issues == ["unreadable_configuration"]
    assert home.told["report"] == f"config/{report} (not JSON)"

    await broker.publish(topic, meter.reports[topic] if fix != "deleted" else "")
    await home.wait(1, meter)
    assert home.issues == []


async def test_a_deleted_configuration_has_an_issue(
    hass: HomeAssistant, broker: Broker, home: Home, meter: Meter
) -> None:
    await set_up(hass, broker, meter)

    await broker.publish(meter.sensor_report[0], "")
    await home.wait(6, meter)

    assert home.issues == ["no_configuration"]


async def test_an_issue_is_created_once_and_not_every_minute(
    hass: HomeAssistant, broker: Broker, home: Home, meter: Meter
) -> None:
    changes = async_capture_events(hass, ir.EVENT_REPAIRS_ISSUE_REGISTRY_UPDATED)
    await set_up_and_read(hass, broker, meter)
    await broker.publish(meter.port_report[0], "no JSON")

    await home.wait(20, meter)

    assert [event.data["action"] for event in changes] == ["create"]


async def test_a_removed_meter_is_no_longer_monitored(
    hass: HomeAssistant, broker: Broker, home: Home, meter: Meter
) -> None:
    entry = await set_up(hass, broker, meter)
    await home.wait(6)
    assert home.issues == ["no_readings"]

    await hass.config_entries.async_remove(entry.entry_id)
    await home.wait(6)

    assert home.issues == []

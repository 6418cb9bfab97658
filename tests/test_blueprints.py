"""The blueprints: each in a Home Assistant that has taken its file over, as its badge does."""

from collections.abc import AsyncGenerator, Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
import re
import shutil
from typing import Any
from urllib.parse import quote

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant, ServiceCall, State
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import parse_yaml
import pytest
from pytest_homeassistant_custom_component.common import (
    async_fire_time_changed,
    async_mock_service,
)

from custom_components.flukso.const import DOMAIN

from .broker import Broker
from .home import set_up, set_up_and_read
from .meters import flm03
from .statistics import leave_counter
from .supplies import BRUSSELS, METER as THREE_PHASES
from .test_manifest import MANIFEST, REPOSITORY

FOLDER = REPOSITORY / "blueprints" / "automation" / "flukso"
BLUEPRINTS = sorted(path.name for path in FOLDER.glob("*.yaml"))
NOON = datetime(2026, 5, 12, 12, tzinfo=BRUSSELS)

type Pass = Callable[[float], Any]


def metadata(name: str) -> dict[str, Any]:
    """What a blueprint says of itself; its inputs are not filled in."""
    text = re.sub(r"!input (\w+)", r"\1", (FOLDER / name).read_text("utf-8"))
    found = parse_yaml(text)
    assert isinstance(found, dict)
    return dict(found["blueprint"])


@pytest.fixture(autouse=True)
def _this_integration(request: pytest.FixtureRequest) -> None:
    """Let Home Assistant record where a test asks for it, which comes first."""
    for needed in ("recorder_mock", "hass"):
        if needed in request.fixturenames:
            request.getfixturevalue(needed)


@pytest.fixture
async def config_folder(hass: HomeAssistant, tmp_path: Path) -> AsyncGenerator[None]:
    """The configuration folder of a Home Assistant into which the blueprints were imported."""
    hass.config.config_dir = str(tmp_path)
    shutil.copytree(FOLDER, tmp_path / "blueprints" / "automation" / "flukso")
    yield
    await hass.services.async_call("automation", "turn_off", {"entity_id": "all"}, blocking=True)


async def passes(hass: HomeAssistant, freezer: FrozenDateTimeFactory, seconds: float) -> None:
    """Let seconds pass, in steps of at most five minutes."""
    while seconds > 0:
        step = min(seconds, 300)
        freezer.tick(step)
        async_fire_time_changed(hass)
        await hass.async_block_till_done()
        seconds -= step


@pytest.fixture
async def let_pass(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> Pass:
    """Lets seconds pass, from noon on."""
    await hass.config.async_set_time_zone(BRUSSELS.key)
    freezer.move_to(NOON)
    return partial(passes, hass, freezer)


@pytest.fixture
def notifications(hass: HomeAssistant) -> list[ServiceCall]:
    """What the actions do if they are not changed."""
    return async_mock_service(hass, "persistent_notification", "create")


async def automate(hass: HomeAssistant, name: str, **inputs: object) -> None:
    """Make an automation of a blueprint, which Home Assistant accepts."""
    blueprint = {"path": f"flukso/{name}.yaml", "input": inputs}
    automation = {"alias": name, "use_blueprint": blueprint}
    assert await async_setup_component(hass, "automation", {"automation": [automation]})
    await hass.async_block_till_done()
    assert [each.state for each in hass.states.async_all("automation")] == ["on"]


def shows(hass: HomeAssistant, entity_id: str, value: object, unit: str = "W") -> None:
    """Let a sensor show a value."""
    hass.states.async_set(entity_id, str(value), {"unit_of_measurement": unit})


EXPECTED, DEMAND = "sensor.expected", "sensor.demand"


def shows_demand(hass: HomeAssistant, entity_id: str, value: object, unit: str = "W") -> None:
    """Let a sensor show a demand of the running quarter-hour."""
    attributes = {"unit_of_measurement": unit, "incomplete": False}
    hass.states.async_set(entity_id, str(value), attributes)


@pytest.mark.usefixtures("config_folder")
async def test_a_peak_is_warned_of_once_with_the_watts_that_are_left(
    hass: HomeAssistant, let_pass: Pass, notifications: list[ServiceCall]
) -> None:
    shows_demand(hass, EXPECTED, 3000)
    shows_demand(hass, DEMAND, 3000)
    await automate(hass, "quarter_hour_peak", expected_demand=EXPECTED, demand=DEMAND, limit=4000)
    await let_pass(300)
    shows_demand(hass, EXPECTED, 5000)
    await let_pass(30)
    assert notifications == []

    await let_pass(30)

    [warning] = notifications
    assert warning.data["message"] == (
        "This quarter-hour is heading for 5000 W. Draw at most 4667 W in"
        " the remaining 9 min to stay below 4000 W."
    )
    shows_demand(hass, EXPECTED, 3000)
    await let_pass(60)
    shows_demand(hass, EXPECTED, 5000)
    await let_pass(240)
    assert len(notifications) == 1


@pytest.mark.usefixtures("config_folder")
async def test_a_peak_that_lasts_is_warned_of_again_in_the_next_quarter_hour(
    hass: HomeAssistant, let_pass: Pass, notifications: list[ServiceCall]
) -> None:
    shows_demand(hass, EXPECTED, 3)
    shows_demand(hass, DEMAND, 3)
    await automate(hass, "quarter_hour_peak", expected_demand=EXPECTED, demand=DEMAND, limit=4000)
    for entity_id in (EXPECTED, DEMAND):
        shows_demand(hass, entity_id, 5, "kW")
    await let_pass(60)
    assert len(notifications) == 1

    await let_pass(840)
    assert len(notifications) == 1
    await let_pass(300)

    assert len(notifications) == 2
    assert "Draw at most 3500 W in the remaining 10 min" in notifications[-1].data["message"]


@pytest.mark.usefixtures("config_folder")
@pytest.mark.parametrize("wrong", [EXPECTED, DEMAND])
async def test_a_power_that_is_no_demand_is_refused_with_the_names_of_what_to_choose(
    hass: HomeAssistant, let_pass: Pass, notifications: list[ServiceCall], wrong: str
) -> None:
    for entity_id in (EXPECTED, DEMAND):
        shows_demand(hass, entity_id, 5000)
    shows(hass, wrong, 5000)
    await automate(hass, "quarter_hour_peak", expected_demand=EXPECTED, demand=DEMAND, limit=4000)

    await let_pass(300)

    [told] = notifications
    assert told.data["message"] == (
        "This automation can't warn: choose *Expected quarter-hour demand* and"
        " *Quarter-hour demand* of the Fluksometer in it."
    )


async def test_the_demands_are_told_from_other_powers_by_what_only_they_say(
    hass: HomeAssistant, enable_custom_integrations: None, broker: Broker
) -> None:
    hass.config.country = "BE"
    await set_up_and_read(hass, broker, THREE_PHASES)

    powers = [each for each in hass.states.async_all("sensor") if is_power(each)]
    assert len(powers) > 2
    assert {each.entity_id for each in powers if "incomplete" in each.attributes} == {
        "sensor.fluksometer_quarter_hour_demand",
        "sensor.fluksometer_expected_quarter_hour_demand",
    }


def is_power(state: State) -> bool:
    """Whether a blueprint that asks for a power offers it."""
    return state.attributes.get("device_class") == "power"


@pytest.mark.usefixtures("config_folder")
@pytest.mark.parametrize(("unit", "watts"), [("W", 1), ("kW", 0.001)])
async def test_surplus_power_turns_a_switch_on_and_its_end_turns_it_off(
    hass: HomeAssistant, let_pass: Pass, unit: str, watts: float
) -> None:
    turned_on = async_mock_service(hass, "homeassistant", "turn_on")
    turned_off = async_mock_service(hass, "homeassistant", "turn_off")
    power = "sensor.net_power"
    shows(hass, power, "unknown", unit)
    await automate(hass, "surplus_solar", net_power=power, load="switch.boiler")

    shows(hass, power, -2500 * watts, unit)
    await let_pass(240)
    shows(hass, power, -1500 * watts, unit)  # a cloud
    await let_pass(60)
    shows(hass, power, -2500 * watts, unit)
    await let_pass(270)
    assert turned_on == []
    await let_pass(30)
    assert [call.data["entity_id"] for call in turned_on] == [["switch.boiler"]]

    shows(hass, power, -500 * watts, unit)
    await let_pass(600)
    assert turned_off == []
    shows(hass, power, 300 * watts, unit)
    await let_pass(300)
    assert [call.data["entity_id"] for call in turned_off] == [["switch.boiler"]]
    assert len(turned_on) == 1


FLOW, COUNTER = "sensor.water_flow", "sensor.water"


@pytest.mark.usefixtures("recorder_mock", "config_folder")
async def test_water_that_flows_for_an_hour_without_a_pause_is_a_leak(
    hass: HomeAssistant, let_pass: Pass, notifications: list[ServiceCall]
) -> None:
    shows(hass, FLOW, 0, "L/min")
    await automate(hass, "water_leak", flow=FLOW, counter=COUNTER)
    shows(hass, FLOW, 8, "L/min")
    await let_pass(3000)
    shows(hass, FLOW, 0, "L/min")
    await let_pass(60)
    shows(hass, FLOW, 8, "L/min")
    await let_pass(3300)
    assert notifications == []

    await let_pass(300)

    [warning] = notifications
    assert warning.data["message"] == "Water has been flowing for a long time without a pause."


@pytest.mark.usefixtures("recorder_mock", "config_folder")
@pytest.mark.parametrize(
    ("litres", "is_leak"),
    [((1, 2, 1, 1), True), ((1, 0, 1, 30), False), ((), False)],
    ids=["every hour", "one hour without", "nothing known"],
)
async def test_a_leak_that_drips_is_found_in_the_hours_of_the_night(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    notifications: list[ServiceCall],
    litres: tuple[int, ...],
    is_leak: bool,
) -> None:
    await hass.config.async_set_time_zone(BRUSSELS.key)
    midnight = NOON + timedelta(hours=12)
    freezer.move_to(midnight + timedelta(hours=5, minutes=1))
    shows(hass, FLOW, 0, "L/min")
    await automate(hass, "water_leak", flow=FLOW, counter=COUNTER)
    sums = [sum(litres[:count]) for count in range(len(litres) + 1)] if litres else []
    rows = [
        (int((midnight + timedelta(hours=hour)).timestamp()), float(total), float(total))
        for hour, total in enumerate(sums)
    ]
    if rows:
        await leave_counter(hass, COUNTER, "L", rows)

    await passes(hass, freezer, 530)
    assert notifications == []
    await passes(hass, freezer, 20)

    messages = [each.data["message"] for each in notifications]
    assert messages == (["Water was used in each hour of the night."] if is_leak else [])


@pytest.mark.usefixtures("config_folder")
async def test_a_meter_that_is_offline_for_ten_minutes_is_warned_of_by_its_name(
    hass: HomeAssistant, let_pass: Pass, notifications: list[ServiceCall]
) -> None:
    online = "binary_sensor.fluksometer_connectivity"
    hass.states.async_set(online, "on", {"friendly_name": "Fluksometer"})
    await automate(hass, "meter_offline", connectivity=[online])
    hass.states.async_set(online, "off", {"friendly_name": "Fluksometer"})
    await let_pass(570)
    assert notifications == []

    await let_pass(30)

    [warning] = notifications
    assert warning.data["title"] == "Fluksometer is offline"


@pytest.mark.usefixtures("config_folder")
async def test_a_voltage_that_is_too_high_or_too_low_for_a_minute_is_warned_of_by_its_phase(
    hass: HomeAssistant, let_pass: Pass, notifications: list[ServiceCall]
) -> None:
    for phase in ("l1", "l2", "l3"):
        hass.states.async_set(f"sensor.{phase}", "230", {"friendly_name": phase.upper()})
    phases = [f"sensor.{phase}" for phase in ("l1", "l2", "l3")]
    await automate(hass, "voltage_out_of_range", voltages=phases)

    hass.states.async_set("sensor.l2", "254.2", {"friendly_name": "L2"})
    hass.states.async_set("sensor.l3", "unavailable", {"friendly_name": "L3"})
    await let_pass(60)
    hass.states.async_set("sensor.l3", "201", {"friendly_name": "L3"})
    await let_pass(30)
    hass.states.async_set("sensor.l2", "255", {"friendly_name": "L2"})
    await let_pass(30)

    assert [each.data["message"] for each in notifications] == [
        "The voltage of L2 is 254 V.",
        "The voltage of L3 is 201 V.",
    ]


def choices(name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The filters of the entities of a meter that a blueprint asks for."""
    for asked, about in metadata(name)["input"].items():
        entity = (about.get("selector") or {}).get("entity") or {}
        if "integration" in entity.get("filter", {}):
            yield asked, entity["filter"]


@pytest.mark.parametrize("name", BLUEPRINTS)
async def test_what_a_blueprint_lets_choose_there_is_and_is_enabled(
    hass: HomeAssistant, enable_custom_integrations: None, broker: Broker, name: str
) -> None:
    hass.config.country = "BE"
    for meter in (flm03(), THREE_PHASES):
        await set_up(hass, broker, meter)
    entities = [each for each in er.async_get(hass).entities.values() if each.platform == DOMAIN]
    asked = list(choices(name))

    assert asked
    for what, fitting in asked:
        assert fitting["integration"] == DOMAIN
        assert [
            each
            for each in entities
            if each.disabled_by is None
            and each.domain == fitting["domain"]
            and (each.device_class or each.original_device_class) == fitting["device_class"]
        ], what


@pytest.mark.parametrize("name", BLUEPRINTS)
def test_a_blueprint_says_where_it_is_from_and_each_of_its_inputs_has_a_name(name: str) -> None:
    about = metadata(name)

    assert about["source_url"] == address(name)
    assert about["name"].startswith("Flukso: ")
    assert all(each["name"] and each["selector"] for each in about["input"].values())


def test_the_page_of_the_automations_has_a_badge_for_each_blueprint() -> None:
    page = (REPOSITORY / "docs" / "automations.md").read_text("utf-8")

    badges = re.findall(r"\[!\[.*?\]\(.*?blueprint_import\.svg\)\]\((.*?)\)", page)

    redirect = "https://my.home-assistant.io/redirect/blueprint_import/?blueprint_url="
    assert sorted(badges) == [redirect + quote(address(name), safe="") for name in BLUEPRINTS]


def address(name: str) -> str:
    """Where the file of a blueprint is on the web."""
    return f"{MANIFEST['documentation']}/blob/main/blueprints/automation/flukso/{name}"

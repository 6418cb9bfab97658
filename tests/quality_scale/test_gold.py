"""Gold: what makes an integration pleasant to live with."""

import ast
from string import Formatter

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from homeassistant.helpers.translation import async_get_translations
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

import custom_components.flukso as integration
from custom_components.flukso import async_remove_config_entry_device
from custom_components.flukso.const import DOMAIN
from custom_components.flukso.health.diagnosis import Problem
from custom_components.flukso.sensor_descriptions import (
    CLOCK_OFFSET,
    FIGURES,
    FILLED_UNTIL,
    description_of,
)
from custom_components.flukso.supply_descriptions import NET_COUNTER, TOTALS
from custom_components.flukso.transport.mqtt_connection import CannotConnectError, ConnectFailure
from stack.ports import LOOPBACK, free_port
from tests.broker import Broker
from tests.direct import MetersBroker, announce, set_up_directly
from tests.flows import cards, discover, listen
from tests.home import device_names, device_of, set_up, set_up_and_read
from tests.meters import HARDWARE_IDS, NULL_KEY, RADIO_KEY, SERIAL, flm03, three_clamps
from tests.minutes import Home
from tests.test_sensor_descriptions import ALL

from .scale import ENGLISH, ICONS, MANIFEST, section, trees


def registered(hass: HomeAssistant, entry: MockConfigEntry) -> list[er.RegistryEntry]:
    """All entities of a meter."""
    return er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)


async def test_devices_are_the_meter_its_ports_and_its_kubes(
    hass: HomeAssistant, broker: Broker
) -> None:
    entry = await set_up(hass, broker, flm03())

    assert device_names(hass, entry) == [
        "Fluksometer",
        "attic",
        "gas",
        "heat pump",
        "living room",
        "main (port 1)",
        "main (port 2)",
        "solar",
        "tap water",
    ]
    assert all(entity.device_id for entity in registered(hass, entry))


async def test_diagnostics_hold_no_address(
    hass: HomeAssistant, socket_enabled: None, hass_client: ClientSessionGenerator
) -> None:
    entry = await set_up_directly(hass, flm03(), {"host": LOOPBACK, "port": free_port()})

    told = await get_diagnostics_for_config_entry(hass, hass_client, entry)

    assert told["entry"]["data"]["host"] == "**REDACTED**"
    assert LOOPBACK not in str(told)


async def test_diagnostics_hold_no_secret(
    hass: HomeAssistant, broker: Broker, hass_client: ClientSessionGenerator
) -> None:
    entry = await set_up_and_read(hass, broker, flm03())

    told = str(await get_diagnostics_for_config_entry(hass, hass_client, entry))

    assert "channels" in told
    for secret in (RADIO_KEY, NULL_KEY, SERIAL, *HARDWARE_IDS, flm03().device_id):
        assert secret not in told


async def test_discovery_shows_a_card(hass: HomeAssistant, broker: Broker) -> None:
    assert MANIFEST["mqtt"] == ["/device/+/config/sensor", "device/+/config/sensor"]
    assert MANIFEST["zeroconf"]
    assert MANIFEST["dhcp"]

    await discover(hass, broker, flm03())

    assert [card["context"]["unique_id"] for card in cards(hass)] == [flm03().device_id]


async def test_discovery_update_info_brings_the_address_up_to_date(
    hass: HomeAssistant, own_broker: MetersBroker
) -> None:
    await own_broker.publish(flm03())
    gone = own_broker.address | {"port": free_port()}
    entry = await set_up_directly(hass, flm03(), gone)

    await announce(hass, flm03(), own_broker.port)

    assert entry.data["port"] == own_broker.port


def test_docs_data_update_says_that_it_is_pushed() -> None:
    assert "pushed over MQTT" in section("How the data comes", "docs/entities.md")


def test_docs_examples_are_automations_to_import() -> None:
    text = section("Automations", "docs/automations.md")

    assert text.count("blueprint_import.svg") >= 3


def test_docs_known_limitations_are_told() -> None:
    assert section("Known limitations", "docs/limitations.md").startswith("- ")


def test_docs_supported_devices_are_told() -> None:
    text = section("Supported devices")

    assert all(model in text for model in ("FLM03E", "FLM02B", "FLK01A", "FLK01B"))


def test_docs_supported_functions_name_each_kind_of_entity() -> None:
    text = section("Devices and entities", "docs/entities.md")

    assert all(kind in text for kind in ("Clamp", "Water, gas, fuel", "Heat", "FluksoKube"))


def test_docs_troubleshooting_helps_a_user_who_sees_nothing() -> None:
    text = section("When something is wrong", "docs/troubleshooting.md")

    assert "No card appears" in text
    assert "diagnostics" in text


def test_docs_use_cases_are_told() -> None:
    assert "Energy dashboard" in section("What it is for")
    assert "(docs/automations.md)" in section("What it is for")


async def test_dynamic_devices_appear_when_the_meter_enables_them(
    hass: HomeAssistant, broker: Broker
) -> None:
    meter = flm03()
    entry = await set_up(hass, broker, meter.changed(38, enable=0))
    assert "gas" not in device_names(hass, entry)

    await broker.publish(*meter.sensor_report, retain=True)

    assert "gas" in device_names(hass, entry)


async def test_entity_category_sets_what_is_diagnostic_apart(
    hass: HomeAssistant, broker: Broker
) -> None:
    entry = await set_up(hass, broker, flm03())

    diagnostic = {
        entity.original_name
        for entity in registered(hass, entry)
        if entity.entity_category is EntityCategory.DIAGNOSTIC
    }
    assert {"Battery voltage", "Problem", "Voltage THD", "Current THD"} <= diagnostic
    assert {"Reactive power Q1", "Reactive energy Q4"} <= diagnostic
    assert not {"Active power import", "Active energy import", "Temperature"} & diagnostic


async def test_entity_device_class_is_there_where_there_is_one(
    hass: HomeAssistant, broker: Broker
) -> None:
    entry = await set_up(hass, broker, flm03())
    by_unit = {
        "W": SensorDeviceClass.POWER,
        "kWh": SensorDeviceClass.ENERGY,
        "var": SensorDeviceClass.REACTIVE_POWER,
        "kvarh": SensorDeviceClass.REACTIVE_ENERGY,
        "V": SensorDeviceClass.VOLTAGE,
        "A": SensorDeviceClass.CURRENT,
        "°C": SensorDeviceClass.TEMPERATURE,
        "hPa": SensorDeviceClass.ATMOSPHERIC_PRESSURE,
        "lx": SensorDeviceClass.ILLUMINANCE,
        "L/min": SensorDeviceClass.VOLUME_FLOW_RATE,
    }

    classes = {
        (entity.unit_of_measurement, entity.original_device_class)
        for entity in registered(hass, entry)
    }
    assert by_unit.items() <= classes
    for unit, device_class in by_unit.items():
        assert {found for known, found in classes if known == unit} == {device_class}


async def test_entity_disabled_by_default_are_those_that_few_want(
    hass: HomeAssistant, broker: Broker
) -> None:
    entry = await set_up(hass, broker, flm03())

    disabled = {
        entity.original_name
        for entity in registered(hass, entry)
        if entity.disabled_by is er.RegistryEntryDisabler.INTEGRATION
    }
    assert {"Voltage THD", "Current THD", "Crest factor", "Phase shift", "Clock offset"} <= disabled
    assert not {"Active power import", "Active energy import", "Voltage"} & disabled


async def test_entity_translations_name_every_entity(hass: HomeAssistant, broker: Broker) -> None:
    entry = await set_up(hass, broker, flm03())

    own = await async_get_translations(hass, "en", "entity", [DOMAIN])
    of_classes = await async_get_translations(
        hass, "en", "entity_component", [str(platform) for platform in integration.PLATFORMS]
    )
    for entity in registered(hass, entry):
        name = own.get(f"component.{DOMAIN}.entity.{entity.domain}.{entity.translation_key}.name")
        device_class = entity.original_device_class
        by_class = f"component.{entity.domain}.entity_component.{device_class}.name"
        assert entity.original_name == (name or of_classes[by_class]), entity.entity_id
        assert name is None or entity.translation_key != device_class, "it repeats its class"


def test_exception_translations_of_every_error_that_a_user_sees() -> None:
    shown = {"HomeAssistantError", "ServiceValidationError", "ConfigEntryNotReady"}
    facing_the_user = {"__init__.py", "config_flow.py", "diagnostics.py", "repairs.py"}
    facing_the_user |= {f"{platform}.py" for platform in integration.PLATFORMS}
    told = set()
    for path, tree in trees():
        registers = "hass.services.async_register(" in path.read_text("utf-8")
        for node in ast.walk(tree):
            if not isinstance(node, ast.Raise) or node.exc is None:
                continue
            where = f"{path.name}:{node.lineno}"
            assert isinstance(node.exc, ast.Call), where
            if ast.unparse(node.exc.func) == "_not_ready":
                continue  # it passes on the texts of another error, which are checked there
            if ast.unparse(node.exc.func) not in shown:
                assert not registers, where
                assert path.name not in facing_the_user, where
                continue
            given = {keyword.arg: keyword.value for keyword in node.exc.keywords}
            assert not node.exc.args, where
            assert ast.unparse(given["translation_domain"]) == "DOMAIN", where
            key = ast.literal_eval(given["translation_key"])
            filled = given.get("translation_placeholders")
            names = ast.literal_eval(ast.List(filled.keys)) if isinstance(filled, ast.Dict) else []
            text = ENGLISH["exceptions"][key]["message"]
            assert {name for _, name, _, _ in Formatter().parse(text) if name} == set(names), where
            told.add(key)

    for failure in ConnectFailure:
        error = CannotConnectError(failure, "flukso-f10300")
        text = ENGLISH["exceptions"][error.translation_key]["message"]
        assert error.translation_domain == DOMAIN
        assert error.translation_placeholders is not None
        assert "flukso-f10300" in text.format(**error.translation_placeholders)
    assert "not_connected" in told
    assert len(told) > 10


async def test_icon_translations_have_no_icon_in_the_code(
    hass: HomeAssistant, broker: Broker
) -> None:
    entry = await set_up(hass, broker, flm03())

    assert all(entity.original_icon is None for entity in registered(hass, entry))
    for entity in registered(hass, entry):
        has_icon = entity.translation_key in ICONS["entity"].get(entity.domain, {})
        assert has_icon or entity.original_device_class, entity.entity_id


def test_icon_translations_or_classes_have_all_quantities() -> None:
    """Also those of meters that no test sets up."""
    described = [*filter(None, map(description_of, ALL.values())), *TOTALS.values()]
    described += [*NET_COUNTER.values(), *FIGURES.values(), CLOCK_OFFSET, FILLED_UNTIL]

    for description in described:
        has_icon = description.translation_key in ICONS["entity"]["sensor"]
        assert has_icon or description.device_class, description.key


async def test_reconfiguration_flow_changes_the_way(hass: HomeAssistant, broker: Broker) -> None:
    entry = await set_up(hass, broker, flm03())

    menu = await entry.start_reconfigure_flow(hass)

    assert menu["type"] is FlowResultType.MENU
    for way, fields in {"direct": ["host", "port"], "broker": ["topic_prefix"]}.items():
        menu = await entry.start_reconfigure_flow(hass)
        form = await listen(hass, menu, next_step_id=way)
        assert form["data_schema"] is not None
        assert [str(field) for field in form["data_schema"].schema] == fields


async def test_repair_issues_tell_of_what_the_user_can_mend(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    await set_up(hass, broker, three_clamps())

    await Home(hass, broker, freezer).wait(6)

    [issue] = ir.async_get(hass).issues.values()
    assert issue.translation_key == "no_readings"
    assert issue.translation_placeholders is not None
    for text in ENGLISH["issues"][issue.translation_key].values():
        assert text.format(**issue.translation_placeholders)


@pytest.mark.parametrize("issue", ENGLISH["issues"])
def test_repair_issues_say_what_to_do(issue: str) -> None:
    text = ENGLISH["issues"][issue]

    assert issue in {*Problem, "counter_break", "counter_began_anew"}
    assert text["title"]
    assert "fix_flow" in text or len(text["description"]) > 80


async def test_stale_devices_may_be_deleted_and_those_in_use_may_not(
    hass: HomeAssistant, broker: Broker
) -> None:
    entry = await set_up(hass, broker, three_clamps())
    solar = device_of(hass, entry, "solar")
    assert not await async_remove_config_entry_device(hass, entry, solar)

    await broker.publish(
        *three_clamps().changed(*range(25, 37), enable=0).sensor_report, retain=True
    )

    assert await async_remove_config_entry_device(hass, entry, solar)
    assert "solar" in device_names(hass, entry)

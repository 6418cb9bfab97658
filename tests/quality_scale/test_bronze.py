"""Bronze: what any integration owes."""

import ast
import configparser

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity_platform import async_get_platforms
from homeassistant.helpers.selector import validate_selector
from homeassistant.setup import async_setup_component
import pytest
import voluptuous as vol

from custom_components.flukso.const import DOMAIN
from custom_components.flukso.entity import FluksoEntity
from custom_components.flukso.models import FluksoData
from custom_components.flukso.protocol.topics import (
    CONFIG_REPORTS,
    OWN_PREFIX,
    Report,
    report_topic,
)
from tests.broker import Broker
from tests.flows import (
    cards,
    confirm,
    confirm_silent,
    discover,
    listen,
    open_settings,
    start_by_hand,
)
from tests.home import config_entry, set_up, set_up_and_read
from tests.meters import flm02, flm03, three_clamps
from tests.test_manifest import png_size

from .scale import (
    ACTIONS,
    ENGLISH,
    HOUSE,
    MANIFEST,
    README,
    REPOSITORY,
    answer,
    imported,
    section,
    trees,
)


async def test_action_setup_needs_no_meter(hass: HomeAssistant) -> None:
    assert await async_setup_component(hass, DOMAIN, {})

    registered = hass.services.async_services_for_domain(DOMAIN)
    assert registered.keys() == ACTIONS.keys()
    for name, action in registered.items():
        assert action.schema is not None
        taken = {str(field): isinstance(field, vol.Required) for field in action.schema.schema}
        described = ACTIONS[name]["fields"]
        assert taken == {field: told.get("required", False) for field, told in described.items()}
        for told in described.values():
            validate_selector(told["selector"])


async def test_appropriate_polling_is_none(hass: HomeAssistant, broker: Broker) -> None:
    await set_up_and_read(hass, broker, flm03())

    entities = [
        entity
        for platform in async_get_platforms(hass, DOMAIN)
        for entity in platform.entities.values()
    ]
    assert entities
    assert not [entity.entity_id for entity in entities if entity.should_poll]


def test_brands_are_in_the_integration() -> None:
    assert png_size(HOUSE / "brand" / "icon.png") == (256, 256)
    assert png_size(HOUSE / "brand" / "icon@2x.png") == (512, 512)


async def test_common_modules_hold_what_all_entities_share(
    hass: HomeAssistant, broker: Broker
) -> None:
    await set_up_and_read(hass, broker, flm03())

    for platform in async_get_platforms(hass, DOMAIN):
        for entity in platform.entities.values():
            assert isinstance(entity, FluksoEntity), entity.entity_id


async def test_config_flow_adds_a_meter_in_the_ui(hass: HomeAssistant, broker: Broker) -> None:
    assert MANIFEST["config_flow"] is True
    await broker.publish_all(flm03().reports, retain=True)

    result = await confirm_silent(hass, broker, await listen(hass, await start_by_hand(hass)))

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert not (HOUSE / "strings.json").exists()


async def test_config_flow_explains_every_field_of_its_forms(
    hass: HomeAssistant, broker: Broker
) -> None:
    entry = await set_up(hass, broker, three_clamps())
    for meter in (flm02(), flm03()):
        await broker.publish_all(meter.reports, retain=True)
    start = await start_by_hand(hass)
    menu = await entry.start_reconfigure_flow(hass)
    forms = {
        ("config", "broker"): start,
        ("config", "direct"): await listen(hass, menu, next_step_id="direct"),
        ("config", "meter"): await listen(hass, start),
        ("options", "settings"): await open_settings(hass, entry),
    }
    chosen = forms["config", "meter"]
    forms["config", "confirm_silent"] = await hass.config_entries.flow.async_configure(
        chosen["flow_id"], {"device_id": flm03().device_id}
    )

    with_fields = {
        (flow, step)
        for flow in ("config", "options")
        for step, told in ENGLISH[flow]["step"].items()
        if "data" in told
    }
    # The card of a meter that is heard has the field of one that is silent.
    steps = ENGLISH["config"]["step"]
    assert steps["confirm"]["data"] == steps["confirm_silent"]["data"]
    # The sources of the Energy dashboard are explained in tests/energy_dashboard.
    assert forms.keys() == with_fields - {("config", "confirm"), ("options", "energy")}
    for (flow, step), form in forms.items():
        assert form["step_id"] == step
        assert form["data_schema"] is not None
        fields = {str(field) for field in form["data_schema"].schema}
        told = ENGLISH[flow]["step"][step]
        assert fields == told["data"].keys() == told["data_description"].keys()


def test_config_flow_test_coverage_is_enforced() -> None:
    settings = configparser.ConfigParser()
    settings.read(REPOSITORY / "setup.cfg")

    assert settings["coverage:run"]["source"] == "custom_components.flukso"
    assert settings["coverage:run"].getboolean("branch")
    assert "omit" not in settings["coverage:run"]
    assert settings["coverage:report"].getint("fail_under") == 100
    assert "--cov " in (REPOSITORY / "scripts" / "test").read_text("utf-8")


def test_dependency_transparency_is_nothing_to_claim_without_a_library() -> None:
    assert answer("dependency-transparency")["status"] == "exempt"
    assert MANIFEST.get("requirements", []) == []
    assert "homeassistant" in {name.partition(".")[0] for name in imported()}


@pytest.mark.parametrize("action", ACTIONS)
def test_docs_actions_say_what_each_does(action: str) -> None:
    text = section("Actions", "docs/actions.md")

    assert f"`{DOMAIN}.{action}`" in text
    for field in ACTIONS[action].get("fields", {}):
        assert f"`{field}`" in text, field


def test_docs_conditions_there_are_none() -> None:
    assert not (HOUSE / "condition.py").exists()
    assert not (HOUSE / "conditions.yaml").exists()


def test_docs_high_level_description_says_what_a_fluksometer_is() -> None:
    opening = README.partition("\n## ")[0]

    assert "[Fluksometer](https://www.flukso.net) is" in opening
    assert "This integration connects to each Fluksometer" in opening


def test_docs_installation_instructions_go_through_hacs_and_the_bridge() -> None:
    assert "HACS" in section("Installation")
    text = section("The bridge")

    assert (
        f"topic {report_topic(OWN_PREFIX, '+', Report.SENSORS).replace('/sensor', '/+')} in 0"
        in text
    )


def test_docs_removal_instructions_go_to_the_end() -> None:
    text = section("Removal")

    assert "*Delete*" in text
    assert f"custom_components/{DOMAIN}" in text


def test_docs_triggers_there_are_none() -> None:
    assert not (HOUSE / "trigger.py").exists()
    assert not (HOUSE / "triggers.yaml").exists()


async def test_entity_event_setup_ends_with_the_entity(hass: HomeAssistant, broker: Broker) -> None:
    meter = flm03()
    entry = await set_up(hass, broker, meter)
    own = {
        report_topic(OWN_PREFIX, meter.device_id, report)
        for report in (*CONFIG_REPORTS, Report.SELF_TEST)
    }
    others = set(broker.topics)
    registry = er.async_get(hass)

    for entity in er.async_entries_for_config_entry(registry, entry.entry_id):
        registry.async_update_entity(entity.entity_id, disabled_by=er.RegistryEntryDisabler.USER)
    await broker.settle()
    assert await hass.config_entries.async_reload(entry.entry_id)
    await broker.settle()

    assert own <= broker.topics < others
    assert not [topic for topic in broker.topics if topic.startswith("/sensor/")]


async def test_entity_unique_id_is_of_the_meter(hass: HomeAssistant, broker: Broker) -> None:
    meter = flm03()
    entry = await set_up_and_read(hass, broker, meter)

    registered = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    shown = [
        state
        for state in hass.states.async_all()
        if state.entity_id in {e.entity_id for e in registered}
    ]
    assert shown
    assert all(entity.unique_id.startswith(f"{meter.device_id}_") for entity in registered)


async def test_has_entity_name_has_every_entity(hass: HomeAssistant, broker: Broker) -> None:
    entry = await set_up_and_read(hass, broker, flm03())

    registered = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    assert all(entity.has_entity_name for entity in registered)


async def test_runtime_data_is_on_the_entry(hass: HomeAssistant, broker: Broker) -> None:
    entry = await set_up(hass, broker, flm03())

    assert isinstance(entry.runtime_data, FluksoData)
    assert DOMAIN not in hass.data
    touching = [
        path.name
        for path, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node) == "hass.data"
    ]
    assert touching == []


async def test_test_before_configure_listens_first(hass: HomeAssistant, broker: Broker) -> None:
    form = await listen(hass, await start_by_hand(hass))

    assert form["type"] is FlowResultType.FORM
    assert form["errors"] == {"base": "nothing_heard"}
    assert hass.config_entries.async_entries(DOMAIN) == []


async def test_test_before_setup_waits_for_mqtt(hass: HomeAssistant) -> None:
    entry = config_entry(flm03())
    entry.add_to_hass(hass)

    await hass.config_entries.async_setup(entry.entry_id)

    assert entry.state is ConfigEntryState.SETUP_RETRY


async def test_unique_config_entry_a_meter_is_added_once(
    hass: HomeAssistant, broker: Broker
) -> None:
    form = await discover(hass, broker, flm03())
    await confirm(hass, broker, form)

    again = await listen(hass, await start_by_hand(hass))

    assert again["type"] is FlowResultType.FORM
    assert again["errors"]
    await broker.publish(*flm03().changed(38, enable=0).sensor_report, retain=True)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert cards(hass) == []
    assert len(hass.config_entries.async_entries(DOMAIN)) == 1

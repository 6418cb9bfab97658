"""Silver: what a user can rely on when things go wrong."""

import configparser
import logging
import re

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.setup import async_setup_component
import pytest

from custom_components.flukso import const
from custom_components.flukso.config_flow import FluksoConfigFlow
from custom_components.flukso.const import DOMAIN
from tests.broker import Broker
from tests.home import set_up_and_read, states
from tests.meters import flm03

from .scale import ACTIONS, ENGLISH, MANIFEST, REPOSITORY, platforms, section


@pytest.mark.parametrize("action", ACTIONS)
async def test_action_exceptions_say_what_is_wrong(hass: HomeAssistant, action: str) -> None:
    assert await async_setup_component(hass, DOMAIN, {})
    fields = ACTIONS[action]["fields"]
    values = {
        "config_entry_id": "none",
        "device_id": "none",
        "start": "2026-05-01T00:00:00+00:00",
        "end": "2026-05-02T00:00:00+00:00",
        "since": "2026-05-01T00:00:00+00:00",
    }
    given = {field: values[field] for field in fields}
    response = hass.services.supports_response(DOMAIN, action).value

    with pytest.raises(ServiceValidationError) as raised:
        await hass.services.async_call(
            DOMAIN, action, given, blocking=True, return_response=response != "none"
        )

    assert raised.value.translation_key


async def test_config_entry_unloading_lets_go_of_every_topic(
    hass: HomeAssistant, broker: Broker
) -> None:
    before = set(broker.topics)
    entry = await set_up_and_read(hass, broker, flm03())
    assert broker.topics > before

    assert await hass.config_entries.async_unload(entry.entry_id)
    await broker.settle()

    assert entry.state is ConfigEntryState.NOT_LOADED
    assert broker.topics == before


def test_docs_configuration_parameters_are_those_of_the_form() -> None:
    table = section("Options", "docs/installation.md")
    form = ENGLISH["options"]["step"]["settings"]["data"]
    defaults = {
        "power_interval": "on change",
        "other_interval": "on change",
        "waveform_interval": f"{const.DEFAULT_WAVEFORM_INTERVAL} s",
        "fill_gaps": "on",
        "supply_ports": "automatic",
        "production_ports": "none",
    }

    assert form.keys() == defaults.keys()
    for option, name in form.items():
        assert f"| {name} | {defaults[option]} |" in table, name


def test_docs_installation_parameters_are_those_of_the_form() -> None:
    table = section("Adding a meter", "docs/installation.md")

    names = [
        name
        for step in ENGLISH["config"]["step"].values()
        for name in step.get("data", {}).values()
    ]
    assert names
    for name in names:
        assert f"| {name} |" in table, name


async def test_entity_unavailable_when_the_broker_is_lost(
    hass: HomeAssistant, broker: Broker
) -> None:
    entry = await set_up_and_read(hass, broker, flm03())
    assert STATE_UNAVAILABLE not in states(hass, entry).values()

    await broker.lose_connection()

    assert set(states(hass, entry).values()) == {STATE_UNAVAILABLE}


def test_integration_owner_is_named() -> None:
    assert MANIFEST["codeowners"]
    assert all(re.fullmatch(r"@[\w-]+(/[\w-]+)?", owner) for owner in MANIFEST["codeowners"])


async def test_log_when_unavailable_once_each_way(
    hass: HomeAssistant, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    await set_up_and_read(hass, broker, flm03())
    caplog.clear()
    caplog.set_level(logging.INFO, logger="custom_components.flukso")

    await broker.lose_connection()
    await broker.restore_connection()

    said = [record.message for record in caplog.records if DOMAIN in record.name]
    assert len(said) == 2
    assert "is unavailable" in said[0]
    assert "is available again" in said[1]


def test_parallel_updates_are_unlimited_because_nothing_is_fetched() -> None:
    for platform in platforms():
        assert platform.PARALLEL_UPDATES == 0, platform.__name__


def test_reauthentication_flow_has_nothing_to_ask() -> None:
    assert not hasattr(FluksoConfigFlow, "async_step_reauth")
    asked = {field for step in ENGLISH["config"]["step"].values() for field in step.get("data", {})}
    assert asked == {"host", "port", "topic_prefix", "device_id", "import_history"}


def test_test_coverage_is_whole() -> None:
    settings = configparser.ConfigParser()
    settings.read(REPOSITORY / "setup.cfg")

    assert settings["coverage:report"].getint("fail_under") > 95

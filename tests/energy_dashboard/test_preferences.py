"""The preferences of the Energy dashboard: what it takes, and releases in which they differ."""

from collections.abc import Mapping
from datetime import timedelta
import logging
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.energy import data
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockUser
from pytest_homeassistant_custom_component.typing import WebSocketGenerator
import voluptuous as vol

from ..broker import Broker
from ..home import set_up_and_read
from ..meters import flm02
from ..supplies import set_up_with, slot
from ..supply.test_energy_dashboard import (
    CLAMP,
    ELECTRICITY,
    FLM02_GAS,
    FLM02_WATER,
    GAS,
    MIDNIGHT,
    SET_UPS,
    WATER,
    Day,
)
from .dashboard import add, offered, open_step, preferences

SUPPLY = "supply"
#: What is ticked: the supply, or sensors by their slots.
TICKED: Mapping[str, Mapping[str, list[int | str]]] = {
    "one phase, solar on a clamp, water, gas, single devices": {
        "grid": [slot(1, "pplus")],
        "solar": [slot(2, "pplus")],
        "gas": [GAS],
        "water": [WATER],
        "devices": [slot(3, "pplus"), ELECTRICITY],
    },
    "three phases, netted, and solar by pulses": {"grid": [SUPPLY], "solar": [ELECTRICITY]},
    "P1 port with gas, solar on a clamp of an FLM02, water": {
        "grid": [SUPPLY],
        "solar": [CLAMP],
        "gas": [FLM02_GAS],
        "water": [FLM02_WATER],
    },
    "clamps of an FLM02 as one sensor": {"grid": [SUPPLY], "devices": [CLAMP]},
    "pulse meter at the grid": {"grid": [SUPPLY]},
}


@pytest.mark.parametrize(("name", "ticked"), TICKED.items(), ids=TICKED)
async def test_the_dashboard_has_no_complaint_about_what_is_added(
    hass: HomeAssistant,
    broker: Broker,
    freezer: FrozenDateTimeFactory,
    *,
    hass_ws_client: WebSocketGenerator,
    hass_admin_user: MockUser,
    name: str,
    ticked: Mapping[str, list[int | str]],
) -> None:
    set_up = SET_UPS[name]
    freezer.move_to(MIDNIGHT - timedelta(minutes=2))
    entry = await set_up_with(hass, broker, set_up.meter, other_interval=5, **set_up.options)
    day = Day(hass, broker, freezer, websocket=hass_ws_client, user=hass_admin_user, set_up=set_up)
    await day.speak(MIDNIGHT)
    keys = {
        use: [each if isinstance(each, str) else set_up.meter.sensor_id(each) for each in chosen]
        for use, chosen in ticked.items()
    }

    result = await add(hass, await open_step(hass, entry), keys)
    await day.speak(MIDNIGHT + timedelta(minutes=5))

    assert result["reason"] == "energy_added"
    found = await preferences(hass, set_up.meter)
    types = [source["type"] for source in found["sources"]]
    assert types == [use for use in ticked if use != "devices"]
    assert len(found["devices"]) == len(ticked.get("devices", []))
    assert await day.complaints() == []


async def test_what_is_added_elsewhere_while_the_form_is_open_is_kept(
    hass: HomeAssistant, broker: Broker
) -> None:
    form = await open_step(hass, await set_up_and_read(hass, broker, flm02()))
    manager = await data.async_get_manager(hass)
    boiler: Any = {"stat_consumption": "sensor.boiler"}
    await manager.async_update({"device_consumption": [boiler]})

    await add(hass, form)

    assert manager.data is not None
    assert manager.data["device_consumption"] == [boiler]
    assert len(manager.data["energy_sources"]) == 3


async def test_what_the_dashboard_of_a_release_does_not_take_is_not_offered(
    hass: HomeAssistant, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: object) -> None:
        raise vol.Invalid("stat_consumption is called otherwise")

    monkeypatch.setattr(data, "DEVICE_CONSUMPTION_SCHEMA", refuse)

    form = await open_step(hass, await set_up_and_read(hass, broker, flm02()))

    assert list(offered(form)) == ["grid", "solar", "gas", "water"]


@pytest.mark.parametrize(
    "other",
    [
        {"sources": [], "device_consumption": []},
        {"energy_sources": ["grid"], "device_consumption": []},
        {"energy_sources": None, "device_consumption": []},
    ],
    ids=["another key", "no sections", "no list"],
)
async def test_where_the_preferences_look_otherwise_the_step_is_not_offered(
    hass: HomeAssistant, broker: Broker, caplog: pytest.LogCaptureFixture, other: Any
) -> None:
    entry = await set_up_and_read(hass, broker, flm02())
    (await data.async_get_manager(hass)).data = other

    with caplog.at_level(logging.WARNING):
        form = await hass.config_entries.options.async_init(entry.entry_id)

    assert form["step_id"] == "settings"
    assert "Home Assistant's Energy dashboard has changed" in caplog.text


async def test_where_home_assistant_has_no_such_preferences_the_step_is_not_offered(
    hass: HomeAssistant, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = await set_up_and_read(hass, broker, flm02())
    monkeypatch.delattr(data, "ENERGY_SOURCE_SCHEMA")

    form = await hass.config_entries.options.async_init(entry.entry_id)

    assert form["step_id"] == "settings"


async def test_a_dashboard_that_goes_away_while_the_menu_is_open_adds_nothing(
    hass: HomeAssistant, broker: Broker
) -> None:
    entry = await set_up_and_read(hass, broker, flm02())
    menu = await hass.config_entries.options.async_init(entry.entry_id)
    await hass.config_entries.async_unload(entry.entry_id)

    result = await hass.config_entries.options.async_configure(
        menu["flow_id"], {"next_step_id": "energy"}
    )

    assert result["reason"] == "energy_not_available"

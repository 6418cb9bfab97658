"""Import and export of the net counter of a P1 port."""

import re
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flukso.const import DOMAIN

from ..broker import Broker
from ..clock import Writes
from ..home import device_of, entity_of, let_pass, set_up, value_of
from ..meters import flm02, reading
from ..restarts import crash, reload, restart

GRID = 6
METER = flm02()
START = 14_199_192
FAR = 3_000_000


def energy(hass: HomeAssistant, direction: str) -> State:
    """Return the state of the import or the export of the grid's counter."""
    state = hass.states.get(entry_of(hass, direction).entity_id)
    assert state is not None
    return state


def entry_of(hass: HomeAssistant, direction: str) -> er.RegistryEntry:
    """Return the registry entry of the import or the export."""
    registry = er.async_get(hass)
    unique_id = f"{METER.device_id}_{METER.sensor_id(GRID)}_energy_{direction}"
    entity_id = registry.async_get_entity_id("sensor", DOMAIN, unique_id)
    assert entity_id is not None
    entry = registry.async_get(entity_id)
    assert entry is not None
    return entry


def shown(hass: HomeAssistant) -> tuple[str, str]:
    """Return what is shown of import and export."""
    return energy(hass, "import").state, energy(hass, "export").state


async def hear(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory, *values: int
) -> None:
    """Let telegrams arrive ten seconds after each other, and what they tell be published."""
    for value in values:
        freezer.tick(10)
        await broker.publish(METER.topic(GRID, "counter"), reading(value, "Wh"))
    await let_pass(hass, broker, freezer, 30)


async def test_a_net_counter_has_import_and_export_beside_it(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    entry = await set_up(hass, broker, METER)
    await hear(hass, broker, freezer, START, START + 30, START + 10, START + 15)

    assert shown(hass) == ("0.035", "0.02")
    assert value_of(hass, METER, GRID, "counter") == (START + 15) / 1000
    for direction in ("import", "export"):
        registered, state = entry_of(hass, direction), energy(hass, direction)
        assert registered.original_name == f"Energy {direction}"
        assert registered.device_id == device_of(hass, entry, "grid").id
        assert state.attributes["state_class"] == "total_increasing"
        assert state.attributes["device_class"] == "energy"
        assert state.attributes["unit_of_measurement"] == "kWh"
    counter = hass.states.get(entity_of(hass, METER, GRID, "counter").entity_id)
    assert counter is not None
    assert counter.attributes["state_class"] == "total"


async def test_only_a_net_counter_has_them(hass: HomeAssistant, broker: Broker) -> None:
    await set_up(hass, broker, METER.changed(5, **{"class": "cosem", "port": "ttyS0"}))

    ids = (entity.unique_id for entity in er.async_get(hass).entities.values())
    of_sensors = {each for each in ids if re.fullmatch(r"\w{32}_\w{32}_energy_\w+", each)}
    assert of_sensors == {entry_of(hass, way).unique_id for way in ("import", "export")}


async def test_they_go_on_after_a_restart_and_book_net_what_ran_meanwhile(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    entry = await set_up(hass, broker, METER)
    await hear(hass, broker, freezer, START, START + 150, START + 50)

    await restart(hass, broker, entry)
    assert shown(hass) == ("unknown", "unknown")
    freezer.tick(7200)
    await hear(hass, broker, freezer, START - 900)

    assert shown(hass) == ("0.15", "1.05")


async def test_they_never_step_back_after_a_crash(
    hass: HomeAssistant,
    broker: Broker,
    freezer: FrozenDateTimeFactory,
    hass_storage: dict[str, Any],
) -> None:
    entry = await set_up(hass, broker, METER)
    await hear(hass, broker, freezer, START, START + 150)
    begin_anew = await crash(hass, broker, entry, hass_storage)
    await hear(hass, broker, freezer, START + 250)
    writes = Writes(hass)
    await begin_anew()
    await hear(hass, broker, freezer, START + 260)

    written = writes.of(energy(hass, "import").entity_id)
    assert "0.15" not in written
    assert written[-1] == "0.26"
    assert energy(hass, "export").state == "0.0"


async def test_without_the_net_counter_itself_a_broken_telegram_after_a_restart_is_not_believed(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    entry = await set_up(hass, broker, METER)
    await hear(hass, broker, freezer, START, START + 30)
    counter = entity_of(hass, METER, GRID, "counter").entity_id
    er.async_get(hass).async_update_entity(counter, disabled_by=er.RegistryEntryDisabler.USER)
    await reload(hass, broker, entry)

    await hear(hass, broker, freezer, 0, START + 40)

    assert shown(hass) == ("0.04", "0.0")


@pytest.mark.parametrize("broken", [0, START // 2, START + FAR])
async def test_a_broken_telegram_is_neither_import_nor_export(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory, broken: int
) -> None:
    await set_up(hass, broker, METER)
    await hear(hass, broker, freezer, START, START + 30)
    await hear(hass, broker, freezer, broken)
    assert shown(hass) == ("0.03", "0.0")
    await hear(hass, broker, freezer, START + 20)
    assert shown(hass) == ("0.03", "0.01")


async def test_an_exchanged_meter_is_neither_import_nor_export(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    await set_up(hass, broker, METER)
    await hear(hass, broker, freezer, START, START + 30, 12, 40, 35)
    assert shown(hass) == ("0.053", "0.0")
    await hear(hass, broker, freezer, 20)
    assert shown(hass) == ("0.053", "0.015")


async def test_where_the_file_is_lost_they_continue_from_their_last_states(
    hass: HomeAssistant,
    broker: Broker,
    freezer: FrozenDateTimeFactory,
    hass_storage: dict[str, Any],
) -> None:
    entry = await set_up(hass, broker, METER)
    await hear(hass, broker, freezer, START, START + 150, START + 50)
    await restart(hass, broker, entry)
    await hear(hass, broker, freezer, START + 60)
    assert await hass.config_entries.async_unload(entry.entry_id)
    del hass_storage[f"{DOMAIN}.{entry.entry_id}.net_counters"]
    assert await hass.config_entries.async_setup(entry.entry_id)
    await broker.settle()
    await hear(hass, broker, freezer, START + 70)

    assert shown(hass) == ("0.16", "0.1")


@pytest.mark.parametrize("broken", [{}, {"counters": {"a": 1}}, {"counters": [1]}])
async def test_a_broken_file_is_replaced(
    hass: HomeAssistant,
    broker: Broker,
    freezer: FrozenDateTimeFactory,
    *,
    hass_storage: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
    broken: dict[str, Any],
) -> None:
    entry = await set_up(hass, broker, METER)
    await hear(hass, broker, freezer, START, START + 150)
    assert await hass.config_entries.async_unload(entry.entry_id)
    key = f"{DOMAIN}.{entry.entry_id}.net_counters"
    hass_storage[key]["data"] = broken
    assert await hass.config_entries.async_setup(entry.entry_id)
    await broker.settle()
    await hear(hass, broker, freezer, START + 160)

    assert "import and export of net counters on disk cannot be read" in caplog.text
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert set(hass_storage[key]["data"]["counters"]) == {METER.sensor_id(GRID)}


async def test_a_counter_that_the_meter_has_again_goes_on_where_it_was(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    entry = await set_up(hass, broker, METER)
    await hear(hass, broker, freezer, START, START + 150)
    without = METER.changed(GRID, enable=0)
    await broker.publish(*without.sensor_report, retain=True)
    await restart(hass, broker, entry)
    await broker.publish(*METER.sensor_report, retain=True)
    await hear(hass, broker, freezer, START + 200, START + 190)

    assert shown(hass) == ("0.2", "0.01")


async def test_another_counter_of_the_meter_that_comes_or_goes_changes_nothing(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    await set_up(hass, broker, METER)
    await broker.publish(*METER.changed(4, enable=0).sensor_report, retain=True)
    await hear(hass, broker, freezer, START, START + 150)
    await broker.publish(*METER.changed(5, enable=0).sensor_report, retain=True)

    assert shown(hass) == ("0.15", "0.0")
    await hear(hass, broker, freezer, START + 140)
    assert shown(hass) == ("0.15", "0.01")


async def test_nothing_is_left_of_them_when_the_meter_is_removed(
    hass: HomeAssistant,
    broker: Broker,
    freezer: FrozenDateTimeFactory,
    hass_storage: dict[str, Any],
) -> None:
    entry: MockConfigEntry = await set_up(hass, broker, METER)
    await hear(hass, broker, freezer, START, START + 150)
    await restart(hass, broker, entry)
    assert any("net_counters" in key for key in hass_storage)

    await hass.config_entries.async_remove(entry.entry_id)

    assert not any("net_counters" in key for key in hass_storage)

"""What the dashboard shows of which meters: its strategy, run in a browser."""

from pathlib import Path

from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
import pytest
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from .broker import Broker
from .home import device_of, entity_of, set_up, set_up_and_read
from .meters import flm02, flm03, kubes_alone
from .strategy import entity_ids, frontend_of, headings, run, section, views
from .supplies import METER as THREE_PHASES, set_up_with

pytestmark = pytest.mark.long

ALWAYS = ["Power now", "Phases", "Energy", "Water and gas", "Kubes", "Health"]


async def test_one_meter_is_one_page_with_a_section_for_whatever_it_has(
    hass: HomeAssistant, broker: Broker, hass_ws_client: WebSocketGenerator, tmp_path: Path
) -> None:
    await set_up_and_read(hass, broker, flm03(), "Cellar")

    [page] = views(tmp_path, await frontend_of(hass, hass_ws_client))

    assert page["title"] == "Cellar"
    assert headings(page) == ALWAYS
    for entity_id in entity_ids(page):
        assert hass.states.get(entity_id), entity_id
    phases = [card["heading"] for card in section(page, "Phases") if card["type"] == "heading"]
    assert phases == ["main (port 1)", "main (port 2)", "solar"]
    kubes = [card["heading"] for card in section(page, "Kubes") if card["type"] == "heading"]
    assert kubes == ["attic", "living room"]


async def test_three_phases_are_one_gauge_and_the_demand_is_shown_in_belgium(
    hass: HomeAssistant, broker: Broker, hass_ws_client: WebSocketGenerator, tmp_path: Path
) -> None:
    hass.config.country = "BE"
    await set_up_and_read(hass, broker, THREE_PHASES)

    [page] = views(tmp_path, await frontend_of(hass, hass_ws_client))

    assert headings(page) == ["Power now", "Phases", "Energy", "Quarter-hour demand", "Health"]
    [gauge] = section(page, "Power now")
    assert (gauge["type"], gauge["entity"]) == ("gauge", "sensor.fluksometer_net_active_power")
    expected, *others = section(page, "Quarter-hour demand")
    assert expected["entity"] == "sensor.fluksometer_expected_quarter_hour_demand"
    assert {*entity_ids(others)} >= {
        "sensor.fluksometer_quarter_hour_demand",
        "sensor.fluksometer_last_quarter_hour_demand",
        "sensor.fluksometer_peak_demand_this_month",
    }


async def test_an_flm02_has_its_clamps_its_p1_port_and_its_flows(
    hass: HomeAssistant, broker: Broker, hass_ws_client: WebSocketGenerator, tmp_path: Path
) -> None:
    await set_up_and_read(hass, broker, flm02())

    [page] = views(tmp_path, await frontend_of(hass, hass_ws_client))

    assert headings(page) == ["Power now", "Energy", "Water and gas", "Kubes", "Health"]
    shown = {*entity_ids(section(page, "Power now"))}
    clamps = {entity_of(hass, flm02(), slot, "gauge").entity_id for slot in (1, 2)}
    assert shown == {*clamps, "sensor.fluksometer_net_active_power"}
    flows = {*entity_ids(section(page, "Water and gas"))}
    assert flows == {
        entity_of(hass, flm02(), slot, kind).entity_id
        for slot in (4, 5)
        for kind in ("gauge", "counter")
    }


async def test_a_p1_port_that_is_the_supply_is_shown_once(
    hass: HomeAssistant, broker: Broker, hass_ws_client: WebSocketGenerator, tmp_path: Path
) -> None:
    await set_up_and_read(hass, broker, flm02())
    p1 = entity_of(hass, flm02(), 6, "gauge").entity_id

    [page] = views(tmp_path, await frontend_of(hass, hass_ws_client))

    gauge, *tiles = section(page, "Power now")
    assert (gauge["type"], gauge["entity"]) == ("gauge", "sensor.fluksometer_net_active_power")
    assert p1 not in {*entity_ids(tiles)}


async def test_a_p1_port_beside_a_supply_that_the_user_chose_is_shown(
    hass: HomeAssistant, broker: Broker, hass_ws_client: WebSocketGenerator, tmp_path: Path
) -> None:
    await set_up_with(hass, broker, flm02(), supply_ports=["1"])
    p1 = entity_of(hass, flm02(), 6, "gauge").entity_id

    [page] = views(tmp_path, await frontend_of(hass, hass_ws_client))

    assert p1 in {*entity_ids(section(page, "Power now"))}


async def test_two_meters_are_two_pages_with_what_is_their_own(
    hass: HomeAssistant, broker: Broker, hass_ws_client: WebSocketGenerator, tmp_path: Path
) -> None:
    await set_up_and_read(hass, broker, flm03(), "House")
    await set_up_and_read(hass, broker, kubes_alone(), "Garage")

    garage, house = views(tmp_path, await frontend_of(hass, hass_ws_client))

    assert (garage["title"], house["title"]) == ("Garage", "House")
    assert headings(garage) == ["Kubes", "Health"]
    assert headings(house) == ALWAYS
    assert {*entity_ids(garage)}.isdisjoint(entity_ids(house))


async def test_what_is_renamed_disabled_or_hidden_is_so_on_the_dashboard(
    hass: HomeAssistant, broker: Broker, hass_ws_client: WebSocketGenerator, tmp_path: Path
) -> None:
    entry = await set_up(hass, broker, flm03())
    registry = er.async_get(hass)
    water = entity_of(hass, flm03(), 37, "gauge").entity_id
    gas = entity_of(hass, flm03(), 38, "gauge").entity_id
    heat_pump = entity_of(hass, flm03(), 39, "gauge").entity_id
    registry.async_update_entity(water, new_entity_id="sensor.rain")
    registry.async_update_entity(gas, disabled_by=er.RegistryEntryDisabler.USER)
    registry.async_update_entity(heat_pump, hidden_by=er.RegistryEntryHider.USER)
    solar = device_of(hass, entry, "solar")
    dr.async_get(hass).async_update_child_device(solar.id, name_by_user="Roof")
    await broker.settle()

    [page] = views(tmp_path, await frontend_of(hass, hass_ws_client))

    shown = {*entity_ids(page)}
    assert "sensor.rain" in shown
    assert shown.isdisjoint({water, gas, heat_pump})
    assert "Roof" in {card.get("heading") for card in section(page, "Phases")}


@pytest.mark.usefixtures("all_entities_enabled")
async def test_waveforms_are_shown_once_they_are_enabled(
    hass: HomeAssistant, broker: Broker, hass_ws_client: WebSocketGenerator, tmp_path: Path
) -> None:
    await set_up(hass, broker, flm03())

    [page] = views(tmp_path, await frontend_of(hass, hass_ws_client))

    assert [card["type"] for card in section(page, "Waveforms")].count("picture-entity") == 3


async def test_what_the_meter_no_longer_has_is_not_shown_unless_nothing_is_loaded(
    hass: HomeAssistant, broker: Broker, hass_ws_client: WebSocketGenerator, tmp_path: Path
) -> None:
    entry = await set_up_and_read(hass, broker, flm03())
    gas = entity_of(hass, flm03(), 38, "gauge").entity_id
    await broker.publish(*flm03().changed(38, enable=0).sensor_report, retain=True)
    await broker.settle()

    [page] = views(tmp_path, await frontend_of(hass, hass_ws_client))
    assert gas not in {*entity_ids(page)}

    assert await hass.config_entries.async_unload(entry.entry_id)
    [page] = views(tmp_path, await frontend_of(hass, hass_ws_client))
    assert headings(page) == ALWAYS


async def test_the_cards_of_the_energy_dashboard_are_there_where_that_has_the_meter(
    hass: HomeAssistant, broker: Broker, hass_ws_client: WebSocketGenerator, tmp_path: Path
) -> None:
    await set_up_and_read(hass, broker, THREE_PHASES)
    frontend = await frontend_of(hass, hass_ws_client)

    def with_energy(**source: str) -> tuple[list[str], list[str]]:
        sources = {"energy_sources": [source]}
        [page] = views(tmp_path, frontend | {"preferences": sources})
        power, energy = section(page, "Power now"), section(page, "Energy")
        return [card["type"] for card in power], [card["type"] for card in energy]

    own = "sensor.fluksometer_net_energy_import"
    cards = ["energy-date-selection", "energy-distribution", "energy-usage-graph"]
    of_another = with_energy(type="grid", stat_energy_from="sensor.other")
    assert of_another == (["gauge"], ["statistics-graph"])
    assert with_energy(type="grid", stat_energy_from=own) == (["gauge"], cards)
    power = "sensor.fluksometer_net_active_power"
    with_power = with_energy(type="grid", stat_energy_from=own, stat_rate=power)
    assert with_power == (["gauge", "power-sources-graph"], cards)


async def test_what_the_energy_dashboard_has_as_solar_is_drawn_as_such(
    hass: HomeAssistant, broker: Broker, hass_ws_client: WebSocketGenerator, tmp_path: Path
) -> None:
    await set_up_and_read(hass, broker, flm03())
    energy = entity_of(hass, flm03(), 39, "counter").entity_id
    sources = {"energy_sources": [{"type": "solar", "stat_energy_from": energy}]}
    frontend = await frontend_of(hass, hass_ws_client)

    [page] = views(tmp_path, frontend | {"preferences": sources})

    [tile] = section(page, "Power now")
    assert tile["entity"] == entity_of(hass, flm03(), 39, "gauge").entity_id
    assert tile["icon"] == "mdi:solar-power"


@pytest.mark.usefixtures("all_entities_enabled")
async def test_its_sections_speak_the_language_of_the_user(
    hass: HomeAssistant, broker: Broker, hass_ws_client: WebSocketGenerator, tmp_path: Path
) -> None:
    await set_up(hass, broker, THREE_PHASES)
    script = """
        const result = {};
        for (const language of ["en", "nl", "de", "fr", "nl-BE", "es"]) {
          result[language] = (await strategy.generate({}, { ...hass, language })).views[0];
        }
    """

    pages = run(tmp_path, await frontend_of(hass, hass_ws_client), script)

    assert {language: headings(page)[0] for language, page in pages.items()} == {
        "en": "Power now",
        "nl": "Vermogen nu",
        "de": "Leistung jetzt",
        "fr": "Puissance actuelle",
        "nl-BE": "Vermogen nu",
        "es": "Power now",
    }
    assert all(each for page in pages.values() for each in headings(page))


async def test_without_a_meter_it_leads_to_adding_one(hass: HomeAssistant, tmp_path: Path) -> None:
    nothing = {"language": "en", "entities": {}, "devices": {}, "states": {}}

    [page] = views(tmp_path, nothing)

    [card] = page["cards"]
    assert card["content"] == "No Fluksometer has been added yet."
    assert card["buttons"][0]["tap_action"]["navigation_path"].endswith("add?domain=flukso")


async def test_it_is_made_anew_when_a_registry_or_what_is_there_changes_and_not_with_each_state(
    hass: HomeAssistant, broker: Broker, hass_ws_client: WebSocketGenerator, tmp_path: Path
) -> None:
    await set_up(hass, broker, kubes_alone())
    script = """
        const changed = (change) => strategy.shouldRegenerate({}, hass, { ...hass, ...change });
        const id = Object.keys(hass.entities)[0];
        const gone = { ...hass.states };
        delete gone[id];
        const result = [
          changed({ entities: { ...hass.entities } }),
          changed({ devices: { ...hass.devices } }),
          changed({ states: gone }),
          changed({ states: { ...hass.states, [id]: { ...hass.states[id], state: "1" } } }),
          changed({}),
        ];
    """

    result = run(tmp_path, await frontend_of(hass, hass_ws_client), script)

    assert result == [True, True, True, False, False]


async def test_it_is_offered_among_the_dashboards(hass: HomeAssistant, tmp_path: Path) -> None:
    script = """
        const { type, strategyType, name, description } = window.customStrategies[0];
        const { title } = strategy.getCreateSuggestions();
        const result = { type, strategyType, name, description, title };
    """

    offered = run(tmp_path, {}, script)

    assert (offered["type"], offered["strategyType"]) == ("flukso", "dashboard")
    assert (offered["name"], offered["title"]) == ("Flukso", "Flukso")
    assert offered["description"].startswith("Your meters")

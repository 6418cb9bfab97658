"""Adding a meter to the Energy dashboard: what is offered, ticked, added, and left alone."""

from typing import Any

from homeassistant.components.energy.data import async_get_manager
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er

from custom_components.flukso.energy_dashboard.sources import Use
from custom_components.flukso.formats import plain_name

from ..broker import Broker
from ..home import config_entry, entity_of
from ..meters import Meter, flm02, flm03, kubes_alone, reading
from ..supplies import set_up_with, slot, three_phases, total_of, wired
from ..test_hostile_names import LINK
from ..test_translations import ENGLISH
from .dashboard import add, offered, open_step, preferences, suggested, ticked

GAS, WATER, PULSES = 38, 37, 39
#: Three phases, water, gas and the pulses of solar panels.
HOUSE = (
    three_phases()
    .changed(WATER, GAS, PULSES, enable=1)
    .with_port(4, name="water")
    .with_port(5, name="gas")
    .with_port(6, name="zonnepanelen")
)
GRID = {
    "type": "grid",
    "name": "Grid",
    "stat_energy_from": "netted_energy_import",
    "stat_energy_to": "netted_energy_export",
    "power_config": {"stat_rate": "net_active_power"},
    "stat_rate": "net_active_power",
    "cost_adjustment_day": 0.0,
}


def sensor(slot: int, **more: str) -> dict[str, str]:
    """A source with the counter and the gauge of a slot."""
    return {"stat_energy_from": f"{slot}_counter", "stat_rate": f"{slot}_gauge", **more}


def device(slot: int, name: str) -> dict[str, str]:
    """A single device with the counter and the gauge of a slot."""
    return {"name": name, "stat_consumption": f"{slot}_counter", "stat_rate": f"{slot}_gauge"}


async def set_up(hass: HomeAssistant, broker: Broker, meter: Meter, **options: object) -> Any:
    """Set a meter up, and let it publish a reading on every topic."""
    entry = await set_up_with(hass, broker, meter, **options)
    await broker.publish_all(meter.readings())
    return entry


async def test_three_phases_with_solar_water_and_gas_are_added_with_one_click(
    hass: HomeAssistant, broker: Broker
) -> None:
    entry = await set_up(hass, broker, HOUSE)

    form = await open_step(hass, entry)
    assert form["type"] is FlowResultType.FORM
    assert list(offered(form)) == ["grid", "solar", "gas", "water", "devices"]
    assert {use: len(keys) for use, keys in suggested(form).items()} == {
        "grid": 1,
        "solar": 1,
        "gas": 1,
        "water": 1,
        "devices": 0,
    }
    result = await add(hass, form)

    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "energy_added"
    assert result["description_placeholders"] == {"added": "- Grid\n- Solar\n- Gas\n- Water"}
    assert await preferences(hass, HOUSE) == {
        "sources": [
            GRID,
            sensor(PULSES, type="solar", name="Solar"),
            sensor(GAS, type="gas", name="Gas"),
            sensor(WATER, type="water", name="Water"),
        ],
        "devices": [],
    }


async def test_what_goes_where_is_shown_before_by_device_and_entity(
    hass: HomeAssistant, broker: Broker
) -> None:
    form = await open_step(hass, await set_up(hass, broker, HOUSE))

    [(grid, _)] = offered(form)["grid"].items()
    names = [
        entity.original_name
        for what in ("netted_energy_import", "netted_energy_export", "net_active_power")
        if (entity := total_of(hass, HOUSE, what))
    ]
    assert grid == f"Fluksometer: {', '.join(map(str, names))}"
    [(solar, _)] = offered(form)["solar"].items()
    assert solar == "zonnepanelen: Energy, Power"


async def test_the_names_of_legends_are_in_the_language_of_home_assistant(
    hass: HomeAssistant, broker: Broker
) -> None:
    hass.config.language = "nl"
    form = await open_step(hass, await set_up(hass, broker, HOUSE))
    await add(hass, form)

    sources = (await preferences(hass, HOUSE))["sources"]
    assert [source["name"] for source in sources] == ["Net", "Zonne-energie", "Gas", "Water"]


async def test_what_is_not_ticked_is_not_added_and_can_be_added_later(
    hass: HomeAssistant, broker: Broker
) -> None:
    entry = await set_up(hass, broker, HOUSE)
    form = await open_step(hass, entry)
    await add(hass, form, {"gas": suggested(form)["gas"]})

    later = await open_step(hass, entry)
    assert list(offered(later)) == ["grid", "solar", "water", "devices"]
    await add(hass, later, {"water": suggested(later)["water"]})

    names = [source["name"] for source in (await preferences(hass, HOUSE))["sources"]]
    assert names == ["Gas", "Water"]


async def test_nothing_ticked_adds_nothing(hass: HomeAssistant, broker: Broker) -> None:
    form = await open_step(hass, await set_up(hass, broker, HOUSE))
    result = await add(hass, form, {})

    assert result["reason"] == "energy_not_added"
    assert (await async_get_manager(hass)).data is None


async def test_what_is_in_the_dashboard_is_left_as_it_is_with_its_price_and_is_told(
    hass: HomeAssistant, broker: Broker
) -> None:
    entry = await set_up(hass, broker, HOUSE)
    gas = {
        "type": "gas",
        "stat_energy_from": entity_of(hass, HOUSE, GAS, "counter").entity_id,
        "stat_cost": None,
        "entity_energy_price": None,
        "number_energy_price": 0.5,
    }
    other: dict[str, Any] = {
        "type": "solar",
        "name": "Roof",
        "stat_energy_from": "sensor.inverter",
        "config_entry_solar_forecast": ["abc"],
    }
    boiler = {"stat_consumption": "sensor.boiler"}
    manager = await async_get_manager(hass)
    # the preferences' types name every key, which an older entry need not have
    await manager.async_update(
        {"energy_sources": [gas, other], "device_consumption": [boiler]}  # type: ignore[typeddict-item,list-item]
    )

    form = await open_step(hass, entry)
    assert list(offered(form)) == ["grid", "solar", "water", "devices"]
    assert suggested(form)["solar"] == []  # the inverter may count the same
    assert form["description_placeholders"] is not None
    left = form["description_placeholders"]["left"]
    assert "gas" in left
    assert "Roof" in left
    assert "boiler" not in left
    await add(hass, form)

    assert manager.data is not None
    assert manager.data["energy_sources"][:2] == [gas, other]
    assert [source["type"] for source in manager.data["energy_sources"][2:]] == ["grid", "water"]
    assert manager.data["device_consumption"] == [boiler]


async def test_a_second_source_of_a_kind_is_named_after_its_device(
    hass: HomeAssistant, broker: Broker
) -> None:
    entry = await set_up(hass, broker, HOUSE)
    manager = await async_get_manager(hass)
    inverter = {"type": "solar", "stat_energy_from": "sensor.inverter"}
    # the type of a source names every key, which an older one need not have
    await manager.async_update({"energy_sources": [inverter]})  # type: ignore[list-item,typeddict-item]

    form = await open_step(hass, entry)
    [key] = offered(form)["solar"].values()
    await add(hass, form, {"solar": [key]})

    [_, solar] = (await preferences(hass, HOUSE))["sources"]
    assert solar["name"] == "zonnepanelen"


async def test_when_all_is_in_the_dashboard_there_is_nothing_to_add(
    hass: HomeAssistant, broker: Broker
) -> None:
    entry = await set_up(hass, broker, HOUSE)
    await add(hass, await open_step(hass, entry))
    before = await preferences(hass, HOUSE)

    result = await open_step(hass, entry)

    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "energy_nothing_to_add"
    assert result["description_placeholders"] is not None
    assert "Grid, Solar, Gas, Water" in result["description_placeholders"]["left"]
    assert await preferences(hass, HOUSE) == before


async def test_a_meter_of_kubes_has_nothing_for_the_dashboard(
    hass: HomeAssistant, broker: Broker
) -> None:
    result = await open_step(hass, await set_up(hass, broker, kubes_alone()))

    assert result["reason"] == "energy_nothing_to_add"
    assert result["description_placeholders"] == {"left": ""}


async def test_a_clamp_at_the_grid_of_one_phase_is_known_by_its_name(
    hass: HomeAssistant, broker: Broker
) -> None:
    meter = flm03().with_port(2, name="oven")
    form = await open_step(hass, await set_up(hass, broker, meter))
    assert len(offered(form)["grid"]) == 4  # it may be any of them
    await add(hass, form)

    imported, exported = slot(1, "pplus"), slot(1, "pminus")
    assert await preferences(hass, meter) == {
        "sources": [
            {
                "type": "grid",
                "name": "Grid",
                "stat_energy_from": f"{imported}_counter",
                "stat_energy_to": f"{exported}_counter",
                "power_config": {
                    "stat_rate_from": f"{imported}_gauge",
                    "stat_rate_to": f"{exported}_gauge",
                },
                "stat_rate": (await preferences(hass, meter))["sources"][0]["stat_rate"],
                "cost_adjustment_day": 0.0,
            },
            sensor(slot(3, "pplus"), type="solar", name="Solar"),
            sensor(GAS, type="gas", name="Gas"),
            sensor(WATER, type="water", name="Water"),
        ],
        "devices": [device(slot(2, "pplus"), "oven"), device(PULSES, "heat pump")],
    }


async def test_where_the_grid_is_not_known_no_port_is_taken_for_it_or_for_a_device(
    hass: HomeAssistant, broker: Broker
) -> None:
    form = await open_step(hass, await set_up(hass, broker, flm03()))  # two ports named "main"

    assert suggested(form)["grid"] == suggested(form)["devices"] == []
    [solar] = ticked(form)["solar"]
    assert solar.startswith("solar: ")


async def test_a_port_ticked_in_two_places_is_an_error_and_the_ticks_stay(
    hass: HomeAssistant, broker: Broker
) -> None:
    form = await open_step(hass, await set_up(hass, broker, flm03()))
    [key] = suggested(form)["solar"]
    chosen = {"solar": [key], "devices": [key]}

    again = await add(hass, form, chosen)
    assert again["errors"] == {"base": "measured_twice"}
    assert suggested(again) == {"grid": [], "gas": [], "water": []} | chosen
    result = await add(hass, again, {"devices": [key]})

    assert result["reason"] == "energy_added"
    assert [each["name"] for each in (await preferences(hass, flm03()))["devices"]] == ["solar"]


async def test_a_solar_clamp_the_other_way_round_counts_with_what_it_exports(
    hass: HomeAssistant, broker: Broker
) -> None:
    meter = flm03()
    entry = await set_up_with(hass, broker, meter)
    backward = {
        meter.topic(slot(3, "pplus"), "counter"): reading(3, "Wh"),
        meter.topic(slot(3, "pminus"), "counter"): reading(4_000_000, "Wh"),
    }
    await broker.publish_all(meter.readings() | backward)

    await add(hass, await open_step(hass, entry))

    [solar, *_] = (await preferences(hass, meter))["sources"]
    assert solar == sensor(slot(3, "pminus"), type="solar", name="Solar")


async def test_the_ports_that_were_chosen_in_the_settings_decide(
    hass: HomeAssistant, broker: Broker
) -> None:
    meter = flm03().with_port(2, name="oven")
    entry = await set_up(hass, broker, meter, supply_ports=[1], production_ports=[6])
    form = await open_step(hass, entry)
    await add(hass, form)

    found = await preferences(hass, meter)
    assert found["sources"][0] == GRID
    assert found["sources"][1] == sensor(PULSES, type="solar", name="Solar")
    assert [each["stat_consumption"] for each in found["devices"]] == [
        f"{slot(port, 'pplus')}_counter" for port in (2, 3)
    ]


async def test_ports_that_the_meter_adds_up_are_no_devices(
    hass: HomeAssistant, broker: Broker
) -> None:
    form = await open_step(hass, await set_up(hass, broker, wired(HOUSE, "3p+n", "p1+p2+p3")))

    assert len(suggested(form)["grid"]) == 1
    assert suggested(form)["devices"] == []
    assert len(offered(form)["devices"]) == 3


async def test_a_p1_port_is_the_grid_and_three_clamps_as_one_are_no_device(
    hass: HomeAssistant, broker: Broker
) -> None:
    meter = flm02()
    form = await open_step(hass, await set_up(hass, broker, meter))
    assert [label.split(":")[0] for label in offered(form)["devices"]] == ["main", "house"]
    await add(hass, form)

    found = await preferences(hass, meter)
    assert found["sources"][0] == GRID
    assert [source["type"] for source in found["sources"]] == ["grid", "gas", "water"]
    assert found["devices"] == []


async def test_clamps_without_a_direction_and_a_pulse_meter_have_no_export(
    hass: HomeAssistant, broker: Broker
) -> None:
    meter = flm02()
    form = await open_step(hass, await set_up(hass, broker, meter, supply_ports=["1+2+3"]))
    await add(hass, form, {"grid": suggested(form)["grid"]})

    [grid] = (await preferences(hass, meter))["sources"]
    assert "stat_energy_to" not in grid
    assert (grid["stat_energy_from"], grid["stat_rate"]) == ("energy", "power")


async def test_a_pulse_meter_can_be_the_grid(hass: HomeAssistant, broker: Broker) -> None:
    meter = flm03().with_port(1, name="oven").with_port(2, name="dryer").with_port(6, name="Netz")
    form = await open_step(hass, await set_up(hass, broker, meter))
    await add(hass, form, {"grid": suggested(form)["grid"]})

    [grid] = (await preferences(hass, meter))["sources"]
    assert "stat_energy_to" not in grid
    assert grid["stat_energy_from"] == f"{PULSES}_counter"
    assert grid["power_config"] == {"stat_rate": f"{PULSES}_gauge"}


async def test_an_entity_that_is_disabled_or_not_recorded_is_not_offered(
    hass: HomeAssistant, broker: Broker
) -> None:
    entry = await set_up(hass, broker, HOUSE)
    registry = er.async_get(hass)
    rate = entity_of(hass, HOUSE, GAS, "gauge").entity_id
    for entity_id in (rate, entity_of(hass, HOUSE, WATER, "counter").entity_id):
        registry.async_update_entity(entity_id, disabled_by=er.RegistryEntryDisabler.USER)
    total = total_of(hass, HOUSE, "netted_energy_export")
    assert total is not None
    registry.async_update_entity(total.entity_id, disabled_by=er.RegistryEntryDisabler.USER)
    await hass.config_entries.async_reload(entry.entry_id)
    await broker.settle()

    form = await open_step(hass, entry)
    assert list(offered(form)) == ["grid", "solar", "gas", "devices"]
    await add(hass, form)
    [grid, _, gas] = (await preferences(hass, HOUSE))["sources"]
    assert "stat_energy_to" not in grid
    assert gas == {"type": "gas", "name": "Gas", "stat_energy_from": f"{GAS}_counter"}


async def test_water_that_is_not_counted_in_volume_is_not_offered(
    hass: HomeAssistant, broker: Broker
) -> None:
    entry = await set_up_with(hass, broker, HOUSE)
    await broker.publish(HOUSE.topic(WATER, "counter"), reading(12, "g"))

    form = await open_step(hass, entry)

    assert list(offered(form)) == ["grid", "solar", "gas", "devices"]


async def test_a_total_that_the_meter_no_longer_has_is_not_offered(
    hass: HomeAssistant, broker: Broker
) -> None:
    entry = await set_up(hass, broker, HOUSE)
    await broker.publish_all(dict([wired(HOUSE, "1p").port_report]), retain=True)

    form = await open_step(hass, entry)

    assert total_of(hass, HOUSE, "netted_energy_import") is not None
    assert suggested(form)["grid"] == []
    assert len(offered(form)["grid"]) == 4


async def test_every_list_is_explained(hass: HomeAssistant, broker: Broker) -> None:
    form = await open_step(hass, await set_up(hass, broker, HOUSE))

    told = ENGLISH["options"]["step"]["energy"]
    assert set(offered(form)) == set(Use) == told["data"].keys() == told["data_description"].keys()


async def test_a_meter_that_is_not_loaded_is_offered_its_settings_only(
    hass: HomeAssistant, broker: Broker
) -> None:
    entry = config_entry(HOUSE)
    entry.add_to_hass(hass)

    form = await hass.config_entries.options.async_init(entry.entry_id)

    assert form["step_id"] == "settings"


async def test_what_was_added_and_what_is_there_has_no_link_of_its_name(
    hass: HomeAssistant, broker: Broker
) -> None:
    entry = await set_up(hass, broker, HOUSE.with_port(6, name=LINK))
    form = await open_step(hass, entry)
    [key] = [key for label, key in offered(form)["devices"].items() if label.startswith(LINK)]

    added = (await add(hass, form, {"devices": [key]}))["description_placeholders"]
    left = (await open_step(hass, entry))["description_placeholders"]

    assert added == {"added": f"- {plain_name(LINK)}"}
    assert left is not None
    assert left["left"].endswith(plain_name(LINK))

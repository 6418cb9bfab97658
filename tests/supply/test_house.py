"""The power and energy of a house with production of its own, and its self-consumption."""

from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest

from ..broker import Broker
from ..home import let_pass
from ..meters import Meter, flm02, flm03, reading
from ..restarts import restart
from ..supplies import (
    HOUSE_TOTALS,
    SUNNY,
    House,
    says,
    set_up_with,
    slot,
    three_phases,
    total,
    total_value,
    totals,
)

pytestmark = pytest.mark.usefixtures("all_entities_enabled", "freezer")

MAIN, GRID, PULSES = 1, 6, 39
FLM02, FLM03, METER = flm02(), flm03(), three_phases()


@pytest.mark.parametrize(
    ("meter", "options", "found"),
    [
        (METER, {"supply_ports": [1, 2], "production_ports": [3]}, HOUSE_TOTALS),
        (METER, {"supply_ports": [1, 2, 3], "production_ports": [3]}, set()),
        (METER, {"supply_ports": [1, 2], "production_ports": [4]}, set()),
        (METER, {"supply_ports": [1, 2]}, set()),
        (METER.changed(39, enable=1), {"production_ports": [6]}, HOUSE_TOTALS),
        (FLM03, {"supply_ports": [6], "production_ports": [1]}, set()),
        (FLM02, {"production_ports": [1]}, HOUSE_TOTALS),
        (FLM02, {"supply_ports": ["1+2+3"], "production_ports": [1]}, set()),
        (
            METER.changed(slot(3, "pminus"), data_type="gauge"),
            {"supply_ports": [1, 2], "production_ports": [3]},
            {"house_power"},
        ),
        (
            METER.changed(slot(3, "pminus"), enable=0),
            {"supply_ports": [1, 2], "production_ports": [3]},
            set(),
        ),
    ],
    ids=[
        *("clamp", "clamp of the supply", "no sensor", "none chosen", "pulse input"),
        *("supply without export", "clamp beside P1", "supply without direction"),
        *("clamp without a counter", "clamp with a single direction"),
    ],
)
async def test_there_is_a_house_where_supply_and_production_are_measured(
    hass: HomeAssistant,
    broker: Broker,
    meter: Meter,
    *,
    options: dict[str, object],
    found: set[str],
) -> None:
    await set_up_with(hass, broker, meter, **options)

    assert totals(hass, meter) & HOUSE_TOTALS == found


async def test_names_and_classes(hass: HomeAssistant, broker: Broker) -> None:
    await set_up_with(hass, broker, METER, supply_ports=[1, 2], production_ports=[3])

    described = {}
    for what in HOUSE_TOTALS:
        attributes = total(hass, METER, what).attributes
        described[what] = (attributes["friendly_name"], attributes["state_class"])
    assert described == {
        "house_power": ("Fluksometer Power of the house", "measurement"),
        "house_energy": ("Fluksometer Energy of the house", "total_increasing"),
        "self_consumption": ("Fluksometer Self-consumption", "total_increasing"),
    }


@pytest.mark.parametrize("turned", [False, True])
async def test_a_clamp_counts_as_production_whichever_way_round_it_is(
    hass: HomeAssistant, broker: Broker, house: House, *, turned: bool
) -> None:
    """The house exports 500 of 2700 W; the inverter takes some by night."""
    house.imported[3], house.exported[3] = (10.0, 900.0) if turned else (900.0, 10.0)
    produced, energies = -2700 if turned else 2700, ("self_consumption", "house_energy")
    entry = await set_up_with(hass, broker, METER, supply_ports=[1, 2], production_ports=[3])
    await house.live(2, (-800, 300, produced))
    begin = {what: total_value(hass, METER, what) for what in energies}
    await house.live(20, (-800, 300, produced))

    for what in energies:
        counted = total_value(hass, METER, what) - begin[what]
        assert counted == pytest.approx(2.2 * 20 / 3600, abs=1e-5)
    gauges = {"pplus": {1: 0, 2: 300, 3: 0}, "pminus": {1: 800, 2: 0, 3: 0}}
    gauges["pminus" if turned else "pplus"][3] = 2700
    for subtype, powers in gauges.items():
        await broker.publish_all(says(METER, subtype, "gauge", powers))
    assert total_value(hass, METER, "house_power") == 2200

    await restart(hass, broker, entry)
    assert total(hass, METER, "self_consumption").state == "unknown"
    await house.live(10, (-800, 300, produced))
    for what in energies:
        counted = total_value(hass, METER, what) - begin[what]
        assert counted == pytest.approx(2.2 * 30 / 3600, abs=1e-5)


async def test_without_its_file_the_energies_of_the_house_continue_from_their_last_states(
    hass: HomeAssistant, broker: Broker, house: House, hass_storage: dict[str, Any]
) -> None:
    entry = await set_up_with(hass, broker, METER, supply_ports=[1, 2], production_ports=[3])
    energies = ("self_consumption", "house_energy")
    await house.live(60, (300, 300, -2700))
    await house.live(60, (-800, 300, -2700))
    before = {what: total_value(hass, METER, what) for what in energies}
    assert before["house_energy"] > before["self_consumption"] > 0
    assert await hass.config_entries.async_unload(entry.entry_id)
    hass_storage[f"flukso.{entry.entry_id}.supply"]["data"] = {"netting": "broken"}

    assert await hass.config_entries.async_setup(entry.entry_id)
    await broker.settle()
    await house.live(10, (-800, 300, -2700))

    for what in energies:
        counted = total_value(hass, METER, what) - before[what]
        assert counted == pytest.approx(2.2 * 9 / 3600, abs=2.2 / 3600 + 1e-5)


async def test_by_night_the_house_uses_what_it_imports(
    hass: HomeAssistant, broker: Broker, house: House
) -> None:
    house.imported[3] = 9000
    await set_up_with(hass, broker, METER, supply_ports=[1, 2], production_ports=[3])
    await house.speak()
    await house.live(20, (600, 300, 0))

    assert total_value(hass, METER, "house_energy") == pytest.approx(0.9 * 20 / 3600, abs=1e-5)
    assert total_value(hass, METER, "self_consumption") == 0


async def test_while_the_production_is_silent_the_supply_itself_goes_on(
    hass: HomeAssistant, broker: Broker, house: House
) -> None:
    await set_up_with(hass, broker, METER, supply_ports=[1, 2], production_ports=[3])
    await house.speak()
    await house.live(20, SUNNY)
    await house.live(75, SUNNY, silent={3})

    assert {total(hass, METER, what).state for what in HOUSE_TOTALS} == {"unavailable"}
    assert total_value(hass, METER, "netted_energy_import") > 0


async def test_the_power_is_known_by_night_though_no_pulse_comes(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    meter = METER.changed(PULSES, enable=1)
    await set_up_with(hass, broker, meter, production_ports=[6])
    shown = []
    for _ in range(13):
        await broker.publish_all(says(meter, "pplus", "gauge", {1: 100, 2: 200, 3: 0}))
        await broker.publish_all(says(meter, "pminus", "gauge", {1: 0, 2: 0, 3: 0}))
        await let_pass(hass, broker, freezer, 50)
        shown.append(total(hass, meter, "house_power").state)

    assert shown[0] == "unknown"
    assert float(shown[-1]) == 300


async def test_a_clamp_beside_a_p1_port_measures_production(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    await set_up_with(hass, broker, FLM02, production_ports=[1])
    for second in range(4):
        freezer.tick(10)
        stamped = {
            (GRID, "counter"): reading(14_199_192 - 2 * second, "Wh"),
            (GRID, "gauge"): reading(-720, "W"),
            (MAIN, "counter"): reading(5000 + 5 * second, "Wh"),
            (MAIN, "gauge"): reading(1800, "W"),
        }
        await broker.publish_all({FLM02.topic(*topic): each for topic, each in stamped.items()})
        await let_pass(hass, broker, freezer, 10)

    assert total_value(hass, FLM02, "house_power") == 1080
    assert total_value(hass, FLM02, "self_consumption") == pytest.approx(0.009)
    assert total_value(hass, FLM02, "house_energy") == pytest.approx(0.009)

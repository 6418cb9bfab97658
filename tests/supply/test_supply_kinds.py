"""The supply of meters without an FLM03's three clamps: P1, clamps of an FLM02, pulse meters."""

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest

from custom_components.flukso.const import DOMAIN
from custom_components.flukso.supply_descriptions import TOTALS

from ..broker import Broker
from ..home import let_pass
from ..meters import Meter, flm02, flm03, reading
from ..restarts import restart
from ..supplies import (
    DEMANDS,
    EXPORT,
    IMPORT,
    NETTED,
    PLAIN_EXPORT,
    PLAIN_IMPORT,
    POWERS,
    SUMS,
    says,
    set_up_with,
    total,
    total_value,
)

pytestmark = pytest.mark.usefixtures("all_entities_enabled", "freezer")

MAIN, HOUSE, GRID, PULSES = 1, 2, 6, 39
FLM02, FLM03 = flm02(), flm03()
START = 14_199_192
DIRECTED = POWERS - {"reactive_power"} | SUMS | NETTED | DEMANDS
UNDIRECTED = {"power", "energy"} | DEMANDS
EXPORTS = {"active_power_export", PLAIN_EXPORT, EXPORT}


def supply_of(hass: HomeAssistant, meter: Meter) -> set[str]:
    """Return the totals that are there."""
    registry, found = er.async_get(hass), set()
    for what in TOTALS:
        entity_id = registry.async_get_entity_id("sensor", DOMAIN, f"{meter.device_id}_{what}")
        state = hass.states.get(entity_id) if entity_id else None
        if state is not None and not state.attributes.get("restored"):
            found.add(what)
    return found


async def hear(hass: HomeAssistant, broker: Broker, meter: Meter, slot: int, **said: float) -> None:
    """Let readings of a slot arrive."""
    for kind, value in said.items():
        unit = "W" if kind == "gauge" else "Wh"
        await broker.publish(meter.topic(slot, kind), reading(value, unit))


@pytest.mark.parametrize(
    ("meter", "ports", "totals"),
    [
        (FLM02, [], DIRECTED),
        (FLM02, ["P1"], DIRECTED),
        (FLM02, ["1"], UNDIRECTED),
        (FLM02, ["1+2+3"], UNDIRECTED),
        (FLM02, ["1", "P1"], UNDIRECTED),
        (FLM02.changed(GRID, enable=0), [], UNDIRECTED),
        (FLM03, ["6"], DIRECTED - EXPORTS),
        (FLM03, ["1", "6"], DIRECTED),
        (FLM03, ["1"], DIRECTED | {"reactive_power"}),
        (FLM03, ["4"], set()),
        (FLM03, ["1", "9"], set()),
        (FLM02.changed(GRID, data_type="gauge"), ["P1"], POWERS - {"reactive_power"}),
    ],
    ids=[
        *("automatic with P1", "P1", "clamp", "three clamps in one", "clamp and P1"),
        *("automatic without P1", "pulse meter", "FLM03's clamp and pulse meter", "FLM03's clamp"),
        *("water", "no sensor", "P1 without a counter"),
    ],
)
async def test_each_kind_of_supply_has_the_totals_that_its_ports_can_tell(
    hass: HomeAssistant, broker: Broker, meter: Meter, *, ports: list[str], totals: set[str]
) -> None:
    await set_up_with(hass, broker, meter, **({"supply_ports": ports} if ports else {}))

    assert supply_of(hass, meter) == totals


async def test_a_clamp_that_knows_no_direction_has_power_and_energy(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    await set_up_with(hass, broker, FLM02, supply_ports=["1+2+3"])
    await hear(hass, broker, FLM02, HOUSE, counter=5000, gauge=360)
    freezer.tick(10)
    await hear(hass, broker, FLM02, HOUSE, counter=5001, gauge=360)
    await let_pass(hass, broker, freezer, 5)

    assert total_value(hass, FLM02, "power") == 360
    assert total_value(hass, FLM02, "energy") == 5.001
    for what, state_class in (("power", "measurement"), ("energy", "total_increasing")):
        attributes = total(hass, FLM02, what).attributes
        assert attributes["friendly_name"] == f"Fluksometer {what.capitalize()}"
        assert attributes["state_class"] == state_class
        assert attributes["device_class"] == what


async def test_the_power_of_a_p1_port_is_import_or_export(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    await set_up_with(hass, broker, FLM02)
    for power, imported, exported in ((500, 500, 0), (-1200, 0, 1200)):
        for _ in range(2):
            freezer.tick(10)
            await hear(hass, broker, FLM02, GRID, gauge=power)
            await let_pass(hass, broker, freezer, 10)
        assert total_value(hass, FLM02, "net_active_power") == power
        assert total_value(hass, FLM02, "active_power_import") == imported
        assert total_value(hass, FLM02, "active_power_export") == exported


async def test_the_energies_of_a_p1_port_are_its_rises_and_falls_also_over_a_restart(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    entry = await set_up_with(hass, broker, FLM02)
    for value in (START, START + 30, START + 10):
        freezer.tick(10)
        await hear(hass, broker, FLM02, GRID, counter=value)
    for imported, exported in ((IMPORT, EXPORT), (PLAIN_IMPORT, PLAIN_EXPORT)):
        assert total_value(hass, FLM02, imported) == 0.03
        assert total_value(hass, FLM02, exported) == 0.02

    await restart(hass, broker, entry)
    freezer.tick(7200)
    await hear(hass, broker, FLM02, GRID, counter=START - 90)

    for imported, exported in ((IMPORT, EXPORT), (PLAIN_IMPORT, PLAIN_EXPORT)):
        assert total_value(hass, FLM02, imported) == 0.03
        assert total_value(hass, FLM02, exported) == 0.12


async def test_a_pulse_meter_is_a_supply_whose_power_fades_after_the_last_pulse(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    meter = FLM03.changed(*range(1, 37), enable=0)
    await set_up_with(hass, broker, meter, supply_ports=[6])
    assert total(hass, FLM03, "net_active_power").state == "unknown"
    await hear(hass, broker, FLM03, PULSES, counter=77_000)
    freezer.tick(2)
    await hear(hass, broker, FLM03, PULSES, counter=77_000.5, gauge=900)

    assert total_value(hass, FLM03, "net_active_power") == 900
    assert total_value(hass, FLM03, "active_power_import") == 900
    assert total_value(hass, FLM03, PLAIN_IMPORT) == 77.0005
    assert total_value(hass, FLM03, IMPORT) == 0.0005

    await let_pass(hass, broker, freezer, 60)
    await let_pass(hass, broker, freezer, 60)
    assert total_value(hass, FLM03, "net_active_power") < 20


async def test_clamps_and_a_pulse_meter_add_up(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    meter = FLM03
    await set_up_with(hass, broker, meter, supply_ports=[1, 6])
    await broker.publish_all(says(meter, "pplus", "counter", {1: 1000}))
    await broker.publish_all(says(meter, "pminus", "counter", {1: 20}))
    await hear(hass, broker, meter, PULSES, counter=77_000)
    freezer.tick(2)
    await hear(hass, broker, meter, PULSES, counter=77_000.5, gauge=900)
    freezer.tick(1)
    await broker.publish_all(says(meter, "pplus", "counter", {1: 1000}))
    await broker.publish_all(says(meter, "pminus", "counter", {1: 20}))
    await broker.publish_all(says(meter, "pplus", "gauge", {1: 0}))
    await broker.publish_all(says(meter, "pminus", "gauge", {1: 250}))
    await let_pass(hass, broker, freezer, 5)

    imported = total_value(hass, meter, "active_power_import")
    assert 250 < imported <= 900
    assert total_value(hass, meter, "net_active_power") == pytest.approx(imported - 250)
    assert total_value(hass, meter, "active_power_export") == 250
    assert total_value(hass, meter, PLAIN_IMPORT) == 78.0005
    assert total_value(hass, meter, PLAIN_EXPORT) == 0.02


async def test_a_counter_in_another_unit_is_no_part_of_the_supply(
    hass: HomeAssistant, broker: Broker
) -> None:
    await set_up_with(hass, broker, FLM02)
    await broker.publish(FLM02.topic(GRID, "counter"), reading(5, "VARh"))

    assert supply_of(hass, FLM02) == POWERS - {"reactive_power"}


async def test_an_idle_clamp_keeps_the_energy_of_the_others_back_for_a_minute_only(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    meter = FLM02.changed(2, port=[2])
    await set_up_with(hass, broker, meter, supply_ports=["1", "2"])
    await hear(hass, broker, meter, MAIN, counter=5000)
    await hear(hass, broker, meter, HOUSE, counter=70)
    for counted in range(5, 25, 5):
        freezer.tick(30)
        await hear(hass, broker, meter, MAIN, counter=5000 + counted, gauge=600)
        await let_pass(hass, broker, freezer, 5)

    assert total_value(hass, meter, "energy") == 5.09

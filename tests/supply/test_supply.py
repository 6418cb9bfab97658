"""The totals of a supply as entities."""

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest

from ..broker import Broker
from ..clock import Writes
from ..home import config_entry, device_of, set_up, set_up_knowing
from ..meters import Meter, flm02, flm03, kubes_alone, three_clamps
from ..supplies import (
    DEMANDS,
    NETTED,
    POWERS,
    SUMS,
    clamp_slots,
    says,
    slot,
    three_phases,
    total,
    total_of,
    total_value,
    totals,
    wired,
)

ALL = POWERS | SUMS | NETTED | DEMANDS


@pytest.mark.usefixtures("all_entities_enabled")
async def test_a_supply_of_three_phases_has_totals_on_the_meter_itself(
    hass: HomeAssistant, broker: Broker
) -> None:
    meter = three_phases()
    entry = await set_up(hass, broker, meter)

    assert totals(hass, meter) == ALL
    device = device_of(hass, entry, "Fluksometer")
    for what in ALL:
        entity = total_of(hass, meter, what)
        assert entity is not None
        assert entity.device_id == device.id
        assert entity.unique_id == f"{meter.device_id}_{what}"
        named_by_class = what == "reactive_power"
        assert entity.translation_key == (None if named_by_class else f"supply_{what}")


@pytest.mark.usefixtures("all_entities_enabled")
async def test_names_and_classes_of_the_totals(hass: HomeAssistant, broker: Broker) -> None:
    meter = three_phases()
    await set_up(hass, broker, meter)

    described = {}
    for what in ALL:
        attributes = total(hass, meter, what).attributes
        described[what] = (
            attributes["friendly_name"],
            attributes["device_class"],
            attributes["state_class"],
            attributes["unit_of_measurement"],
        )

    name = "Fluksometer {}".format
    power, energy = ("power", "measurement", "W"), ("energy", "total_increasing", "kWh")
    assert described == {
        "active_power_import": (name("Active power import"), *power),
        "active_power_export": (name("Active power export"), *power),
        "net_active_power": (name("Net active power"), *power),
        "reactive_power": (name("Reactive power"), "reactive_power", "measurement", "var"),
        "active_energy_import": (name("Active energy import"), *energy),
        "active_energy_export": (name("Active energy export"), *energy),
        "netted_energy_import": (name("Net energy import"), *energy),
        "netted_energy_export": (name("Net energy export"), *energy),
        "demand": (name("Quarter-hour demand"), *power),
        "expected_demand": (name("Expected quarter-hour demand"), *power),
        "last_demand": (name("Last quarter-hour demand"), *power),
        "peak_demand": (name("Peak demand this month"), *power),
        "mean_peak_demand": (name("Mean monthly peak demand"), *power),
    }


@pytest.mark.parametrize(("country", "demands"), [("BE", DEMANDS), ("NL", set()), (None, set())])
async def test_the_demand_is_enabled_at_first_where_it_is_charged(
    hass: HomeAssistant, broker: Broker, country: str | None, demands: set[str]
) -> None:
    hass.config.country = country
    meter = three_phases()
    await set_up(hass, broker, meter)

    powers = {"active_power_import", "active_power_export", "net_active_power"}
    assert totals(hass, meter) == powers | NETTED | demands
    for what in ALL - totals(hass, meter):
        entity = total_of(hass, meter, what)
        assert entity is not None
        assert entity.disabled_by is er.RegistryEntryDisabler.INTEGRATION


@pytest.mark.usefixtures("all_entities_enabled")
@pytest.mark.parametrize(
    "meter",
    [three_clamps(), flm03(), flm02().changed(2, 6, enable=0), kubes_alone()],
    ids=["1p", "all", "FLM02", "kubes"],
)
async def test_other_meters_have_no_totals(
    hass: HomeAssistant, broker: Broker, meter: Meter
) -> None:
    entry = await set_up(hass, broker, meter)

    ids = {
        e.unique_id for e in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    }
    assert not ids & {f"{meter.device_id}_{what}" for what in ALL}


@pytest.mark.usefixtures("all_entities_enabled")
async def test_where_the_firmware_computes_the_sum_its_port_is_the_supply(
    hass: HomeAssistant, broker: Broker
) -> None:
    meter = three_phases(math="p1+p2+p3")
    await set_up(hass, broker, meter)

    await broker.publish_all(says(meter, "pplus", "gauge", {1: 3000, 2: 1000, 3: 700}))

    assert total_value(hass, meter, "active_power_import") == 3000


async def test_the_supply_appears_when_the_ports_configuration_comes_late(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    meter = three_phases()
    await set_up_knowing(hass, broker, meter, dict([meter.sensor_report]))
    assert totals(hass, meter) == set()

    await broker.publish(*meter.port_report)

    assert totals(hass, meter) > NETTED


@pytest.mark.usefixtures("all_entities_enabled", "freezer")
async def test_the_totals_are_added_and_removed_with_the_electrical_system(
    hass: HomeAssistant, broker: Broker
) -> None:
    meter = wired(three_phases(), "1p")
    await set_up(hass, broker, meter)
    assert totals(hass, meter) == set()

    await broker.publish(*wired(meter, "3p+n").port_report)
    assert totals(hass, meter) == ALL

    await broker.publish(*meter.port_report)
    assert totals(hass, meter) == set()
    assert total(hass, meter, "net_active_power").state == "unavailable"


@pytest.mark.usefixtures("all_entities_enabled", "freezer")
async def test_a_new_name_of_a_port_leaves_the_totals_alone(
    hass: HomeAssistant, broker: Broker
) -> None:
    meter = three_phases()
    await set_up(hass, broker, meter)
    await broker.publish_all(says(meter, "pplus", "gauge", {1: 100, 2: 200, 3: 300}))
    entity = total_of(hass, meter, "active_power_import")
    assert entity is not None
    writes = Writes(hass)

    await broker.publish(*meter.with_port(2, name="kitchen").port_report)

    assert writes.of(entity.entity_id) == []
    assert total_value(hass, meter, "active_power_import") == 600


@pytest.mark.usefixtures("all_entities_enabled")
@pytest.mark.parametrize(
    ("subtype", "lost"),
    [
        ("pplus", ALL - {"active_power_export", "active_energy_export", "reactive_power"}),
        ("pminus", ALL - {"active_power_import", "active_energy_import", "reactive_power"}),
        ("q2", {"reactive_power"}),
    ],
)
async def test_a_total_with_a_disabled_sensor_is_unavailable(
    hass: HomeAssistant, broker: Broker, subtype: str, lost: set[str]
) -> None:
    meter = three_phases()
    await set_up(hass, broker, meter)

    await broker.publish(*meter.changed(slot(2, subtype), enable=0).sensor_report)
    assert totals(hass, meter) == ALL - lost

    await broker.publish(*meter.sensor_report)
    assert totals(hass, meter) == ALL


@pytest.mark.usefixtures("all_entities_enabled")
async def test_totals_of_chosen_ports_are_unavailable_while_one_of_them_is_disabled(
    hass: HomeAssistant, broker: Broker
) -> None:
    meter = three_phases()
    entry = config_entry(meter)
    entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(entry, options={"supply_ports": [1, 2]})
    await broker.publish_all(meter.reports, retain=True)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await broker.settle()
    assert totals(hass, meter) == ALL

    await broker.publish(*meter.changed(*clamp_slots(2), enable=0).sensor_report)

    assert totals(hass, meter) == set()


async def test_a_removed_meter_is_no_longer_subscribed_to(
    hass: HomeAssistant, broker: Broker
) -> None:
    meter = three_phases()
    entry = await set_up(hass, broker, meter)
    assert await hass.config_entries.async_remove(entry.entry_id)
    await broker.settle()

    assert not any(topic.startswith("/sensor") for topic in broker.topics)

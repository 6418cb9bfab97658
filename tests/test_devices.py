"""Devices and their names: told apart where names repeat, and kept where the user chose."""

from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from .broker import Broker
from .health.connection import connection_in_memory
from .home import device_names, device_of, entities, entity_of, set_up, set_up_and_read, states
from .meters import FIRMWARE, SELF_TEST, SERIAL, Meter, flm02, flm03, kubes_alone

pytestmark = pytest.mark.usefixtures("freezer")


def inputs_of(hass: HomeAssistant, entry: MockConfigEntry) -> dict[str, str]:
    """What is connected, by the port: the states of the entities that are called *Input*."""
    registered = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    told = [
        hass.states.get(entity.entity_id)
        for entity in registered
        if entity.original_name == "Input"
    ]
    return {state.attributes["port"]: state.state for state in told if state is not None}


@pytest.mark.parametrize(
    ("meter", "names"),
    [
        (
            flm03().with_port(3, name="main"),
            {"main (port 1)", "main (port 2)", "main (port 3)"},
        ),
        (
            flm03().with_port(1, name="").with_port(2, name=None),
            {"Port 1", "Port 2", "solar"},
        ),
        (flm03().with_port(1, name="attic"), {"attic (port 1)", "main", "attic (kube 2)"}),
        (flm03().with_kube(1, name=7).with_kube(2, name=7), {"7 (kube 1)", "7 (kube 2)"}),
        (
            flm02().changed(1, 2, 6, function="main"),
            {"main (port 1)", "main (port 1+2+3)", "main (port P1)"},
        ),
        (
            flm03().with_port(1, name="Stöng – ⌁").with_port(2, name="x" * 64),
            {"Stöng – ⌁", "x" * 64},
        ),
    ],
    ids=["the same", "none", "of port and kube", "numbers", "FLM02", "odd ones"],
)
async def test_names_tell_devices_apart(
    hass: HomeAssistant, broker: Broker, meter: Meter, names: set[str]
) -> None:
    entry = await set_up(hass, broker, meter)

    named = device_names(hass, entry)
    assert names <= set(named)
    assert len(set(named)) == len(named)


async def test_a_name_that_the_user_gave_stays(hass: HomeAssistant, broker: Broker) -> None:
    meter = flm03()
    entry = await set_up(hass, broker, meter)
    device = device_of(hass, entry, "solar")
    dr.async_get(hass).async_update_child_device(device.id, name_by_user="Roof")

    await broker.publish(*meter.with_port(3, name="sun").port_report)

    renamed = device_of(hass, entry, "sun")
    assert renamed.id == device.id
    assert renamed.name_by_user == "Roof"


async def test_the_self_test_tells_serial_number_and_firmware(
    hass: HomeAssistant, broker: Broker
) -> None:
    meter = flm03()
    entry = await set_up(hass, broker, meter)

    def told() -> tuple[str | None, str | None]:
        device = device_of(hass, entry, "Fluksometer")
        assert isinstance(device, dr.DeviceEntry)
        return device.serial_number, device.sw_version

    assert told() == (None, None)
    for _ in range(2):
        await broker.publish(meter.tap_topic, SELF_TEST)
        assert told() == (SERIAL, FIRMWARE)
    await broker.publish(meter.tap_topic, "1..0\n# firmware: 383\n")
    assert told() == (SERIAL, "383")
    for broken in ("", "no test", b"\xff" * 50, "x" * 100_000):
        await broker.publish(meter.tap_topic, broken)
    assert told() == (SERIAL, "383")
    await hass.config_entries.async_reload(entry.entry_id)
    assert told() == (SERIAL, "383")


async def test_a_kube_whose_model_comes_late_or_is_new_has_a_device(
    hass: HomeAssistant, broker: Broker
) -> None:
    meter = kubes_alone().with_kube(1, hw_type=20_000, sw_version="20-beta")
    entry = await set_up(hass, broker, meter)

    def told() -> tuple[str | None, str | None]:
        device = device_of(hass, entry, "cellar")
        assert isinstance(device, dr.DeviceEntry)
        return device.model, device.sw_version

    assert told() == ("FluksoKube", "20-beta")
    await broker.publish(*kubes_alone().kube_report)
    assert told() == ("FLK01B", "19")


async def test_a_kube_that_turns_out_simpler_shows_no_more_than_it_has(
    hass: HomeAssistant, broker: Broker
) -> None:
    meter = kubes_alone()
    entry = await set_up_and_read(hass, broker, meter)
    assert len(entities(hass, entry)) == 8

    await broker.publish(*meter.with_kube(1, hw_type=19217).kube_report)

    available = [state for state in states(hass, entry).values() if state != "unavailable"]
    assert len(available) == 5
    assert len(entities(hass, entry)) == 8


async def test_the_devices_of_ports_are_children_and_kubes_stand_beside(
    hass: HomeAssistant, broker: Broker
) -> None:
    entry = await set_up(hass, broker, flm03())
    meter = device_of(hass, entry, "Fluksometer")

    port, kube = device_of(hass, entry, "solar"), device_of(hass, entry, "attic")

    assert isinstance(port, dr.ChildDeviceEntry)
    assert port.parent_device_id == meter.id
    assert isinstance(kube, dr.DeviceEntry)
    assert kube.via_device_id == meter.id


async def test_the_device_of_a_meter_that_is_connected_to_leads_to_its_web_page(
    hass: HomeAssistant, broker: Broker
) -> None:
    meter = flm03()
    entry = await set_up(hass, broker, meter)

    def page() -> str | None:
        device = device_of(hass, entry, "Fluksometer")
        assert isinstance(device, dr.DeviceEntry)
        return device.configuration_url

    assert page() is None
    for host, address in (
        ("192.0.2.7", "http://192.0.2.7"),
        ("2001:db8::7", "http://[2001:db8::7]"),
    ):
        with connection_in_memory(meter):
            hass.config_entries.async_update_entry(
                entry, data=entry.data | {"host": host, "port": 1883}
            )
            await hass.config_entries.async_reload(entry.entry_id)
            await hass.async_block_till_done()
            assert page() == address


async def test_a_sensor_that_moves_to_another_port_moves_to_its_device(
    hass: HomeAssistant, broker: Broker
) -> None:
    meter = flm03()
    entry = await set_up_and_read(hass, broker, meter)

    await broker.publish(*meter.changed(39, port=[4]).sensor_report)

    entity = entity_of(hass, meter, 39, "gauge")
    assert entity.device_id == device_of(hass, entry, "tap water").id


@pytest.mark.parametrize(
    ("meter", "inputs"),
    [
        (
            flm03().with_port(2, current=250).with_port(3, current=60),
            {
                "1": "clamp_50",
                "2": "clamp_250",
                "3": "clamp",
                "4": "pulse",
                "5": "pulse",
                "6": "pulse",
            },
        ),
        (
            flm02(),
            {
                "1": "clamp_50",
                "1+2+3": "clamp",
                "4": "pulse",
                "5": "pulse",
                "P1": "smart_meter",
            },
        ),
        (kubes_alone(), {}),
    ],
    ids=["FLM03", "FLM02", "kubes alone"],
)
async def test_the_page_of_a_port_says_what_is_connected_to_it(
    hass: HomeAssistant, broker: Broker, meter: Meter, inputs: dict[str, str]
) -> None:
    entry = await set_up(hass, broker, meter)

    assert inputs_of(hass, entry) == inputs


async def test_another_clamp_is_told_once_it_is_configured_and_after_a_restart(
    hass: HomeAssistant, broker: Broker
) -> None:
    meter = flm03()
    entry = await set_up(hass, broker, meter)

    await broker.publish(*meter.with_port(1, current=500).port_report)
    assert inputs_of(hass, entry)["1"] == "clamp_500"

    broker.retained.clear()
    await hass.config_entries.async_reload(entry.entry_id)
    assert inputs_of(hass, entry)["1"] == "clamp_500"

"""What entities are called: on a screen of any size, in each language, beside their device."""

from homeassistant.core import HomeAssistant
from homeassistant.helpers import area_registry as ar, device_registry as dr, entity_registry as er
import pytest

from custom_components.flukso.const import DOMAIN

from .broker import Broker
from .home import config_entry, device_of, entity_of, set_up_and_read
from .meters import Meter, flm02, flm03
from .texts import texts

#: The longest name of an entity that a phone shows in one line of a device's page.
_LONGEST = 32

#: An FLM02 whose P1 port has electricity and gas, under one name as its page suggests.
WATER, GAS, GRID = 4, 5, 6
P1 = flm02().changed(GAS, **{"class": "cosem"}, port="ttyS0", function="grid")


def sensor_names(language: str) -> dict[str, str]:
    """What the sensors are called, by their keys."""
    return {key: text["name"] for key, text in texts(language)["entity"]["sensor"].items()}


def name_of(hass: HomeAssistant, meter: Meter, slot: int, kind: str) -> str:
    """What is shown of an entity: the name of its device, and its own."""
    state = hass.states.get(entity_of(hass, meter, slot, kind).entity_id)
    assert state is not None
    return state.name


async def test_a_port_named_water_or_gas_does_not_repeat_itself(
    hass: HomeAssistant, broker: Broker
) -> None:
    meter = flm03().with_port(4, name="water").changed(37, 38, enable=1)

    await set_up_and_read(hass, broker, meter)

    assert [
        name_of(hass, meter, slot, kind) for slot in (37, 38) for kind in ("counter", "gauge")
    ] == [*("water Consumption", "water Flow", "gas Consumption", "gas Flow")]


@pytest.mark.parametrize("language", ["en", "nl", "de", "fr"])
def test_every_name_fits_a_phone(language: str) -> None:
    names = sensor_names(language)

    assert {key: name for key, name in names.items() if len(name) > _LONGEST} == {}


def test_dutch_does_not_speak_of_the_yearly_scheme() -> None:
    assert "saldeer" not in str(texts("nl")).lower()


@pytest.mark.parametrize(
    ("language", "import_", "export"),
    [
        ("nl", "Afgenomen actief vermogen", "Geïnjecteerde actieve energie"),
        ("de", "Bezogene Wirkleistung", "Eingespeiste Wirkenergie"),
        ("fr", "Puissance active prélevée", "Énergie active injectée"),
    ],
)
def test_adjective_and_noun_are_in_the_order_of_the_language(
    language: str, import_: str, export: str
) -> None:
    names = sensor_names(language)

    for prefix in ("", "supply_"):
        assert names[f"{prefix}active_power_import"] == import_
        assert names[f"{prefix}active_energy_export"] == export


async def test_the_p1_port_of_an_flm02_is_one_device(hass: HomeAssistant, broker: Broker) -> None:
    entry = await set_up_and_read(hass, broker, P1)

    grid = device_of(hass, entry, "grid")
    assert entity_of(hass, P1, GRID, "counter").device_id == grid.id
    assert entity_of(hass, P1, GAS, "counter").device_id == grid.id
    names = [name_of(hass, P1, slot, "counter") for slot in (GRID, GAS)]
    assert names == ["grid Energy", "grid Gas consumption"]


@pytest.mark.parametrize("changes", [{"function": "boiler"}, {"type": "electricity"}])
async def test_sensors_of_a_p1_port_that_would_be_confused_have_a_device_each(
    hass: HomeAssistant, broker: Broker, changes: dict[str, str]
) -> None:
    meter = P1.changed(GAS, **changes)

    await set_up_and_read(hass, broker, meter)

    first, second = (entity_of(hass, meter, slot, "counter").device_id for slot in (GRID, GAS))
    assert first != second


async def test_the_second_device_of_a_p1_port_is_gone_after_an_update_and_its_entities_are_not(
    hass: HomeAssistant, broker: Broker
) -> None:
    entry = config_entry(P1)
    entry.add_to_hass(hass)
    devices, entities = dr.async_get(hass), er.async_get(hass)
    main = devices.async_get_or_create(
        config_entry_id=entry.entry_id, identifiers={(DOMAIN, P1.device_id)}
    )
    gas, grid = (
        devices.async_get_or_create_child(
            config_entry_id=entry.entry_id,
            parent_device_id=main.id,
            identifiers={(DOMAIN, f"{P1.device_id}_{P1.sensor_id(slot)}")},
            name=f"grid (port P1) {slot}",
        )
        for slot in (GAS, GRID)
    )
    cellar = ar.async_get(hass).async_create("Cellar")
    devices.async_update_child_device(gas.id, area_id=cellar.id, name_by_user="Smart meter")
    before = [
        entities.async_get_or_create(
            "sensor",
            DOMAIN,
            f"{P1.device_id}_{P1.sensor_id(slot)}_{kind}",
            config_entry=entry,
            device_id=device.id,
            suggested_object_id=f"mine_{slot}_{kind}",
        )
        for slot, device in ((GAS, gas), (GRID, grid))
        for kind in ("counter", "gauge")
    ]

    await broker.publish_all(P1.reports, retain=True)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await broker.settle()

    assert devices.async_get(grid.id) is None
    kept = devices.async_get(gas.id)
    assert isinstance(kept, dr.ChildDeviceEntry)
    assert (kept.area_id, kept.name_by_user) == (cellar.id, "Smart meter")
    for entity in before:
        now = entities.async_get(entity.entity_id)
        assert now is not None
        assert (now.unique_id, now.device_id) == (entity.unique_id, gas.id)

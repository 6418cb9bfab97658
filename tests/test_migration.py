"""What the older integration left is taken over: its config entry, its device, its entities."""

from typing import Any

from homeassistant.config_entries import (
    SOURCE_IGNORE,
    SOURCE_USER,
    ConfigEntryDisabler,
    ConfigEntryState,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers import area_registry as ar, device_registry as dr, entity_registry as er
import pytest

from custom_components.flukso.const import DOMAIN

from .broker import Broker
from .home import config_entry, device_of, entities, entity_of, set_up, state_of, states
from .meters import SELF_TEST, Meter, flm02, flm03, kubes_alone
from .older import leave_behind, start

#: Slots of ``flm03()``.
GAS, BATTERY = 38, 44
PPLUS, IRMS, PF = 1, 8, 9


def ids(hass: HomeAssistant, entry: Any) -> dict[str, str]:
    """The entity ids of a meter, by unique id."""
    return {entity.unique_id: entity.entity_id for entity in entities(hass, entry)}


def waiting(hass: HomeAssistant, entry: Any) -> set[str]:
    """The entities that are still to be taken over."""
    return {
        entity.entity_id
        for entity in entities(hass, entry)
        if entity.options.get(DOMAIN) == {"taken_over": False}
    }


async def test_the_entry_becomes_one_of_this_integration(
    hass: HomeAssistant, broker: Broker
) -> None:
    entry, new = leave_behind(hass, flm03()), config_entry(flm03())

    await start(hass, broker, flm03(), entry)

    assert entry.state is ConfigEntryState.LOADED
    assert (entry.version, entry.unique_id) == (new.version, new.unique_id)
    assert (entry.data, entry.title) == (new.data, new.title)


async def test_titles_tell_meters_apart_and_those_of_the_user_stay(
    hass: HomeAssistant, broker: Broker
) -> None:
    first = leave_behind(hass, flm03())
    second = leave_behind(hass, flm02(), title="Garage")

    await start(hass, broker, flm03(), first)

    assert (first.title, second.title) == ("Fluksometer f10300", "Garage")


@pytest.mark.parametrize(
    ("meter", "silent"),
    [
        (
            flm03(),
            {
                *("sensor.attic_pressure", "sensor.attic_light", "sensor.attic_proximity"),
                *("binary_sensor.attic_vibration", "sensor.living_room_proximity"),
            },
        ),
        (flm02(), {"sensor.bath_proximity"}),
        (kubes_alone(), {"sensor.cellar_proximity"}),
    ],
    ids=["FLM03", "FLM02", "kubes alone"],
)
async def test_entities_keep_their_ids_unless_nothing_is_ever_published_for_them(
    hass: HomeAssistant, broker: Broker, meter: Meter, silent: set[str]
) -> None:
    entry = leave_behind(hass, meter)
    left = ids(hass, entry)

    await start(hass, broker, meter, entry)

    kept = ids(hass, entry)
    assert kept.items() <= left.items()
    assert set(left.values()) - set(kept.values()) == silent
    assert "unavailable" not in states(hass, entry).values()
    assert len(states(hass, entry)) == len(kept)


async def test_a_meter_that_was_taken_over_can_be_reloaded(
    hass: HomeAssistant, broker: Broker
) -> None:
    entry = leave_behind(hass, flm03())
    await start(hass, broker, flm03(), entry)
    taken_over = ids(hass, entry)

    assert await hass.config_entries.async_reload(entry.entry_id)
    await broker.settle()

    assert ids(hass, entry) == taken_over
    assert waiting(hass, entry) == set()


async def test_what_the_user_chose_for_entities_stays(hass: HomeAssistant, broker: Broker) -> None:
    meter, registry = flm03(), er.async_get(hass)
    entry = leave_behind(hass, meter)
    area = ar.async_get(hass).async_create("Cellar")
    power = entity_of(hass, meter, PPLUS, "gauge").entity_id
    energy = entity_of(hass, meter, PPLUS, "counter").entity_id
    current = entity_of(hass, meter, IRMS, "gauge").entity_id
    registry.async_update_entity(
        power, name="Grid", area_id=area.id, icon="mdi:flash", new_entity_id="sensor.grid"
    )
    registry.async_update_entity(current, disabled_by=er.RegistryEntryDisabler.USER)
    registry.async_update_entity_options(energy, "sensor", {"unit_of_measurement": "kWh"})

    await start(hass, broker, meter, entry)

    kept = entity_of(hass, meter, PPLUS, "gauge")
    assert (kept.entity_id, kept.name, kept.icon) == ("sensor.grid", "Grid", "mdi:flash")
    assert kept.area_id == area.id
    shown = state_of(hass, meter, PPLUS, "gauge").name
    assert shown.removeprefix("main (port 1) ") == "Grid"  # with it since 2026.11
    assert entity_of(hass, meter, IRMS, "gauge").disabled_by is er.RegistryEntryDisabler.USER
    assert hass.states.get(current) is None
    assert state_of(hass, meter, PPLUS, "counter").state == "2593.8054"


@pytest.mark.parametrize(
    ("slot", "kind", "state"),
    [
        (PPLUS, "counter", ("2593805.4", "Wh")),
        (PF, "gauge", ("97.2", "%")),
        (GAS, "counter", ("1234.567", "m³")),
    ],
)
async def test_states_are_in_the_unit_they_were_in(
    hass: HomeAssistant, broker: Broker, slot: int, kind: str, state: tuple[str, str]
) -> None:
    entry = leave_behind(hass, flm03())

    await start(hass, broker, flm03(), entry)

    shown = state_of(hass, flm03(), slot, kind)
    assert (shown.state, shown.attributes["unit_of_measurement"]) == state


async def test_a_flow_by_the_day_is_not_shown_by_the_second(
    hass: HomeAssistant, broker: Broker
) -> None:
    entry = leave_behind(hass, flm02())

    await start(hass, broker, flm02(), entry)

    for slot, state in ((4, "2.0"), (5, "1.0")):
        shown = state_of(hass, flm02(), slot, "gauge")
        assert (shown.state, shown.attributes["unit_of_measurement"]) == (state, "L/min")


async def test_entities_are_no_longer_diagnostic_merely_for_being_of_a_meter(
    hass: HomeAssistant, broker: Broker
) -> None:
    entry = leave_behind(hass, flm03())

    await start(hass, broker, flm03(), entry)

    assert entity_of(hass, flm03(), PPLUS, "counter").entity_category is None
    assert entity_of(hass, flm03(), BATTERY, "gauge").entity_category == "diagnostic"


async def test_entities_stay_in_the_area_of_the_device_they_were_on(
    hass: HomeAssistant, broker: Broker
) -> None:
    entry = leave_behind(hass, flm03())
    registry = dr.async_get(hass)
    [device] = dr.async_entries_for_config_entry(registry, entry.entry_id)
    cellar, attic = (ar.async_get(hass).async_create(name).id for name in ("Cellar", "Attic"))
    registry.async_update_device(device.id, area_id=cellar, name_by_user="Meter")

    await start(hass, broker, flm03(), entry)

    assert device_of(hass, entry, "Fluksometer").id == device.id
    assert device_of(hass, entry, "Fluksometer").name_by_user == "Meter"
    areas = {er.async_get_effective_area_id(hass, entity) for entity in entities(hass, entry)}
    assert areas == {cellar}
    registry.async_update_device(device_of(hass, entry, "attic").id, area_id=attic)
    await hass.config_entries.async_reload(entry.entry_id)
    await broker.settle()
    assert device_of(hass, entry, "attic").area_id == attic


async def test_the_firmware_is_no_longer_said_to_be_unknown(
    hass: HomeAssistant, broker: Broker
) -> None:
    entry = leave_behind(hass, flm02())

    await start(hass, broker, flm02(), entry)

    assert device_of(hass, entry, "Fluksometer").sw_version is None


async def test_entities_wait_until_the_meter_tells_of_their_sensors(
    hass: HomeAssistant, broker: Broker
) -> None:
    meter = flm03()
    entry = leave_behind(hass, meter)
    left = ids(hass, entry)

    assert await hass.config_entries.async_setup(entry.entry_id)
    await broker.publish(*meter.sensor_report)
    await broker.publish(meter.tap_topic, SELF_TEST)
    assert waiting(hass, entry) == set(left.values())
    await broker.publish_all(meter.reports)

    assert waiting(hass, entry) == set()


async def test_entities_of_disabled_sensors_wait_for_them(
    hass: HomeAssistant, broker: Broker
) -> None:
    entry = leave_behind(hass, flm03())
    gas = {entity_of(hass, flm03(), GAS, kind).entity_id for kind in ("gauge", "counter")}

    await start(hass, broker, flm03().changed(GAS, enable=0), entry)
    assert waiting(hass, entry) == gas
    await broker.publish(*flm03().sensor_report)

    assert waiting(hass, entry) == set()
    assert gas <= set(ids(hass, entry).values())


async def test_an_entry_without_entities_is_migrated(hass: HomeAssistant, broker: Broker) -> None:
    left = ids(hass, leave_behind(hass, flm03()))
    entry = leave_behind(hass, flm02())
    [device] = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    dr.async_get(hass).async_remove_device(device.id)

    await start(hass, broker, flm02(), entry)

    assert entry.state is ConfigEntryState.LOADED
    assert ids(hass, entry)
    assert left.keys().isdisjoint(ids(hass, entry))


@pytest.mark.parametrize(
    "entry_as",
    [
        {"data": {}},
        {"data": {"device_hash": "f103"}, "unique_id": "flukso_f103"},
        {"unique_id": None},
        {"unique_id": flm03().device_id},
    ],
    ids=["no id", "not an id", "no unique id", "another unique id"],
)
async def test_an_entry_that_does_not_tell_its_meter_is_left_as_it_is(
    hass: HomeAssistant, broker: Broker, entry_as: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    entry = leave_behind(hass, flm03(), **entry_as)
    before = entry.as_dict()

    assert not await hass.config_entries.async_setup(entry.entry_id)

    assert entry.state is ConfigEntryState.MIGRATION_ERROR
    assert entry.as_dict() == before
    assert waiting(hass, entry) == set()
    assert "can't be migrated because it does not identify its meter: delete it" in caplog.text


async def test_an_entry_of_a_meter_that_is_set_up_anew_is_left_as_it_is(
    hass: HomeAssistant, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    await set_up(hass, broker, flm03())
    entry = leave_behind(hass, flm03())

    assert not await hass.config_entries.async_setup(entry.entry_id)

    assert entry.state is ConfigEntryState.MIGRATION_ERROR
    assert entry.version == 1
    assert "can't be migrated because its meter is already set up again: delete it" in caplog.text


async def test_an_entry_whose_meter_was_ignored_while_it_was_disabled_is_migrated(
    hass: HomeAssistant, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    meter = flm02()
    entry = leave_behind(hass, meter, disabled_by=ConfigEntryDisabler.USER)
    left = ids(hass, entry)
    silent = {each for each in left.items() if each[1] == "sensor.bath_proximity"}
    await broker.publish_all(meter.reports, retain=True)
    await hass.config_entries.flow.async_init(
        DOMAIN,
        context={"source": SOURCE_IGNORE},
        data={"unique_id": meter.device_id, "title": "Fluksometer"},
    )
    [ignored] = [
        each for each in hass.config_entries.async_entries(DOMAIN) if each.source == SOURCE_IGNORE
    ]

    assert await hass.config_entries.async_set_disabled_by(entry.entry_id, None)
    await broker.settle()

    assert entry.state is ConfigEntryState.LOADED
    assert (entry.unique_id, entry.source) == (meter.device_id, SOURCE_USER)
    assert hass.config_entries.async_get_entry(ignored.entry_id) is None
    assert set(left.items()) - set(ids(hass, entry).items()) == silent
    assert hass.config_entries.flow.async_progress() == []
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


@pytest.mark.parametrize(
    ("version", "minor_version", "state"),
    [(4, 2, ConfigEntryState.LOADED), (5, 1, ConfigEntryState.MIGRATION_ERROR)],
)
async def test_an_entry_of_a_later_version_is_used_if_it_is_compatible(
    hass: HomeAssistant, broker: Broker, version: int, minor_version: int, state: ConfigEntryState
) -> None:
    entry = config_entry(flm03())
    entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(entry, version=version, minor_version=minor_version)

    await hass.config_entries.async_setup(entry.entry_id)

    assert entry.state is state

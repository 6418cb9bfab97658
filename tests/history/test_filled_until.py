"""The entity with the time up to which the statistics agree with the meter's memory."""

from datetime import UTC, datetime

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    mock_restore_cache_with_extra_data,
)

from custom_components.flukso.history.filled_until import FilledUntil

from ..broker import Broker
from ..home import config_entry, set_up
from ..meters import Meter, flm03, kubes_alone

ENTITY = "sensor.fluksometer_history_complete_until"
NINE, TEN = 1774771200, 1774774800


def until_of(entry: MockConfigEntry) -> FilledUntil:
    """The observable behind the entity."""
    until = entry.runtime_data.history.filled_until
    assert isinstance(until, FilledUntil)
    return until


def shown(hass: HomeAssistant) -> str | None:
    """The state of the entity."""
    state = hass.states.get(ENTITY)
    return state and state.state


def counters(hass: HomeAssistant, entry: MockConfigEntry) -> list[er.RegistryEntry]:
    """The entities of counters in use."""
    return [
        entity
        for entity in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
        if entity.unique_id.endswith("_counter")
        and entity.domain == "sensor"
        and not entity.disabled
    ]


async def test_the_counter_furthest_behind_counts(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    freezer.move_to(datetime(2026, 3, 29, 7, 30, tzinfo=UTC))
    entry = await set_up(hass, broker, flm03())
    first, *others = counters(hass, entry)
    assert shown(hass) == "2026-03-29T07:30:00+00:00"
    for entity in others:
        until_of(entry).note(entity.unique_id, TEN)
    assert shown(hass) == "2026-03-29T07:30:00+00:00"

    until_of(entry).note(first.unique_id, NINE)
    assert shown(hass) == "2026-03-29T08:00:00+00:00"
    until_of(entry).note(first.unique_id, NINE - 3600)
    assert shown(hass) == "2026-03-29T08:00:00+00:00"
    until_of(entry).note(first.unique_id, TEN)

    assert shown(hass) == "2026-03-29T09:00:00+00:00"
    registered = er.async_get(hass).async_get(ENTITY)
    assert registered is not None
    assert registered.entity_category == "diagnostic"


async def test_a_counter_that_is_not_in_use_does_not_count(
    hass: HomeAssistant, broker: Broker
) -> None:
    entry = await set_up(hass, broker, flm03())
    first, *others = counters(hass, entry)
    er.async_get(hass).async_update_entity(
        first.entity_id, disabled_by=er.RegistryEntryDisabler.USER
    )

    for entity in others:
        until_of(entry).note(entity.unique_id, TEN)

    assert shown(hass) == "2026-03-29T09:00:00+00:00"


async def test_it_is_restored_after_a_restart(hass: HomeAssistant, broker: Broker) -> None:
    kept = {"native_value": {"__type": "<class 'datetime.datetime'>", "isoformat": ""}}
    kept["native_value"]["isoformat"] = "2026-03-29T08:00:00+00:00"
    state = State(ENTITY, "2026-03-29T08:00:00+00:00")
    mock_restore_cache_with_extra_data(hass, [(state, kept | {"native_unit_of_measurement": None})])

    entry = await set_up(hass, broker, flm03())

    assert shown(hass) == "2026-03-29T08:00:00+00:00"
    first, *others = counters(hass, entry)
    for entity in others:
        until_of(entry).note(entity.unique_id, TEN)
    assert shown(hass) == "2026-03-29T08:00:00+00:00"
    until_of(entry).note(first.unique_id, TEN)
    assert shown(hass) == "2026-03-29T09:00:00+00:00"


@pytest.mark.parametrize(
    ("meter", "options"), [(flm03(), {"fill_gaps": False}), (kubes_alone(), {})]
)
async def test_there_is_no_entity_if_nothing_is_filled(
    hass: HomeAssistant, broker: Broker, meter: Meter, options: dict[str, bool]
) -> None:
    entry = config_entry(meter)
    entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(entry, options=options)
    await broker.publish_all(meter.reports, retain=True)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await broker.settle()

    assert shown(hass) is None

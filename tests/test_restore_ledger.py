"""The books of a supply over restarts and reloads: nothing lost, nothing doubled, nothing stale."""

from collections.abc import Collection
from datetime import datetime
import json
from typing import Any
from zoneinfo import ZoneInfo

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er, restore_state
from homeassistant.helpers.json import json_bytes
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_mock_restore_state_shutdown_restart,
    mock_restore_cache_with_extra_data,
)

from .broker import Broker
from .clock import Writes
from .home import state_of, value_of
from .supplies import (
    DEMANDS,
    NETTED,
    SUMS,
    House,
    set_up_with,
    slot,
    three_phases,
    total,
    total_of,
    total_value,
)

pytestmark = pytest.mark.usefixtures("all_entities_enabled")

METER = three_phases()
IMPORT, EXPORT, PLAIN_IMPORT = (
    "netted_energy_import",
    "netted_energy_export",
    "active_energy_import",
)
BRUSSELS = ZoneInfo("Europe/Brussels")
SUNNY, CLOUDY = (600, 300, -2700), (600, 300, -540)


@pytest.fixture
async def house(hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory) -> House:
    """A house on three phases, with solar on the third."""
    await hass.config.async_set_time_zone("Europe/Brussels")
    freezer.move_to(datetime(2026, 5, 12, 9, 59, tzinfo=BRUSSELS))
    return House(hass, broker, freezer, METER)


async def restart(hass: HomeAssistant, broker: Broker, entry: MockConfigEntry) -> None:
    """Let Home Assistant write down what it keeps, go, and begin anew."""
    assert await hass.config_entries.async_unload(entry.entry_id)
    await async_mock_restore_state_shutdown_restart(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await broker.settle()


async def crash(hass: HomeAssistant, broker: Broker, entry: MockConfigEntry) -> Any:
    """Let Home Assistant write down what it keeps; the answer is how to begin anew from that."""
    data = restore_state.async_get(hass)
    written = [json_bytes(stored.as_dict()) for stored in data.async_get_stored_states()]

    async def begin_anew() -> None:
        assert await hass.config_entries.async_unload(entry.entry_id)
        stored = [restore_state.StoredState.from_dict(json.loads(each)) for each in written]
        data.last_states = {each.state.entity_id: each for each in stored}
        assert await hass.config_entries.async_setup(entry.entry_id)
        await broker.settle()

    return begin_anew


def only(hass: HomeAssistant, entry: MockConfigEntry, wanted: Collection[str]) -> None:
    """Let the user disable all entities of the meter but some totals."""
    registry = er.async_get(hass)
    ids = {f"{METER.device_id}_{what}" for what in wanted}
    for entity in er.async_entries_for_config_entry(registry, entry.entry_id):
        disabled = None if entity.unique_id in ids else er.RegistryEntryDisabler.USER
        registry.async_update_entity(entity.entity_id, disabled_by=disabled)


async def reload(hass: HomeAssistant, broker: Broker, entry: MockConfigEntry) -> None:
    """Reload the meter, as Home Assistant does when entities are enabled."""
    await hass.config_entries.async_reload(entry.entry_id)
    await broker.settle()


async def test_energies_are_there_at_once_after_a_restart_and_power_and_demand_when_they_come(
    hass: HomeAssistant, broker: Broker, house: House
) -> None:
    entry = await set_up_with(hass, broker, METER)
    await house.live(60, step=5)
    await house.live(20, CLOUDY)
    before = {what: total(hass, METER, what).state for what in NETTED | SUMS}

    await restart(hass, broker, entry)

    assert {what: total(hass, METER, what).state for what in NETTED | SUMS} == before
    assert {total(hass, METER, what).state for what in DEMANDS} == {"unknown"}
    await house.live(2, CLOUDY)
    assert total_value(hass, METER, "demand") == pytest.approx(360)


async def test_what_was_counted_during_a_restart_is_booked_once(
    hass: HomeAssistant, broker: Broker, house: House, freezer: FrozenDateTimeFactory
) -> None:
    entry = await set_up_with(hass, broker, METER)
    await house.live(1)
    await house.live(20, CLOUDY)
    plain = total_value(hass, METER, PLAIN_IMPORT)

    assert await hass.config_entries.async_unload(entry.entry_id)
    await async_mock_restore_state_shutdown_restart(hass)
    freezer.tick(100)
    house.imported[1] += 20
    house.exported[3] += 5
    assert await hass.config_entries.async_setup(entry.entry_id)
    await broker.settle()
    await house.live(10, CLOUDY)

    assert total_value(hass, METER, IMPORT) == pytest.approx(
        (360 * 30 / 3600 + 15) / 1000, abs=2e-6
    )
    assert total_value(hass, METER, EXPORT) == 0
    assert total_value(hass, METER, PLAIN_IMPORT) - plain == pytest.approx(
        (20 + 900 * 10 / 3600) / 1000, abs=2e-6
    )


async def test_however_often_it_is_reloaded_nothing_is_booked_twice(
    hass: HomeAssistant, broker: Broker, house: House
) -> None:
    entry = await set_up_with(hass, broker, METER)
    await house.live(1)
    writes = Writes(hass)

    for _ in range(5):
        await house.live(4, SUNNY)
        await reload(hass, broker, entry)
        await house.live(4, CLOUDY)
        await reload(hass, broker, entry)

    assert total_value(hass, METER, IMPORT) == pytest.approx(360 * 20 / 3.6e6, abs=2e-6)
    assert total_value(hass, METER, EXPORT) == pytest.approx(1800 * 20 / 3.6e6, abs=2e-6)
    entity = total_of(hass, METER, IMPORT)
    assert entity is not None
    shown = [float(state) for state in writes.of(entity.entity_id) if state[0].isdigit()]
    assert shown == sorted(shown)


async def test_after_a_crash_all_goes_on_from_what_was_written_down_last(
    hass: HomeAssistant, broker: Broker, house: House
) -> None:
    entry = await set_up_with(hass, broker, METER)
    await house.live(1)
    await house.live(20, CLOUDY)
    begin_anew = await crash(hass, broker, entry)
    await house.live(100, CLOUDY, step=5)

    await begin_anew()
    await house.live(10, CLOUDY)

    assert total_value(hass, METER, IMPORT) == pytest.approx(360 * 130 / 3.6e6, abs=2e-6)
    counters = [value_of(hass, METER, slot(port, "pplus"), "counter") for port in (1, 2, 3)]
    assert total_value(hass, METER, PLAIN_IMPORT) == round(sum(counters), 6)


async def test_a_reset_during_a_restart_books_nothing(
    hass: HomeAssistant, broker: Broker, house: House
) -> None:
    entry = await set_up_with(hass, broker, METER)
    await house.live(20, CLOUDY)
    before = total_value(hass, METER, PLAIN_IMPORT), total_value(hass, METER, IMPORT)

    await restart(hass, broker, entry)
    house.imported, house.exported = ({1: 0.0, 2: 0.0, 3: 0.0} for _ in range(2))
    await house.live(20, CLOUDY)

    assert total_value(hass, METER, PLAIN_IMPORT) - before[0] == pytest.approx(
        900 * 19 / 3.6e6, abs=900 * 2 / 3.6e6
    )
    assert total_value(hass, METER, IMPORT) - before[1] == pytest.approx(
        360 * 19 / 3.6e6, abs=360 * 2 / 3.6e6
    )


@pytest.mark.parametrize("enabled", [[IMPORT], [PLAIN_IMPORT], ["peak_demand"]])
async def test_without_the_counters_own_entities_their_offsets_are_kept_all_the_same(
    hass: HomeAssistant, broker: Broker, house: House, enabled: list[str]
) -> None:
    """The counters began anew while they were followed for a total alone."""
    entry = await set_up_with(hass, broker, METER)
    await house.live(20, CLOUDY)
    only(hass, entry, enabled)
    await reload(hass, broker, entry)
    house.imported, house.exported = ({1: 0.0, 2: 0.0, 3: 0.0} for _ in range(2))
    await house.live(20, CLOUDY)

    await restart(hass, broker, entry)
    await house.live(20, CLOUDY)
    only(hass, entry, {IMPORT, EXPORT, PLAIN_IMPORT, "peak_demand"})
    await reload(hass, broker, entry)
    await house.live(2, CLOUDY)

    assert total_value(hass, METER, PLAIN_IMPORT) == pytest.approx(
        (75_000 + 900 * 62 / 3600) / 1000, abs=900 * 3 / 3.6e6
    )
    assert total_value(hass, METER, IMPORT) == pytest.approx(360 * 62 / 3.6e6, abs=360 * 3 / 3.6e6)
    assert total_value(hass, METER, EXPORT) == 0


async def test_an_entity_that_was_disabled_for_days_brings_nothing_old_back(
    hass: HomeAssistant, broker: Broker, house: House, freezer: FrozenDateTimeFactory
) -> None:
    entry = await set_up_with(hass, broker, METER)
    await house.live(60, step=5)
    await house.live(60, CLOUDY, step=5)
    only(hass, entry, {"peak_demand"})
    await reload(hass, broker, entry)
    freezer.tick(86_400)
    house.imported[1] += 8640
    await house.live(780, (2000, 0, 0), step=5)
    await house.live(900, (2000, 0, 0), step=5)
    await house.live(300, (2000, 0, 0), step=5)
    assert total_value(hass, METER, "peak_demand") == 2000

    only(hass, entry, {IMPORT, PLAIN_IMPORT, "demand", "peak_demand"})
    await reload(hass, broker, entry)
    await house.live(10, (2000, 0, 0), step=5)

    assert total_value(hass, METER, "demand") == 2000
    assert total_value(hass, METER, "peak_demand") == 2000
    assert total_value(hass, METER, IMPORT) == pytest.approx(
        8.64 + (360 * 60 + 2000 * 1990) / 3.6e6, abs=2e-5
    )


async def test_a_counter_that_was_disabled_for_days_does_not_return_to_an_old_offset(
    hass: HomeAssistant, broker: Broker, house: House
) -> None:
    """The counters began anew while only the total followed them."""
    entry = await set_up_with(hass, broker, METER)
    await house.live(20, CLOUDY)
    only(hass, entry, {IMPORT})
    await reload(hass, broker, entry)
    house.imported, house.exported = ({1: 0.0, 2: 0.0, 3: 0.0} for _ in range(2))
    await house.live(60, (9000, 300, -540))
    before = total_value(hass, METER, IMPORT)

    registry = er.async_get(hass)
    for entity in er.async_entries_for_config_entry(registry, entry.entry_id):
        registry.async_update_entity(entity.entity_id, disabled_by=None)
    await reload(hass, broker, entry)
    await house.live(10, CLOUDY)

    assert total_value(hass, METER, IMPORT) - before == pytest.approx(360 * 10 / 3.6e6, abs=2e-6)
    assert value_of(hass, METER, slot(1, "pplus"), "counter") == pytest.approx(
        5 + (600 * 30 + 9000 * 60) / 3.6e6, abs=9000 * 2 / 3.6e6
    )


async def test_the_quarter_and_the_peak_go_on_over_a_restart(
    hass: HomeAssistant, broker: Broker, house: House
) -> None:
    entry = await set_up_with(hass, broker, METER)
    await house.live(60, step=5)
    await house.live(900, (3000, 0, 0), step=5)
    await house.live(300, (6000, 0, 0), step=5)

    await restart(hass, broker, entry)
    assert total(hass, METER, "peak_demand").state == "unknown"
    await house.live(5, (6000, 0, 0), step=5)
    peak = total(hass, METER, "peak_demand")
    assert float(peak.state) == 3000
    assert peak.attributes["quarter_began"] == datetime(2026, 5, 12, 10, 0, tzinfo=BRUSSELS)
    assert total_value(hass, METER, "last_demand") == 3000
    assert total_value(hass, METER, "demand") == 6000

    await house.live(600, (6000, 0, 0), step=5)
    peak = total(hass, METER, "peak_demand")
    assert float(peak.state) == 6000
    assert peak.attributes["quarter_began"] == datetime(2026, 5, 12, 10, 15, tzinfo=BRUSSELS)


async def test_a_quarter_whose_end_home_assistant_missed_does_not_count(
    hass: HomeAssistant, broker: Broker, house: House, freezer: FrozenDateTimeFactory
) -> None:
    entry = await set_up_with(hass, broker, METER)
    await house.live(60, step=5)
    await house.live(900, (3000, 0, 0), step=5)
    await house.live(880, (6000, 0, 0), step=5)

    await restart(hass, broker, entry)
    freezer.tick(30)
    house.imported[1] += 50
    await house.live(600, (6000, 0, 0), step=5)

    assert total_value(hass, METER, "peak_demand") == 3000
    assert total(hass, METER, "demand").state == "unknown"
    assert total(hass, METER, "last_demand").state == "unknown"


async def test_where_export_is_not_measured_the_sum_of_import_goes_on_alone(
    hass: HomeAssistant, broker: Broker, house: House
) -> None:
    house.meter = METER.changed(slot(2, "pminus"), enable=0)
    entry = await set_up_with(hass, broker, house.meter)
    await house.live(20, CLOUDY)
    before = total(hass, METER, PLAIN_IMPORT).state

    await restart(hass, broker, entry)
    assert total(hass, METER, PLAIN_IMPORT).state == before
    await house.live(10, CLOUDY)

    assert total_value(hass, METER, PLAIN_IMPORT) - float(before) == pytest.approx(
        900 * 10 / 3.6e6, abs=2e-6
    )


def kept(hass: HomeAssistant, what: str) -> dict[str, Any]:
    """What Home Assistant keeps of a total, as it is on disk."""
    entity = total_of(hass, METER, what)
    assert entity is not None
    for stored in restore_state.async_get(hass).async_get_stored_states():
        if stored.state.entity_id == entity.entity_id:
            found: dict[str, Any] = stored.as_dict()["extra_data"]
            return found
    raise AssertionError


async def test_before_anything_was_booked_nothing_is_kept(
    hass: HomeAssistant, broker: Broker, house: House
) -> None:
    await set_up_with(hass, broker, METER)
    assert kept(hass, IMPORT) is None


@pytest.mark.parametrize(
    ("key", "broken"),
    [
        ("unit", "kWh"),
        ("netting", None),
        ("netting", {}),
        ("netting", {"time": "now", "values": {}, "imported": 0, "exported": 0}),
        ("netting", {"time": 5, "values": [1], "imported": 0, "exported": 0}),
        ("netting", {"time": 5, "values": {"x": "much"}, "imported": 0, "exported": 0}),
        ("netting", {"time": 5, "values": {}, "imported": None, "exported": 0}),
        ("imported", {}),
        ("imported", [7]),
        ("exported", {"total": 1, "values": None}),
        ("demand", None),
        ("demand", {"time": 1, "energy": 1, "begin_energy": "x", "last": None, "peak": None}),
        ("demand", {"time": 1, "energy": 1, "begin_energy": 1, "last": None, "peak": 5}),
        ("counters", None),
        ("counters", {"x": {}}),
    ],
    ids=str,
)
async def test_what_was_kept_and_cannot_be_read_is_done_without(
    hass: HomeAssistant, broker: Broker, house: House, key: str, broken: object
) -> None:
    entry = await set_up_with(hass, broker, METER)
    await house.live(20, CLOUDY)
    assert await hass.config_entries.async_unload(entry.entry_id)
    data = restore_state.async_get(hass)
    for stored in data.last_states.values():
        if stored.extra_data is not None and "netting" in (extra := stored.extra_data.as_dict()):
            stored.extra_data = restore_state.RestoredExtraData(extra | {key: broken})
    assert await hass.config_entries.async_setup(entry.entry_id)
    await broker.settle()

    await house.live(11, CLOUDY)

    assert total_value(hass, METER, IMPORT) == pytest.approx(360 * 10 / 3.6e6, abs=2e-6)


async def test_nothing_of_an_older_kind_is_needed(
    hass: HomeAssistant, broker: Broker, house: House
) -> None:
    """As a template of the same entity id would have left it."""
    entity_id = "sensor.fluksometer_netted_energy_import"
    mock_restore_cache_with_extra_data(hass, [(State(entity_id, "12.5"), {"native_value": 12.5})])

    await set_up_with(hass, broker, METER)
    await house.live(3, CLOUDY)

    assert total_value(hass, METER, IMPORT) == pytest.approx(360 * 2 / 3.6e6, abs=2e-6)
    assert state_of(hass, METER, slot(1, "pplus"), "counter").state != "unknown"

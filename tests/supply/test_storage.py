"""The file with the energies of a supply: when it is saved, and newer or invalid contents."""

from copy import deepcopy
from dataclasses import asdict

from homeassistant.const import EVENT_HOMEASSISTANT_FINAL_WRITE
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.helpers import restore_state
import pytest

from custom_components.flukso.supply.storage import SupplyStorage

from ..broker import Broker
from ..clock import Writes
from ..restarts import only, reload, restart
from ..supplies import (
    CLOUDY,
    EXPORT,
    IMPORT,
    METER,
    PLAIN_EXPORT,
    PLAIN_IMPORT,
    House,
    clamp_slots,
    set_up_with,
    total_of,
    total_value,
)
from .stored_energy import ENERGIES, EXPORTS, IMPORTS, STORED, Storage

pytestmark = pytest.mark.usefixtures("all_entities_enabled")


def leave_file(storage: Storage, data: object, *, version: int = 1, key: str = "entry") -> Storage:
    """Leave a file in the storage folder; returns a copy of it."""
    left = {"version": version, "minor_version": 1, "key": "", "data": deepcopy(data)}
    storage[f"flukso.{key}.supply"] = left
    return deepcopy(left)


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The warnings about the file."""
    return [
        record.message
        for record in caplog.records
        if record.name == "custom_components.flukso.storage" and record.levelname == "WARNING"
    ]


def states(hass: HomeAssistant) -> dict[str, float]:
    """Return the states of the energies (kWh)."""
    return {what: total_value(hass, METER, what) for what in ENERGIES}


async def test_entities_do_not_store_the_energies_themselves(
    hass: HomeAssistant, broker: Broker, house: House
) -> None:
    await set_up_with(hass, broker, METER)
    await house.live(10, CLOUDY)

    entity = total_of(hass, METER, PLAIN_IMPORT)
    assert entity is not None
    [extra_data] = [
        stored.as_dict()["extra_data"]
        for stored in restore_state.async_get(hass).async_get_stored_states()
        if stored.state.entity_id == entity.entity_id
    ]
    assert extra_data.keys() == {"native_value", "native_unit_of_measurement"}


async def test_it_is_written_at_once_and_then_once_a_quarter_of_an_hour(
    hass: HomeAssistant, broker: Broker, house: House, hass_storage: Storage
) -> None:
    entry = await set_up_with(hass, broker, METER)
    key = f"flukso.{entry.entry_id}.supply"
    written: list[tuple[int, Storage]] = []

    for second in range(0, 1900, 5):
        await house.live(5, CLOUDY, step=5)
        now = hass_storage.get(key)
        if now is not None and not any(now is known for _, known in written):
            written.append((second, now))

    assert len(written) == 3
    (first, _), (second, _), (third, last) = written
    assert first < 60, "a crash in the first quarter of an hour would lose all since the start"
    assert second - first >= 900
    assert third - second >= 900
    assert last["data"]["netting"]["imported"] > 0


async def test_what_was_counted_until_home_assistant_stops_is_on_disk(
    hass: HomeAssistant, broker: Broker, house: House, hass_storage: Storage
) -> None:
    entry = await set_up_with(hass, broker, METER)
    await house.live(20, CLOUDY)
    imported = total_value(hass, METER, PLAIN_IMPORT)

    hass.set_state(CoreState.final_write)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_FINAL_WRITE)
    await hass.async_block_till_done()
    hass.set_state(CoreState.running)

    data = hass_storage[f"flukso.{entry.entry_id}.supply"]["data"]
    assert data["imported"]["total"] == pytest.approx(imported * 1000, abs=0.001)
    assert data["counters"].keys() == {*IMPORTS, *EXPORTS}


async def test_nothing_is_stored_while_none_of_its_entities_is_enabled(
    hass: HomeAssistant, broker: Broker, house: House, hass_storage: Storage
) -> None:
    entry = await set_up_with(hass, broker, METER)
    only(hass, entry, [])
    await reload(hass, broker, entry)

    await house.live(20, CLOUDY)
    assert await hass.config_entries.async_unload(entry.entry_id)

    assert f"flukso.{entry.entry_id}.supply" not in hass_storage


async def test_a_removed_meter_leaves_no_file(
    hass: HomeAssistant, broker: Broker, house: House, hass_storage: Storage
) -> None:
    entry = await set_up_with(hass, broker, METER)
    await house.live(5, CLOUDY)
    await reload(hass, broker, entry)
    assert f"flukso.{entry.entry_id}.supply" in hass_storage
    await house.live(5, CLOUDY)

    await hass.config_entries.async_remove(entry.entry_id)

    assert f"flukso.{entry.entry_id}.supply" not in hass_storage


async def test_without_the_file_energies_continue_from_their_last_states(
    hass: HomeAssistant,
    broker: Broker,
    house: House,
    hass_storage: Storage,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A sum over other counters would jump, which would be recorded as consumption."""
    entry = await set_up_with(hass, broker, METER)
    await house.live(60, CLOUDY)
    await broker.publish(*METER.changed(*clamp_slots(2), enable=0).sensor_report, retain=True)
    await house.live(20, CLOUDY)
    before, writes = states(hass), Writes(hass)
    assert before[PLAIN_IMPORT] > 75
    assert await hass.config_entries.async_unload(entry.entry_id)
    leave_file(hass_storage, {"netting": "broken"}, key=entry.entry_id)

    assert await hass.config_entries.async_setup(entry.entry_id)
    await broker.settle()
    await house.live(10, CLOUDY)

    [warning] = warnings(caplog)
    assert "The energies of the supply on disk cannot be read and will be replaced" in warning
    watts = {IMPORT: 60, EXPORT: 0, PLAIN_IMPORT: 600, PLAIN_EXPORT: 540}
    assert states(hass) == {
        what: pytest.approx(before[what] + watts[what] * 9 / 3.6e6, abs=watts[what] / 3.6e6 + 2e-6)
        for what in ENERGIES
    }
    for what in ENERGIES:
        entity = total_of(hass, METER, what)
        assert entity is not None
        numbers = [float(state) for state in writes.of(entity.entity_id) if state[0].isdigit()]
        assert numbers == sorted([before[what], *numbers])[1:]
    await restart(hass, broker, entry)
    assert len(warnings(caplog)) == 1


async def test_a_file_of_a_newer_version_is_not_changed_and_no_energy_jumps(
    hass: HomeAssistant, broker: Broker, house: House, hass_storage: Storage
) -> None:
    """The integration is downgraded and upgraded again."""
    entry = await set_up_with(hass, broker, METER)
    await house.live(60, CLOUDY)
    assert await hass.config_entries.async_unload(entry.entry_id)
    data = hass_storage[f"flukso.{entry.entry_id}.supply"]["data"]
    newer = leave_file(hass_storage, data, version=2, key=entry.entry_id)

    await reload(hass, broker, entry)
    await house.live(30, CLOUDY)
    await restart(hass, broker, entry)
    await house.live(30, CLOUDY)
    between = states(hass)
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert hass_storage[f"flukso.{entry.entry_id}.supply"] == newer

    leave_file(hass_storage, data, key=entry.entry_id)
    await reload(hass, broker, entry)
    await house.live(10, CLOUDY)

    watts = {IMPORT: 360, EXPORT: 0, PLAIN_IMPORT: 900, PLAIN_EXPORT: 540}
    for what, power in watts.items():
        assert states(hass)[what] - between[what] == pytest.approx(
            power * 10 / 3.6e6, abs=power * 4 / 3.6e6 + 2e-6
        )


@pytest.mark.parametrize(
    ("key", "bad"),
    [
        ("netting", None),
        ("netting", {}),
        ("netting", {"time": "now", "values": {}, "imported": 0, "exported": 0}),
        ("netting", {"time": -5, "values": {}, "imported": 0, "exported": 0}),
        ("netting", {"time": 5, "values": [1], "imported": 0, "exported": 0}),
        ("netting", {"time": 5, "values": {"x": "much"}, "imported": 0, "exported": 0}),
        ("netting", {"time": 5, "values": {}, "imported": None, "exported": 0}),
        ("netting", {"time": 5, "values": {}, "imported": 1e300, "exported": 0}),
        ("imported", {}),
        ("imported", [7]),
        ("exported", {"total": 1, "values": None}),
        ("demand", None),
        ("demand", {"time": 1, "energy": 1, "begin_energy": "x", "last": None, "peak": None}),
        ("demand", {"time": 1, "energy": 1, "begin_energy": 1, "last": None, "peak": 5}),
        (
            "demand",
            STORED["demand"] | {"peak": {"demand": 1, "quarter": 10**15}},
        ),
        ("counters", None),
        ("counters", {"x": {}}),
    ],
    ids=str,
)
async def test_a_file_with_invalid_data_is_not_restored(
    hass: HomeAssistant,
    hass_storage: Storage,
    caplog: pytest.LogCaptureFixture,
    key: str,
    bad: object,
) -> None:
    leave_file(hass_storage, STORED | {key: bad})
    storage = SupplyStorage(hass, "entry")

    await storage.async_load()

    assert storage.state is None
    assert len(warnings(caplog)) == 1


@pytest.mark.parametrize("more", [{}, {"imported": None}, {"tariff": {"high": 7.5}}], ids=str)
async def test_a_file_is_read_whatever_a_later_version_adds(
    hass: HomeAssistant, hass_storage: Storage, caplog: pytest.LogCaptureFixture, more: Storage
) -> None:
    leave_file(hass_storage, STORED | more)
    storage = SupplyStorage(hass, "entry")

    await storage.async_load()

    assert storage.state is not None
    state = asdict(storage.state)
    later = {"house": None, "outages": (), "demand": STORED["demand"] | {"past": ()}}
    assert state == {key: (STORED | more)[key] for key in STORED} | later
    assert warnings(caplog) == []

"""What the meter remembers of gauges from before Home Assistant is imported, and can be undone."""

import json
from typing import Any
from unittest.mock import MagicMock, patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder import Recorder
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
    async_fire_time_changed,
)

from custom_components.flukso.const import DOMAIN, EVENT_HISTORY_IMPORTED
from custom_components.flukso.metering.gauge_hours import GaugeTimeline
from custom_components.flukso.metering.past_rows import PastRows
from custom_components.flukso.metering.rows import MeanRow

from ..broker import Broker
from ..home import config_entry, entity_of
from ..meters import flm03
from ..past import BEGIN, END, Past, shown
from ..statistics import HOUR, Columns, leave_angle, leave_counter, leave_gauge, table

METER = flm03().changed(12, enable=1)
PPLUS, VRMS, ALPHA = 1, 7, 12
#: Home Assistant's first hour with the meter, and that before the first one of the blocks.
FIRST = (END // HOUR + 24) * HOUR
OLDEST = BEGIN // HOUR * HOUR + HOUR
COLUMNS = ("mean", "mean_weight", "min", "max")


def voltage(time: float) -> int:
    """What the meter measured at a second, in thousandths."""
    return 228_000 + (int(time) // 60 * 37) % 5000


PASTS = (
    Past(METER, PPLUS),
    Past(METER, VRMS, told=voltage, kind="gauge"),
    Past(METER, ALPHA, told=lambda time: 30_000, kind="gauge"),
)


@pytest.fixture(autouse=True)
def _this_integration(
    recorder_mock: Recorder, enable_custom_integrations: None, freezer: FrozenDateTimeFactory
) -> None:
    """Let Home Assistant record."""
    freezer.move_to(dt_util.utc_from_timestamp(FIRST + 3 * HOUR + 1200))


@pytest.fixture
async def entry(hass: HomeAssistant, broker: Broker) -> MockConfigEntry:
    """Set up the meter with its phase angle enabled, and its past wished for."""
    entry = config_entry(METER)
    entry.add_to_hass(hass)
    await broker.publish_all(METER.reports, retain=True)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await broker.settle()
    angle = entity_of(hass, METER, ALPHA, "gauge").entity_id
    er.async_get(hass).async_update_entity(angle, disabled_by=None)
    hass.config_entries.async_update_entry(entry, options={"import_history": True})
    await hass.config_entries.async_reload(entry.entry_id)
    await broker.settle()
    return entry


@pytest.fixture
async def statistics(hass: HomeAssistant, entry: MockConfigEntry) -> dict[str, str]:
    """The statistics of the energy, its power, the voltage and the angle, of two hours each."""
    ids = {
        "energy": entity_of(hass, METER, PPLUS, "counter").entity_id,
        "power": entity_of(hass, METER, PPLUS, "gauge").entity_id,
        "volts": entity_of(hass, METER, VRMS, "gauge").entity_id,
        "angle": entity_of(hass, METER, ALPHA, "gauge").entity_id,
    }
    hours = (FIRST, FIRST + HOUR)
    counted = [(hour, shown(hour + HOUR) / 1e6, hour - FIRST) for hour in hours]
    await leave_counter(hass, ids["energy"], "kWh", counted)
    await leave_gauge(hass, ids["power"], "W", [(hour, 300) for hour in hours])
    await leave_gauge(hass, ids["volts"], "V", [(hour, 230) for hour in hours])
    await leave_angle(hass, ids["angle"], [(hour, 90) for hour in hours])
    return ids


async def look(hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory) -> None:
    """Let the import look again, when the meter has been quiet for long enough."""
    for step in (301, 60):
        freezer.tick(step)
        async_fire_time_changed(hass)
        await broker.settle_all()


async def answer(broker: Broker) -> None:
    """Publish the blocks that the meter has, the largest first."""
    for past in PASTS:
        broker.send(past.topic(20, BEGIN), past.payload(20, BEGIN))
        begin = END
        for level in (16, 12):
            while begin + (1 << level) <= FIRST + 3 * HOUR:
                broker.send(past.topic(level, begin), past.payload(level, begin))
                begin += 1 << level
    await broker.settle_all()


async def test_gauges_and_powers_are_imported_and_undone(
    hass: HomeAssistant,
    broker: Broker,
    statistics: dict[str, str],
    freezer: FrozenDateTimeFactory,
    mqtt_client_mock: MagicMock,
) -> None:
    [entry] = hass.config_entries.async_entries(DOMAIN)
    told = async_capture_events(hass, EVENT_HISTORY_IMPORTED)
    before = {name: await table(hass, each, COLUMNS) for name, each in statistics.items()}
    await look(hass, broker, freezer)
    topic = f"{METER.prefix}d/device/{METER.device_id}/tmpo/sync"
    calls = [call.args for call in mqtt_client_mock.publish.call_args_list]
    [asked] = [json.loads(payload) for name, payload, *_ in calls if name == topic]
    assert {METER.sensor_id(slot) for slot in (PPLUS, VRMS, ALPHA)} <= {
        item["sid"] for item in asked
    }

    await answer(broker)
    await look(hass, broker, freezer)

    after = {name: await table(hass, each, COLUMNS) for name, each in statistics.items()}
    hours = range(OLDEST, FIRST, HOUR)
    for name in ("power", "volts", "angle"):
        assert set(hours) <= after[name].keys()
        assert {hour: after[name][hour] for hour in before[name]} == before[name]
    for hour in hours:
        assert_is_near(after["power"][hour], (shown(hour + HOUR) - shown(hour)) / 1000)
        volts = [voltage(hour + 60 * minute) / 1000 for minute in range(60)]
        assert_is_near(after["volts"][hour], sum(volts) / 60)
        assert after["volts"][hour][2:] == (min(volts), max(volts))
        assert after["angle"][hour] == (pytest.approx(30), pytest.approx(HOUR), None, None)
    amounts = {event.data["entity_id"]: event.data["amount"] for event in told}
    assert amounts.keys() == set(statistics.values())
    assert {amounts[statistics[name]] for name in ("power", "volts", "angle")} == {None}

    await undo(hass, entry)
    assert before == {name: await table(hass, each, COLUMNS) for name, each in statistics.items()}


def assert_is_near(row: Columns, mean: float) -> None:
    """It has a mean, between the extremes."""
    found, _, least, most = row
    assert found == pytest.approx(mean, abs=1e-3)
    assert float(least or 0) <= float(found or 0) <= float(most or 0)


async def undo(hass: HomeAssistant, entry: MockConfigEntry) -> Any:
    """Undo the last import."""
    return await hass.services.async_call(
        DOMAIN, "restore_history", {"config_entry_id": entry.entry_id}, blocking=True
    )


async def test_a_gauge_whose_blocks_have_not_come_is_waited_for_until_they_are_final(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    source = entry.runtime_data.history.past.sources[1]
    volts, power = (f"{METER.device_id}_{METER.sensor_id(slot)}_gauge" for slot in (VRMS, PPLUS))
    first = MeanRow(FIRST, 230, 229, 231)
    assert {volts, power} <= set(source.unique_ids())

    for unique_id in (volts, power, "of another meter"):
        assert await source.async_rows(unique_id, first, final=False) is None
        assert await source.async_rows(unique_id, first, final=True) == PastRows([])
        assert source.part_known(unique_id) == 0
    assert source.unit_of(volts) == "V"
    assert source.unit_of(power) == "W"
    asked = {sensor.sensor_id for sensor in source.sensors([volts, power], again=False)}
    assert asked == {METER.sensor_id(slot) for slot in (VRMS, PPLUS)}


async def test_no_hour_since_1970_is_looked_at_of_a_gauge_without_a_block(
    entry: MockConfigEntry,
) -> None:
    """It would take seconds, and a million objects, for each of the gauges."""
    source = entry.runtime_data.history.past.sources[1]
    volts = f"{METER.device_id}_{METER.sensor_id(VRMS)}_gauge"

    with patch.object(GaugeTimeline, "rows", side_effect=AssertionError):
        rows = await source.async_rows(volts, MeanRow(FIRST, 230, 229, 231), final=True)

    assert rows == PastRows([])

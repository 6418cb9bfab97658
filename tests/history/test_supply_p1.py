"""The import and export of a P1 port have their outages mended, and their past imported."""

from functools import cache
from itertools import pairwise
from random import Random
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder import Recorder
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from custom_components.flukso.const import DOMAIN
from custom_components.flukso.history.supply_past import SupplyPast
from custom_components.flukso.metering.rows import Row
from simulator import blocks

from ..broker import Broker
from ..home import config_entry
from ..meters import flm02
from ..past import NOW, publish
from ..statistics import HOUR, leave_counter, table

METER, SLOT = flm02(), 6
KEY = METER.sensor_id(SLOT)
#: A telegram every ten seconds. Home Assistant was stopped for three hours.
EVERY, LEVEL = 10, 16
BEGIN = int(NOW.timestamp()) // HOUR * HOUR - 60 * HOUR + 1200
END = BEGIN + 3 * HOUR
SETTLED = END + 2 * 60
HOURS = range(BEGIN // HOUR * HOUR - 3 * HOUR, END // HOUR * HOUR + 3 * HOUR, HOUR)
WAYS = {"energy_import": 0, "energy_export": 1}
#: What import and export had counted at the begin of the outage (Wh).
FIRST = (3000.0, 700.0)
type Storage = dict[str, Any]


@cache
def counter() -> dict[int, int]:
    """What the counter shows at each telegram (Wh): by turns the house imports and exports."""
    first = (BEGIN >> LEVEL << LEVEL) - (1 << LEVEL)
    shown, value = {}, 14_000_000
    for second in range(first // EVERY * EVERY, END + (2 << LEVEL), EVERY):
        value += 3 if second // 700 % 3 else -4
        shown[second] = value
    return shown


def at(second: int) -> int:
    """What it shows at a second."""
    return counter()[second // EVERY * EVERY]


def truth(begin: int, end: int) -> tuple[float, float]:
    """What a meter counts as import and as export (Wh)."""
    times = range(begin // EVERY * EVERY, end // EVERY * EVERY + 1, EVERY)
    steps = [after - before for before, after in pairwise(map(at, times))]
    return sum(step for step in steps if step > 0), -sum(step for step in steps if step < 0)


def stored(offset: float) -> tuple[Storage, Storage]:
    """The files of the supply and of the net counter, as Home Assistant left them."""
    guard = {"mark": {"time": BEGIN, "value": at(BEGIN), "at": BEGIN + 0.5}, "offset": 0.0}
    guard["rid"] = 0
    netted = {"time": BEGIN, "values": {KEY: at(BEGIN)}}
    netted |= {"imported": FIRST[0] - offset, "exported": FIRST[1] - offset}
    demand = dict.fromkeys(("begin_energy", "last", "peak")) | {"time": BEGIN, "energy": 0.0}
    supply = {"netting": netted, "demand": demand, "counters": {KEY: guard}}
    supply |= {
        "imported": {"total": FIRST[0], "values": {KEY: FIRST[0]}},
        "exported": {"total": FIRST[1], "values": {KEY: FIRST[1]}},
    }
    split = {"value": at(BEGIN), "imported": FIRST[0], "exported": FIRST[1]}
    net = {"counters": {KEY: {"split": split, "counter": guard}}}
    file = {"version": 1, "minor_version": 1, "key": ""}
    return file | {"data": supply}, file | {"data": net}


@pytest.fixture(autouse=True)
def _this_integration(
    recorder_mock: Recorder,
    enable_custom_integrations: None,
    all_entities_enabled: None,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Let Home Assistant record, from the end of the outage on."""
    freezer.move_to(dt_util.utc_from_timestamp(END - 1))


@pytest.fixture
async def entry(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory, hass_storage: Storage
) -> MockConfigEntry:
    """Set up the meter after the outage, and let it be settled; then some days have passed."""
    entry = config_entry(METER)
    supply, net = stored(offset=250.0)
    hass_storage[f"{DOMAIN}.{entry.entry_id}.supply"] = supply
    hass_storage[f"{DOMAIN}.{entry.entry_id}.net_counters"] = net
    entry.add_to_hass(hass)
    await broker.publish_all(METER.reports, retain=True)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await broker.settle()
    for second in range(END, SETTLED + 30, EVERY):
        freezer.move_to(dt_util.utc_from_timestamp(second + 1))
        await broker.publish(METER.topic(SLOT, "counter"), f'[{second}, {at(second)}, "Wh"]')
        await broker.settle()
    for what in (*WAYS, "active_energy_import"):
        rows = [(hour, state(what, hour) / 1000, state(what, hour) / 1000) for hour in HOURS]
        await leave_counter(hass, statistic(hass, what), "kWh", rows)
    freezer.move_to(NOW)
    return entry


def state(what: str, hour: int) -> float:
    """What a total showed at the end of an hour: in the outage it stood still."""
    way, end = WAYS.get(what, 0), hour + HOUR
    if end <= BEGIN:
        return FIRST[way] - truth(end, BEGIN)[way]
    if end <= END:
        return FIRST[way]
    net = at(END) - at(BEGIN)
    booked = max(-net if way else net, 0)
    return FIRST[way] + booked + truth(END, end)[way]


def unique_id(what: str) -> str:
    """The unique id of an energy of the P1 port, or of the supply."""
    return f"{METER.device_id}_{KEY}_{what}" if what in WAYS else f"{METER.device_id}_{what}"


def statistic(hass: HomeAssistant, what: str) -> str:
    """Its statistic."""
    found = er.async_get(hass).async_get_entity_id("sensor", DOMAIN, unique_id(what))
    assert found is not None
    return found


async def tell(hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory) -> None:
    """Publish the blocks of the counter around the outage, and let all that follows happen."""
    first = (BEGIN >> LEVEL << LEVEL) - (1 << LEVEL)
    for bid in range(first, END + (1 << LEVEL), 1 << LEVEL):
        seconds = range(-(-bid // EVERY) * EVERY, bid + (1 << LEVEL), EVERY)
        made = blocks.of_readings(LEVEL, [(second, at(second) * 1000) for second in seconds])
        config = {"id": KEY, "data_type": "counter", "rid": 0}
        topic = f"{METER.prefix}sensor/{KEY}/tmpo/0/{LEVEL}/{bid}/gz"
        await publish(broker, topic, made.payload(config, Random(1)))
    freezer.tick(15)
    async_fire_time_changed(hass)
    await broker.settle_all()


async def test_import_and_export_of_an_outage_are_told_apart_and_undone(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory, entry: MockConfigEntry
) -> None:
    names = [*WAYS, "active_energy_import"]
    before = {what: await table(hass, statistic(hass, what)) for what in names}

    await tell(hass, broker, freezer)

    for what in names:
        rows = await table(hass, statistic(hass, what))
        sums = {hour: float(row[1] or 0) * 1000 for hour, row in rows.items()}
        counted = {hour: sums[hour] - sums[hour - HOUR] for hour in HOURS[1:]}
        way = WAYS.get(what, 0)
        assert counted == {
            hour: pytest.approx(truth(hour, hour + HOUR)[way], abs=0.1) for hour in HOURS[1:]
        }
        assert rows[HOURS[-1]][0] == before[what][HOURS[-1]][0]

    await hass.services.async_call(
        DOMAIN, "restore_history", {"config_entry_id": entry.entry_id}, blocking=True
    )
    for what in names:
        after = await table(hass, statistic(hass, what))
        for hour, row in before[what].items():
            assert after[hour][:2] == pytest.approx(row[:2], abs=1e-9)


async def test_their_past_is_what_a_meter_with_two_registers_counts(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory, entry: MockConfigEntry
) -> None:
    history = entry.runtime_data.history
    assert history is not None
    [past] = [source for source in history.past.sources if isinstance(source, SupplyPast)]
    past.begin(0)
    await tell(hass, broker, freezer)
    first = Row(END // HOUR * HOUR, 0.0, 0.0)

    assert set(past.unique_ids()) >= {unique_id(what) for what in WAYS}
    for what, way in WAYS.items():
        rows = await past.async_rows(unique_id(what), first, final=True)
        assert rows is not None
        hours = [row.hour for row in rows.rows]
        assert hours == list(range(hours[0], first.hour, HOUR))
        for row in rows.rows:
            assert isinstance(row, Row)
            assert row.sum == pytest.approx(truth(hours[0], row.hour + HOUR)[way], abs=0.1)
        assert rows.missing is None
    past.end()

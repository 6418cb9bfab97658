"""Hours of gauges that Home Assistant missed, or made up, are filled from the meter's memory."""

import asyncio
from collections.abc import Iterable, Sequence
import logging
from math import cos, radians
from random import Random
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder import Recorder
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from custom_components.flukso.const import DOMAIN, EVENT_HISTORY_FILLED
from custom_components.flukso.history.fill_log import FillLog
from custom_components.flukso.history.statistics_units import async_apply
from custom_components.flukso.redaction import shortened
from simulator import blocks

from ..broker import Broker
from ..home import entity_of, set_up
from ..meters import flm02, flm03, reading
from ..past import BEGIN, HOLE, LEVEL, NOW, RECORDED, Past, all_but, publish, shown
from ..statistics import HOUR, Columns, leave_angle, leave_gauge, table

METER = flm03().changed(12, enable=1)
PPLUS, VRMS, VTHD, ALPHA = 1, 7, 10, 12
TEMPERATURE = 40
#: In turn, as the meter says it: 170.5° and -170.5°.
_TURNING = (170_500, -171_500)
#: What Home Assistant showed last before it was down.
LAST_SEEN = 231.4


def voltage(time: float) -> int:
    """What the meter measured at a second, in thousandths: another value each minute."""
    return 228_000 + (int(time) // 60 * 37) % 5000 + (int(time) // HOUR % 5) * 500


COUNTER = Past(METER, PPLUS, every=20)
GAUGE = Past(METER, VRMS, told=voltage, kind="gauge")


@pytest.fixture(autouse=True)
def _this_integration(
    recorder_mock: Recorder, enable_custom_integrations: None, freezer: FrozenDateTimeFactory
) -> None:
    """Let Home Assistant record."""
    freezer.move_to(NOW)


@pytest.fixture
async def entry(hass: HomeAssistant, broker: Broker) -> MockConfigEntry:
    """Set up the meter."""
    return await set_up(hass, broker, METER)


@pytest.fixture
def energy(hass: HomeAssistant, entry: MockConfigEntry) -> str:
    """The statistic of a counter."""
    return entity_of(hass, METER, PPLUS, "counter").entity_id


@pytest.fixture
def power(hass: HomeAssistant, entry: MockConfigEntry) -> str:
    """The statistic of its power."""
    return entity_of(hass, METER, PPLUS, "gauge").entity_id


@pytest.fixture
def volts(hass: HomeAssistant, entry: MockConfigEntry) -> str:
    """The statistic of a gauge that the meter logs."""
    return entity_of(hass, METER, VRMS, "gauge").entity_id


@pytest.fixture
def statistics(energy: str, power: str, volts: str) -> tuple[str, str, str]:
    """All three."""
    return energy, power, volts


async def leave_volts(hass: HomeAssistant, volts: str, hours: Iterable[int]) -> None:
    """Leave the rows that Home Assistant made of what it recorded."""
    await leave_gauge(hass, volts, "V", [(hour, 230 + hour % 7 / 10) for hour in hours], 1.02)


async def leave_flat(
    hass: HomeAssistant, statistic_id: str, unit: str, value: float, hours: Sequence[int] = HOLE
) -> None:
    """Leave the rows that Home Assistant makes for the time when it was down."""
    await leave_gauge(hass, statistic_id, unit, [(hour, value) for hour in hours], 1)


async def leave_still(hass: HomeAssistant, energy: str, begin: int = HOLE[0]) -> None:
    """Leave the rows of a counter that stands still from then to the end of the outage."""
    await COUNTER.leave(hass, energy, all_but(HOLE))
    still = Past(METER, PPLUS, told=lambda time: shown(min(time, begin)))
    await still.leave(hass, energy, HOLE)


def minutes(hour: int) -> list[float]:
    """What was measured in each minute of an hour."""
    return [voltage(hour + 60 * minute) / 1000 for minute in range(60)]


def assert_true(rows: dict[int, Columns], hours: Iterable[int]) -> None:
    """Mean, minimum and maximum are those of the meter."""
    for hour in hours:
        _, _, mean, least, most, _ = rows[hour]
        assert mean == pytest.approx(sum(minutes(hour)) / 60, abs=1e-4)
        assert (least, most) == pytest.approx((min(minutes(hour)), max(minutes(hour))))


async def act(
    hass: HomeAssistant, entry: MockConfigEntry, action: str, *, answers: bool = False
) -> Any:
    """Perform an action on the meter."""
    return await hass.services.async_call(
        DOMAIN,
        action,
        {"config_entry_id": entry.entry_id},
        blocking=True,
        return_response=answers,
    )


async def test_26_hours_without_a_row_are_filled_and_no_other_row_changes(
    hass: HomeAssistant, broker: Broker, volts: str
) -> None:
    await leave_volts(hass, volts, all_but(HOLE))
    before, told = await table(hass, volts), async_capture_events(hass, EVENT_HISTORY_FILLED)

    await GAUGE.publish(broker, LEVEL, BEGIN)

    after = await table(hass, volts)
    assert {hour: after[hour] for hour in before} == before
    assert after.keys() == {*before, *HOLE}
    assert_true(after, HOLE)
    [event] = told
    assert (event.data["entity_id"], event.data["hours"]) == (volts, 26)
    assert (event.data["amount"], event.data["unit"]) == (None, "V")


async def test_it_is_filled_hour_by_hour_as_smaller_blocks_come(
    hass: HomeAssistant, broker: Broker, volts: str
) -> None:
    await leave_volts(hass, volts, all_but(HOLE))
    first = HOLE[0] >> 16 << 16

    for bid in range(first, HOLE[-1] + HOUR, 1 << 16):
        await GAUGE.publish(broker, 16, bid)

    assert_true(await table(hass, volts), HOLE)


async def test_blocks_that_come_while_hours_are_filled_are_read_after_it(
    hass: HomeAssistant, broker: Broker, volts: str
) -> None:
    await leave_volts(hass, volts, all_but(HOLE))

    for bid in range(HOLE[0] >> 16 << 16, HOLE[-1] + HOUR, 1 << 16):
        broker.send(GAUGE.topic(16, bid), GAUGE.payload(16, bid))
    await broker.settle_all()

    assert_true(await table(hass, volts), HOLE)


@pytest.mark.parametrize("order", [(COUNTER, GAUGE), (GAUGE, COUNTER)])
async def test_rows_that_were_made_for_an_outage_are_replaced_and_undone(
    hass: HomeAssistant,
    broker: Broker,
    entry: MockConfigEntry,
    statistics: tuple[str, str, str],
    order: tuple[Past, Past],
) -> None:
    energy, power, volts = statistics
    await leave_still(hass, energy)
    await leave_volts(hass, volts, all_but(HOLE))
    await leave_flat(hass, volts, "V", LAST_SEEN)
    await leave_gauge(hass, power, "W", [(hour, 300) for hour in all_but(HOLE)])
    await leave_flat(hass, power, "W", 250)
    before = [await table(hass, each) for each in statistics]

    for past in order:
        await past.publish(broker, LEVEL, BEGIN)

    after = [await table(hass, each) for each in statistics]
    for old, new in zip(before, after, strict=True):
        assert {hour: new[hour] for hour in all_but(HOLE)} == {
            hour: old[hour] for hour in all_but(HOLE)
        }
    assert_true(after[2], HOLE)
    for hour in HOLE:
        counted = (shown(hour + HOUR) - shown(hour)) / 1000
        _, _, mean, least, most, _ = after[1][hour]
        assert mean == pytest.approx(counted)
        assert 199 < float(least or 0) <= float(mean or 0) <= float(most or 0) < 801

    await act(hass, entry, "restore_history")
    assert [await table(hass, each) for each in statistics] == before


async def test_what_was_undone_stays_so_until_the_user_asks(
    hass: HomeAssistant, broker: Broker, entry: MockConfigEntry, energy: str, volts: str
) -> None:
    await leave_still(hass, energy)
    await leave_volts(hass, volts, all_but(HOLE))
    await leave_flat(hass, volts, "V", LAST_SEEN)
    before = await table(hass, volts)
    await GAUGE.publish(broker, LEVEL, BEGIN)
    await COUNTER.publish(broker, LEVEL, BEGIN)
    await act(hass, entry, "restore_history")

    await GAUGE.publish(broker, 16, HOLE[0] >> 16 << 16)
    await hass.config_entries.async_reload(entry.entry_id)
    for past in (GAUGE, COUNTER):
        await past.publish(broker, LEVEL, BEGIN)
    assert await table(hass, volts) == before

    answer = await act(hass, entry, "fill_history", answers=True)
    assert {each["entity_id"] for each in answer["filled"]} >= {energy, volts}
    assert_true(await table(hass, volts), HOLE)


async def test_the_counters_prove_it_even_if_they_were_filled_before_a_restart(
    hass: HomeAssistant, broker: Broker, entry: MockConfigEntry, energy: str, volts: str
) -> None:
    await leave_still(hass, energy)
    await leave_volts(hass, volts, all_but(HOLE))
    await leave_flat(hass, volts, "V", LAST_SEEN)
    await COUNTER.publish(broker, LEVEL, BEGIN)
    await hass.config_entries.async_reload(entry.entry_id)

    await COUNTER.publish(broker, LEVEL, BEGIN)
    await GAUGE.publish(broker, LEVEL, BEGIN)

    assert_true(await table(hass, volts), HOLE)


async def test_what_could_not_be_proven_is_kept_in_mind_while_other_blocks_come(
    hass: HomeAssistant, broker: Broker, energy: str, volts: str
) -> None:
    """Blocks of another time in which all is right, before those of the counter."""
    await leave_still(hass, energy)
    await leave_volts(hass, volts, all_but(HOLE))
    await leave_flat(hass, volts, "V", LAST_SEEN)
    for bid in range(HOLE[0] >> 16 << 16, HOLE[-1] + HOUR, 1 << 16):
        await GAUGE.publish(broker, 16, bid)
    await GAUGE.publish(broker, 16, (HOLE[0] >> 16) - 1 << 16)

    await COUNTER.publish(broker, LEVEL, BEGIN)

    assert_true(await table(hass, volts), HOLE)


async def test_the_rest_of_an_outage_is_filled_from_the_next_block(
    hass: HomeAssistant, broker: Broker, energy: str, volts: str
) -> None:
    """Though the row before is no longer the one that was recorded."""
    await leave_still(hass, energy)
    await leave_volts(hass, volts, all_but(HOLE))
    await leave_flat(hass, volts, "V", LAST_SEEN)
    await COUNTER.publish(broker, LEVEL, BEGIN)

    for bid in range(HOLE[0] >> 16 << 16, HOLE[-1] + HOUR, 1 << 16):
        await GAUGE.publish(broker, 16, bid)

    assert_true(await table(hass, volts), HOLE)


async def test_the_hours_in_which_an_outage_began_and_ended_stay(
    hass: HomeAssistant, broker: Broker, energy: str, power: str, volts: str
) -> None:
    """Part of them was recorded, and the outage began too late to prove the whole hour."""
    await leave_still(hass, energy, HOLE[0] + 1800)
    await leave_volts(hass, volts, all_but(HOLE[1:]))
    await leave_flat(hass, volts, "V", 230.5, HOLE[1:])
    await leave_gauge(hass, power, "W", [(hour, 300) for hour in all_but(HOLE[1:])])
    await leave_flat(hass, power, "W", 250, HOLE[1:])
    before, before_power = await table(hass, volts), await table(hass, power)

    await GAUGE.publish(broker, LEVEL, BEGIN)
    await COUNTER.publish(broker, LEVEL, BEGIN)

    after, after_power = await table(hass, volts), await table(hass, power)
    assert after[HOLE[0]] == before[HOLE[0]]
    assert after_power[HOLE[0]] == before_power[HOLE[0]]
    assert_true(after, HOLE[1:])
    assert not {hour for hour in HOLE[1:] if after_power[hour] == before_power[hour]}


async def test_a_value_that_did_not_change_while_counters_did_stays(
    hass: HomeAssistant, broker: Broker, energy: str, volts: str
) -> None:
    await COUNTER.leave(hass, energy, RECORDED)
    await leave_volts(hass, volts, all_but(HOLE))
    await leave_flat(hass, volts, "V", LAST_SEEN)
    before = await table(hass, volts)

    await COUNTER.publish(broker, LEVEL, BEGIN)
    await GAUGE.publish(broker, LEVEL, BEGIN)
    await COUNTER.publish(broker, 12, BEGIN + (1 << LEVEL))

    assert await table(hass, volts) == before


async def test_power_that_was_recorded_while_the_counter_was_not_stays(
    hass: HomeAssistant, broker: Broker, energy: str, power: str
) -> None:
    other = entity_of(hass, METER, PPLUS + 1, "counter").entity_id
    await leave_still(hass, energy)
    moving = Past(METER, PPLUS + 1)
    await moving.leave(hass, other, RECORDED)
    await leave_gauge(hass, power, "W", [(hour, 300) for hour in all_but(HOLE)])
    await leave_flat(hass, power, "W", 250)
    before = await table(hass, power)

    await moving.publish(broker, LEVEL, BEGIN)
    await COUNTER.publish(broker, LEVEL, BEGIN)

    assert await table(hass, power) == before


async def test_hours_before_the_first_row_and_after_the_last_stay_empty(
    hass: HomeAssistant, broker: Broker, volts: str
) -> None:
    await leave_volts(hass, volts, HOLE)

    await GAUGE.publish(broker, LEVEL, BEGIN)

    assert (await table(hass, volts)).keys() == set(HOLE)


async def test_a_gauge_without_a_statistic_gets_none(
    hass: HomeAssistant, broker: Broker, volts: str
) -> None:
    await GAUGE.publish(broker, LEVEL, BEGIN)

    assert await table(hass, volts) == {}


async def test_the_rows_are_in_the_unit_of_the_statistic(
    hass: HomeAssistant, broker: Broker, volts: str
) -> None:
    ends = [HOLE[0] - HOUR, HOLE[-1] + HOUR]
    await leave_gauge(hass, volts, "mV", [(hour, 230_000) for hour in ends])

    await GAUGE.publish(broker, LEVEL, BEGIN)

    after = await table(hass, volts)
    for hour in HOLE:
        assert after[hour][2] == pytest.approx(sum(minutes(hour)) / 60 * 1000, abs=0.1)


async def enabled(hass: HomeAssistant, broker: Broker, entry: MockConfigEntry, slot: int) -> str:
    """Enable the entity of a gauge."""
    entity = entity_of(hass, METER, slot, "gauge")
    er.async_get(hass).async_update_entity(entity.entity_id, disabled_by=None)
    await hass.config_entries.async_reload(entry.entry_id)
    await broker.settle()
    return entity.entity_id


async def test_a_ratio_is_filled_in_percent_as_its_entity_has_it(
    hass: HomeAssistant, broker: Broker, entry: MockConfigEntry
) -> None:
    distortion = await enabled(hass, broker, entry, VTHD)
    ends = [HOLE[0] - HOUR, HOLE[-1] + HOUR]
    await leave_gauge(hass, distortion, "%", [(hour, 2) for hour in ends])

    await Past(METER, VTHD, told=lambda time: 19, kind="gauge").publish(broker, LEVEL, BEGIN)

    after = await table(hass, distortion)
    assert [after[hour][2:5] for hour in HOLE] == [(1.9, 1.9, 1.9)] * 26


async def test_an_angle_has_the_mean_direction_and_is_undone_to_nothing(
    hass: HomeAssistant, broker: Broker, entry: MockConfigEntry
) -> None:
    """The meter misprints what is negative: -170.5 as -171.500."""
    angle = await enabled(hass, broker, entry, ALPHA)
    ends = [HOLE[0] - HOUR, HOLE[-1] + HOUR]
    await leave_angle(hass, angle, [(hour, 90) for hour in ends])
    before = await table(hass, angle)
    past = Past(METER, ALPHA, told=lambda time: _TURNING[int(time) // 60 % 2], kind="gauge")

    await past.publish(broker, LEVEL, BEGIN)

    after = await table(hass, angle, ("mean", "mean_weight", "min", "max"))
    assert after.keys() == {*ends, *HOLE}
    weight = HOUR * cos(radians(9.5))
    assert after[HOLE[0]] == (pytest.approx(180), pytest.approx(weight), None, None)
    await act(hass, entry, "restore_history")
    assert await table(hass, angle) == before


async def test_a_flat_row_of_an_angle_stays(
    hass: HomeAssistant, broker: Broker, entry: MockConfigEntry, energy: str
) -> None:
    """A mean direction does not tell whether it changed."""
    await leave_still(hass, energy)
    angle = await enabled(hass, broker, entry, ALPHA)
    await leave_angle(hass, angle, [(hour, 90) for hour in RECORDED])
    before = await table(hass, angle)

    await COUNTER.publish(broker, LEVEL, BEGIN)
    await Past(METER, ALPHA, told=voltage, kind="gauge").publish(broker, LEVEL, BEGIN)

    assert await table(hass, angle) == before


async def test_the_temperature_of_a_kube_is_filled(
    hass: HomeAssistant, broker: Broker, entry: MockConfigEntry
) -> None:
    """A kube says something every 64 s."""
    temperature = entity_of(hass, METER, TEMPERATURE, "gauge").entity_id
    ends = [HOLE[0] - HOUR, HOLE[-1] + HOUR]
    await leave_gauge(hass, temperature, "°C", [(hour, 20) for hour in ends])

    past = Past(METER, TEMPERATURE, every=64, told=lambda time: 19_500, kind="gauge")
    await past.publish(broker, LEVEL, BEGIN)

    after = await table(hass, temperature)
    assert [after[hour][2:5] for hour in HOLE] == [(19.5, 19.5, 19.5)] * 26


async def test_a_counter_that_runs_both_ways_proves_nothing(
    hass: HomeAssistant, broker: Broker
) -> None:
    """That of a P1 port may stand still although something is used, and produced."""
    meter = flm02()
    await set_up(hass, broker, meter)
    grid = entity_of(hass, meter, 6, "counter").entity_id
    temperature = entity_of(hass, meter, 7, "gauge").entity_id
    counter = Past(meter, 6, every=20)
    await counter.leave(hass, grid, all_but(HOLE))
    still = Past(meter, 6, told=lambda time: shown(HOLE[0]))
    await still.leave(hass, grid, HOLE)
    await leave_gauge(hass, temperature, "°C", [(hour, 20) for hour in all_but(HOLE)])
    await leave_flat(hass, temperature, "°C", 20)
    before = await table(hass, temperature)

    await counter.publish(broker, LEVEL, BEGIN)
    await Past(meter, 7, told=lambda time: 19_500, kind="gauge").publish(broker, LEVEL, BEGIN)

    assert await table(hass, temperature) == before


async def test_what_the_clamp_cannot_measure_is_left_out(
    hass: HomeAssistant, broker: Broker, volts: str
) -> None:
    await leave_volts(hass, volts, all_but(HOLE))
    wild = Past(METER, VRMS, told=lambda time: 230_000 if time % 3600 else 900_000, kind="gauge")

    await wild.publish(broker, LEVEL, BEGIN)

    after = await table(hass, volts)
    assert [after[hour][2:5] for hour in HOLE] == [(230, 230, 230)] * 26


async def test_a_disabled_gauge_is_neither_listened_to_nor_filled(
    hass: HomeAssistant, broker: Broker, volts: str
) -> None:
    await leave_volts(hass, volts, all_but(HOLE))
    before = await table(hass, volts)
    er.async_get(hass).async_update_entity(volts, disabled_by=er.RegistryEntryDisabler.USER)
    await broker.settle_all()

    await GAUGE.publish(broker, LEVEL, BEGIN)

    assert await table(hass, volts) == before
    assert not any(METER.sensor_id(VRMS) in topic for topic in broker.topics if "tmpo" in topic)


async def test_a_gauge_that_is_disabled_while_its_block_is_read_is_not_filled(
    hass: HomeAssistant, broker: Broker, volts: str, caplog: pytest.LogCaptureFixture
) -> None:
    await leave_volts(hass, volts, all_but(HOLE))
    before = await table(hass, volts)

    broker.send(GAUGE.topic(LEVEL, BEGIN), GAUGE.payload(LEVEL, BEGIN))
    er.async_get(hass).async_update_entity(volts, disabled_by=er.RegistryEntryDisabler.USER)
    await broker.settle_all()

    assert await table(hass, volts) == before
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


async def test_a_sensor_id_that_is_reused_is_not_filled_from_its_earlier_use(
    hass: HomeAssistant, broker: Broker, volts: str
) -> None:
    await leave_volts(hass, volts, all_but(HOLE))
    before, first = await table(hass, volts), HOLE[0] >> 16 << 16
    await GAUGE.publish(broker, 16, first - (1 << 16))
    await broker.publish_all(METER.changed(VRMS, rid=1).reports)

    await publish(broker, GAUGE.topic(16, first, rid=0), GAUGE.payload(16, first))
    assert await table(hass, volts) == before

    await publish(broker, GAUGE.topic(16, first, rid=1), GAUGE.payload(16, first))
    assert await table(hass, volts) != before


async def test_a_gauge_that_the_meter_does_not_log_is_not_listened_to(
    hass: HomeAssistant, broker: Broker
) -> None:
    meter = METER.changed(VRMS, tmpo=0)
    await set_up(hass, broker, meter)

    of_memory = {topic for topic in broker.topics if "tmpo" in topic}
    assert of_memory
    assert not any(meter.sensor_id(VRMS) in topic for topic in of_memory)


async def test_with_a_wrong_clock_nothing_is_filled(
    hass: HomeAssistant, broker: Broker, volts: str
) -> None:
    await leave_volts(hass, volts, all_but(HOLE))
    before = await table(hass, volts)
    await broker.publish(METER.topic(VRMS, "gauge"), reading("230.5", "V", age=45))

    await GAUGE.publish(broker, LEVEL, BEGIN)

    assert await table(hass, volts) == before


@pytest.mark.parametrize("config", [{"data_type": "counter"}, {"unit": "A"}])
async def test_a_block_that_is_not_of_this_gauge_is_told_and_left_alone(
    hass: HomeAssistant,
    broker: Broker,
    entry: MockConfigEntry,
    volts: str,
    config: dict[str, str],
) -> None:
    await leave_volts(hass, volts, all_but(HOLE))
    before = await table(hass, volts)
    made = blocks.of_readings(LEVEL, GAUGE.readings(BEGIN, BEGIN + (1 << LEVEL)))
    settings = {"id": METER.sensor_id(VRMS), "data_type": "gauge", "rid": 0} | config

    await publish(broker, GAUGE.topic(LEVEL, BEGIN), made.payload(settings, Random(1)))

    assert await table(hass, volts) == before
    assert "tmpo block" in str(entry.runtime_data.meter.message_log.broken)


async def test_a_busy_recorder_is_logged_and_the_next_block_tries_again(
    hass: HomeAssistant, broker: Broker, volts: str, caplog: pytest.LogCaptureFixture
) -> None:
    await leave_volts(hass, volts, all_but(HOLE))
    before = await table(hass, volts)

    with patch.object(FillLog, "async_fill", side_effect=HomeAssistantError("it is busy")):
        await GAUGE.publish(broker, LEVEL, BEGIN)

    assert await table(hass, volts) == before
    [warning] = [record for record in caplog.records if record.levelno >= logging.WARNING]
    topic = shortened(METER.topic(VRMS, "gauge"))
    assert warning.getMessage() == f"The history of {topic} will be compared later: it is busy"


async def test_once_the_meter_is_unloaded_no_further_hours_are_filled(
    hass: HomeAssistant, broker: Broker, entry: MockConfigEntry, volts: str
) -> None:
    """Two gaps: the first is being written."""
    second = range(HOLE[-1] + 10 * HOUR, HOLE[-1] + 12 * HOUR, HOUR)
    await leave_volts(hass, volts, all_but([*HOLE, *second]))
    writing, let_write = asyncio.Event(), asyncio.Event()

    async def wait(*of: Any) -> bool:
        writing.set()
        await let_write.wait()
        return await async_apply(*of)

    with patch("custom_components.flukso.history.fill_log.async_apply", wait):
        broker.send(GAUGE.topic(LEVEL, BEGIN), GAUGE.payload(LEVEL, BEGIN))
        await writing.wait()
        unloading = hass.async_create_task(hass.config_entries.async_unload(entry.entry_id))
        await asyncio.sleep(0)
        let_write.set()
        assert await unloading
    await broker.settle_all()

    assert (await table(hass, volts)).keys() == set(all_but(second))

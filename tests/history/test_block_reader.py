"""Blocks that arrive during a change of configuration, or too many at once."""

import asyncio
import logging
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder import Recorder
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from custom_components.flukso.const import EVENT_HISTORY_FILLED
from custom_components.flukso.history import block_reader as blocks
from custom_components.flukso.history.fill_log import FillLog
from custom_components.flukso.history.statistics_units import async_apply
from custom_components.flukso.redaction import shortened

from ..broker import Broker
from ..home import entity_of, set_up
from ..meters import flm03
from ..past import BEGIN, HOLE, LEVEL, NOW, Past, all_but
from ..statistics import HOUR, leave_gauge, table

METER = flm03()
PPLUS = 1
PAST = Past(METER, PPLUS)


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
async def energy(hass: HomeAssistant, entry: MockConfigEntry) -> str:
    """The statistic of a counter, with a gap."""
    entity_id = entity_of(hass, METER, PPLUS, "counter").entity_id
    await PAST.leave(hass, entity_id, all_but(HOLE))
    return entity_id


async def test_a_counter_that_is_disabled_while_its_block_is_read_is_not_filled(
    hass: HomeAssistant, broker: Broker, energy: str, caplog: pytest.LogCaptureFixture
) -> None:
    before = await table(hass, energy)

    broker.send(PAST.topic(LEVEL, BEGIN), PAST.payload(LEVEL, BEGIN))
    er.async_get(hass).async_update_entity(energy, disabled_by=er.RegistryEntryDisabler.USER)
    await broker.settle_all()

    assert await table(hass, energy) == before
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


async def test_a_counter_that_is_disabled_while_its_blocks_wait_is_not_filled(
    hass: HomeAssistant, broker: Broker, entry: MockConfigEntry, energy: str
) -> None:
    before, reader = await table(hass, energy), entry.runtime_data.history.blocks
    counter = reader.counters[f"{METER.device_id}_{METER.sensor_id(PPLUS)}_counter"]

    for bid in range(HOLE[0] >> 16 << 16, HOLE[-1] + 2 * HOUR, 1 << 16):
        broker.send(PAST.topic(16, bid), PAST.payload(16, bid))
    er.async_get(hass).async_update_entity(energy, disabled_by=er.RegistryEntryDisabler.USER)
    await broker.settle_all()

    assert await table(hass, energy) == before
    assert reader.timeline_of(counter).span == (0, 0)


async def test_a_sensor_id_that_is_reused_while_its_block_is_read_is_not_filled(
    hass: HomeAssistant, broker: Broker, energy: str
) -> None:
    before = await table(hass, energy)

    broker.send(PAST.topic(LEVEL, BEGIN), PAST.payload(LEVEL, BEGIN))
    for topic, payload in METER.changed(PPLUS, rid=1).reports.items():
        broker.send(topic, payload)
    await broker.settle_all()

    assert await table(hass, energy) == before


async def test_a_meter_that_is_removed_while_its_block_is_read_leaves_nothing_behind(
    hass: HomeAssistant, broker: Broker, entry: MockConfigEntry, energy: str
) -> None:
    before = await table(hass, energy)

    broker.send(PAST.topic(LEVEL, BEGIN), PAST.payload(LEVEL, BEGIN))
    await hass.config_entries.async_remove(entry.entry_id)
    await broker.settle()

    assert await table(hass, energy) == before


async def test_a_backfill_in_progress_is_finished_before_the_meter_is_reloaded(
    hass: HomeAssistant, broker: Broker, entry: MockConfigEntry, energy: str
) -> None:
    power = entity_of(hass, METER, PPLUS, "gauge").entity_id
    await leave_gauge(hass, power, "W", [(HOLE[0] - HOUR, 1.5)])
    told = async_capture_events(hass, EVENT_HISTORY_FILLED)
    writing, let_write = asyncio.Event(), asyncio.Event()

    async def wait(*of: Any) -> bool:
        writing.set()
        await let_write.wait()
        return await async_apply(*of)

    with patch("custom_components.flukso.history.fill_log.async_apply", wait):
        broker.send(PAST.topic(LEVEL, BEGIN), PAST.payload(LEVEL, BEGIN))
        await writing.wait()
        reloading = hass.async_create_task(hass.config_entries.async_reload(entry.entry_id))
        await asyncio.sleep(0)
        let_write.set()
        assert await reloading

    assert [event.data["entity_id"] for event in told] == [energy, power]
    assert len(entry.runtime_data.fill_log.filled) == len(told)
    assert (await table(hass, energy)).keys() >= set(HOLE)
    assert (await table(hass, power)).keys() >= set(HOLE)


async def test_blocks_that_come_while_one_is_read_are_read_after_it(
    hass: HomeAssistant, broker: Broker, energy: str
) -> None:
    before, first = await table(hass, energy), HOLE[0] >> 16 << 16

    for bid in range(first, HOLE[-1] + 2 * HOUR, 1 << 16):
        broker.send(PAST.topic(16, bid), PAST.payload(16, bid))
    await broker.settle_all()

    assert len(await table(hass, energy)) == len(before) + len(HOLE)


async def test_the_size_of_pending_blocks_is_limited(
    hass: HomeAssistant, broker: Broker, energy: str
) -> None:
    before, size = await table(hass, energy), len(PAST.payload(LEVEL, BEGIN))
    assert blocks._MAX_PENDING_BYTES == 64 * 1024 * 1024

    with patch.object(blocks, "_MAX_PENDING_BYTES", size - 1):
        await PAST.publish(broker, LEVEL, BEGIN)

    assert await table(hass, energy) == before
    with patch.object(blocks, "_MAX_PENDING_BYTES", size):
        await PAST.publish(broker, LEVEL, BEGIN)
    assert len(await table(hass, energy)) == len(before) + len(HOLE)


async def test_a_busy_recorder_is_logged_and_the_next_block_tries_again(
    hass: HomeAssistant, broker: Broker, energy: str, caplog: pytest.LogCaptureFixture
) -> None:
    before = await table(hass, energy)

    with patch.object(FillLog, "async_fill", side_effect=HomeAssistantError("it is busy")):
        await PAST.publish(broker, LEVEL, BEGIN)

    assert await table(hass, energy) == before
    [warning] = [record for record in caplog.records if record.levelno >= logging.WARNING]
    topic = shortened(METER.topic(1, "counter"))
    assert warning.getMessage().startswith(f"The history of {topic} will be compared later: ")
    assert warning.getMessage().endswith("it is busy")
    await PAST.publish(broker, 12, BEGIN + (1 << LEVEL))
    assert len(await table(hass, energy)) == len(before) + len(HOLE)

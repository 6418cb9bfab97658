"""A meter is unloaded, reloaded and deleted at once, also while the recorder is busy."""

import asyncio
from collections.abc import Callable, Coroutine, Generator
import threading
import time
from typing import override
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder import Recorder, get_instance
from homeassistant.components.recorder.tasks import RecorderTask
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, ServiceResponse
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from custom_components.flukso.const import DOMAIN, EVENT_HISTORY_FILLED
from custom_components.flukso.history import backfill as history, block_decoding as blocks

from ..broker import Broker
from ..home import entity_of, set_up
from ..meters import flm03
from ..past import BEGIN, HOLE, LEVEL, NOW, RECORDED, Past, all_but
from ..statistics import HOUR, leave_gauge, table

METER = flm03()
IMPORT, EXPORT = (Past(METER, slot) for slot in (1, 2))
#: A second gap, some days after the first.
LATER = range(HOLE[-1] + 72 * HOUR, HOLE[-1] + 75 * HOUR, HOUR)
WITH_HOLES = set(all_but([*HOLE, *LATER]))


class Backup(RecorderTask):
    """A job that keeps the recorder busy until it is released."""

    def __init__(self) -> None:
        self.done = threading.Event()

    @override
    def run(self, instance: Recorder) -> None:
        self.done.wait()


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
def backup(hass: HomeAssistant) -> Generator[Backup]:
    """A job that keeps the recorder busy once it is queued."""
    backup = Backup()
    yield backup
    backup.done.set()


def energy(hass: HomeAssistant, past: Past = IMPORT) -> str:
    """The statistic of a counter."""
    return entity_of(hass, METER, past.slot, "counter").entity_id


def power(hass: HomeAssistant) -> str:
    """The statistic of the imported power."""
    return entity_of(hass, METER, IMPORT.slot, "gauge").entity_id


async def leave_holes(hass: HomeAssistant, backup: Backup) -> None:
    """Leave two gaps in both counters, and then keep the recorder busy."""
    for past in (IMPORT, EXPORT):
        await past.leave(hass, energy(hass, past), WITH_HOLES)
    await leave_gauge(hass, power(hass), "W", [(HOLE[0] - HOUR, 1.5)])
    get_instance(hass).queue_task(backup)


async def begin_to_fill(hass: HomeAssistant, entry: MockConfigEntry, broker: Broker) -> None:
    """Send a block that covers both gaps, and wait until the first is being filled."""
    broker.send(IMPORT.topic(LEVEL, BEGIN), IMPORT.payload(LEVEL, BEGIN))
    await until(hass, lambda: entry.runtime_data.fill_log.filled)


async def until(hass: HomeAssistant, condition: Callable[[], object]) -> None:
    """Wait until it is true, by a clock that no test freezes."""
    for _ in range(1000):
        if condition():
            return
        await hass.async_add_executor_job(time.sleep, 0.01)
    pytest.fail("it does not come to that")


async def soon[T](hass: HomeAssistant, doing: Coroutine[None, None, T]) -> T:
    """Assert that it ends within seconds, however long the recorder is busy."""
    with patch.object(history, "STOP_TIMEOUT", 0):
        task, done = hass.async_create_task(doing), threading.Event()
        task.add_done_callback(lambda _: done.set())
        assert await hass.async_add_executor_job(done.wait, 5)
    return await task


async def act(hass: HomeAssistant, entry: MockConfigEntry, action: str) -> ServiceResponse:
    """Perform an action on the meter, and return its response."""
    return await hass.services.async_call(
        DOMAIN, action, {"config_entry_id": entry.entry_id}, blocking=True, return_response=True
    )


async def test_a_reload_does_not_wait_for_a_busy_recorder_and_what_it_writes_can_be_taken_back(
    hass: HomeAssistant, broker: Broker, entry: MockConfigEntry, backup: Backup
) -> None:
    told = async_capture_events(hass, EVENT_HISTORY_FILLED)
    await leave_holes(hass, backup)
    await begin_to_fill(hass, entry, broker)

    assert await soon(hass, hass.config_entries.async_reload(entry.entry_id))

    assert entry.state is ConfigEntryState.LOADED
    assert told == []
    backup.done.set()
    await broker.settle_all()
    assert [event.data["entity_id"] for event in told] == [energy(hass), power(hass)]
    assert set(await table(hass, energy(hass))) == WITH_HOLES | set(HOLE)
    assert set(await table(hass, power(hass))) == {HOLE[0] - HOUR, *HOLE}
    await act(hass, entry, "restore_history")
    assert set(await table(hass, energy(hass))) == WITH_HOLES
    assert set(await table(hass, power(hass))) == {HOLE[0] - HOUR}


async def test_rows_still_being_written_at_a_reload_are_not_filled_a_second_time(
    hass: HomeAssistant, broker: Broker, entry: MockConfigEntry, backup: Backup
) -> None:
    told = async_capture_events(hass, EVENT_HISTORY_FILLED)
    await leave_holes(hass, backup)
    await begin_to_fill(hass, entry, broker)
    await soon(hass, hass.config_entries.async_reload(entry.entry_id))

    broker.send(IMPORT.topic(LEVEL, BEGIN), IMPORT.payload(LEVEL, BEGIN))
    await broker.settle()
    backup.done.set()
    await broker.settle_all()

    assert set(await table(hass, energy(hass))) == set(RECORDED)
    assert [event.data["entity_id"] for event in told].count(energy(hass)) == 2
    assert len(entry.runtime_data.fill_log.filled) == len(told)


async def test_an_action_fills_no_further_gap_of_any_counter_once_the_meter_is_unloaded(
    hass: HomeAssistant, broker: Broker, entry: MockConfigEntry, backup: Backup
) -> None:
    for past in (IMPORT, EXPORT):
        await past.publish(broker, LEVEL, BEGIN)
    await leave_holes(hass, backup)
    logged = hass.async_create_background_task(act(hass, entry, "fill_history"), "fill")
    await until(hass, lambda: entry.runtime_data.fill_log.filled)

    assert await soon(hass, hass.config_entries.async_unload(entry.entry_id))

    backup.done.set()
    answer = await logged
    assert answer is not None
    assert [each["entity_id"] for each in answer["filled"]] == [energy(hass), power(hass)]
    assert set(await table(hass, energy(hass))) == WITH_HOLES | set(HOLE)
    assert set(await table(hass, energy(hass, EXPORT))) == WITH_HOLES


async def test_a_meter_that_is_deleted_while_its_history_is_written_leaves_no_file_behind(
    hass: HomeAssistant,
    broker: Broker,
    entry: MockConfigEntry,
    backup: Backup,
    hass_storage: dict[str, object],
) -> None:
    told = async_capture_events(hass, EVENT_HISTORY_FILLED)
    await leave_holes(hass, backup)
    statistic_id = energy(hass)
    await begin_to_fill(hass, entry, broker)

    await soon(hass, hass.config_entries.async_remove(entry.entry_id))

    backup.done.set()
    await until(hass, lambda: told)
    await broker.settle()
    assert set(await table(hass, statistic_id)) == WITH_HOLES | set(HOLE)
    assert not [key for key in hass_storage if key.startswith(DOMAIN)]


async def test_pending_blocks_are_not_read_once_the_meter_is_unloaded(
    hass: HomeAssistant, broker: Broker, entry: MockConfigEntry
) -> None:
    sent = range(BEGIN, BEGIN + (8 << 16), 1 << 16)
    with patch.object(blocks, "decode", wraps=blocks.decode) as decode:
        for bid in sent:
            broker.send(IMPORT.topic(16, bid), IMPORT.payload(16, bid))
        await asyncio.sleep(0)

        assert await hass.config_entries.async_unload(entry.entry_id)
        await broker.settle_all()

    assert decode.call_count < len(sent)

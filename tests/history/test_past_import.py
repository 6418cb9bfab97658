"""What the meter remembers from before Home Assistant is imported, and can be undone."""

from collections.abc import Collection
from datetime import datetime, timedelta
import json
from typing import Any
from unittest.mock import MagicMock, PropertyMock, patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder import Recorder
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
    async_fire_time_changed,
)
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
    do_adhoc_statistics,
)

from custom_components.flukso.const import DOMAIN, EVENT_HISTORY_IMPORTED
from custom_components.flukso.history import block_reader, past_counters, past_gauges, past_import
from custom_components.flukso.metering.past_rows import PastRows
from custom_components.flukso.metering.rows import Row
from custom_components.flukso.redaction import shortened

from ..broker import Broker
from ..home import config_entry, entity_of
from ..meters import flm03
from ..past import BEGIN, END, Past
from ..statistics import HOUR, Columns, leave_counter, table

METER = flm03()
PPLUS, PMINUS, VOLTAGE = 1, 2, 7
PAST = Past(METER, PPLUS)
#: Home Assistant's first hour with the meter, a day after the end of the block of twelve days.
FIRST = (END // HOUR + 24) * HOUR
FIRST_HOUR = BEGIN // HOUR * HOUR + HOUR


@pytest.fixture(autouse=True)
def _this_integration(
    recorder_mock: Recorder, enable_custom_integrations: None, freezer: FrozenDateTimeFactory
) -> None:
    """Let Home Assistant record."""
    freezer.move_to(dt_util.utc_from_timestamp(FIRST + 600))


@pytest.fixture
async def entry(hass: HomeAssistant, broker: Broker) -> MockConfigEntry:
    """Set up the meter, with its past wished for."""
    entry = config_entry(METER)
    entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(entry, options={"import_history": True})
    await broker.publish_all(METER.reports, retain=True)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await broker.settle()
    return entry


@pytest.fixture
def record_states() -> bool:
    """Statistics are made of states here."""
    return True


@pytest.fixture
def energy(hass: HomeAssistant, entry: MockConfigEntry) -> str:
    """The statistic of a counter."""
    return entity_of(hass, METER, PPLUS, "counter").entity_id


class Clock:
    """Lets time pass: readings, the recorder's five minutes, and the looks of the import."""

    def __init__(
        self, hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory, client: MagicMock
    ) -> None:
        self._hass, self._broker, self._freezer, self._client = hass, broker, freezer, client

    async def until(self, end: int) -> None:
        """Let time pass until a second (since 1970), in steps of five minutes."""
        time = int(dt_util.utcnow().timestamp())
        topic = f"{METER.prefix}sensor/{METER.sensor_id(PPLUS)}/counter"
        while time < end:
            time = min(time // 300 * 300 + 300, end)
            before = 60 if time % HOUR == 0 else 30
            for second in range(time - before, time + 1, 5 if time % HOUR == 0 else 30):
                self._freezer.move_to(dt_util.utc_from_timestamp(second))
                await self._broker.publish(topic, f'[{second}, {PAST.told(second) / 1000}, "Wh"]')
                async_fire_time_changed(self._hass)
                await self._broker.settle_all()
            if time % 300 == 0:
                start = dt_util.utc_from_timestamp(time - 300)
                do_adhoc_statistics(self._hass, start=start)
                await async_wait_recording_done(self._hass)
        await self.look()

    def asked(self) -> list[Any]:
        """The requests for blocks that were published."""
        topic = f"{METER.prefix}d/device/{METER.device_id}/tmpo/sync"
        calls = [call.args for call in self._client.publish.call_args_list]
        return [json.loads(payload) for name, payload, *_ in calls if name == topic]

    def wait(self, seconds: int) -> None:
        """Let time pass in which nothing looks."""
        self._freezer.tick(seconds)

    async def look(self, seconds: int = 60) -> None:
        """Let the import look once more."""
        self._freezer.tick(seconds)
        async_fire_time_changed(self._hass)
        await self._broker.settle_all()


@pytest.fixture
def clock(
    hass: HomeAssistant,
    broker: Broker,
    freezer: FrozenDateTimeFactory,
    mqtt_client_mock: MagicMock,
) -> Clock:
    """Let time pass."""
    return Clock(hass, broker, freezer, mqtt_client_mock)


async def answer(broker: Broker, *, newest: bool = True) -> None:
    """Publish the blocks that the meter has now, the largest first."""
    now = int(dt_util.utcnow().timestamp())
    await PAST.publish(broker, 20, BEGIN)
    begin = END
    for level in (16, 12):
        while begin + (1 << level) <= now:
            if newest or begin + (1 << level) <= FIRST:
                await PAST.publish(broker, level, begin)
            begin += 1 << level


def counted(rows: dict[int, Columns]) -> dict[int, float]:
    """What the Energy dashboard shows for each hour, in Wh."""
    found, before = {}, 0.0
    for hour, (_, total, *_rest) in rows.items():
        assert total is not None
        found[hour] = (total - before) * 1000
        before = total
    return found


def true(rows: dict[int, Columns]) -> dict[int, object]:
    """What it should show: until a recorded row what was counted until its state was read."""
    found = {}
    for hour, (state, *_) in rows.items():
        assert state is not None
        before = rows.get(hour - HOUR)
        begin = PAST.told(hour) / 1000 if before is None else float(before[0] or 0) * 1000
        found[hour] = pytest.approx(state * 1000 - begin, abs=0.01)
    return found


def use_only(hass: HomeAssistant, entry: MockConfigEntry, entity_ids: Collection[str]) -> None:
    """Disable all other entities of the meter."""
    registry = er.async_get(hass)
    for entity in er.async_entries_for_config_entry(registry, entry.entry_id):
        disabled = None if entity.entity_id in entity_ids else er.RegistryEntryDisabler.USER
        registry.async_update_entity(entity.entity_id, disabled_by=disabled)


async def undo(hass: HomeAssistant, entry: MockConfigEntry) -> Any:
    """Undo the last import."""
    return await hass.services.async_call(
        DOMAIN,
        "restore_history",
        {"config_entry_id": entry.entry_id},
        blocking=True,
        return_response=True,
    )


async def test_the_past_is_imported_goes_on_and_can_be_undone(
    hass: HomeAssistant,
    broker: Broker,
    entry: MockConfigEntry,
    energy: str,
    clock: Clock,
) -> None:
    told = async_capture_events(hass, EVENT_HISTORY_IMPORTED)
    reaches_back = entity_of(hass, METER, PPLUS, "counter")
    await clock.until(FIRST + HOUR - 300)
    assert clock.asked() == []
    assert entry.options == {}

    await clock.until(FIRST + HOUR + 60)
    [wanted] = clock.asked()
    assert METER.sensor_id(PPLUS) in {item["sid"] for item in wanted}
    assert {item["bid"] for item in wanted} == {0}
    await answer(broker)
    await clock.until(FIRST + 2 * HOUR + 900)
    assert (await table(hass, energy)).keys() == {FIRST, FIRST + HOUR}
    before = await table(hass, energy)
    await answer(broker)
    await clock.until(FIRST + 2 * HOUR + 1500)

    rows = await table(hass, energy)
    assert rows.keys() == set(range(FIRST_HOUR, FIRST + 2 * HOUR, HOUR))
    assert counted(rows) == true(rows)
    assert min(total for _, total, *_ in rows.values() if total is not None) > 0
    assert [rows[hour][0] for hour in before] == [state for state, *_ in before.values()]
    [event] = told
    assert event.data["entity_id"] == energy
    assert event.data["device_id"] == reaches_back.device_id
    assert event.data["hours"] == (FIRST - FIRST_HOUR) // HOUR
    assert event.data["amount"] == pytest.approx(
        (PAST.told(FIRST) - PAST.told(FIRST_HOUR)) / 1_000_000
    )

    await clock.until(FIRST + 4 * HOUR + 60)
    rows = await table(hass, energy)
    assert rows.keys() == set(range(FIRST_HOUR, FIRST + 4 * HOUR, HOUR))
    assert counted(rows) == true(rows)

    restored = await undo(hass, entry)
    assert [each["entity_id"] for each in restored["restored"]] == [energy]
    after = await table(hass, energy)
    assert after.keys() == {FIRST + hour * HOUR for hour in range(4)}
    for hour, row in before.items():
        assert after[hour] == pytest.approx(row, abs=1e-6)
    await clock.until(FIRST + 6 * HOUR + 60)
    after = await table(hass, energy)
    assert list(counted(after).values())[1:] == list(true(after).values())[1:]
    assert len(after) == 6


async def test_an_import_goes_on_after_a_reload_and_asks_again_after_an_hour(
    hass: HomeAssistant, broker: Broker, entry: MockConfigEntry, energy: str, clock: Clock
) -> None:
    await clock.until(FIRST + HOUR + 60)
    assert len(clock.asked()) == 1
    await answer(broker)
    await hass.config_entries.async_reload(entry.entry_id)
    await clock.until(FIRST + HOUR + 3000)
    assert len(clock.asked()) == 1
    assert progress(hass) == 0

    await clock.until(FIRST + 2 * HOUR + 300)
    assert len(clock.asked()) == 2
    await answer(broker)
    await clock.look()
    # Of 21 counters, 9 powers and 15 logged gauges, one counter's past is known, and its power.
    assert progress(hass) == 2 * 99 // 45
    await clock.until(FIRST + 2 * HOUR + 900)

    rows = await table(hass, energy)
    assert rows.keys() == set(range(FIRST_HOUR, FIRST + 2 * HOUR, HOUR))
    assert counted(rows) == true(rows)


async def test_an_import_asks_once_more_after_a_long_pause_though_a_block_arrived_before(
    hass: HomeAssistant, broker: Broker, entry: MockConfigEntry, energy: str, clock: Clock
) -> None:
    """What arrives by itself is no answer, and what was known is not on disk."""
    await leave_counter(hass, energy, "kWh", [(FIRST, PAST.told(FIRST + HOUR) / 1e6, 1.0)])
    await clock.look(HOUR)
    assert len(clock.asked()) == 1
    clock.wait(5 * HOUR)
    await hass.config_entries.async_reload(entry.entry_id)
    await broker.settle()
    await PAST.publish(broker, 12, FIRST >> 12 << 12)

    await clock.look()
    assert len(clock.asked()) == 2
    await answer(broker)
    await clock.look(600)

    assert (await table(hass, energy)).keys() == set(range(FIRST_HOUR, FIRST + HOUR, HOUR))


async def test_a_wish_that_is_still_there_after_a_restart_begins_no_second_import(
    hass: HomeAssistant, broker: Broker, entry: MockConfigEntry
) -> None:
    hass.config_entries.async_update_entry(entry, options={"import_history": True})
    await hass.config_entries.async_reload(entry.entry_id)
    await broker.settle()

    assert entry.state is ConfigEntryState.LOADED
    assert len(entry.runtime_data.history.past.log.imports) == 1
    assert "import_history" not in entry.options


async def test_a_new_meter_s_rows_are_not_looked_for_one_by_one(
    entry: MockConfigEntry, clock: Clock
) -> None:
    """Each look costs two requests to the database, and there are dozens of entities."""
    with patch.object(past_import, "async_first_row") as first_row:
        await clock.look()

    assert not first_row.called


async def test_rows_that_can_t_be_there_yet_are_not_looked_for_every_minute(
    entry: MockConfigEntry, clock: Clock
) -> None:
    await clock.look()
    with patch.object(past_import, "async_first_row") as first_row:
        for _ in range(5):
            await clock.look()

    assert not first_row.called


def progress(hass: HomeAssistant) -> int | None:
    """How far the import is, as the user sees it."""
    state = hass.states.get("sensor.fluksometer_history_reaches_back_to")
    assert state is not None
    told = state.attributes.get("import_progress")
    return None if told is None else int(told)


async def test_an_import_ends_once_the_meter_has_nothing_more_to_say(
    hass: HomeAssistant, broker: Broker, entry: MockConfigEntry, energy: str, clock: Clock
) -> None:
    """All counters but one have no memory: they are asked for three times."""
    await clock.until(FIRST + HOUR + 60)
    await answer(broker)
    await clock.until(FIRST + 3 * HOUR + 900)
    assert len(clock.asked()) == 3
    assert METER.sensor_id(PPLUS) not in {item["sid"] for item in clock.asked()[-1]}
    state = hass.states.get("sensor.fluksometer_history_reaches_back_to")
    assert state is not None
    assert datetime.fromisoformat(state.state).timestamp() == FIRST_HOUR
    assert progress(hass) is None
    assert entry.runtime_data.import_log.running is None
    rows = await table(hass, energy)
    assert rows.keys() == set(range(FIRST_HOUR, FIRST + 3 * HOUR, HOUR))


async def test_an_import_ends_once_all_that_is_still_in_use_is_imported(
    hass: HomeAssistant, broker: Broker, entry: MockConfigEntry, energy: str, clock: Clock
) -> None:
    await clock.until(FIRST + 2 * HOUR + 60)
    await answer(broker)
    await clock.until(FIRST + 2 * HOUR + 900)
    running = entry.runtime_data.import_log.running
    assert running is not None
    assert running.imported
    use_only(hass, entry, {energy})

    await clock.look()

    assert entry.runtime_data.import_log.running is None
    assert (await table(hass, energy)).keys() == set(range(FIRST_HOUR, FIRST + 2 * HOUR, HOUR))


async def test_a_meter_that_does_not_answer_is_asked_every_hour_of_a_day(
    hass: HomeAssistant, broker: Broker, entry: MockConfigEntry, energy: str, clock: Clock
) -> None:
    await leave_counter(hass, energy, "kWh", [(FIRST - HOUR, 5000.0, 1.0)])
    for _ in range(30):
        await clock.look(HOUR)

    assert len(clock.asked()) == 24
    assert entry.runtime_data.import_log.imports == []
    assert (await table(hass, energy)).keys() == {FIRST - HOUR}


async def test_an_import_ends_though_somebody_sends_blocks_for_ever(
    hass: HomeAssistant, broker: Broker, entry: MockConfigEntry, energy: str, clock: Clock
) -> None:
    await leave_counter(hass, energy, "kWh", [(FIRST, 5000.0, 1.0)])
    await clock.look(HOUR)
    await answer(broker)
    entry.runtime_data.history.blocks.is_decoding = True  # they never stop
    hours = 0
    while entry.runtime_data.import_log.running is not None:
        clock.wait(HOUR - 60)
        await PAST.publish(broker, 20, BEGIN)
        await clock.look()
        hours += 1
        assert hours < 100

    assert hours == 24 + len(clock.asked()) - 1
    assert (await table(hass, energy)).keys() == set(range(FIRST_HOUR, FIRST + HOUR, HOUR))


async def test_blocks_that_were_dropped_are_asked_for_again(
    hass: HomeAssistant, broker: Broker, entry: MockConfigEntry, energy: str, clock: Clock
) -> None:
    await clock.until(FIRST + HOUR + 60)
    with patch.object(block_reader, "_MAX_PENDING_BYTES", 10):
        await answer(broker)
    await clock.until(FIRST + HOUR + 900)
    assert (await table(hass, energy)).keys() == {FIRST}

    await clock.until(FIRST + 2 * HOUR + 300)
    assert METER.sensor_id(PPLUS) in {item["sid"] for item in clock.asked()[1]}
    await answer(broker)
    await clock.until(FIRST + 2 * HOUR + 900)

    rows = await table(hass, energy)
    assert rows.keys() == set(range(FIRST_HOUR, FIRST + 2 * HOUR, HOUR))


async def test_an_import_ends_though_blocks_were_dropped_that_only_a_power_waits_for(
    hass: HomeAssistant, broker: Broker, entry: MockConfigEntry, energy: str, clock: Clock
) -> None:
    power = entity_of(hass, METER, PPLUS, "gauge").entity_id
    use_only(hass, entry, {energy, power})
    await hass.config_entries.async_reload(entry.entry_id)
    await broker.settle()
    await leave_counter(hass, energy, "kWh", [(FIRST, PAST.told(FIRST + HOUR) / 1e6, 1.0)])
    await clock.look(3 * HOUR)
    await answer(broker)
    await clock.look(600)
    log = entry.runtime_data.import_log
    assert len(log.running.done) == 1
    with patch.object(block_reader, "_MAX_PENDING_BYTES", 10):
        await PAST.publish(broker, 20, BEGIN - (1 << 20))

    hours = 0
    while log.running is not None:
        await clock.look(HOUR)
        hours += 1
        assert hours < 100

    assert {item["sid"] for item in clock.asked()[-1]} == {METER.sensor_id(PPLUS)}


async def test_nothing_is_asked_without_a_connection(
    hass: HomeAssistant, broker: Broker, entry: MockConfigEntry, energy: str, clock: Clock
) -> None:
    await leave_counter(hass, energy, "kWh", [(FIRST - HOUR, 5000.0, 1.0)])
    transport = type(entry.runtime_data.transport)
    with patch.object(transport, "connected", new_callable=PropertyMock, return_value=False):
        await clock.look()
    assert clock.asked() == []

    await clock.look()
    assert len(clock.asked()) == 1


async def test_an_import_goes_on_after_the_recorder_was_too_busy(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    energy: str,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await leave_counter(hass, energy, "kWh", [(FIRST - HOUR, 5000.0, 1.0)])
    with patch.object(past_import, "async_first_row", side_effect=HomeAssistantError("busy")):
        await clock.look()
    assert "The past will be imported later: busy" in caplog.text

    await clock.look()
    assert len(clock.asked()) == 1


async def test_an_undoing_that_was_cut_short_is_finished_by_itself(
    hass: HomeAssistant, entry: MockConfigEntry, energy: str, clock: Clock
) -> None:
    log = entry.runtime_data.import_log
    log.running.is_undone, log.running.is_running = True, False

    await clock.look()

    assert log.imports == []


async def test_hours_that_can_t_be_are_told(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    energy: str,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await leave_counter(hass, energy, "kWh", [(FIRST - HOUR, 5000.0, 1.0)])
    past = PastRows([Row(FIRST - 2 * HOUR, 4_999_000, 0.0)], impossible=1)
    await clock.look()
    with patch.object(past_counters.PastCounters, "async_rows", return_value=past):
        await clock.look(600)

    unique_id = entity_of(hass, METER, PPLUS, "counter").unique_id
    assert f"{shortened(unique_id)}: 1 hours of the past count nothing" in caplog.text
    assert (await table(hass, energy)).keys() == {FIRST - 2 * HOUR, FIRST - HOUR}


async def test_only_the_wanted_time_is_imported_by_the_action(
    hass: HomeAssistant, broker: Broker, entry: MockConfigEntry, energy: str, clock: Clock
) -> None:
    await clock.until(FIRST + HOUR + 60)
    await undo_nothing(hass, entry)
    since = FIRST - 30 * HOUR
    data = {"config_entry_id": entry.entry_id, "since": dt_util.utc_from_timestamp(since)}
    await hass.services.async_call(DOMAIN, "import_history", data, blocking=True)
    with pytest.raises(ServiceValidationError) as error:
        await hass.services.async_call(DOMAIN, "import_history", data, blocking=True)
    assert error.value.translation_key == "import_running"
    await clock.look()
    assert {item["bid"] >> 8 for item in clock.asked()[-1]} == {(since >> 8) - 1}
    await answer(broker)
    await clock.until(FIRST + 2 * HOUR + 900)
    await answer(broker)
    await clock.until(FIRST + 2 * HOUR + 1500)

    rows = await table(hass, energy)
    assert rows.keys() == set(range(since, FIRST + 2 * HOUR, HOUR))
    assert counted(rows) == true(rows)


async def undo_nothing(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Undo an import that has written nothing yet."""
    assert await undo(hass, entry) == {"restored": [], "left": []}


async def test_an_import_is_refused_where_there_is_nothing_to_import(
    hass: HomeAssistant, broker: Broker, entry: MockConfigEntry
) -> None:
    await undo_nothing(hass, entry)
    data = {"config_entry_id": entry.entry_id, "since": dt_util.utcnow() + timedelta(days=1)}
    with pytest.raises(ServiceValidationError) as error:
        await hass.services.async_call(DOMAIN, "import_history", data, blocking=True)
    assert error.value.translation_key == "history_not_yet_there"
    registry = er.async_get(hass)
    for entity in er.async_entries_for_config_entry(registry, entry.entry_id):
        registry.async_update_entity(entity.entity_id, disabled_by=er.RegistryEntryDisabler.USER)
    await hass.config_entries.async_reload(entry.entry_id)
    await broker.settle()
    with pytest.raises(ServiceValidationError) as error:
        await hass.services.async_call(
            DOMAIN, "import_history", {"config_entry_id": entry.entry_id}, blocking=True
        )
    assert error.value.translation_key == "no_counter_in_use"


async def test_an_import_begins_where_only_a_logged_gauge_is_in_use(
    hass: HomeAssistant, broker: Broker, entry: MockConfigEntry
) -> None:
    await undo_nothing(hass, entry)
    use_only(hass, entry, {entity_of(hass, METER, VOLTAGE, "gauge").entity_id})
    await hass.config_entries.async_reload(entry.entry_id)
    await broker.settle()

    await hass.services.async_call(
        DOMAIN, "import_history", {"config_entry_id": entry.entry_id}, blocking=True
    )

    assert entry.runtime_data.import_log.running is not None


async def test_a_sensor_id_that_is_reused_begins_a_new_past(
    hass: HomeAssistant, broker: Broker, entry: MockConfigEntry, energy: str, clock: Clock
) -> None:
    await leave_counter(hass, energy, "kWh", [(FIRST - HOUR, 5000.0, 1.0)])
    await clock.look()
    await answer(broker)
    counters = entry.runtime_data.history.past.sources[0]
    [unique_id] = [each for each in counters.unique_ids() if counters.part_known(each)]
    assert counters.part_known(unique_id) > 0.9

    await broker.publish_all(METER.changed(PPLUS, rid=1).reports, retain=True)

    assert counters.part_known(unique_id) == 0
    assert counters.unit_of("gone") is None
    assert await counters.async_rows("gone", Row(FIRST, 1.0, 1.0), final=False) is None
    assert await counters.async_rows("gone", Row(FIRST, 1.0, 1.0), final=True) == PastRows()


async def test_an_entity_that_is_gone_does_not_hold_up_the_others(
    hass: HomeAssistant, broker: Broker, entry: MockConfigEntry, energy: str, clock: Clock
) -> None:
    gone, found = entity_of(hass, METER, PMINUS, "counter"), past_import.sensor_entity_id

    def sensor_entity_id(hass: HomeAssistant, unique_id: str) -> str | None:
        return None if unique_id == gone.unique_id else found(hass, unique_id)

    with patch.object(past_import, "sensor_entity_id", sensor_entity_id):
        await clock.until(FIRST + HOUR + 60)
        await answer(broker)
        await clock.until(FIRST + 3 * HOUR + 900)

    assert entry.runtime_data.import_log.running is None
    assert (await table(hass, energy)).keys() == set(range(FIRST_HOUR, FIRST + 3 * HOUR, HOUR))


async def test_nothing_is_asked_that_is_known(
    hass: HomeAssistant, entry: MockConfigEntry, energy: str, clock: Clock
) -> None:
    await leave_counter(hass, energy, "kWh", [(FIRST - HOUR, 5000.0, 1.0)])
    with (
        patch.object(past_counters.PastCounters, "sensors", return_value=[]),
        patch.object(past_gauges.PastGauges, "sensors", return_value=[]),
    ):
        await clock.look()
    assert clock.asked() == []


async def test_what_could_not_be_written_is_tried_again(
    hass: HomeAssistant, entry: MockConfigEntry, energy: str, clock: Clock
) -> None:
    await leave_counter(hass, energy, "kWh", [(FIRST - HOUR, 5000.0, 1.0)])
    log = entry.runtime_data.import_log
    past = PastRows([Row(FIRST - 2 * HOUR, 4_999_000, 0.0)])
    await clock.look()
    with patch.object(past_counters.PastCounters, "async_rows", return_value=past):
        with patch.object(log, "async_write", return_value=False):
            await clock.look(600)
        assert log.running.done == set()
        await clock.look()

    assert len(log.running.done) == 1
    assert (await table(hass, energy)).keys() == {FIRST - 2 * HOUR, FIRST - HOUR}


async def test_nothing_is_written_once_the_meter_is_unloaded(
    hass: HomeAssistant, entry: MockConfigEntry, energy: str, clock: Clock
) -> None:
    await leave_counter(hass, energy, "kWh", [(FIRST - HOUR, 5000.0, 1.0)])
    await clock.look()
    unloaded = []

    async def rows(*_: object, **__: object) -> PastRows:
        unloaded.append(await hass.config_entries.async_unload(entry.entry_id))
        return PastRows([Row(FIRST - 2 * HOUR, 4_999_000, 0.0)])

    with patch.object(past_counters.PastCounters, "async_rows", rows):
        await clock.look(600)

    assert unloaded == [True]
    assert (await table(hass, energy)).keys() == {FIRST - HOUR}


async def test_an_import_waits_for_the_one_look_at_a_time(
    hass: HomeAssistant, entry: MockConfigEntry, energy: str, clock: Clock
) -> None:
    await leave_counter(hass, energy, "kWh", [(FIRST - HOUR, 5000.0, 1.0)])
    looks = []

    async def first_row(*_: object) -> None:
        looks.append(len(looks))
        if len(looks) == 1:
            await clock.look()

    with patch.object(past_import, "async_first_row", first_row):
        await entry.runtime_data.history.past.async_look(dt_util.utcnow())

    assert len(looks) == 1
    assert clock.asked() == []


async def test_a_block_that_is_too_old_for_any_gap_is_imported(
    hass: HomeAssistant, broker: Broker, entry: MockConfigEntry, energy: str, clock: Clock
) -> None:
    await leave_counter(hass, energy, "kWh", [(FIRST - HOUR, 5000.0, 1.0)])
    await clock.look()
    oldest = BEGIN - (34 << 20)
    assert dt_util.utcnow().timestamp() - oldest > 420 * 24 * HOUR

    await PAST.publish(broker, 20, oldest)

    history = entry.runtime_data.history
    [counters] = [each for each in history.past.sources if hasattr(each, "known")]
    unique_id = entity_of(hass, METER, PPLUS, "counter").unique_id
    channel = history.blocks.counters[unique_id]
    assert counters.known(channel).span[0] == oldest
    assert history.blocks.timeline_of(channel).span == (0, 0)

"""The statistics that the older integration left mean what they say, and go on."""

import asyncio
from collections.abc import Iterator
import contextlib
from datetime import datetime, timedelta
from threading import Event
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder import Recorder, get_instance
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
    do_adhoc_statistics,
    get_start_time,
)
from pytest_homeassistant_custom_component.typing import WebSocketGenerator
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from custom_components.flukso import statistics_correction
from custom_components.flukso.const import DOMAIN

from .broker import Broker
from .home import entities, entity_of
from .meters import Meter, flm02, flm03, kubes_alone, three_clamps
from .older import leave_behind, leave_empty_hour, record_hours, shown, start
from .other_recorder import CHANGES, WARNING

RECENT = pytest.mark.parametrize("recent", [True, False], ids=["just left", "left long ago"])

#: Slots of ``flm03()``.
PMINUS, Q1, ALPHA, WATER, PRESSURE = 2, 3, 12, 37, 42
WATER_OF_FLM02 = 4

#: Statements, and whether one that failed is not tried again by the recorder itself.
ONCE = {"SELECT statistics.": False, "UPDATE statistics_meta ": True}

#: What is raised while the recorder is busy.
BUSY = HomeAssistantError("too busy")

#: How many of the older integration's units make the one that the statistics go on in.
SHOWN_IN = {PMINUS: 1, Q1: 1000}


@pytest.fixture(autouse=True)
def _in_the_middle_of_an_hour(freezer: FrozenDateTimeFactory) -> None:
    """Let no hour end meanwhile, of which Home Assistant would make statistics."""
    freezer.move_to(dt_util.utcnow().replace(minute=21))


@pytest.fixture(autouse=True)
def _this_integration(
    _in_the_middle_of_an_hour: None, recorder_mock: Recorder, enable_custom_integrations: None
) -> None:
    """Let Home Assistant record, and load the integration of this repository."""


class Statistics:
    """The statistics as the frontend gets them."""

    def __init__(self, client: Any) -> None:
        self._client = client

    async def _ask(self, command: str, **arguments: Any) -> Any:
        await self._client.send_json_auto_id({"type": f"recorder/{command}", **arguments})
        answer = await self._client.receive_json()
        assert answer["success"], answer
        return answer["result"]

    async def issues(self) -> Any:
        """What is wrong with them."""
        return await self._ask("validate_statistics")

    async def units(self) -> dict[str, str | None]:
        """The units they are kept in."""
        listed = await self._ask("list_statistic_ids")
        return {row["statistic_id"]: row["statistics_unit_of_measurement"] for row in listed}

    async def rows(self, entity_id: str, column: str, period: str = "hour") -> list[Any]:
        """What was recorded, in the unit that the entity shows."""
        found = await self._ask(
            "statistics_during_period",
            start_time="2000-01-01",
            statistic_ids=[entity_id],
            period=period,
            types=[column],
        )
        return [row[column] for row in found.get(entity_id, [])]


@pytest.fixture
async def statistics(
    _this_integration: None, hass: HomeAssistant, hass_ws_client: WebSocketGenerator
) -> Statistics:
    """The statistics as the frontend gets them."""
    return Statistics(await hass_ws_client())


def last_hour(*, recent: bool) -> datetime:
    """The last whole hour, or one a month ago."""
    hour = dt_util.utcnow().replace(minute=0, second=0, microsecond=0)
    return hour - (timedelta(hours=1) if recent else timedelta(days=30))


async def record_all(
    hass: HomeAssistant, meter: Meter, entry: MockConfigEntry, *, recent: bool = True
) -> set[str]:
    """Leave statistics of every sensor, of the readings that the meter publishes now as well."""
    topics, recorded = meter.readings(), set()
    sensors = {entity.unique_id: entity for entity in entities(hass, entry)}
    for slot in meter.sensors:
        for kind in ("gauge", "counter"):
            sensor = sensors.get(f"{meter.device_id}_{meter.sensor_id(slot)}_{kind}")
            if sensor and sensor.domain == "sensor" and meter.topic(slot, kind) in topics:
                value = shown(meter, slot, kind)
                record_hours(hass, sensor, value, last=last_hour(recent=recent), recent=recent)
                recorded.add(sensor.entity_id)
    await async_wait_recording_done(hass)
    return recorded


def powers_of_clamps(hass: HomeAssistant) -> set[str]:
    """The entities that the older integration did not have, and that have statistics now."""
    registered = er.async_get(hass).entities.values()
    ends = tuple(f"_port_{port}_power" for port in (1, 2, 3))
    return {each.entity_id for each in registered if each.unique_id.endswith(ends)}


def marked(hass: HomeAssistant, entry: MockConfigEntry) -> set[str]:
    """The entities whose statistics are still to be corrected."""
    return {entity.entity_id for entity in entities(hass, entry) if DOMAIN in entity.options}


async def corrections_end() -> None:
    """Wait until the corrections of statistics in the background have ended."""
    tasks = [task for task in asyncio.all_tasks() if task.get_name() == "flukso correct statistics"]
    await asyncio.gather(*tasks)


async def start_and_compile(
    hass: HomeAssistant, broker: Broker, meter: Meter, entry: MockConfigEntry
) -> None:
    """Start Home Assistant, and let it make statistics of the states of these five minutes."""
    await start(hass, broker, meter, entry)
    await corrections_end()
    await async_wait_recording_done(hass)
    do_adhoc_statistics(hass, start=get_start_time(dt_util.utcnow()))
    await async_wait_recording_done(hass)


@pytest.mark.parametrize(
    "meter", [flm03(), flm02(), kubes_alone()], ids=["FLM03", "FLM02", "kubes alone"]
)
@RECENT
async def test_statistics_and_states_are_in_the_same_terms(
    hass: HomeAssistant, broker: Broker, statistics: Statistics, meter: Meter, recent: bool
) -> None:
    entry = leave_behind(hass, meter)
    recorded = await record_all(hass, meter, entry, recent=recent)

    await start_and_compile(hass, broker, meter, entry)

    assert await statistics.issues() == {}
    assert not [issue for domain, issue in ir.async_get(hass).issues if domain == "sensor"]
    units = await statistics.units()
    assert {entity_id for entity_id in units if not _is_total(entity_id)} == recorded
    for entity_id in recorded:
        state = hass.states.get(entity_id)
        assert state is not None
        value = float(state.state)
        column = "mean" if state.attributes["state_class"] == "measurement" else "state"
        *_, last_of_hours = await statistics.rows(entity_id, column)
        five_minutes = await statistics.rows(entity_id, column, "5minute")
        assert [last_of_hours, *five_minutes] == pytest.approx([value] * (1 + len(five_minutes)))
        assert five_minutes, entity_id


def _is_total(entity_id: str) -> bool:
    """Return whether it is a total, which the older integration did not have."""
    return entity_id.startswith("sensor.fluksometer_")


async def test_the_extremes_of_an_hour_are_kept(
    hass: HomeAssistant, broker: Broker, statistics: Statistics
) -> None:
    entry = leave_behind(hass, kubes_alone())
    await record_all(hass, kubes_alone(), entry)

    await start_and_compile(hass, broker, kubes_alone(), entry)

    for entity_id, value in (("sensor.cellar_battery", 3.1), ("sensor.cellar_pressure", 1013.25)):
        assert await statistics.rows(entity_id, "min") == pytest.approx([value / 2] * 3)
        assert await statistics.rows(entity_id, "max") == pytest.approx([value * 2] * 3)


async def test_statistics_are_in_units_that_home_assistant_knows(
    hass: HomeAssistant, broker: Broker, statistics: Statistics
) -> None:
    entry = leave_behind(hass, flm03())
    await record_all(hass, flm03(), entry)

    await start_and_compile(hass, broker, flm03(), entry)

    units = await statistics.units()
    assert units["sensor.main_electricity_pplus_counter"] == "Wh"
    assert units["sensor.main_electricity_q1_counter"] == "varh"
    assert units["sensor.main_electricity_pf_gauge"] == "%"
    assert units["sensor.gas_gas_counter"] == "m³"
    assert units["sensor.living_room_battery"] == "V"
    assert units["sensor.living_room_pressure"] == "hPa"


@RECENT
@pytest.mark.parametrize("slot", SHOWN_IN)
async def test_what_was_counted_meanwhile_is_added_to_the_sum(
    hass: HomeAssistant,
    broker: Broker,
    statistics: Statistics,
    recent: bool,
    slot: int,
) -> None:
    entry = leave_behind(hass, flm03())
    counter = entity_of(hass, flm03(), slot, "counter")
    value = shown(flm03(), slot, "counter") - 25
    record_hours(hass, counter, value, last=last_hour(recent=recent), recent=recent)
    await async_wait_recording_done(hass)

    await start_and_compile(hass, broker, flm03(), entry)

    hours = [total / SHOWN_IN[slot] for total in (98, 99, 100)]
    assert await statistics.rows(counter.entity_id, "sum") == pytest.approx(hours)
    five_minutes = await statistics.rows(counter.entity_id, "sum", "5minute")
    assert five_minutes[-1] == pytest.approx(125 / SHOWN_IN[slot])


@pytest.mark.parametrize(
    ("meter", "slot", "unit", "statistics_unit", "factor"),
    [
        (flm03(), Q1, "VAR", "var", 1),
        (flm03(), WATER, "L", "L/s", 60),
        (flm02(), WATER_OF_FLM02, "L", "L/min", 1 / 1440),
    ],
)
async def test_what_versions_before_2023_recorded_goes_on(
    hass: HomeAssistant,
    broker: Broker,
    statistics: Statistics,
    *,
    meter: Meter,
    slot: int,
    unit: str,
    statistics_unit: str,
    factor: float,
) -> None:
    entry = leave_behind(hass, meter)
    gauge = er.async_get(hass).async_update_entity(
        entity_of(hass, meter, slot, "gauge").entity_id, unit_of_measurement=unit
    )
    record_hours(hass, gauge, 36.0, last=last_hour(recent=True), recent=True)
    await async_wait_recording_done(hass)

    await start_and_compile(hass, broker, meter, entry)

    assert await statistics.issues() == {}
    assert (await statistics.units())[gauge.entity_id] == statistics_unit
    assert await statistics.rows(gauge.entity_id, "mean") == pytest.approx([36.0 * factor] * 3)


async def test_pressure_that_was_in_hectopascals_indeed_is_left_alone(
    hass: HomeAssistant, broker: Broker, statistics: Statistics
) -> None:
    entry = leave_behind(hass, flm03())
    pressure = entity_of(hass, flm03(), PRESSURE, "gauge")
    record_hours(hass, pressure, 990.0, last=last_hour(recent=True), recent=True)

    await start_and_compile(hass, broker, flm03(), entry)

    assert await statistics.rows(pressure.entity_id, "mean") == [990.0] * 3


async def test_an_hour_without_a_mean_goes_on_without_one(
    hass: HomeAssistant, broker: Broker, statistics: Statistics
) -> None:
    entry = leave_behind(hass, kubes_alone())
    [battery] = [each for each in entities(hass, entry) if each.entity_id.endswith("_battery")]
    hour = last_hour(recent=True)
    record_hours(hass, battery, 50.0, last=hour, recent=True)
    leave_empty_hour(hass, battery, hour - timedelta(hours=3))

    await start_and_compile(hass, broker, kubes_alone(), entry)

    for column, factor in (("mean", 1), ("min", 0.5), ("max", 2)):
        empty, *rows = await statistics.rows(battery.entity_id, column)
        assert empty is None
        assert rows == pytest.approx([50 * 0.033 * factor] * 3)


async def test_a_sum_goes_on_from_the_last_hour_that_has_one(
    hass: HomeAssistant, broker: Broker, statistics: Statistics
) -> None:
    entry = leave_behind(hass, flm03())
    counter = entity_of(hass, flm03(), PMINUS, "counter")
    value, hour = shown(flm03(), PMINUS, "counter") - 25, last_hour(recent=False)
    record_hours(hass, counter, value, last=hour, recent=False)
    leave_empty_hour(hass, counter, hour + timedelta(hours=1))
    await async_wait_recording_done(hass)

    await start_and_compile(hass, broker, flm03(), entry)

    assert (await statistics.rows(counter.entity_id, "sum"))[:4] == [98, 99, 100, None]
    assert (await statistics.rows(counter.entity_id, "sum", "5minute"))[-1] == pytest.approx(125)


async def test_the_mean_of_an_angle_starts_anew(
    hass: HomeAssistant, broker: Broker, statistics: Statistics, caplog: pytest.LogCaptureFixture
) -> None:
    meter = three_clamps().changed(ALPHA, enable=1)
    entry = leave_behind(hass, meter)
    await record_all(hass, meter, entry)

    await start_and_compile(hass, broker, meter, entry)

    alpha = entity_of(hass, meter, ALPHA, "gauge").entity_id
    assert await statistics.rows(alpha, "mean") == []
    assert len(await statistics.rows(alpha, "mean", "5minute")) == 1
    assert await statistics.issues() == {}
    [message] = [line for line in caplog.messages if "cleared" in line]
    assert message == (
        f"The statistics of sensor/{meter.sensor_id(ALPHA)[:6]}…/gauge are cleared: they are "
        "arithmetic means of angles, in which 359° is far from 1°"
    )


async def test_statistics_of_a_disabled_sensor_wait_for_it(
    hass: HomeAssistant, broker: Broker, statistics: Statistics
) -> None:
    entry = leave_behind(hass, flm03())
    await record_all(hass, flm03(), entry)
    counter = entity_of(hass, flm03(), Q1, "counter").entity_id

    await start_and_compile(hass, broker, flm03().changed(Q1, enable=0), entry)
    assert (await statistics.units())[counter] == "VARh"
    await broker.publish(*flm03().sensor_report)
    await corrections_end()

    assert (await statistics.units())[counter] == "varh"


async def test_statistics_are_corrected_once(
    hass: HomeAssistant, broker: Broker, statistics: Statistics
) -> None:
    entry = leave_behind(hass, kubes_alone())
    await record_all(hass, kubes_alone(), entry)
    await start_and_compile(hass, broker, kubes_alone(), entry)
    assert marked(hass, entry) == set()

    with patch.object(statistics_correction, "write") as write:
        assert await hass.config_entries.async_reload(entry.entry_id)
        await broker.publish_all(kubes_alone().readings())
        await corrections_end()

    assert write.call_count == 0
    assert await statistics.rows("sensor.cellar_battery", "mean") == pytest.approx([3.1] * 3)
    assert await statistics.issues() == {}


@contextlib.contextmanager
def failing_database(hass: HomeAssistant, statement: str, *, once: bool = True) -> Iterator[None]:
    """Let the first statement that begins so fail, or all of them."""
    failures: list[str] = []

    def fail(_connection: object, _cursor: object, text: str, *_: object) -> None:
        if text.startswith(statement) and not (failures and once):
            failures.append(text)
            raise OperationalError(statement, {}, Exception("disk is full"))

    engine = get_instance(hass).engine
    event.listen(engine, "before_cursor_execute", fail)
    yield
    event.remove(engine, "before_cursor_execute", fail)
    assert failures


async def reload(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Load the entry once more, and let statistics be corrected."""
    assert await hass.config_entries.async_reload(entry.entry_id)
    await corrections_end()
    await async_wait_recording_done(hass)


async def busy_recorder(hass: HomeAssistant) -> Event:
    """Return what ends the recorder's being busy."""
    await async_wait_recording_done(hass)
    free = Event()
    get_instance(hass).async_update_statistics_metadata("sensor.any", on_done=free.wait)
    return free


@pytest.mark.parametrize("statement", ONCE)
async def test_what_fails_is_corrected_at_the_next_start_and_costs_no_other(
    hass: HomeAssistant,
    broker: Broker,
    statistics: Statistics,
    caplog: pytest.LogCaptureFixture,
    statement: str,
) -> None:
    once = ONCE[statement]
    entry = leave_behind(hass, kubes_alone())
    await record_all(hass, kubes_alone(), entry)

    with failing_database(hass, statement, once=once):
        await start(hass, broker, kubes_alone(), entry)
        await corrections_end()

    rows = {"sensor.cellar_battery": 3.1, "sensor.cellar_pressure": 1013.25}
    failed = marked(hass, entry)
    assert len(failed) == (1 if once else len(rows))
    told = [line for line in caplog.messages if "will be corrected at the next start" in line]
    assert len(told) == len(failed)
    assert all(line.startswith("The statistics of sensor/") for line in told)
    for entity_id in rows.keys() - failed:
        assert await statistics.rows(entity_id, "mean") == pytest.approx([rows[entity_id]] * 3)

    await reload(hass, entry)

    assert marked(hass, entry) == set()
    for entity_id, value in rows.items():
        assert await statistics.rows(entity_id, "mean") == pytest.approx([value] * 3)


async def test_statistics_are_corrected_after_a_start_at_which_the_recorder_failed(
    hass: HomeAssistant, broker: Broker, statistics: Statistics
) -> None:
    entry = leave_behind(hass, kubes_alone())
    await record_all(hass, kubes_alone(), entry)
    hass.config.components.remove("recorder")
    await start(hass, broker, kubes_alone(), entry)
    assert "sensor.cellar_battery" in marked(hass, entry)

    hass.config.components.add("recorder")
    await reload(hass, entry)

    assert marked(hass, entry) == set()
    assert await statistics.rows("sensor.cellar_battery", "mean") == pytest.approx([3.1] * 3)


async def test_statistics_are_corrected_after_a_reload_while_the_recorder_was_busy(
    hass: HomeAssistant, broker: Broker, statistics: Statistics
) -> None:
    entry = leave_behind(hass, kubes_alone())
    await record_all(hass, kubes_alone(), entry)
    free = await busy_recorder(hass)
    await start(hass, broker, kubes_alone(), entry)
    assert await hass.config_entries.async_unload(entry.entry_id)
    free.set()

    await reload(hass, entry)

    assert marked(hass, entry) == set()
    assert await statistics.rows("sensor.cellar_battery", "mean") == pytest.approx([3.1] * 3)


async def test_an_entity_or_a_statistic_that_is_deleted_meanwhile_costs_no_other(
    hass: HomeAssistant, broker: Broker, statistics: Statistics
) -> None:
    entry = leave_behind(hass, kubes_alone())
    await record_all(hass, kubes_alone(), entry)
    free = await busy_recorder(hass)
    get_instance(hass).async_clear_statistics(["sensor.cellar_light"])

    await start(hass, broker, kubes_alone(), entry)
    er.async_get(hass).async_remove("sensor.cellar_pressure")
    free.set()
    await corrections_end()

    assert marked(hass, entry) == set()
    assert await statistics.rows("sensor.cellar_battery", "mean") == pytest.approx([3.1] * 3)


async def test_what_was_recorded_in_that_unit_after_a_failure_is_converted(
    hass: HomeAssistant, broker: Broker, statistics: Statistics, freezer: FrozenDateTimeFactory
) -> None:
    meter = flm02()
    entry = leave_behind(hass, meter)
    flow = entity_of(hass, meter, WATER_OF_FLM02, "gauge")
    record_hours(hass, flow, 2880.0, last=last_hour(recent=True), recent=True)
    await async_wait_recording_done(hass)
    with failing_database(hass, "UPDATE statistics_meta "):
        await start(hass, broker, meter, entry)
        await corrections_end()
    freezer.tick(300)
    do_adhoc_statistics(hass, start=get_start_time(dt_util.utcnow()))
    await async_wait_recording_done(hass)
    assert (await statistics.units())[flow.entity_id] == "L/s"

    await reload(hass, entry)

    assert (await statistics.units())[flow.entity_id] == "L/min"
    assert await statistics.rows(flow.entity_id, "mean") == pytest.approx([2.0] * 3)
    five_minutes = await statistics.rows(flow.entity_id, "mean", "5minute")
    assert five_minutes == pytest.approx([2.0] * 2)


async def test_a_sum_that_was_not_continued_is_continued_at_the_next_start(
    hass: HomeAssistant, broker: Broker, statistics: Statistics
) -> None:
    entry = leave_behind(hass, flm03())
    counter = entity_of(hass, flm03(), PMINUS, "counter")
    value = shown(flm03(), PMINUS, "counter") - 25
    record_hours(hass, counter, value, last=last_hour(recent=False), recent=False)
    await async_wait_recording_done(hass)
    with failing_database(hass, "INSERT INTO statistics_short_term"):
        await start(hass, broker, flm03(), entry)
        await corrections_end()
    assert marked(hass, entry) == {counter.entity_id}

    await reload(hass, entry)

    assert marked(hass, entry) == set()
    assert await statistics.rows(counter.entity_id, "sum", "5minute") == [100]


async def test_means_of_angles_are_cleared_until_they_are_and_not_again(
    hass: HomeAssistant, broker: Broker, statistics: Statistics
) -> None:
    meter = three_clamps().changed(ALPHA, enable=1)
    entry = leave_behind(hass, meter)
    alpha = entity_of(hass, meter, ALPHA, "gauge").entity_id
    await record_all(hass, meter, entry)
    with failing_database(hass, "DELETE FROM statistics_meta"):
        await start(hass, broker, meter, entry)
        await corrections_end()
    assert marked(hass, entry) == {alpha}

    with patch.object(statistics_correction, "async_settle", side_effect=[None, BUSY]):
        await reload(hass, entry)
    assert marked(hass, entry) == {alpha}
    await broker.publish_all(meter.readings())
    do_adhoc_statistics(hass, start=get_start_time(dt_util.utcnow()))
    await reload(hass, entry)

    assert marked(hass, entry) == set()
    assert len(await statistics.rows(alpha, "mean", "5minute")) == 1


async def test_an_entity_that_is_taken_over_stays_while_its_sensor_publishes_nothing(
    hass: HomeAssistant, broker: Broker, statistics: Statistics
) -> None:
    meter = kubes_alone()
    entry = leave_behind(hass, meter)
    await record_all(hass, meter, entry)
    with failing_database(hass, "UPDATE statistics_meta "):
        await start_and_compile(hass, broker, meter, entry)
    [failed] = marked(hass, entry)
    slot = next(
        slot
        for slot in meter.sensors
        if f"{meter.device_id}_{meter.sensor_id(slot)}_gauge"
        == er.async_get(hass).entities[failed].unique_id
    )

    await broker.publish(*meter.changed(slot, type="proximity").sensor_report, retain=True)
    await reload(hass, entry)

    assert marked(hass, entry) == {failed}


async def test_hours_are_taken_over_where_five_minutes_can_t_be_written(
    hass: HomeAssistant,
    broker: Broker,
    statistics: Statistics,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    entry = leave_behind(hass, flm03())
    recorded = await record_all(hass, flm03(), entry)
    CHANGES["no table of five minutes"](monkeypatch)

    await start(hass, broker, flm03(), entry)
    await corrections_end()
    await async_wait_recording_done(hass)

    monkeypatch.undo()
    counter = entity_of(hass, flm03(), Q1, "counter").entity_id
    units = await statistics.units()
    assert units.keys() - powers_of_clamps(hass) == recorded
    assert (units["sensor.living_room_battery"], units[counter]) == ("V", "varh")
    assert await statistics.rows("sensor.living_room_battery", "mean") == pytest.approx([3.1] * 3)
    assert await statistics.rows(counter, "sum") == pytest.approx([0.098, 0.099, 0.1])
    assert caplog.text.count(WARNING) == 1

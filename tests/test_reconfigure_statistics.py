"""A meter with ten days of history changes its way back and forth: its statistics go on."""

import asyncio
from collections.abc import Generator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder import Recorder, get_instance
from homeassistant.components.recorder.db_schema import (
    Statistics,
    StatisticsMeta,
    StatisticsShortTerm,
)
from homeassistant.components.recorder.models import (
    StatisticMeanType,
    StatisticMetaData,
)
from homeassistant.components.recorder.statistics import STATISTIC_UNIT_TO_UNIT_CONVERTER
from homeassistant.components.recorder.tasks import RecorderTask
from homeassistant.config_entries import ConfigFlowResult
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.recorder import session_scope
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
    do_adhoc_statistics,
)
from sqlalchemy import insert

from .broker import Broker
from .flows import choose_broker, listen
from .health.connection import ADDRESS, Connection, connection_in_memory
from .home import entity_of, let_pass, set_up_and_read
from .meters import reading
from .supplies import three_phases

WATER, GAS, ELECTRICITY = 37, 38, 39
#: On three phases, so that it has totals as well.
METER = three_phases().changed(WATER, GAS, ELECTRICITY, enable=1)
BEGIN = datetime(2026, 4, 4, 9, tzinfo=UTC)
HOURS = 240
FIVE_MINUTES = timedelta(minutes=5)
#: What every counter counts in five minutes: Wh, VARh or L.
STEP = 25

_UNKNOWN = (STATE_UNAVAILABLE, STATE_UNKNOWN)

type Rows = list[tuple[object, ...]]


@pytest.fixture(autouse=True)
def _this_integration(
    recorder_mock: Recorder, enable_custom_integrations: None, freezer: FrozenDateTimeFactory
) -> None:
    """Let Home Assistant record."""
    freezer.move_to(BEGIN + timedelta(seconds=10))


@pytest.fixture
def connection() -> Generator[Connection]:
    """The meter's own broker."""
    with connection_in_memory(METER) as connection:
        yield connection


class Book:
    """What the meter counts, and the statistics that Home Assistant makes of it."""

    def __init__(self, hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory) -> None:
        self.counted = 0
        self.shown: dict[str, str] = {}
        self._hass, self._broker, self._freezer = hass, broker, freezer

    def messages(self) -> dict[str, str]:
        """A reading on every topic, with what the counters have by now."""
        return {topic: self._counting(topic, sample) for topic, sample in METER.readings().items()}

    def _counting(self, topic: str, sample: str) -> str:
        time, value, unit = sample.strip("[]").split(", ")
        if not topic.endswith("/counter") or unit == '""':
            return f"[{time}, {value}, {unit}]"
        return reading(float(value) + self.counted, unit.strip('"'))

    async def count(self, connection: Connection | None = None) -> None:
        """Let the meter count for five minutes, and let Home Assistant make statistics of them."""
        begin = datetime.now(UTC).replace(second=0, microsecond=0)
        self.counted += STEP
        for _ in range(3):
            if connection is None:
                await self._broker.publish_all(self.messages())
            else:
                connection.publish(self.messages())
            await let_pass(self._hass, self._broker, self._freezer, 30)
        self.shown = {state.entity_id: state.state for state in self._hass.states.async_all()}
        self._freezer.move_to(begin + FIVE_MINUTES + timedelta(seconds=10))
        do_adhoc_statistics(self._hass, start=begin)
        await async_wait_recording_done(self._hass)

    async def rows(self, table: type[Statistics | StatisticsShortTerm | StatisticsMeta]) -> Rows:
        """All that the database has in a table."""
        await async_wait_recording_done(self._hass)

        def read() -> Rows:
            with session_scope(hass=self._hass, read_only=True) as session:
                query = session.query(*table.__table__.columns)
                return [tuple(row) for row in query.order_by(table.id)]

        return await get_instance(self._hass).async_add_executor_job(read)

    async def sums(self, entity_id: str) -> list[float]:
        """The sums of a counter, every five minutes, from the last one of the past on."""
        await async_wait_recording_done(self._hass)

        def read() -> list[float]:
            with session_scope(hass=self._hass, read_only=True) as session:
                query = (
                    session.query(StatisticsShortTerm.sum)
                    .join(StatisticsMeta, StatisticsMeta.id == StatisticsShortTerm.metadata_id)
                    .filter(StatisticsMeta.statistic_id == entity_id)
                    .order_by(StatisticsShortTerm.start_ts)
                )
                return [row[0] for row in query]

        return await get_instance(self._hass).async_add_executor_job(read)


def recorded(hass: HomeAssistant, entry: MockConfigEntry) -> list[State]:
    """The states of a meter of which there are statistics."""
    registered = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    states = [hass.states.get(entity.entity_id) for entity in registered]
    known = (state for state in states if state and state.state not in _UNKNOWN)
    return [state for state in known if "state_class" in state.attributes]


@dataclass(slots=True)
class Past(RecorderTask):
    """Writes the rows of the past: an import looks for each whether it is there."""

    metadata: StatisticMetaData
    hours: list[dict[str, float]]

    def run(self, instance: Recorder) -> None:
        """Write them."""
        with session_scope(session=instance.get_session()) as session:
            meta = StatisticsMeta.from_meta(self.metadata)
            session.add(meta)
            session.flush()
            rows = [row | {"metadata_id": meta.id} for row in self.hours]
            last = rows[-1] | {"start_ts": (BEGIN - FIVE_MINUTES).timestamp()}
            session.execute(insert(Statistics), rows)
            session.execute(insert(StatisticsShortTerm), [last])


def leave_past(hass: HomeAssistant, state: State) -> None:
    """Leave ten days of hours before this one of which a state is the last."""
    is_counter = state.attributes["state_class"] == "total_increasing"
    unit = state.attributes.get("unit_of_measurement")
    converter = STATISTIC_UNIT_TO_UNIT_CONVERTER.get(unit)
    metadata = StatisticMetaData(
        mean_type=StatisticMeanType.NONE if is_counter else StatisticMeanType.ARITHMETIC,
        has_sum=is_counter,
        name=None,
        source="recorder",
        statistic_id=state.entity_id,
        unit_class=converter.UNIT_CLASS if converter else None,
        unit_of_measurement=unit,
    )
    value = float(state.state)
    rows = []
    for ago in range(HOURS, 0, -1):
        start = BEGIN.timestamp() - 3600 * ago
        used = 0.3 * (HOURS - ago)
        if is_counter:
            row = {"state": value - 0.3 * (ago - 1), "sum": used}
        else:
            row = {"mean": value, "min": value - 1, "max": value + 1}
        rows.append(row | {"start_ts": start, "created_ts": start + 3600})
    get_instance(hass).queue_task(Past(metadata, rows))


async def search(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, form: ConfigFlowResult, **user_input: Any
) -> ConfigFlowResult:
    """Send a form, and let the time pass for which it listens."""
    searching = hass.async_create_task(listen(hass, form, **user_input))
    for _ in range(10):
        freezer.tick(0.1)
        for _ in range(20):
            await asyncio.sleep(0)
    return await searching


async def test_ten_days_of_statistics_are_the_same_and_counting_goes_on_without_a_step(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory, connection: Connection
) -> None:
    entry = await set_up_and_read(hass, broker, METER)
    await let_pass(hass, broker, freezer, 5)
    book = Book(hass, broker, freezer)
    await broker.publish_all(book.messages())
    await let_pass(hass, broker, freezer, 30)
    states = recorded(hass, entry)
    counters = {
        state.entity_id: float(state.state)
        for state in states
        if state.attributes["state_class"] == "total_increasing"
    }
    assert len(states) > 40
    assert len(counters) > 10
    for state in states:
        leave_past(hass, state)
    past, metadata = await book.rows(Statistics), await book.rows(StatisticsMeta)
    assert len(past) == HOURS * len(states)

    await book.count()
    menu = await entry.start_reconfigure_flow(hass)
    form = await listen(hass, menu, next_step_id="direct")
    result = await search(hass, freezer, form, **ADDRESS)
    await broker.settle()
    assert (result["reason"], entry.data["host"]) == ("reconfigure_successful", ADDRESS["host"])
    await book.count(connection)
    await book.count(connection)
    form = await choose_broker(hass, await entry.start_reconfigure_flow(hass))
    result = await search(hass, freezer, form, topic_prefix="")
    await broker.settle()
    assert (result["reason"], "host" in entry.data) == ("reconfigure_successful", False)
    await book.count()

    assert await book.rows(Statistics) == past
    assert await book.rows(StatisticsMeta) == metadata
    clamp = entity_of(hass, METER, 1, "counter").entity_id
    assert float(book.shown[clamp]) - counters[clamp] == pytest.approx(4 * STEP / 1000)
    for entity_id, began in counters.items():
        counted = float(book.shown[entity_id]) - began
        steps = [total - 0.3 * (HOURS - 1) for total in await book.sums(entity_id)]
        assert steps == pytest.approx([counted * n / 4 for n in range(5)], abs=1e-6)

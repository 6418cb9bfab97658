"""A recorder that fails or is busy: removing hours raises an error with the cause."""

from datetime import UTC, datetime
from threading import Event
from unittest.mock import patch

from homeassistant.components.recorder import Recorder, get_instance
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.recorder import session_scope
import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import IntegrityError, OperationalError

from custom_components.flukso.history import statistics_store
from custom_components.flukso.history.statistics_units import Change, async_apply, async_plan
from custom_components.flukso.metering.gaps import Row

from ..statistics import HOUR, leave_counter, table

COUNTER = "sensor.grid_energy"
BEGIN = int(datetime(2026, 3, 28, 22, tzinfo=UTC).timestamp())


@pytest.fixture(autouse=True)
def _this_integration(recorder_mock: Recorder) -> None:
    """Let Home Assistant record."""


@pytest.fixture
async def filled(_this_integration: None, hass: HomeAssistant) -> Change:
    """The change that filled an hour of a counter."""
    await leave_counter(hass, COUNTER, "kWh", [(BEGIN, 70.0, 1.0), (BEGIN + 2 * HOUR, 72.0, 3.0)])
    change = await async_plan(hass, COUNTER, [Row(BEGIN + HOUR, 71000, 2000)], "Wh")
    assert change is not None
    assert await async_apply(hass, COUNTER, change)
    return change


async def do(hass: HomeAssistant, statement: str) -> None:
    """Execute a statement in the database."""

    def execute() -> None:
        with session_scope(hass=hass) as session:
            session.execute(text(statement))

    await get_instance(hass).async_add_executor_job(execute)


@pytest.mark.parametrize(
    ("instead", "cause", "cause_text"),
    [
        ("SELECT RAISE(ABORT, 'rows are kept')", IntegrityError, "rows are kept"),
        ("SELECT * FROM nowhere", OperationalError, "no such table: main.nowhere"),
    ],
    ids=["an error", "an error that the recorder only logs"],
)
async def test_a_failed_deletion_raises_an_error_with_its_cause(
    hass: HomeAssistant, filled: Change, instead: str, cause: type[Exception], cause_text: str
) -> None:
    await do(hass, f"CREATE TRIGGER keep BEFORE DELETE ON statistics BEGIN {instead}; END")
    before = await table(hass, COUNTER)

    with patch.object(statistics_store, "_TIMEOUT", 5), pytest.raises(HomeAssistantError) as error:
        await async_apply(hass, COUNTER, filled.reverse)

    assert error.value.translation_key == "recorder_failed"
    assert error.value.translation_placeholders is not None
    assert error.value.translation_placeholders["error"].endswith(cause_text)
    assert isinstance(error.value.__cause__, cause)
    assert await table(hass, COUNTER) == before
    await do(hass, "DROP TRIGGER keep")
    assert await async_apply(hass, COUNTER, filled.reverse)
    assert (await table(hass, COUNTER)).keys() == before.keys() - {BEGIN + HOUR}


async def test_a_deletion_that_the_database_aborted_is_retried(
    hass: HomeAssistant, filled: Change
) -> None:
    tries = []

    def deadlock_once(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("DELETE FROM statistics "):
            tries.append(statement)
            if len(tries) == 1:
                raise OperationalError(statement, {}, Exception("Deadlock found"))

    engine = get_instance(hass).engine
    event.listen(engine, "before_cursor_execute", deadlock_once)

    assert await async_apply(hass, COUNTER, filled.reverse)

    assert len(tries) == 2
    assert BEGIN + HOUR not in await table(hass, COUNTER)


async def test_rows_stay_after_their_deletion_timed_out(
    hass: HomeAssistant, filled: Change
) -> None:
    before, free = await table(hass, COUNTER), Event()
    get_instance(hass).async_update_statistics_metadata(COUNTER, on_done=free.wait)

    with patch.object(statistics_store, "_TIMEOUT", 0), pytest.raises(HomeAssistantError) as error:
        await async_apply(hass, COUNTER, filled.reverse)
    free.set()

    assert error.value.translation_key == "recorder_busy"
    assert await table(hass, COUNTER) == before
    assert await async_apply(hass, COUNTER, filled.reverse)

"""A recorder that fails or is busy: removing hours raises an error with the cause."""

from collections.abc import Iterator
import contextlib
from datetime import UTC, datetime
from threading import Event
from unittest.mock import patch

from homeassistant.components.recorder import Recorder, get_instance
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from custom_components.flukso.history import statistics_store
from custom_components.flukso.history.statistics_units import Change, async_apply, async_plan
from custom_components.flukso.metering.rows import Row

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


@contextlib.contextmanager
def failing_deletions(
    hass: HomeAssistant, error: DBAPIError, *, once: bool = False
) -> Iterator[list[str]]:
    """Let deletions of rows fail meanwhile, or the first of them; the list gets their text."""
    tries: list[str] = []

    def fail(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("DELETE FROM statistics "):
            tries.append(statement)
            if len(tries) == 1 or not once:
                raise error

    engine = get_instance(hass).engine
    event.listen(engine, "before_cursor_execute", fail)
    yield tries
    event.remove(engine, "before_cursor_execute", fail)


@pytest.mark.parametrize(
    ("error", "text"),
    [(IntegrityError, "rows are kept"), (OperationalError, "disk image is malformed")],
    ids=["an error", "an error that the recorder only logs"],
)
async def test_a_failed_deletion_raises_an_error_with_its_cause(
    hass: HomeAssistant, filled: Change, error: type[DBAPIError], text: str
) -> None:
    before = await table(hass, COUNTER)
    cause = error("DELETE FROM statistics", {}, Exception(text))

    with failing_deletions(hass, cause), pytest.raises(HomeAssistantError) as raised:
        await async_apply(hass, COUNTER, filled.reverse)

    assert raised.value.translation_key == "recorder_failed"
    assert raised.value.translation_placeholders is not None
    assert raised.value.translation_placeholders["error"].endswith(text)
    assert raised.value.__cause__ is cause
    assert await table(hass, COUNTER) == before
    assert await async_apply(hass, COUNTER, filled.reverse)
    assert (await table(hass, COUNTER)).keys() == before.keys() - {BEGIN + HOUR}


async def test_a_deletion_that_the_database_aborted_is_retried(
    hass: HomeAssistant, filled: Change
) -> None:
    error = OperationalError("DELETE FROM statistics", {}, Exception("Deadlock found"))

    with failing_deletions(hass, error, once=True) as tries:
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

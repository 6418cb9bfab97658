"""The rows of Home Assistant's hourly statistics, as they are kept: in their own unit, to the bit.

Rows are written by ``async_import_statistics``. The recorder has nothing that takes single rows
out, only ``clear_statistics`` for all of an entity, so ``_Remove`` deletes them, as one of the
recorder's own tasks: in its thread, in line with its other writing, on whichever database it has.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import override

from homeassistant.components.recorder import DOMAIN as RECORDER_DOMAIN, Recorder, get_instance
from homeassistant.components.recorder.db_schema import Statistics
from homeassistant.components.recorder.models import StatisticData, StatisticMetaData
from homeassistant.components.recorder.statistics import (
    STATISTIC_UNIT_TO_UNIT_CONVERTER,
    UNIT_CLASS_TO_UNIT_CONVERTER,
    StatisticsRow,
    async_import_statistics,
    get_metadata,
    get_metadata_with_session,
    statistics_during_period,
)
from homeassistant.components.recorder.tasks import RecorderTask
from homeassistant.components.recorder.util import retryable_database_job
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.recorder import session_scope
from homeassistant.util import dt as dt_util

from .const import DOMAIN

#: A recorder that is this long busy with other things is not waited for (s).
_PATIENCE = 300


@dataclass(frozen=True, slots=True)
class Stored:
    """An hour as it is kept, in the statistic's own unit; what a statistic lacks is None.

    ``hour`` is the second it began at (s since 1970).
    """

    hour: int
    state: float | None = None
    sum: float | None = None
    mean: float | None = None
    min: float | None = None
    max: float | None = None
    last_reset: float | None = None


async def async_metadata(hass: HomeAssistant, statistic_id: str) -> StatisticMetaData | None:
    """What a statistic is, or None where there is none, or no recorder."""
    if RECORDER_DOMAIN not in hass.config.components:
        return None
    read = partial(get_metadata, hass, statistic_ids={statistic_id})
    found = await get_instance(hass).async_add_executor_job(read)
    return found[statistic_id][1] if statistic_id in found else None


async def async_read(
    hass: HomeAssistant, metadata: StatisticMetaData, begin: int, end: int
) -> list[Stored]:
    """The hours as they are kept: asked for in their own unit, they are not converted."""
    statistic_id, unit = metadata["statistic_id"], metadata["unit_of_measurement"]
    converters = (
        *UNIT_CLASS_TO_UNIT_CONVERTER.values(),
        *STATISTIC_UNIT_TO_UNIT_CONVERTER.values(),
    )
    own = {
        str(converter.UNIT_CLASS): unit
        for converter in converters
        if unit is not None and unit in converter.VALID_UNITS
    }

    def read() -> list[Stored]:
        found = statistics_during_period(
            hass,
            dt_util.utc_from_timestamp(begin),
            dt_util.utc_from_timestamp(end),
            {statistic_id},
            "hour",
            own,
            {"state", "sum", "mean", "min", "max", "last_reset"},
        )
        return [_as_stored(row) for row in found.get(statistic_id, [])]

    return await get_instance(hass).async_add_executor_job(read)


def _as_stored(row: StatisticsRow) -> Stored:
    return Stored(
        int(row["start"]),
        row.get("state"),
        row.get("sum"),
        row.get("mean"),
        row.get("min"),
        row.get("max"),
        row.get("last_reset"),
    )


@callback
def write(hass: HomeAssistant, metadata: StatisticMetaData, rows: Sequence[Stored]) -> None:
    """Line rows up to be written, in place of those of the same hours."""
    async_import_statistics(hass, metadata, [_data(row) for row in rows])


async def async_remove(hass: HomeAssistant, statistic_id: str, hours: tuple[int, ...]) -> None:
    """Take hours out, and wait until that and all that was queued before is done.

    Raises:
        HomeAssistantError: the recorder is busy with other things, or can't do it.
    """
    done: asyncio.Future[Exception | None] = hass.loop.create_future()
    get_instance(hass).queue_task(_Remove(statistic_id, hours, done))
    try:
        async with asyncio.timeout(_PATIENCE):
            failure = await done
    except TimeoutError as error:
        raise HomeAssistantError(
            translation_domain=DOMAIN, translation_key="recorder_busy"
        ) from error
    if failure is not None:
        # what follows the first line is the statement
        reason = str(failure).partition("\n")[0]
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="recorder_failed",
            translation_placeholders={"error": reason},
        ) from failure


def _data(row: Stored) -> StatisticData:
    data: StatisticData = {"start": dt_util.utc_from_timestamp(row.hour)}
    if row.last_reset is not None:
        data["last_reset"] = dt_util.utc_from_timestamp(row.last_reset)
    for column in ("state", "sum", "mean", "min", "max"):
        value: float | None = getattr(row, column)
        if value is not None:
            data[column] = value
    return data


@dataclass(slots=True)
class _Remove(RecorderTask):
    """Takes hours out of a statistic; ``done`` gets None, or why that failed."""

    statistic_id: str
    hours: tuple[int, ...]
    done: asyncio.Future[Exception | None]
    failure: Exception | None = None

    @override
    def run(self, instance: Recorder) -> None:
        """Do it, or line up again behind a database that wants to be asked again.

        The recorder only logs some of the errors, and handles others itself.
        """
        finished = True
        try:
            finished = _remove(instance, self)
        finally:
            if finished:
                instance.hass.loop.call_soon_threadsafe(self._tell)
            else:
                instance.queue_task(self)

    def _tell(self) -> None:
        if not self.done.done():
            self.done.set_result(self.failure)


@retryable_database_job("take back of Flukso's history")
def _remove(instance: Recorder, task: _Remove) -> bool:
    task.failure = None
    try:
        with session_scope(session=instance.get_session()) as session:
            found = get_metadata_with_session(instance, session, statistic_ids={task.statistic_id})
            for metadata_id, _ in found.values():
                for hour in task.hours:
                    session.query(Statistics).filter_by(
                        metadata_id=metadata_id, start_ts=hour
                    ).delete(synchronize_session=False)
    except Exception as error:
        task.failure = error
        raise
    return True

"""The recorder's statistics of an entity: their rows as they are stored, in their own unit.

Only this module imports the recorder. Rows are read and written by what it offers to
integrations. To delete single rows, and to write rows of five minutes, takes more than that:
``_internals`` has it, and is done without where the recorder has changed.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import partial
from inspect import signature
import logging

from homeassistant.components.recorder import DOMAIN as RECORDER_DOMAIN, get_instance
from homeassistant.components.recorder.models import (
    StatisticData,
    StatisticMeanType,
    StatisticMetaData,
)
from homeassistant.components.recorder.statistics import (
    StatisticsRow,
    async_import_statistics,
    get_metadata,
    statistics_during_period,
)
from homeassistant.components.sensor import UNIT_CONVERTERS
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.recorder import session_scope
from homeassistant.helpers.singleton import singleton
from homeassistant.util import dt as dt_util

from ..const import DOMAIN

_LOGGER = logging.getLogger(__name__)

#: A recorder that is this long busy with other things is not waited for (s).
_PATIENCE = 300
#: How often a deletion is tried: MariaDB may give one up for another write (a deadlock).
_TRIES = 3


@dataclass(frozen=True, slots=True)
class Statistic:
    """A statistic, as the recorder describes it, and by which id its rows are stored."""

    row_id: int
    metadata: StatisticMetaData

    @property
    def unit(self) -> str | None:
        """The unit that its rows are stored in."""
        return self.metadata["unit_of_measurement"]

    @property
    def has_sum(self) -> bool:
        """Whether its rows have a state and a sum."""
        return self.metadata["has_sum"]

    @property
    def has_mean(self) -> bool:
        """Whether its rows have an arithmetic mean."""
        return self.metadata["mean_type"] is StatisticMeanType.ARITHMETIC

    def relabelled(self, unit: str, unit_class: str) -> Statistic:
        """The same, with its rows taken to be in another unit."""
        metadata = self.metadata.copy()
        metadata["unit_of_measurement"], metadata["unit_class"] = unit, unit_class
        return replace(self, metadata=metadata)


@dataclass(frozen=True, slots=True)
class StoredRow:
    """A row as it is stored, in the statistic's own unit; what a statistic lacks is None.

    ``hour`` is the second it began at (s since 1970).
    """

    hour: int
    state: float | None = None
    sum: float | None = None
    mean: float | None = None
    min: float | None = None
    max: float | None = None
    last_reset: float | None = None


@callback
def is_recording(hass: HomeAssistant) -> bool:
    """Whether Home Assistant has a recorder."""
    return RECORDER_DOMAIN in hass.config.components


async def async_statistic(hass: HomeAssistant, statistic_id: str) -> Statistic | None:
    """The statistic of an entity; None where there is none, or no recorder."""
    if not is_recording(hass):
        return None
    read = partial(get_metadata, hass, statistic_ids={statistic_id})
    found = await get_instance(hass).async_add_executor_job(read)
    return Statistic(*found[statistic_id]) if statistic_id in found else None


async def async_read(
    hass: HomeAssistant,
    statistic: Statistic,
    begin: int = 0,
    end: int | None = None,
    *,
    recent: bool = False,
) -> list[StoredRow]:
    """The hours as they are stored, or the ``recent`` five minutes, which are kept for some days.

    Asked for in their own unit, they are not converted.
    """
    statistic_id, unit = statistic.metadata["statistic_id"], statistic.unit
    own = {
        str(converter.UNIT_CLASS): unit
        for converter in UNIT_CONVERTERS.values()
        if unit is not None and unit in converter.VALID_UNITS
    }

    def read() -> list[StoredRow]:
        found = statistics_during_period(
            hass,
            dt_util.utc_from_timestamp(begin),
            None if end is None else dt_util.utc_from_timestamp(end),
            {statistic_id},
            "5minute" if recent else "hour",
            own,
            {"state", "sum", "mean", "min", "max", "last_reset"},
        )
        return [_as_stored(row) for row in found.get(statistic_id, [])]

    return await get_instance(hass).async_add_executor_job(read)


def _as_stored(row: StatisticsRow) -> StoredRow:
    return StoredRow(
        int(row["start"]),
        row.get("state"),
        row.get("sum"),
        row.get("mean"),
        row.get("min"),
        row.get("max"),
        row.get("last_reset"),
    )


@callback
def write(hass: HomeAssistant, statistic: Statistic, rows: Sequence[StoredRow]) -> None:
    """Line rows up to be written, in place of those of the same hours."""
    async_import_statistics(hass, statistic.metadata, [_data(row) for row in rows])


@callback
def write_recent(hass: HomeAssistant, statistic: Statistic, rows: Sequence[StoredRow]) -> None:
    """The same with rows of five minutes; where the recorder has changed, none are written."""
    internals = _internals(hass) if rows else None
    if internals is not None:
        internals.write_recent(statistic.metadata, [_data(row) for row in rows])


@callback
def clear(hass: HomeAssistant, statistic: Statistic) -> None:
    """Line up the deletion of a statistic with all of its rows."""
    get_instance(hass).async_clear_statistics([statistic.metadata["statistic_id"]])


async def async_settle(hass: HomeAssistant, statistic: Statistic) -> None:
    """Wait until all that was lined up is done.

    Raises:
        HomeAssistantError: the recorder is too busy.
    """
    await _async_run(hass, statistic, lambda: None)


async def async_remove(
    hass: HomeAssistant, statistic: Statistic, hours: Sequence[int]
) -> list[StoredRow]:
    """Delete the rows of hours, and wait until that and all that was lined up is done.

    The answer is the rows that these hours have instead: none, unless the recorder has changed.

    Raises:
        HomeAssistantError: the recorder is too busy, or can't do it.
    """
    internals = _internals(hass)
    if internals is None:
        return await _async_empty(hass, statistic, hours)
    delete = partial(internals.delete, statistic.row_id, hours)
    failure = None
    for _ in range(_TRIES):
        failure = await _async_run(hass, statistic, delete)
        if failure is None:
            return []
    raise HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key="recorder_failed",
        # what follows the first line is the statement
        translation_placeholders={"error": str(failure).partition("\n")[0]},
    ) from failure


async def _async_empty(
    hass: HomeAssistant, statistic: Statistic, hours: Sequence[int]
) -> list[StoredRow]:
    """Write rows that say that nothing was counted in these hours, or nothing measured."""
    await async_settle(hass, statistic)
    last, empty = StoredRow(0), []
    for row in await async_read(hass, statistic, end=max(hours) + 1):
        if row.hour in hours:
            empty.append(replace(last, hour=row.hour))
        elif statistic.has_sum:
            last = row
    write(hass, statistic, empty)
    await async_settle(hass, statistic)
    return empty


async def _async_run(
    hass: HomeAssistant, statistic: Statistic, job: Callable[[], None]
) -> Exception | None:
    """Run a job in the recorder's thread, in line with its writing, and tell why it failed.

    The recorder says there when it has updated a statistic: here, with nothing.
    """
    done: Future[Exception | None] = Future()

    def run() -> None:
        if not done.set_running_or_notify_cancel():
            return
        failure = None
        try:
            job()
        except Exception as error:
            failure = error
            raise
        finally:
            done.set_result(failure)

    statistic_id = statistic.metadata["statistic_id"]
    get_instance(hass).async_update_statistics_metadata(statistic_id, on_done=run)
    try:
        async with asyncio.timeout(_PATIENCE):
            return await asyncio.wrap_future(done)
    except TimeoutError as error:
        raise HomeAssistantError(
            translation_domain=DOMAIN, translation_key="recorder_busy"
        ) from error


@dataclass(frozen=True, slots=True)
class _Internals:
    """What the recorder has, but does not offer to integrations."""

    delete: Callable[[int, Sequence[int]], None]
    write_recent: Callable[[StatisticMetaData, list[StatisticData]], None]


@singleton(f"{DOMAIN}_recorder_internals")
def _internals(hass: HomeAssistant) -> _Internals | None:
    """None, with a warning, where this release of Home Assistant has them otherwise."""
    try:
        from homeassistant.components.recorder import db_schema  # noqa: PLC0415 # it may be gone

        hourly, five_minutes = db_schema.Statistics, db_schema.StatisticsShortTerm
        row_id, start = hourly.metadata_id, hourly.start_ts
        import_rows = get_instance(hass).async_import_statistics
        signature(import_rows).bind(None, (), table=five_minutes)
    except (ImportError, AttributeError, TypeError) as error:
        _LOGGER.warning(
            "Home Assistant's recorder has changed (%s): hours that are taken back keep a row, "
            "which says that nothing was used, and no statistics of five minutes are taken over",
            error,
        )
        return None

    def delete(statistic: int, hours: Sequence[int]) -> None:
        with session_scope(hass=hass) as session:
            for hour in hours:
                rows = session.query(hourly).filter(row_id == statistic, start == hour)
                rows.delete(synchronize_session=False)

    return _Internals(delete, partial(import_rows, table=five_minutes))


def _data(row: StoredRow) -> StatisticData:
    data: StatisticData = {"start": dt_util.utc_from_timestamp(row.hour)}
    if row.last_reset is not None:
        data["last_reset"] = dt_util.utc_from_timestamp(row.last_reset)
    for column in ("state", "sum", "mean", "min", "max"):
        value: float | None = getattr(row, column)
        if value is not None:
            data[column] = value
    return data

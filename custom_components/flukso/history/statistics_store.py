"""The recorder's statistics of an entity: rows as they are stored, in the statistic's own unit.

Rows are read and written with its public functions. Deleting single rows and writing five-minute
rows need more than these: ``recorder_internals``, without which the module works as well as it can
if the recorder has changed. Only these two modules import the recorder.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from functools import partial

from homeassistant.components.recorder import (
    DOMAIN as RECORDER_DOMAIN,
    get_instance,
    is_entity_recorded,
)
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
from homeassistant.util import dt as dt_util

from ..const import DOMAIN
from .recorder_errors import database_errors, failed
from .recorder_internals import internals_of

#: How long to wait for a busy recorder (s).
_TIMEOUT = 300
#: How often a deletion is attempted: MariaDB may abort one in favour of another write (deadlock).
_MAX_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Statistic:
    """A statistic: its metadata, and the id by which its rows are stored."""

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

    @property
    def has_angle(self) -> bool:
        """Whether its rows have a circular mean."""
        return self.metadata["mean_type"] is StatisticMeanType.CIRCULAR

    def relabelled(self, unit: str, unit_class: str) -> Statistic:
        """Return the same statistic with another unit, for rows that were mislabelled."""
        metadata = self.metadata.copy()
        metadata["unit_of_measurement"], metadata["unit_class"] = unit, unit_class
        return replace(self, metadata=metadata)


@dataclass(frozen=True, slots=True)
class StoredRow:
    """A row as it is stored, in the statistic's own unit; columns that it lacks are None.

    ``hour`` and ``last_reset`` are in seconds since 1970; ``hour`` is when the row begins. The
    weight of a circular mean is written, but can't be read.
    """

    hour: int
    state: float | None = None
    sum: float | None = None
    mean: float | None = None
    min: float | None = None
    max: float | None = None
    last_reset: float | None = None
    mean_weight: float | None = field(default=None, compare=False, kw_only=True)


@callback
def is_recording(hass: HomeAssistant) -> bool:
    """Whether Home Assistant has a recorder."""
    return RECORDER_DOMAIN in hass.config.components


@callback
def has_statistics(hass: HomeAssistant, entity_id: str) -> bool:
    """Return whether the states of an entity are recorded, of which its statistics are made."""
    return is_recording(hass) and is_entity_recorded(hass, entity_id)


async def async_statistics(
    hass: HomeAssistant, statistic_ids: Collection[str]
) -> Mapping[str, Statistic]:
    """Return the statistics of those entities that have any; none without a recorder.

    Raises:
        HomeAssistantError: the recorder failed.
    """
    if not is_recording(hass):
        return {}
    read = partial(get_metadata, hass, statistic_ids=set(statistic_ids))
    with database_errors():
        found = await get_instance(hass).async_add_executor_job(read)
    return {statistic_id: Statistic(*metadata) for statistic_id, metadata in found.items()}


async def async_statistic(hass: HomeAssistant, statistic_id: str) -> Statistic | None:
    """Return the statistic of an entity; None if there is none, or no recorder."""
    return (await async_statistics(hass, {statistic_id})).get(statistic_id)


async def async_read(
    hass: HomeAssistant,
    statistic: Statistic,
    begin: int = 0,
    end: int | None = None,
    *,
    short_term: bool = False,
) -> list[StoredRow]:
    """Return the hourly rows, or the ``short_term`` ones of five minutes, which are kept for days.

    They are requested in the statistic's own unit, so that the recorder does not convert them.

    Raises:
        HomeAssistantError: the recorder failed.
    """
    statistic_id, unit = statistic.metadata["statistic_id"], statistic.unit
    own_unit = {
        str(converter.UNIT_CLASS): unit
        for converter in UNIT_CONVERTERS.values()
        if unit is not None and unit in converter.VALID_UNITS
    }

    def read() -> list[StoredRow]:
        rows = statistics_during_period(
            hass,
            dt_util.utc_from_timestamp(begin),
            None if end is None else dt_util.utc_from_timestamp(end),
            {statistic_id},
            "5minute" if short_term else "hour",
            own_unit,
            {"state", "sum", "mean", "min", "max", "last_reset"},
        )
        return [_stored_row(row) for row in rows.get(statistic_id, [])]

    with database_errors():
        return await get_instance(hass).async_add_executor_job(read)


def _stored_row(row: StatisticsRow) -> StoredRow:
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
    """Queue rows for writing; they replace those of the same hours."""
    async_import_statistics(hass, statistic.metadata, [_data(row) for row in rows])


@callback
def write_short_term(hass: HomeAssistant, statistic: Statistic, rows: Sequence[StoredRow]) -> bool:
    """Queue five-minute rows; return whether any were (none if the recorder has changed)."""
    internals = internals_of(hass) if rows else None
    if internals is not None:
        internals.write_short_term(statistic.metadata, [_data(row) for row in rows])
    return internals is not None


@callback
def lift(hass: HomeAssistant, statistic: Statistic, begin: int, amount: float) -> None:
    """Queue that an amount is added to the sums from an hour on, five-minute rows included."""
    get_instance(hass).async_adjust_statistics(
        statistic.metadata["statistic_id"],
        dt_util.utc_from_timestamp(begin),
        amount,
        statistic.unit or "",
    )


@callback
def clear(hass: HomeAssistant, statistic: Statistic) -> None:
    """Queue the deletion of a statistic with all of its rows."""
    get_instance(hass).async_clear_statistics([statistic.metadata["statistic_id"]])


async def async_settle(hass: HomeAssistant, statistic: Statistic) -> None:
    """Wait until the recorder has done everything that was queued.

    Raises:
        HomeAssistantError: the recorder is too busy.
    """
    await _async_run(hass, statistic, lambda: None)


async def async_remove(
    hass: HomeAssistant, statistic: Statistic, hours: Sequence[int]
) -> list[StoredRow]:
    """Delete the rows of hours, and wait until the recorder has done everything that was queued.

    Returns the rows that these hours have instead: none, unless the recorder has changed.

    Raises:
        HomeAssistantError: the recorder is too busy, or the deletion failed.
    """
    internals = internals_of(hass)
    if internals is None:
        return await _async_write_empty(hass, statistic, hours)
    delete = partial(internals.delete, statistic.row_id, hours)
    failure = None
    for _ in range(_MAX_ATTEMPTS):
        failure = await _async_run(hass, statistic, delete)
        if failure is None:
            return []
    raise failed(failure) from failure


async def _async_write_empty(
    hass: HomeAssistant, statistic: Statistic, hours: Sequence[int]
) -> list[StoredRow]:
    """Replace rows by ones without consumption, or of a mean by ones without a value."""
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
    """Run a job in the recorder's thread, in order with its writes; returns why it failed.

    The recorder calls ``on_done`` there after it updated a statistic's metadata; none is given, so
    that nothing else happens.
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
        async with asyncio.timeout(_TIMEOUT):
            return await asyncio.wrap_future(done)
    except TimeoutError as error:
        raise HomeAssistantError(
            translation_domain=DOMAIN, translation_key="recorder_busy"
        ) from error


def _data(row: StoredRow) -> StatisticData:
    data: StatisticData = {"start": dt_util.utc_from_timestamp(row.hour)}
    if row.last_reset is not None:
        data["last_reset"] = dt_util.utc_from_timestamp(row.last_reset)
    for column in ("state", "sum", "mean", "mean_weight", "min", "max"):
        value: float | None = getattr(row, column)
        if value is not None:
            data[column] = value
    return data

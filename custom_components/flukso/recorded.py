"""Home Assistant's hourly statistics of an entity, read and written in the unit of the meter.

The recorder converts what it is asked for to the unit that is shown, and keeps it in a third one
if the user wants that. Here everything is read as it is kept, to the bit: what is to be put back
later is kept in that form, and only what is computed with comes in the unit of the meter.

Rows are written by ``async_import_statistics``. The recorder has nothing that takes single rows
out, only ``clear_statistics`` for all of an entity, so ``_Remove`` deletes them, as one of the
recorder's own tasks: in its thread, in line with its other writing, on whichever database it has.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import override

from homeassistant.components.recorder import DOMAIN as RECORDER_DOMAIN, Recorder, get_instance
from homeassistant.components.recorder.db_schema import Statistics
from homeassistant.components.recorder.models import (
    StatisticData,
    StatisticMeanType,
    StatisticMetaData,
)
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
from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import session_scope
from homeassistant.util import dt as dt_util

from .metering.gaps import MeanRow, Row

HOUR = 3600

#: A recorder that is this long busy with other things is not waited for (s).
_PATIENCE = 300

type _Conversion = Callable[[float], float]


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


@dataclass(frozen=True, slots=True)
class Change:
    """What to make of the hours of a statistic whose own unit is ``unit``.

    An hour that one side has and the other has not is one without a row there.
    """

    unit: str | None
    before: tuple[Stored, ...]
    after: tuple[Stored, ...]

    @property
    def reverse(self) -> Change:
        """What takes it back."""
        return replace(self, before=self.after, after=self.before)


async def async_rows(
    hass: HomeAssistant, statistic_id: str, begin: int, end: int, unit: str | None
) -> list[Row]:
    """The hours from ``begin`` to before ``end`` that a counter has a row of.

    States and sums are in ``unit``. It is empty where there is no such statistic, too.
    """
    metadata = await _async_metadata(hass, statistic_id)
    convert = metadata and _conversion(metadata, of=metadata["unit_of_measurement"], to=unit)
    if not metadata or not convert:
        return []
    return [
        Row(row.hour, convert(row.state), convert(row.sum))
        for row in await _async_read(hass, metadata, begin, end)
        if row.state is not None and row.sum is not None
    ]


async def async_mean_rows(
    hass: HomeAssistant, statistic_id: str, begin: int, end: int, unit: str | None
) -> list[MeanRow]:
    """The same of a gauge: mean, minimum and maximum in ``unit``."""
    metadata = await _async_metadata(hass, statistic_id)
    convert = metadata and _conversion(metadata, of=metadata["unit_of_measurement"], to=unit)
    if not metadata or not convert:
        return []
    return [
        MeanRow(row.hour, convert(row.mean), convert(row.min), convert(row.max))
        for row in await _async_read(hass, metadata, begin, end)
        if row.mean is not None and row.min is not None and row.max is not None
    ]


async def async_plan(
    hass: HomeAssistant, statistic_id: str, rows: Sequence[Row | MeanRow], unit: str | None
) -> Change | None:
    """What to change so that the hours of ``rows`` have them; they are in ``unit``.

    It is None where nothing can be written: no such statistic, another kind of it, or one in a
    unit of another kind.
    """
    metadata = await _async_metadata(hass, statistic_id)
    convert = metadata and _conversion(metadata, of=unit, to=metadata["unit_of_measurement"])
    if not metadata or not convert or not rows or not all(_fits(metadata, row) for row in rows):
        return None
    hours = {row.hour for row in rows}
    kept = await _async_read(hass, metadata, min(hours), max(hours) + HOUR)
    return Change(
        metadata["unit_of_measurement"],
        before=tuple(row for row in kept if row.hour in hours),
        after=tuple(_stored(row, convert) for row in rows),
    )


async def async_apply(hass: HomeAssistant, statistic_id: str, change: Change) -> bool:
    """Make a change, if the hours are still as they were before it, and look what became of it.

    The answer is whether the hours are now as they should be; if the first look tells that they
    are not as before, nothing was written.
    """
    if not await _async_is(hass, statistic_id, change.unit, change.before, change.after):
        return False
    metadata = await _async_metadata(hass, statistic_id)
    if metadata is None:
        return False
    if change.after:
        async_import_statistics(hass, metadata, [_data(row) for row in change.after])
    left = {row.hour for row in change.after}
    removed = tuple(row.hour for row in change.before if row.hour not in left)
    done = hass.loop.create_future()
    get_instance(hass).queue_task(_Remove(statistic_id, removed, done))
    async with asyncio.timeout(_PATIENCE):
        await done
    return await _async_is(hass, statistic_id, change.unit, change.after, change.before)


async def _async_is(
    hass: HomeAssistant,
    statistic_id: str,
    unit: str | None,
    rows: Sequence[Stored],
    others: Sequence[Stored],
) -> bool:
    """Whether exactly those rows are kept of all these hours, in that unit."""
    metadata = await _async_metadata(hass, statistic_id)
    if metadata is None or metadata["unit_of_measurement"] != unit:
        return False
    hours = {row.hour for row in (*rows, *others)}
    kept = await _async_read(hass, metadata, min(hours), max(hours) + HOUR)
    return {row for row in kept if row.hour in hours} == set(rows)


async def _async_metadata(hass: HomeAssistant, statistic_id: str) -> StatisticMetaData | None:
    if RECORDER_DOMAIN not in hass.config.components:
        return None
    read = partial(get_metadata, hass, statistic_ids={statistic_id})
    found = await get_instance(hass).async_add_executor_job(read)
    return found[statistic_id][1] if statistic_id in found else None


def _conversion(
    metadata: StatisticMetaData, *, of: str | None, to: str | None
) -> _Conversion | None:
    """What makes a value in one unit one in another, or None where they are of two kinds."""
    if of == to:
        return float
    converter = UNIT_CLASS_TO_UNIT_CONVERTER.get(
        metadata["unit_class"]
    ) or STATISTIC_UNIT_TO_UNIT_CONVERTER.get(metadata["unit_of_measurement"])
    if converter is None or not {of, to} <= converter.VALID_UNITS:
        return None
    return converter.converter_factory(of, to)


async def _async_read(
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
    read = partial(
        statistics_during_period,
        hass,
        dt_util.utc_from_timestamp(begin),
        dt_util.utc_from_timestamp(end),
        {statistic_id},
        "hour",
        own,
        {"state", "sum", "mean", "min", "max", "last_reset"},
    )
    found = await get_instance(hass).async_add_executor_job(read)
    return [_as_stored(row) for row in found.get(statistic_id, [])]


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


def _fits(metadata: StatisticMetaData, row: Row | MeanRow) -> bool:
    if isinstance(row, Row):
        return metadata["has_sum"]
    return metadata["mean_type"] is StatisticMeanType.ARITHMETIC and not metadata["has_sum"]


def _stored(row: Row | MeanRow, convert: _Conversion) -> Stored:
    if isinstance(row, Row):
        return Stored(row.hour, state=convert(row.state), sum=convert(row.sum))
    return Stored(row.hour, mean=convert(row.mean), min=convert(row.min), max=convert(row.max))


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
    """Takes hours out of a statistic, and tells that all that was queued before is done."""

    statistic_id: str
    hours: tuple[int, ...]
    done: asyncio.Future[None]

    @override
    def run(self, instance: Recorder) -> None:
        """Do it, or line up again behind a database that wants to be asked again."""
        if not _remove(instance, self.statistic_id, self.hours):
            instance.queue_task(self)
            return
        instance.hass.loop.call_soon_threadsafe(self._tell)

    def _tell(self) -> None:
        if not self.done.done():
            self.done.set_result(None)


@retryable_database_job("take back of Flukso's history")
def _remove(instance: Recorder, statistic_id: str, hours: Sequence[int]) -> bool:
    with session_scope(session=instance.get_session()) as session:
        found = get_metadata_with_session(instance, session, statistic_ids={statistic_id})
        for metadata_id, _ in found.values():
            for hour in hours:
                session.query(Statistics).filter_by(metadata_id=metadata_id, start_ts=hour).delete(
                    synchronize_session=False
                )
    return True

"""Home Assistant's hourly statistics of an entity, read and written in the meter's unit.

The recorder stores them in a unit that the user can change, and displays them in the entity's.
Rows for computations are in the meter's unit; rows that are restored later stay as stored.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from homeassistant.components.sensor import UNIT_CONVERTERS
from homeassistant.core import HomeAssistant

from ..metering.durations import HOUR
from ..metering.rows import AngleRow, MeanRow, Row
from .statistics_store import (
    Statistic,
    StoredRow,
    async_read,
    async_remove,
    async_settle,
    async_statistic,
    lift,
    write,
)

#: How often a write is verified: one that the database had to retry is queued after the first read.
_MAX_CHECKS = 3

type Conversion = Callable[[float], float]


@dataclass(frozen=True, slots=True)
class Change:
    """A change to the rows of a statistic whose own unit is ``unit``.

    An hour that is missing on one side has no row there. ``lift`` is added to the sums of all rows
    after these hours.
    """

    unit: str | None
    before: tuple[StoredRow, ...]
    after: tuple[StoredRow, ...]
    lift: float = 0

    @property
    def lifted_from(self) -> int:
        """The hour from which on sums are lifted (its first second)."""
        return max(row.hour for row in (*self.before, *self.after)) + HOUR

    @property
    def reverse(self) -> Change:
        """The change that undoes it."""
        return replace(self, before=self.after, after=self.before, lift=-self.lift)


async def async_rows(
    hass: HomeAssistant,
    statistic_id: str,
    begin: int,
    end: int,
    unit: str | None,
    *,
    before: Sequence[Change] = (),
) -> list[Row]:
    """Return the rows of a counter from ``begin`` to before ``end`` (s since 1970).

    States and sums are in ``unit``. Empty if there is no such statistic, too. With changes, the
    oldest first, the rows are as they were ``before`` them.
    """
    statistic = await async_statistic(hass, statistic_id)
    if statistic is None:
        return []
    convert = conversion(of=statistic.unit, to=unit)
    if convert is None:
        return []
    stored = await async_read(hass, statistic, begin, end)
    return [
        Row(row.hour, convert(row.state), convert(row.sum))
        for row in _reverted(stored, before, statistic.unit, range(begin, end))
        if row.state is not None and row.sum is not None
    ]


async def async_mean_rows(
    hass: HomeAssistant,
    statistic_id: str,
    begin: int,
    end: int,
    unit: str | None,
    *,
    before: Sequence[Change] = (),
) -> list[MeanRow | AngleRow]:
    """Return the rows of a gauge in the same way; the weight of an angle is not read."""
    statistic = await async_statistic(hass, statistic_id)
    if statistic is None:
        return []
    convert = conversion(of=statistic.unit, to=unit)
    if convert is None:
        return []
    stored = await async_read(hass, statistic, begin, end)
    rows = _reverted(stored, before, statistic.unit, range(begin, end))
    return [mean for row in rows if (mean := mean_row(row, convert)) is not None]


def mean_row(row: StoredRow, convert: Conversion) -> MeanRow | AngleRow | None:
    """Return the row of a gauge that is stored; None if it has no mean."""
    if row.mean is None:
        return None
    if row.min is None or row.max is None:
        return AngleRow(row.hour, convert(row.mean), 0)
    return MeanRow(row.hour, convert(row.mean), convert(row.min), convert(row.max))


def _reverted(
    rows: Sequence[StoredRow], changes: Sequence[Change], unit: str | None, span: range
) -> Sequence[StoredRow]:
    """Return the rows of a span as they were before changes, those that were made in this unit."""
    by_hour = {row.hour: row for row in rows}
    for change in reversed(changes):
        if change.unit == unit:
            for row in change.after:
                by_hour.pop(row.hour, None)
            by_hour |= {row.hour: row for row in change.before if row.hour in span}
    return [by_hour[hour] for hour in sorted(by_hour)]


async def async_plan(
    hass: HomeAssistant,
    statistic_id: str,
    rows: Sequence[Row | MeanRow | AngleRow],
    unit: str | None,
) -> Change | None:
    """Return the change that writes ``rows``, which are in ``unit``.

    None if nothing can be written: there is no such statistic, it is of another kind, or its unit
    can't be converted.
    """
    statistic = await async_statistic(hass, statistic_id)
    if statistic is None or not rows or not all(is_fitting(statistic, row) for row in rows):
        return None
    convert = conversion(of=unit, to=statistic.unit)
    if convert is None:
        return None
    hours = {row.hour for row in rows}
    stored = await async_read(hass, statistic, min(hours), max(hours) + HOUR)
    return Change(
        statistic.unit,
        before=tuple(row for row in stored if row.hour in hours),
        after=tuple(stored_row(row, convert) for row in rows),
    )


async def async_apply(hass: HomeAssistant, statistic_id: str, change: Change) -> bool:
    """Make a change if the hours are still as they were before it, and verify the result.

    Returns whether the hours are as they should be. Hours that were changed meanwhile are left
    alone.

    Raises:
        HomeAssistantError: the recorder is too busy, or failed.
    """
    statistic = await _async_unchanged_statistic(hass, statistic_id, change)
    if statistic is None:
        return False
    write(hass, statistic, change.after)
    if change.lift:
        lift(hass, statistic, change.lifted_from, change.lift)
    remaining = {row.hour for row in change.after}
    removed = [row.hour for row in change.before if row.hour not in remaining]
    undo = change.reverse
    for _ in range(_MAX_CHECKS):
        if removed:
            replacements = await async_remove(hass, statistic, removed)
            undo = replace(undo, before=(*change.after, *replacements))
        else:
            await async_settle(hass, statistic)
        if await _async_unchanged_statistic(hass, statistic_id, undo):
            return True
    return False


async def _async_unchanged_statistic(
    hass: HomeAssistant, statistic_id: str, change: Change
) -> Statistic | None:
    """Return the statistic if its rows and unit are exactly those before the change."""
    statistic = await async_statistic(hass, statistic_id)
    if statistic is None or statistic.unit != change.unit:
        return None
    hours = {row.hour for row in (*change.before, *change.after)}
    stored = await async_read(hass, statistic, min(hours), max(hours) + HOUR)
    same = {row for row in stored if row.hour in hours} == set(change.before)
    return statistic if same else None


def in_unit(value: float, of: str | None, to: str | None) -> float | None:
    """Return a value converted to another unit; None if it can't be converted to that."""
    convert = conversion(of=of, to=to)
    return convert(value) if convert else None


def conversion(*, of: str | None, to: str | None) -> Conversion | None:
    """Return the conversion from one unit to another; None if they are of different kinds."""
    if of == to:
        return float
    for converter in UNIT_CONVERTERS.values():
        if {of, to} <= converter.VALID_UNITS:
            return converter.converter_factory(of, to)
    return None


def is_fitting(statistic: Statistic, row: Row | MeanRow | AngleRow) -> bool:
    """Return whether a row has the columns of a statistic."""
    if isinstance(row, Row):
        return statistic.has_sum
    is_its_kind = statistic.has_angle if isinstance(row, AngleRow) else statistic.has_mean
    return is_its_kind and not statistic.has_sum


def stored_row(row: Row | MeanRow | AngleRow, convert: Conversion) -> StoredRow:
    """Return a row as it is stored."""
    if isinstance(row, Row):
        return StoredRow(row.hour, state=convert(row.state), sum=convert(row.sum))
    if isinstance(row, AngleRow):
        return StoredRow(row.hour, mean=row.mean, mean_weight=row.weight)
    return StoredRow(row.hour, mean=convert(row.mean), min=convert(row.min), max=convert(row.max))

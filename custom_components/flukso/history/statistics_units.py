"""Home Assistant's hourly statistics of an entity, read and written in the unit of the meter.

The recorder keeps them in a unit of its own, which the user can change, and shows them in that of
the entity. What is computed with comes in the meter's unit; what is put back later stays as kept.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from homeassistant.components.sensor import UNIT_CONVERTERS
from homeassistant.core import HomeAssistant

from ..metering.durations import HOUR
from ..metering.gaps import MeanRow, Row
from .statistics_store import (
    Statistic,
    StoredRow,
    async_read,
    async_remove,
    async_settle,
    async_statistic,
    write,
)

#: A write that the database wants to be asked for again lines up behind the first look.
_LOOKS = 3

type _Conversion = Callable[[float], float]


@dataclass(frozen=True, slots=True)
class Change:
    """What to make of the hours of a statistic whose own unit is ``unit``.

    An hour that one side has and the other has not is one without a row there.
    """

    unit: str | None
    before: tuple[StoredRow, ...]
    after: tuple[StoredRow, ...]

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
    statistic = await async_statistic(hass, statistic_id)
    if statistic is None:
        return []
    convert = _conversion(of=statistic.unit, to=unit)
    if convert is None:
        return []
    return [
        Row(row.hour, convert(row.state), convert(row.sum))
        for row in await async_read(hass, statistic, begin, end)
        if row.state is not None and row.sum is not None
    ]


async def async_mean_rows(
    hass: HomeAssistant, statistic_id: str, begin: int, end: int, unit: str | None
) -> list[MeanRow]:
    """The same of a gauge: mean, minimum and maximum in ``unit``."""
    statistic = await async_statistic(hass, statistic_id)
    if statistic is None:
        return []
    convert = _conversion(of=statistic.unit, to=unit)
    if convert is None:
        return []
    return [
        MeanRow(row.hour, convert(row.mean), convert(row.min), convert(row.max))
        for row in await async_read(hass, statistic, begin, end)
        if row.mean is not None and row.min is not None and row.max is not None
    ]


async def async_plan(
    hass: HomeAssistant, statistic_id: str, rows: Sequence[Row | MeanRow], unit: str | None
) -> Change | None:
    """What to change so that the hours of ``rows`` have them; they are in ``unit``.

    It is None where nothing can be written: no such statistic, another kind of it, or one in a
    unit of another kind.
    """
    statistic = await async_statistic(hass, statistic_id)
    if statistic is None or not rows or not all(_fits(statistic, row) for row in rows):
        return None
    convert = _conversion(of=unit, to=statistic.unit)
    if convert is None:
        return None
    hours = {row.hour for row in rows}
    kept = await async_read(hass, statistic, min(hours), max(hours) + HOUR)
    return Change(
        statistic.unit,
        before=tuple(row for row in kept if row.hour in hours),
        after=tuple(_stored(row, convert) for row in rows),
    )


async def async_apply(hass: HomeAssistant, statistic_id: str, change: Change) -> bool:
    """Make a change, if the hours are still as they were before it, and look what became of it.

    The answer is whether the hours are now as they should be. Hours that are not as they were
    before the change are left alone.

    Raises:
        HomeAssistantError: the recorder is too busy, or can't do it.
    """
    statistic = await _async_if(hass, statistic_id, change)
    if statistic is None:
        return False
    write(hass, statistic, change.after)
    left = {row.hour for row in change.after}
    removed = [row.hour for row in change.before if row.hour not in left]
    made = change.reverse
    for _ in range(_LOOKS):
        if removed:
            instead = await async_remove(hass, statistic, removed)
            made = replace(made, before=(*change.after, *instead))
        else:
            await async_settle(hass, statistic)
        if await _async_if(hass, statistic_id, made):
            return True
    return False


async def _async_if(hass: HomeAssistant, statistic_id: str, change: Change) -> Statistic | None:
    """The statistic, if it is exactly as before the change, unit included."""
    statistic = await async_statistic(hass, statistic_id)
    if statistic is None or statistic.unit != change.unit:
        return None
    hours = {row.hour for row in (*change.before, *change.after)}
    kept = await async_read(hass, statistic, min(hours), max(hours) + HOUR)
    same = {row for row in kept if row.hour in hours} == set(change.before)
    return statistic if same else None


def in_unit(value: float, of: str | None, to: str | None) -> float | None:
    """A value in another unit of the same kind; None where it is of another kind."""
    convert = _conversion(of=of, to=to)
    return convert(value) if convert else None


def _conversion(*, of: str | None, to: str | None) -> _Conversion | None:
    """What makes a value in one unit one in another, or None where they are of two kinds."""
    if of == to:
        return float
    for converter in UNIT_CONVERTERS.values():
        if {of, to} <= converter.VALID_UNITS:
            return converter.converter_factory(of, to)
    return None


def _fits(statistic: Statistic, row: Row | MeanRow) -> bool:
    if isinstance(row, Row):
        return statistic.has_sum
    return statistic.has_mean and not statistic.has_sum


def _stored(row: Row | MeanRow, convert: _Conversion) -> StoredRow:
    if isinstance(row, Row):
        return StoredRow(row.hour, state=convert(row.state), sum=convert(row.sum))
    return StoredRow(row.hour, mean=convert(row.mean), min=convert(row.min), max=convert(row.max))

"""Rows put before the first row of a statistic, and taken away again.

A sum is never negative: the oldest row's is what its own hour counted, and the rows that were there
are lifted by one amount. Each step leaves the statistic consistent, or can be reduced to what it
was before.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from homeassistant.core import HomeAssistant
from homeassistant.helpers.singleton import singleton

from ..const import DOMAIN
from ..metering.past_rows import PastRows
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
from .statistics_units import Conversion, conversion, is_fitting, mean_row, stored_row

#: How many rows are queued for the recorder at a time.
PORTION = 500
#: The relative rounding error of sums to which the recorder adds an amount.
_ROUNDING = 1e-6


@dataclass(frozen=True, slots=True)
class Prepended:
    """The rows that were put before the one at ``end``, which was the first one of a statistic.

    They are those from ``begin`` on (s since 1970), of ``hours`` hours, in which ``amount`` was
    counted. The rows from ``end`` on were lifted by ``lift``; the first of these had ``first_sum``
    before, None if it has only a mean. Amounts are in ``unit``, in which the rows are stored.
    """

    unit: str | None
    begin: int
    end: int
    hours: int
    amount: float
    first_sum: float | None
    lift: float

    @property
    def nothing(self) -> Prepended:
        """What it is once it is taken away."""
        return replace(self, begin=self.end, hours=0, amount=0, lift=0)

    def joined(self, earlier: Prepended) -> Prepended:
        """Return both: ``earlier`` ones were put there before, and are after these."""
        return replace(
            earlier,
            begin=self.begin,
            hours=self.hours + earlier.hours,
            amount=self.amount + earlier.amount,
            lift=self.lift + earlier.lift,
        )


@dataclass(frozen=True, slots=True)
class Portion:
    """Rows to put before the first one, and what was put there before and will be afterwards."""

    rows: tuple[StoredRow, ...]
    before: Prepended
    after: Prepended

    @property
    def lift(self) -> float:
        """What is added to the sums of all rows after these."""
        return self.after.lift - self.before.lift


async def async_first_row(
    hass: HomeAssistant, statistic_id: str, unit: str | None
) -> Row | MeanRow | AngleRow | None:
    """Return the first hourly row in ``unit``; None if there is none that can be converted."""
    statistic = await async_statistic(hass, statistic_id)
    if statistic is None:
        return None
    convert = conversion(of=statistic.unit, to=unit)
    first = await _async_first(hass, statistic)
    if convert is None or first is None:
        return None
    if first.state is not None and first.sum is not None:
        return Row(first.hour, convert(first.state), convert(first.sum))
    return mean_row(first, convert)


async def async_plan_past(
    hass: HomeAssistant, statistic_id: str, past: PastRows, unit: str | None
) -> list[Portion]:
    """Return the portions, the newest first, in which rows are put before the first one.

    The rows are in ``unit``. Empty if none can be written: there is no such statistic, it has no
    row, is of another kind, or its unit can't be converted; or they are not all before its first.
    """
    statistic = await async_statistic(hass, statistic_id)
    if statistic is None or not past.rows:
        return []
    convert = conversion(of=unit, to=statistic.unit)
    first = await _async_first(hass, statistic)
    if convert is None or first is None:
        return []
    return await hass.async_add_executor_job(_portions, statistic, first, past, convert)


def _portions(
    statistic: Statistic, first: StoredRow, past: PastRows, convert: Conversion
) -> list[Portion]:
    """Return the portions; to be called in a worker thread, as there may be years of rows."""
    if not all(row.hour < first.hour and is_fitting(statistic, row) for row in past.rows):
        return []
    rows = [stored_row(row, convert) for row in past.rows]
    done = Prepended(statistic.unit, first.hour, first.hour, 0, 0, first.sum, 0)
    own = 0.0
    if first.sum is not None and past.counted_in_first is not None:
        own = convert(past.counted_in_first) - first.sum
    portions = []
    for end in range(len(rows), 0, -PORTION):
        begin = max(end - PORTION, 0)
        base = rows[begin - 1].sum or 0 if begin else 0
        part = tuple(
            row if row.sum is None else replace(row, sum=row.sum - base) for row in rows[begin:end]
        )
        counted = part[-1].sum or 0
        after = replace(
            done,
            begin=part[0].hour,
            hours=done.hours + len(part),
            amount=done.amount + counted,
            lift=done.lift + counted + own,
        )
        portions.append(Portion(part, done, after))
        done, own = after, 0.0
    return portions


async def async_prepend(hass: HomeAssistant, statistic_id: str, portion: Portion) -> bool:
    """Write a portion, and lift the rows after it; returns whether all is as it should be.

    Raises:
        HomeAssistantError: the recorder is too busy.
    """
    statistic = await async_statistic(hass, statistic_id)
    if statistic is None or statistic.unit != portion.after.unit:
        return False
    write(hass, statistic, portion.rows)
    if portion.lift:
        lift(hass, statistic, portion.before.begin, portion.lift)
    await async_settle(hass, statistic)
    return await async_is_there(hass, statistic_id, portion.after, portion.before)


async def async_is_there(
    hass: HomeAssistant, statistic_id: str, put: Prepended, known: Prepended | None = None
) -> bool:
    """Return whether the rows are there, and the first one after them has the sum it should.

    Of those that are ``known`` to be there, only the oldest is read again.
    """
    statistic = await async_statistic(hass, statistic_id)
    if statistic is None or statistic.unit != put.unit:
        return False
    known = known or put.nothing
    rows = await async_read(hass, statistic, end=known.begin + 1)
    if known.hours and rows:
        rows += await async_read(hass, statistic, put.end, put.end + 1)
    return _is_there(rows, put, known)


async def async_reduce(hass: HomeAssistant, statistic_id: str, put: Prepended) -> float | None:
    """Take away all rows before those that should be there, and what they lifted the others by.

    Returns the amount that was added to the sums from ``put.begin`` on; None if not all is as it
    should be afterwards, because the rows were changed by something else.

    Raises:
        HomeAssistantError: the recorder is too busy, or failed.
    """
    statistic = await async_statistic(hass, statistic_id)
    if statistic is None or statistic.unit != put.unit:
        return None
    await async_settle(hass, statistic)  # an earlier attempt may have left a lift in the queue
    rows = await async_read(hass, statistic, end=put.end + 1)
    if not rows or rows[-1].hour != put.end:
        return None
    excess = _excess(rows[-1], put)
    added = 0.0 if abs(excess) <= _tolerance(put) else -excess
    if added:
        lift(hass, statistic, put.begin, added)
    hours = [row.hour for row in rows if row.hour < put.begin]
    left: set[int] = set()
    for begin in range(0, len(hours), PORTION):
        portion = hours[begin : begin + PORTION]
        left.update(row.hour for row in await async_remove(hass, statistic, portion))
    await async_settle(hass, statistic)
    rows = await async_read(hass, statistic, end=put.end + 1)
    rows = [row for row in rows if row.hour not in left]
    return added if _is_there(rows, put, put.nothing) else None


@singleton(f"{DOMAIN}_first_hours")
def _first_hours(_hass: HomeAssistant) -> dict[int, int]:
    """Return the hours of the first rows that were found, by the ids of their statistics."""
    return {}


async def _async_first(hass: HomeAssistant, statistic: Statistic) -> StoredRow | None:
    """Return the first row; all rows are read only if it is not where it was found before."""
    first_hours = _first_hours(hass)
    known = first_hours.get(statistic.row_id)
    rows = [] if known is None else await async_read(hass, statistic, end=known + 1)
    rows = rows or await async_read(hass, statistic)
    if not rows:
        return None
    first_hours[statistic.row_id] = rows[0].hour
    return rows[0]


def _is_there(rows: Sequence[StoredRow], put: Prepended, known: Prepended) -> bool:
    """Return whether rows are as they should be.

    They are those until the oldest of the ``known`` ones, and that which was the first one.
    """
    ends = [known.begin] if known.begin == put.end else [known.begin, put.end]
    count = put.hours - known.hours
    hours = [row.hour for row in rows]
    if len(hours) != count + len(ends) or hours[count:] != ends or hours[0] != put.begin:
        return False
    return abs(_excess(rows[-1], put)) <= _tolerance(put)


def _excess(first: StoredRow, put: Prepended) -> float:
    """Return how much higher than it should be the sum of the first row after them is."""
    if first.sum is None or put.first_sum is None:
        return 0
    return first.sum - put.first_sum - put.lift


def _tolerance(put: Prepended) -> float:
    return _ROUNDING * max(1, abs(put.first_sum or 0), abs(put.lift))

"""The hours that were filled into the statistics, kept for a month so that they can be undone.

An hour whose fill was undone is excluded: it is not filled again until the user asks for it.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from enum import StrEnum

from homeassistant.const import ATTR_DEVICE_ID, ATTR_ENTITY_ID
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.singleton import singleton
from homeassistant.util import dt as dt_util

from ..const import DOMAIN, EVENT_HISTORY_FILLED
from ..entity_lookup import sensor_entity_id
from ..metering.durations import DAY, HOUR
from ..metering.rows import AngleRow, MeanRow, Row
from ..storage import Storage
from .fill_file import Fill, Layout, StoredFill, as_stored, read_fills
from .statistics_store import StoredRow
from .statistics_units import async_apply, async_plan, in_unit

_VERSION = 1
#: How long a fill can be undone (s).
_MAX_AGE = 30 * DAY
#: The time after an hour that its row is left to the recorder (s).
RECORDER_IS_FIRST = 900


class RestoreFailure(StrEnum):
    """Why a fill was not undone."""

    CHANGED = "changed_since"
    GONE = "no_entity"


class FillLog:
    """The fills of a meter: written, kept in Home Assistant's storage folder, and undone.

    Who reads rows and writes others that depend on them holds the ``lock`` in between; fills are
    written and undone under it, too.
    """

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        self._hass = hass
        self._storage = Storage(
            hass,
            _VERSION,
            f"{DOMAIN}.{entry_id}.fillings",
            self._layout,
            contents="record of filled hours",
            serialize_in_event_loop=False,
        )
        self._filled: dict[Fill, StoredFill] = {}
        self._excluded: dict[str, set[int]] = {}
        #: Whether a fill is kept beyond its time, because what it lies in can still be undone.
        self.is_needed: Callable[[Fill], bool] = lambda _fill: False
        self.lock = asyncio.Lock()
        self._removed = False

    @property
    def filled(self) -> list[Fill]:
        """The fills that can be undone, the oldest first."""
        return list(self._filled)

    async def async_load(self) -> None:
        """Load the stored fills; where the file is unreadable, they can no longer be undone."""
        stored = await self._storage.async_load(read_fills)
        if stored is not None:
            self._filled, self._excluded = stored

    async def async_remove(self) -> None:
        """Delete the file, and keep a fill that is being written out of it."""
        self._removed = True
        await self._storage.async_remove()

    def excluded_hours(self, unique_id: str) -> Collection[int]:
        """Return the hours of an entity that are only filled on request."""
        return self._excluded.get(unique_id, frozenset())

    async def async_fill(
        self,
        unique_id: str,
        rows: Sequence[Row | MeanRow | AngleRow],
        *,
        unit: str | None,
        amount: float | None,
        at: float,
        lift: float = 0,
    ) -> Fill | None:
        """Write rows of an entity; they and the amount counted in them are in ``unit``.

        ``lift`` is added to the sums of all rows after them. The caller holds the ``lock``.

        Returns None if nothing was written: there is no such entity or statistic, the rows exist
        already, the meter was removed, or the last hour is still left to the recorder.

        Raises:
            HomeAssistantError: the recorder is too busy, or failed.
        """
        statistic_id = sensor_entity_id(self._hass, unique_id)
        if statistic_id is None or any(row.hour + HOUR + RECORDER_IS_FIRST > at for row in rows):
            return None
        change = await async_plan(self._hass, statistic_id, rows, unit)
        if change is None or change.before == change.after or self._removed:
            return None
        counted = None if amount is None else in_unit(amount, unit, change.unit)
        change = replace(change, lift=in_unit(lift, unit, change.unit) or 0)
        fill = Fill(unique_id, at, counted, change)
        kept = {
            old: stored
            for old, stored in self._filled.items()
            if old.at > at - _MAX_AGE or self.is_needed(old)
        }
        self._filled = kept | {fill: as_stored(fill)}
        try:
            await self._storage.async_save_surely()
        except HomeAssistantError:
            del self._filled[fill]
            raise
        if not await async_apply(self._hass, statistic_id, change):
            del self._filled[fill]
            await self._storage.async_save()
            return None
        await self.async_shift(unique_id, change.lifted_from, change.lift)
        self._fire_event(statistic_id, fill)
        return fill

    async def async_restore(self) -> list[tuple[Fill, RestoreFailure | None]]:
        """Undo the last fill, with those of other entities for any of the same hours.

        A fill whose rows were changed since is left as it is, with the reason; it can't be undone
        later either, so it is forgotten.

        Raises:
            HomeAssistantError: the recorder is too busy, or failed.
        """
        results: list[tuple[Fill, RestoreFailure | None]] = []
        async with self.lock:
            if not self.filled:
                return []
            last = set(self.filled[-1].hours)
            while fill := self._last_of(lambda fill: not last.isdisjoint(fill.hours)):
                results.append((fill, await self._async_undo(fill)))
        return results

    async def async_restore_within(self, unique_id: str, begin: int, end: int) -> None:
        """Undo the fills of an entity that have any hour of a time, the last first.

        The caller holds the ``lock``.

        Raises:
            HomeAssistantError: the recorder is too busy, or failed.
        """

        def is_within(fill: Fill) -> bool:
            return fill.unique_id == unique_id and any(begin <= hour < end for hour in fill.hours)

        while fill := self._last_of(is_within):
            await self._async_undo(fill)

    def _last_of(self, is_wanted: Callable[[Fill], bool]) -> Fill | None:
        """Return the last of such fills; undoing one may shift, and so replace, the others."""
        return next((fill for fill in reversed(self.filled) if is_wanted(fill)), None)

    async def _async_undo(self, fill: Fill) -> RestoreFailure | None:
        excluded = self._excluded.get(fill.unique_id, set())
        statistic_id = sensor_entity_id(self._hass, fill.unique_id)
        reason = None if statistic_id else RestoreFailure.GONE
        if statistic_id:
            self._exclude(fill.unique_id, excluded | set(fill.hours))
            await self._storage.async_save()
            if not await async_apply(self._hass, statistic_id, fill.change.reverse):
                self._exclude(fill.unique_id, excluded)
                reason = RestoreFailure.CHANGED
            else:
                await self.async_shift(fill.unique_id, fill.change.lifted_from, -fill.change.lift)
        del self._filled[fill]
        await self._storage.async_save()
        return reason

    async def async_release(self, begin: float, end: float) -> None:
        """Allow the hours of a period to be filled again, because the user asked for it."""
        before = dict(self._excluded)
        for unique_id, hours in before.items():
            self._exclude(unique_id, {hour for hour in hours if not begin <= hour < end})
        if self._excluded != before:
            await self._storage.async_save()

    async def async_shift(self, unique_id: str, begin: int, amount: float) -> None:
        """Note that an amount was added to an entity's sums from an hour on.

        It is in the unit of the statistic. Without this, no earlier fill could be undone.
        """
        if not amount:
            return
        fills = [_shifted(fill, unique_id, begin, amount) for fill in self._filled]
        if fills != self.filled:
            self._filled = {fill: as_stored(fill) for fill in fills}
            await self._storage.async_save()

    def _exclude(self, unique_id: str, hours: set[int]) -> None:
        if hours:
            self._excluded[unique_id] = hours
        else:
            self._excluded.pop(unique_id, None)

    def _fire_event(self, entity_id: str, fill: Fill) -> None:
        entity = er.async_get(self._hass).async_get(entity_id)
        data = {
            ATTR_ENTITY_ID: entity_id,
            ATTR_DEVICE_ID: entity and entity.device_id,
            "begin": dt_util.utc_from_timestamp(min(fill.hours)).isoformat(),
            "hours": len(fill.hours),
            "amount": fill.amount,
            "unit": fill.change.unit,
        }
        self._hass.bus.async_fire(EVENT_HISTORY_FILLED, data)

    def _layout(self) -> Layout:
        return {
            "filled": list(self._filled.values()),
            "held": {unique_id: sorted(hours) for unique_id, hours in self._excluded.items()},
        }


def _shifted(fill: Fill, unique_id: str, begin: int, amount: float) -> Fill:
    if fill.unique_id != unique_id or max(fill.hours) < begin:
        return fill

    def shifted(rows: Sequence[StoredRow]) -> tuple[StoredRow, ...]:
        return tuple(
            row if row.sum is None or row.hour < begin else replace(row, sum=row.sum + amount)
            for row in rows
        )

    change = fill.change
    return replace(
        fill, change=replace(change, before=shifted(change.before), after=shifted(change.after))
    )


@singleton(f"{DOMAIN}_fillings")
def _fill_logs(_hass: HomeAssistant) -> dict[str, FillLog]:
    """Return the fill logs loaded since Home Assistant started, by config entry id."""
    return {}


async def async_load_fill_log(hass: HomeAssistant, entry_id: str) -> FillLog:
    """Return a meter's fill log; a reload gets the same one, as a fill may be in progress."""
    fill_logs = _fill_logs(hass)
    if entry_id not in fill_logs:
        fill_log = FillLog(hass, entry_id)
        await fill_log.async_load()
        fill_logs[entry_id] = fill_log
    return fill_logs[entry_id]


async def async_remove_fill_log(hass: HomeAssistant, entry_id: str) -> None:
    """Remove the fill log of a meter, and its file."""
    fill_log = _fill_logs(hass).pop(entry_id, None) or FillLog(hass, entry_id)
    await fill_log.async_remove()

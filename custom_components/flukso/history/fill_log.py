"""What was filled into the statistics, kept for a month so that it can be taken back.

An hour whose filling was taken back is on hold: it is not filled again until the user asks.
"""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypedDict

from homeassistant.const import ATTR_DEVICE_ID, ATTR_ENTITY_ID
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.singleton import singleton
from homeassistant.util import dt as dt_util
import voluptuous as vol

from ..const import DOMAIN, EVENT_HISTORY_FILLED
from ..entity_lookup import sensor_entity_id
from ..metering.durations import DAY, HOUR
from ..metering.gaps import MeanRow, Row
from ..storage import Storage
from .statistics_store import StoredRow
from .statistics_units import Change, async_apply, async_plan, in_unit

_VERSION = 1
#: How long a filling can be taken back (s).
_KEPT = 30 * DAY
#: For so long after an hour its row is the recorder's to make (s).
RECORDER_IS_FIRST = 900


@dataclass(frozen=True, slots=True, eq=False)
class Fill:
    """Hours of an entity that were filled ``at`` a time (s since 1970).

    ``amount`` is what was counted in them, in the unit of the statistic, None of a gauge.
    """

    unique_id: str
    at: float
    amount: float | None
    change: Change

    @property
    def hours(self) -> tuple[int, ...]:
        """When each of its hours began (s since 1970)."""
        return tuple(row.hour for row in self.change.after)


class RestoreFailure(StrEnum):
    """Why a filling was not taken back."""

    CHANGED = "changed_since"
    GONE = "no_entity"


type _Columns = list[float | None]


class _Kept(TypedDict):
    """A filling in the file, each of its rows as a list of columns."""

    unique_id: str
    at: float
    amount: float | None
    unit: str | None
    before: list[_Columns]
    after: list[_Columns]


class _Layout(TypedDict):
    """The layout of the file, one for each config entry."""

    filled: list[_Kept]
    held: dict[str, list[int]]


_NUMBERS = (float, int)
_NUMBER = vol.Any(None, *_NUMBERS)
_LAYOUT = vol.Schema(
    {
        vol.Required("filled"): [
            {
                vol.Required("unique_id"): str,
                vol.Required("at"): vol.Any(float, int),
                vol.Required("amount"): _NUMBER,
                vol.Required("unit"): vol.Any(None, str),
                vol.Required("before"): list,
                vol.Required("after"): vol.All(list, vol.Length(min=1)),
            }
        ],
        vol.Required("held"): {str: [int]},
    }
)


class FillLog:
    """The fillings of a meter: made, kept in Home Assistant's storage folder, and taken back."""

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
        self._filled: dict[Fill, _Kept] = {}
        self._held: dict[str, set[int]] = {}
        self._writing = asyncio.Lock()
        self._removed = False

    @property
    def filled(self) -> list[Fill]:
        """What can be taken back, the oldest first."""
        return list(self._filled)

    async def async_load(self) -> None:
        """Take up what was kept; what can't be taken up can't be taken back any more."""
        known = await self._storage.async_load(_read)
        if known is not None:
            self._filled, self._held = known

    async def async_remove(self) -> None:
        """Forget everything, also what is being written."""
        self._removed = True
        await self._storage.async_remove()

    def held(self, unique_id: str) -> Collection[int]:
        """The hours of an entity that are not to be filled by themselves."""
        return self._held.get(unique_id, frozenset())

    async def async_fill(
        self,
        unique_id: str,
        rows: Sequence[Row | MeanRow],
        *,
        unit: str | None,
        amount: float | None,
        at: float,
    ) -> Fill | None:
        """Write rows of an entity, which are in ``unit`` as is the amount counted in them.

        None tells that nothing was written: there is no such entity or statistic, the rows are
        there already, the meter was removed, or the last hour has just ended, so that the recorder
        is to make its row.

        Raises:
            HomeAssistantError: the recorder is too busy, or can't do it.
        """
        statistic_id = sensor_entity_id(self._hass, unique_id)
        if statistic_id is None or any(row.hour + HOUR + RECORDER_IS_FIRST > at for row in rows):
            return None
        async with self._writing:
            change = await async_plan(self._hass, statistic_id, rows, unit)
            if change is None or change.before == change.after or self._removed:
                return None
            shown = None if amount is None else in_unit(amount, unit, change.unit)
            fill = Fill(unique_id, at, shown, change)
            lasting = {old: kept for old, kept in self._filled.items() if old.at > at - _KEPT}
            self._filled = lasting | {fill: _kept(fill)}
            await self._storage.async_save()
            if not await async_apply(self._hass, statistic_id, change):
                del self._filled[fill]
                await self._storage.async_save()
                return None
        self._announce(statistic_id, fill)
        return fill

    async def async_restore(self) -> list[tuple[Fill, RestoreFailure | None]]:
        """Take the last filling back, with those of other entities for any of the same hours.

        One that is not as it was written is left as it is, with the reason; it can't be taken
        back later either, so it is forgotten.

        Raises:
            HomeAssistantError: the recorder is too busy, or can't do it.
        """
        taken: list[tuple[Fill, RestoreFailure | None]] = []
        async with self._writing:
            if not self.filled:
                return []
            last = set(self.filled[-1].hours)
            same = [fill for fill in self.filled if not last.isdisjoint(fill.hours)]
            for fill in reversed(same):
                reason = await self._async_take_back(fill)
                taken.append((fill, reason))
        return taken

    async def _async_take_back(self, fill: Fill) -> RestoreFailure | None:
        held = self._held.get(fill.unique_id, set())
        statistic_id = sensor_entity_id(self._hass, fill.unique_id)
        reason = None if statistic_id else RestoreFailure.GONE
        if statistic_id:
            self._hold(fill.unique_id, held | set(fill.hours))
            await self._storage.async_save()
            if not await async_apply(self._hass, statistic_id, fill.change.reverse):
                self._hold(fill.unique_id, held)
                reason = RestoreFailure.CHANGED
        del self._filled[fill]
        await self._storage.async_save()
        return reason

    async def async_release(self, begin: float, end: float) -> None:
        """Let the hours of a period be filled again, because the user wants it."""
        for unique_id, hours in list(self._held.items()):
            left = {hour for hour in hours if not begin <= hour < end}
            if left != hours:
                self._hold(unique_id, left)
                await self._storage.async_save()

    def _hold(self, unique_id: str, hours: set[int]) -> None:
        if hours:
            self._held[unique_id] = hours
        else:
            self._held.pop(unique_id, None)

    def _announce(self, entity_id: str, fill: Fill) -> None:
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

    def _layout(self) -> _Layout:
        return {
            "filled": list(self._filled.values()),
            "held": {unique_id: sorted(hours) for unique_id, hours in self._held.items()},
        }


def _read(stored: object) -> tuple[dict[Fill, _Kept], dict[str, set[int]]]:
    layout: _Layout = _LAYOUT(stored)
    filled = {_fill(kept): kept for kept in layout["filled"]}
    return filled, {unique_id: set(held) for unique_id, held in layout["held"].items()}


@singleton(f"{DOMAIN}_fillings")
def _loaded(_hass: HomeAssistant) -> dict[str, FillLog]:
    """The fillings of each meter that was loaded since Home Assistant started, by entry id."""
    return {}


async def async_load_fill_log(hass: HomeAssistant, entry_id: str) -> FillLog:
    """The fillings of a meter, the same after each reload, as some may be being written then."""
    loaded = _loaded(hass)
    if entry_id not in loaded:
        fill_log = FillLog(hass, entry_id)
        await fill_log.async_load()
        loaded[entry_id] = fill_log
    return loaded[entry_id]


async def async_remove_fill_log(hass: HomeAssistant, entry_id: str) -> None:
    """Forget the fillings of a meter."""
    fill_log = _loaded(hass).pop(entry_id, None) or FillLog(hass, entry_id)
    await fill_log.async_remove()


def _kept(fill: Fill) -> _Kept:
    change = fill.change
    return {
        "unique_id": fill.unique_id,
        "at": fill.at,
        "amount": fill.amount,
        "unit": change.unit,
        "before": [_columns(row) for row in change.before],
        "after": [_columns(row) for row in change.after],
    }


def _fill(kept: _Kept) -> Fill:
    change = Change(kept["unit"], _rows(kept["before"]), _rows(kept["after"]))
    return Fill(kept["unique_id"], kept["at"], kept["amount"], change)


def _columns(row: StoredRow) -> _Columns:
    return [row.hour, row.state, row.sum, row.mean, row.min, row.max, row.last_reset]


def _rows(kept: Sequence[_Columns]) -> tuple[StoredRow, ...]:
    try:
        return tuple(_row(*columns) for columns in kept)
    except (TypeError, ValueError) as error:
        raise vol.Invalid(f"a row is none: {error}") from error


def _row(hour: float | None, *columns: float | None) -> StoredRow:
    if hour is None or not all(value is None or isinstance(value, _NUMBERS) for value in columns):
        raise TypeError("a column is no number")
    return StoredRow(int(hour), *columns)

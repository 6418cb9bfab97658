"""Filled hours, and the layout of the file with those of a meter."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NotRequired, TypedDict

import voluptuous as vol

from .statistics_store import StoredRow
from .statistics_units import Change


@dataclass(frozen=True, slots=True, eq=False)
class Fill:
    """Hours of an entity that were filled ``at`` a time (s since 1970).

    ``amount`` is what was counted in them, in the unit of the statistic; None for a gauge.
    """

    unique_id: str
    at: float
    amount: float | None
    change: Change

    @property
    def hours(self) -> tuple[int, ...]:
        """The begin of each of its hours (s since 1970)."""
        return tuple(row.hour for row in self.change.after)


type _Columns = list[float | None]


class StoredFill(TypedDict):
    """A fill in the file, each of its rows as a list of columns."""

    unique_id: str
    at: float
    amount: float | None
    unit: str | None
    before: list[_Columns]
    after: list[_Columns]
    lift: NotRequired[float]


class Layout(TypedDict):
    """The layout of the file, one per config entry; ``held`` has the excluded hours."""

    filled: list[StoredFill]
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
                vol.Optional("lift"): vol.Any(float, int),
            }
        ],
        vol.Required("held"): {str: [int]},
    }
)


def read_fills(stored: object) -> tuple[dict[Fill, StoredFill], dict[str, set[int]]]:
    """Return the fills in a file, and the excluded hours of each entity.

    Raises:
        vol.Invalid: it has another layout.
    """
    layout: Layout = _LAYOUT(stored)
    filled = {_fill(stored_fill): stored_fill for stored_fill in layout["filled"]}
    return filled, {unique_id: set(hours) for unique_id, hours in layout["held"].items()}


def as_stored(fill: Fill) -> StoredFill:
    """Return a fill as it is stored."""
    change = fill.change
    stored: StoredFill = {
        "unique_id": fill.unique_id,
        "at": fill.at,
        "amount": fill.amount,
        "unit": change.unit,
        "before": [_columns(row) for row in change.before],
        "after": [_columns(row) for row in change.after],
    }
    if change.lift:
        stored["lift"] = change.lift
    return stored


def _fill(stored: StoredFill) -> Fill:
    before, after = _rows(stored["before"]), _rows(stored["after"])
    change = Change(stored["unit"], before, after, stored.get("lift", 0))
    return Fill(stored["unique_id"], stored["at"], stored["amount"], change)


def _columns(row: StoredRow) -> _Columns:
    return [row.hour, row.state, row.sum, row.mean, row.min, row.max, row.last_reset]


def _rows(stored: Sequence[_Columns]) -> tuple[StoredRow, ...]:
    try:
        return tuple(_row(*columns) for columns in stored)
    except (TypeError, ValueError) as error:
        raise vol.Invalid(f"malformed row: {error}") from error


def _row(hour: float | None, *columns: float | None) -> StoredRow:
    if hour is None or not all(value is None or isinstance(value, _NUMBERS) for value in columns):
        raise TypeError("a column is not a number")
    return StoredRow(int(hour), *columns)

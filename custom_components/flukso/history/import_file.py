"""Imports of the past, and the layout of the file with those of a meter."""

from dataclasses import dataclass, field
from typing import NotRequired, TypedDict

import voluptuous as vol

from ..metering.past_rows import Missing
from ..metering.rounding import rounded
from .statistics_past import Prepended


@dataclass(frozen=True, slots=True)
class Imported:
    """The hours of an entity that an import has put before its first row.

    ``pending`` is what they will be once those are written that were begun.
    """

    unique_id: str
    put: Prepended
    pending: Prepended | None = None

    @property
    def amount(self) -> float | None:
        """What was counted in them, in the unit of the statistic; None for a gauge."""
        return None if self.put.first_sum is None else rounded(self.put.amount, 3)


@dataclass(frozen=True, slots=True)
class NotImported:
    """The hours of an entity that an import has no row of, or one that counts nothing."""

    impossible: int
    missing: Missing | None


@dataclass(slots=True, eq=False)
class Import:
    """An import of the hours ``since`` a time, which was begun ``at`` another (s since 1970).

    The meter was asked for its blocks ``asks`` times, the last of them at ``asked_at``. Nothing
    more is imported of the entities that are ``done``. It ``is_undone`` from the moment on that
    undoing it begins.
    """

    at: float
    since: int
    asked_at: float | None = None
    asks: int = 0
    is_running: bool = True
    is_undone: bool = False
    done: set[str] = field(default_factory=set)
    imported: dict[str, Imported] = field(default_factory=dict)
    not_imported: dict[str, NotImported] = field(default_factory=dict)


class _StoredRows(TypedDict):
    unit: str | None
    begin: int
    end: int
    hours: int
    amount: float
    first_sum: float | None
    lift: float


class _StoredImported(TypedDict):
    unique_id: str
    put: _StoredRows
    pending: _StoredRows | None


class _StoredMissing(TypedDict):
    hours: int
    begin: int
    end: int
    sensors: list[str]


class _StoredNotImported(TypedDict):
    unique_id: str
    impossible: int
    missing: _StoredMissing | None


class _StoredImport(TypedDict):
    at: float
    since: int
    asked_at: float | None
    asks: int
    is_running: bool
    is_undone: bool
    done: list[str]
    imported: list[_StoredImported]
    not_imported: NotRequired[list[_StoredNotImported]]


class Layout(TypedDict):
    """The layout of the file, one per config entry."""

    imports: list[_StoredImport]


_NUMBER = vol.Any(float, int)
_MAYBE = vol.Any(None, _NUMBER)
_ROWS = vol.Schema(
    {
        vol.Required("unit"): vol.Any(None, str),
        vol.Required("begin"): int,
        vol.Required("end"): int,
        vol.Required("hours"): int,
        vol.Required("amount"): _NUMBER,
        vol.Required("first_sum"): _MAYBE,
        vol.Required("lift"): _NUMBER,
    }
)
_LAYOUT = vol.Schema(
    {
        vol.Required("imports"): [
            {
                vol.Required("at"): _NUMBER,
                vol.Required("since"): int,
                vol.Required("asked_at"): _MAYBE,
                vol.Required("asks"): int,
                vol.Required("is_running"): bool,
                vol.Required("is_undone"): bool,
                vol.Required("done"): [str],
                vol.Required("imported"): [
                    {
                        vol.Required("unique_id"): str,
                        vol.Required("put"): _ROWS,
                        vol.Required("pending"): vol.Any(None, _ROWS),
                    }
                ],
                vol.Optional("not_imported"): [
                    {
                        vol.Required("unique_id"): str,
                        vol.Required("impossible"): int,
                        vol.Required("missing"): vol.Any(
                            None,
                            {
                                vol.Required("hours"): int,
                                vol.Required("begin"): int,
                                vol.Required("end"): int,
                                vol.Required("sensors"): [str],
                            },
                        ),
                    }
                ],
            }
        ]
    }
)


def as_stored(imports: list[Import]) -> Layout:
    """Return the imports as they are stored."""
    return {
        "imports": [
            {
                "at": each.at,
                "since": each.since,
                "asked_at": each.asked_at,
                "asks": each.asks,
                "is_running": each.is_running,
                "is_undone": each.is_undone,
                "done": sorted(each.done),
                "imported": [_as_stored(part) for part in each.imported.values()],
                "not_imported": [
                    _stored_not_imported(unique_id, lacks)
                    for unique_id, lacks in each.not_imported.items()
                ],
            }
            for each in imports
        ]
    }


def _as_stored(part: Imported) -> _StoredImported:
    return {
        "unique_id": part.unique_id,
        "put": _stored_rows(part.put),
        "pending": None if part.pending is None else _stored_rows(part.pending),
    }


def _stored_rows(put: Prepended) -> _StoredRows:
    return {
        "unit": put.unit,
        "begin": put.begin,
        "end": put.end,
        "hours": put.hours,
        "amount": put.amount,
        "first_sum": put.first_sum,
        "lift": put.lift,
    }


def _stored_not_imported(unique_id: str, lacks: NotImported) -> _StoredNotImported:
    missing = lacks.missing
    stored: _StoredMissing | None = None
    if missing is not None:
        stored = {
            "hours": missing.hours,
            "begin": missing.begin,
            "end": missing.end,
            "sensors": list(missing.sensors),
        }
    return {"unique_id": unique_id, "impossible": lacks.impossible, "missing": stored}


def read_imports(stored: object) -> list[Import]:
    """Return the imports in a file.

    Raises:
        vol.Invalid: it has another layout.
    """
    layout: Layout = _LAYOUT(stored)
    return [
        Import(
            each["at"],
            each["since"],
            each["asked_at"],
            each["asks"],
            each["is_running"],
            each["is_undone"],
            set(each["done"]),
            {part["unique_id"]: _imported(part) for part in each["imported"]},
            {lacks["unique_id"]: _not_imported(lacks) for lacks in each.get("not_imported", ())},
        )
        for each in layout["imports"]
    ]


def _not_imported(stored: _StoredNotImported) -> NotImported:
    missing = stored["missing"]
    if missing is None:
        return NotImported(stored["impossible"], None)
    times = missing["hours"], missing["begin"], missing["end"]
    return NotImported(stored["impossible"], Missing(*times, tuple(missing["sensors"])))


def _imported(stored: _StoredImported) -> Imported:
    pending = stored["pending"]
    return Imported(
        stored["unique_id"],
        Prepended(**stored["put"]),
        None if pending is None else Prepended(**pending),
    )

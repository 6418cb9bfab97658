"""Writes the last day into Home Assistant's database, which has no action for it.

Its graphs of the last day show the statistics of five minutes, and those of the last hours the
states.
"""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
import sqlite3
import time

#: How long Home Assistant may be busy (s): on a slow machine it imports the ten days for minutes.
_BUSY_FOR = 300


@dataclass(frozen=True, slots=True)
class Row:
    """A row of five minutes, in the unit of the statistic; ``start`` is in seconds since 1970."""

    start: int
    mean: float | None = None
    min: float | None = None
    max: float | None = None
    state: float | None = None
    sum: float | None = None


def write(database: Path, rows: Mapping[str, Sequence[Row]]) -> int:
    """Add rows before the first one that each statistic has; return how many.

    Args:
        database: the file of Home Assistant's recorder, which may be running.
        rows: the rows by the id of the statistic.
    """
    written = 0
    with closing(sqlite3.connect(database, timeout=_BUSY_FOR)) as connection, connection:
        ids = dict(connection.execute("SELECT statistic_id, id FROM statistics_meta"))
        first = dict(
            connection.execute(
                "SELECT metadata_id, MIN(start_ts) FROM statistics_short_term GROUP BY metadata_id"
            )
        )
        for statistic_id, all_rows in rows.items():
            metadata_id = ids.get(statistic_id)
            if metadata_id not in first:
                continue
            new = [row for row in all_rows if row.start < first[metadata_id]]
            connection.executemany(
                "INSERT INTO statistics_short_term"
                " (created_ts, metadata_id, start_ts, mean, min, max, state, sum)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (time.time(), metadata_id, *row_of)
                    for row_of in (
                        (row.start, row.mean, row.min, row.max, row.state, row.sum) for row in new
                    )
                ],
            )
            written += len(new)
    return written


def write_states(database: Path, rows: Mapping[str, Sequence[Row]]) -> int:
    """Add the means of rows as states before the first one that each entity has; return how many.

    Args:
        database: the file of Home Assistant's recorder, which may be running.
        rows: the rows by the id of the entity.
    """
    written = 0
    with closing(sqlite3.connect(database, timeout=_BUSY_FOR)) as connection, connection:
        known = connection.execute(
            "SELECT states_meta.entity_id, metadata_id, MIN(last_updated_ts), MAX(attributes_id)"
            " FROM states JOIN states_meta USING (metadata_id) GROUP BY metadata_id"
        )
        for entity_id, metadata_id, first, attributes_id in known.fetchall():
            new = [
                (metadata_id, attributes_id, f"{row.mean:.2f}", row.start)
                for row in rows.get(entity_id, ())
                if row.mean is not None and row.start < first
            ]
            connection.executemany(
                "INSERT INTO states (metadata_id, attributes_id, state, last_updated_ts)"
                " VALUES (?, ?, ?, ?)",
                new,
            )
            written += len(new)
    return written

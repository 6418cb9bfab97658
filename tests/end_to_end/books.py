"""What the recorder kept of a stage, and the statistics that it makes of it.

New statistics are made of whole periods of five minutes. So that no test waits for one to end, what
was recorded is dated back by that much while Home Assistant is down; at its next start it makes up
for the periods that it finds without statistics.
"""

from collections.abc import Iterator, Mapping, Sequence
import contextlib
from dataclasses import dataclass
from datetime import UTC, datetime
import sqlite3

from stack import HomeAssistant, eventually

_PERIOD = 300
_BACK = f"""
    UPDATE states SET last_updated_ts = last_updated_ts - {_PERIOD},
        last_changed_ts = last_changed_ts - {_PERIOD},
        last_reported_ts = last_reported_ts - {_PERIOD};
    UPDATE recorder_runs SET start = datetime(start, '-{_PERIOD} seconds'),
        "end" = datetime("end", '-{_PERIOD} seconds');
    DELETE FROM statistics;
    DELETE FROM statistics_short_term;
    DELETE FROM statistics_runs WHERE
        unixepoch(start) + {_PERIOD} > (SELECT min(last_updated_ts) FROM states);
"""


@dataclass(frozen=True, slots=True)
class Row:
    """What is kept of an hour, to the bit."""

    state: float | None
    sum: float | None
    mean: float | None
    min: float | None
    max: float | None
    last_reset: float | None


def recorded(home: HomeAssistant, entity_id: str) -> list[tuple[float, float]]:
    """What was recorded of an entity: seconds since 1970, and thousandths of its unit."""
    query = """
        SELECT last_updated_ts, state FROM states JOIN states_meta AS meta USING (metadata_id)
        WHERE meta.entity_id = ? AND state NOT IN ('unknown', 'unavailable')
        ORDER BY last_updated_ts
    """
    with _database(home) as connection:
        return [(at, float(state) * 1000) for at, state in connection.execute(query, (entity_id,))]


def hourly(home: HomeAssistant, until: int) -> Mapping[tuple[str, int], Row]:
    """The hourly statistics of all entities: their rows of the hours that began before a time."""
    query = """
        SELECT meta.statistic_id, start_ts, state, sum, mean, min, max, last_reset_ts
        FROM statistics JOIN statistics_meta AS meta ON meta.id = metadata_id
        WHERE start_ts < ? ORDER BY meta.statistic_id, start_ts
    """
    with _database(home) as connection:
        rows = connection.execute(query, (until,))
        return {(entity_id, int(hour)): Row(*columns) for entity_id, hour, *columns in rows}


async def sums(home: HomeAssistant, entity_ids: Sequence[str]) -> dict[str, float]:
    """Restart Home Assistant to make the statistics; the answer is their sums, in thousandths."""
    await home.stop()
    with _database(home) as connection:
        connection.executescript(_BACK)
        [last] = connection.execute("SELECT max(last_updated_ts) FROM states").fetchone()
    await home.start()

    async def made() -> dict[str, float]:
        with _database(home) as connection:
            query = "SELECT max(unixepoch(start)) FROM statistics_runs"
            [period] = connection.execute(query).fetchone()
        if period is None or period + _PERIOD <= last:
            return {}
        rows = await home.client.call(
            "recorder/statistics_during_period",
            start_time=datetime(2000, 1, 1, tzinfo=UTC).isoformat(),
            statistic_ids=list(entity_ids),
            period="5minute",
            types=["sum"],
        )
        return {entity_id: periods[-1]["sum"] * 1000 for entity_id, periods in rows.items()}

    return await eventually(made, "the statistics", within=90)


@contextlib.contextmanager
def _database(home: HomeAssistant) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(sqlite3.connect(home.database)) as connection:
        yield connection

"""The results of an audit of the statistics and of a backfill, for each counter."""

from dataclasses import dataclass

from .fill_file import Fill


@dataclass(frozen=True, slots=True)
class AuditedHour:
    """The counter at the end of an hour (s since 1970), as recorded and as the meter remembers it.

    ``finding`` is a ``Finding`` or ``Reason``: that they agree, or what is wrong.
    """

    hour: int
    recorded: float | None
    meter: float | None
    finding: str


@dataclass(frozen=True, slots=True)
class Audit:
    """The audited hours of a counter, in the meter's unit; ``unique_id`` is its entity's."""

    unique_id: str
    unit: str | None
    hours: tuple[AuditedHour, ...]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A gap that was not filled, from its first hour to the end of its last (s since 1970).

    ``missing`` are the sensors (their ids) of which the meter has told nothing for a part of it.
    """

    unique_id: str
    begin: int
    end: int
    reason: str
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a backfill."""

    filled: tuple[Fill, ...]
    refused: tuple[Refusal, ...]

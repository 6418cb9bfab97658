"""What an audit of the statistics and a filling of them tell, counter by counter."""

from dataclasses import dataclass

from .fill_log import Fill


@dataclass(frozen=True, slots=True)
class AuditedHour:
    """What is recorded of an hour (s since 1970) and what the meter says: the state at its end.

    ``finding`` is a word: that they agree, or what is wrong.
    """

    hour: int
    recorded: float | None
    meter: float | None
    finding: str


@dataclass(frozen=True, slots=True)
class Audit:
    """The hours of a counter, by the unique id of its entity, in the unit of the meter."""

    unique_id: str
    unit: str | None
    hours: tuple[AuditedHour, ...]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A gap that was not filled, from its first hour to the end of its last (s since 1970)."""

    unique_id: str
    begin: int
    end: int
    reason: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of filling."""

    filled: tuple[Fill, ...]
    refused: tuple[Refusal, ...]

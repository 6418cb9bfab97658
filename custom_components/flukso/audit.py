"""What an audit of the statistics and a filling of them tell, counter by counter."""

from dataclasses import dataclass
from typing import Protocol

from .fillings import Filling


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

    filled: tuple[Filling, ...]
    refused: tuple[Refusal, ...]


class Auditor(Protocol):
    """Who holds the statistics against the meter's memory; periods are in s since 1970."""

    refusals: list[Refusal]

    async def async_audit(self, begin: int, end: int) -> list[Audit]:
        """Compare the hours from ``begin`` to before ``end``, and change nothing."""

    async def async_fill(self, begin: int, end: int) -> Outcome:
        """Fill the gaps in them that can be filled, held hours included."""

"""The result of a backfill: what was filled, and what was not and why."""

from dataclasses import dataclass

from .fill_file import Fill


@dataclass(frozen=True, slots=True)
class Refusal:
    """A gap that was not filled, from its first hour to the end of its last (s since 1970).

    ``unique_id`` is the entity's; ``missing`` are the sensors (their ids) of which the meter has
    told nothing for a part of it.
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

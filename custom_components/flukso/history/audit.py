"""The results of an audit of the statistics of a counter."""

from dataclasses import dataclass


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

"""The results of an audit of the statistics of a counter."""

from dataclasses import dataclass

from ..metering.gaps import Hour, Reason


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


def audited(hour: Hour, *, is_undone: bool) -> AuditedHour:
    """Return an hour as it is reported; ``is_undone`` is whether its backfill was undone."""
    return AuditedHour(
        hour.hour,
        hour.row.state if hour.row else None,
        hour.known.value if hour.known else None,
        Reason.UNDONE if hour.missed and is_undone else hour.finding,
    )

"""Spans of a sensor's known past, one of each block of its meter's memory."""

from collections.abc import Sequence
from typing import Protocol


class Span(Protocol):
    """A span of time from ``begin`` to before ``end`` (s since 1970)."""

    @property
    def begin(self) -> int:
        """Its first second."""

    @property
    def end(self) -> int:
        """The first second after it."""


class Segments[T: Span]:
    """The known spans in order of time, added in any order; a larger one replaces those within it.

    Blocks of a meter's memory never overlap in part.
    """

    def __init__(self) -> None:
        self._segments: Sequence[T] = ()

    @property
    def span(self) -> tuple[int, int]:
        """The begin of the first and the end of the last segment; (0, 0) if there is none."""
        known = self._segments
        return (known[0].begin, known[-1].end) if known else (0, 0)

    def covers(self, begin: int, end: int) -> bool:
        """Return whether one segment covers all of these seconds."""
        return any(known.begin <= begin and end <= known.end for known in self._segments)

    def add(self, segment: T) -> None:
        """Add a segment."""
        if not self.covers(segment.begin, segment.end):
            others = [
                known
                for known in self._segments
                if known.begin < segment.begin or segment.end < known.end
            ]
            self._segments = tuple(sorted([*others, segment], key=lambda known: known.begin))

    def forget(self, before: int) -> None:
        """Drop the segments that ended before."""
        self._segments = tuple(known for known in self._segments if known.end >= before)

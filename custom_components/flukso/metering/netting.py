"""Instantaneous netting of the phases of a supply, as in a billing meter."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from .counter_track import LONGEST_GAP, CounterTrack
from .durations import QUARTER


@dataclass(frozen=True, slots=True)
class NettingState:
    """The energy booked (Wh), and the second and value of each counter up to which it is."""

    time: int
    values: Mapping[str, float]
    imported: float
    exported: float


class Booked(NamedTuple):
    """The energies (Wh) up to the end of a second.

    ``is_known`` is whether the value of each counter is known then.
    """

    time: int
    imported: float
    exported: float
    is_known: bool


class Netting:
    """Books the phases' import less their export, second by second, as import or as export.

    Counters of the same second are netted. A second is booked once every counter has a reading
    of that second or a later one: a missing reading is waited for, and the energy counted
    meanwhile is spread evenly over the wait. Nothing is lost, and nothing booked twice.

    A counter that runs both ways is one of the imports. ``steps`` are those of the counters that
    are sent only when they change (Wh): such a one is not waited for longer than a minute.
    """

    def __init__(
        self,
        imports: Iterable[str],
        exports: Iterable[str],
        *,
        longest_gap: int = LONGEST_GAP,
        steps: Mapping[str, float] | None = None,
    ) -> None:
        self._longest_gap = longest_gap
        self._steps = {key: step for key, step in (steps or {}).items() if step}
        self._signs: dict[str, int] = {}
        for key in imports:
            self._signs[key] = 1
        for key in exports:
            self._signs[key] = -1
        self._tracks: dict[str, CounterTrack] = {}
        self._time: int | None = None
        self.imported = 0.0
        self.exported = 0.0

    @property
    def time(self) -> int | None:
        """The second up to which everything is booked."""
        return self._time

    @property
    def state(self) -> NettingState | None:
        """The state to store over a restart."""
        if self._time is None:
            return None
        booked = {key: track.booked for key, track in self._tracks.items()}
        return NettingState(self._time, booked, self.imported, self.exported)

    def restore(self, state: NettingState) -> None:
        """Restore the state from before a restart; counters that are not in it start anew."""
        self._time, self.imported, self.exported = state.time, state.imported, state.exported
        self._tracks = {
            key: self._track(key, state.time, value)
            for key, value in state.values.items()
            if key in self._signs
        }

    def take(
        self,
        readings: Mapping[str, tuple[Sequence[int], Sequence[float]]],
        *,
        marks: Collection[int] = (),
    ) -> list[Booked]:
        """Process readings: the rising seconds of each counter, and its values (Wh).

        Returns each second that they completed and that has a reading, the ends of quarter-hours
        among them, and those of the ``marks``.
        """
        for key, (times, values) in readings.items():
            self._extend(key, times, values)
        return self._book_complete(marks)

    def _extend(self, key: str, times: Sequence[int], values: Sequence[float]) -> None:
        if key not in self._tracks and times:
            self._tracks[key] = self._track(key, times[0], values[0])
            times, values = times[1:], values[1:]
        if times:
            self._tracks[key].extend(times, values)

    def _book_complete(self, marks: Collection[int]) -> list[Booked]:
        if len(self._tracks) < len(self._signs):
            return []
        tracks = self._tracks.values()
        if self._steps:
            newest = max(track.last for track in tracks)
            end = min(track.known_until(newest) for track in tracks)
        else:
            end = min([track.last for track in tracks])
        if self._time is None or end < self._time:
            self._time = end
        return self._book(self._time, end, marks) if end > self._time else []

    def _track(self, key: str, time: int, value: float) -> CounterTrack:
        return CounterTrack(time, value, self._longest_gap, self._steps.get(key, 0))

    def _book(self, begin: int, end: int, marks: Collection[int]) -> list[Booked]:
        tracks = self._tracks.values()
        seconds = {time for track in tracks for time in track.times_until(end)}
        first = min(seconds)
        seconds |= _ends_of_quarters(first, end)
        seconds |= {time for time in marks if first < time <= end}
        times = sorted(seconds | {end})
        signed = [
            [sign * value for value in self._tracks[key].values_at(times)]
            for key, sign in self._signs.items()
        ]
        are_known = map(all, zip(*(track.are_known_at(times) for track in tracks), strict=True))
        next(are_known)
        booked = []
        for time, (before, net), is_known in zip(
            times[1:], pairwise(map(sum, zip(*signed, strict=True))), are_known, strict=True
        ):
            self._add(net - before)
            if time > begin:
                booked.append(Booked(time, self.imported, self.exported, is_known))
        for track in tracks:
            track.book_until(end)
        self._time = end
        return booked

    def _add(self, energy: float) -> None:
        if energy >= 0:
            self.imported += energy
        else:
            self.exported -= energy


def _ends_of_quarters(begin: int, end: int) -> set[int]:
    """Return the last seconds of the first quarter-hour and of the last two of a time."""
    last = (end + 1) // QUARTER * QUARTER - 1
    first = (begin + 1) // QUARTER * QUARTER + QUARTER - 1
    return {time for time in (first, last - QUARTER, last) if begin < time <= end}

"""Instantaneous netting of the phases of a supply, as in a billing meter."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .counter_track import LONGEST_GAP, CounterTrack
from .durations import QUARTER


@dataclass(frozen=True, slots=True)
class NettingState:
    """The energy booked (Wh), and the second and value of each counter up to which it is."""

    time: int
    values: Mapping[str, float]
    imported: float
    exported: float


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
        self._steps = steps or {}
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

    def take(self, key: str, time: int, value: float) -> list[tuple[int, float]]:
        """Process a counter's reading (Wh), and book the seconds that it completed.

        Returns the import (Wh) up to the end of each of them, and of quarter-hours among them,
        without the seconds in which the value of a counter is not known.
        """
        track = self._tracks.get(key)
        if track is None:
            self._tracks[key] = self._track(key, time, value)
        else:
            track.take(time, value)
        if len(self._tracks) < len(self._signs):
            return []
        newest = max(track.last for track in self._tracks.values())
        end = min(track.known_until(newest) for track in self._tracks.values())
        if self._time is None or end < self._time:
            self._time = end
        return self._book(self._time, end) if end > self._time else []

    def _track(self, key: str, time: int, value: float) -> CounterTrack:
        return CounterTrack(time, value, self._longest_gap, self._steps.get(key, 0))

    def _book(self, begin: int, end: int) -> list[tuple[int, float]]:
        tracks = self._tracks.values()
        seconds = {time for track in tracks for time in track.times_until(end)}
        times = sorted(seconds | _ends_of_quarters(min(seconds), end) | {end})
        known = []
        booked = self._net_at(times[0])
        for time in times[1:]:
            net = self._net_at(time)
            self._add(net - booked)
            booked = net
            if time > begin and all(track.is_known_at(time) for track in tracks):
                known.append((time, self.imported))
        for track in tracks:
            track.book_until(end)
        self._time = end
        return known

    def _net_at(self, time: int) -> float:
        return sum(sign * self._tracks[key].at(time) for key, sign in self._signs.items())

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

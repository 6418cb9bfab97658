"""Instantaneous netting of the phases of a supply, as in a billing meter."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

#: A counter's value between two readings is known if they are no further apart (s).
LONGEST_GAP = 10
#: The most readings buffered of one counter while another is silent; then every other is dropped.
_MAX_READINGS = 3600


@dataclass(frozen=True, slots=True)
class NettingState:
    """The energy booked (Wh), and the second and value of each counter up to which it is."""

    time: int
    values: Mapping[str, float]
    imported: float
    exported: float


class _Track:
    """The readings of one counter from its booked value to the ``last`` second."""

    def __init__(self, time: int, value: float) -> None:
        self.last = time
        self._times = [time]
        self._values = [value]

    @property
    def booked(self) -> float:
        """The value up to which it is booked."""
        return self._values[0]

    def take(self, time: int, value: float) -> None:
        """Add a reading; those of later seconds are dropped, as the clock was wrong then."""
        if (time, value) == (self._times[-1], self._values[-1]):
            return
        booked = self.booked
        while self._times and self._times[-1] >= time:
            self._times.pop()
            self._values.pop()
        if not self._times:
            self._times, self._values = [time - 1], [booked]
        self.last = time
        self._times.append(time)
        self._values.append(value)
        if len(self._times) > _MAX_READINGS:
            del self._times[1:-1:2]
            del self._values[1:-1:2]

    def times_until(self, end: int) -> list[int]:
        """Return the seconds of the readings up to ``end``."""
        return self._times[: bisect_right(self._times, end)]

    def at(self, time: int) -> float:
        """Return the value at a second, interpolated between the readings around it."""
        after = bisect_right(self._times, time)
        if not 0 < after < len(self._times):
            return self._values[max(after - 1, 0)]
        begin, end = self._times[after - 1 : after + 1]
        low, high = self._values[after - 1 : after + 1]
        return low + (high - low) * (time - begin) / (end - begin)

    def is_known_at(self, time: int) -> bool:
        """Return whether the readings around a second are close enough to interpolate."""
        after = bisect_right(self._times, time)
        around = self._times[max(after - 1, 0) : after + 1]
        return time in around or (len(around) == 2 and around[1] - around[0] <= LONGEST_GAP)

    def book_until(self, time: int) -> None:
        """Drop the readings before that second."""
        value = self.at(time)
        after = bisect_right(self._times, time)
        self._times[:after], self._values[:after] = [time], [value]


class Netting:
    """Books the phases' import less their export, second by second, as import or as export.

    Counters of the same second are netted. A second is booked once every counter has a reading
    of that second or a later one: a missing reading is waited for, and the energy counted
    meanwhile is spread evenly over the wait. Nothing is lost, and nothing booked twice.
    """

    def __init__(self, imports: Iterable[str], exports: Iterable[str]) -> None:
        self._signs: dict[str, int] = {}
        for key in imports:
            self._signs[key] = 1
        for key in exports:
            self._signs[key] = -1
        self._tracks: dict[str, _Track] = {}
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
            key: _Track(state.time, value)
            for key, value in state.values.items()
            if key in self._signs
        }

    def take(self, key: str, time: int, value: float) -> list[tuple[int, float]]:
        """Process a counter's reading (Wh), and book the seconds that it completed.

        Returns the import (Wh) up to the end of each of them, without the seconds in which the
        value of a counter is not known.
        """
        track = self._tracks.get(key)
        if track is None:
            self._tracks[key] = _Track(time, value)
        else:
            track.take(time, value)
        if len(self._tracks) < len(self._signs):
            return []
        end = min(track.last for track in self._tracks.values())
        if self._time is None or end < self._time:
            self._time = end
        return self._book_until(end) if end > self._time else []

    def _book_until(self, end: int) -> list[tuple[int, float]]:
        tracks = self._tracks.values()
        times = sorted({time for track in tracks for time in track.times_until(end)})
        known = []
        booked = self._net_at(times[0])
        for time in times[1:]:
            net = self._net_at(time)
            self._book(net - booked)
            booked = net
            if all(track.is_known_at(time) for track in tracks):
                known.append((time, self.imported))
        for track in tracks:
            track.book_until(end)
        self._time = end
        return known

    def _net_at(self, time: int) -> float:
        return sum(sign * self._tracks[key].at(time) for key, sign in self._signs.items())

    def _book(self, energy: float) -> None:
        if energy >= 0:
            self.imported += energy
        else:
            self.exported -= energy

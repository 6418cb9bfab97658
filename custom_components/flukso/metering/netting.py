"""The phases of a supply netted at every instant, as a billing meter nets them."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

#: So many readings are kept of one counter while another is silent; then every other one goes.
_MOST = 3600


@dataclass(frozen=True, slots=True)
class NettingState:
    """What was booked (Wh), and up to which second and value of each counter."""

    time: int
    values: Mapping[str, float]
    imported: float
    exported: float


class _Track:
    """One counter since the second up to which all are booked."""

    def __init__(self, time: int, value: float) -> None:
        self._times = [time]
        self._values = [value]

    @property
    def last(self) -> int:
        """The second of the last reading."""
        return self._times[-1]

    def take(self, time: int, value: float) -> None:
        """Take a reading; those from later seconds came by a clock that was wrong."""
        booked = self._values[0]
        while self._times and self._times[-1] >= time:
            self._times.pop()
            self._values.pop()
        if not self._times:
            self._times, self._values = [time - 1], [booked]
        self._times.append(time)
        self._values.append(value)
        if len(self._times) > _MOST:
            del self._times[1:-1:2], self._values[1:-1:2]

    def times_until(self, end: int) -> list[int]:
        """The seconds of the readings up to ``end``."""
        return self._times[: bisect_right(self._times, end)]

    def at(self, time: int) -> float:
        """The value at a second, on the line between the readings around it."""
        index = bisect_right(self._times, time)
        if index == 0 or self._times[index - 1] == time or index == len(self._times):
            return self._values[max(index - 1, 0)]
        begin, end = self._times[index - 1], self._times[index]
        low, high = self._values[index - 1], self._values[index]
        return low + (high - low) * (time - begin) / (end - begin)

    def forget_before(self, time: int) -> None:
        """Keep what is needed from that second on."""
        value = self.at(time)
        index = bisect_right(self._times, time)
        self._times[:index], self._values[:index] = [time], [value]


class Netting:
    """Books the phases' import less their export, second by second, to the one side or the other.

    Counters of one second belong together. A second is booked once every counter has been
    heard of that second or a later one: a missing reading is waited for, and what was counted
    meanwhile is spread evenly over the wait. Nothing is lost, and nothing booked twice.
    """

    def __init__(self, imports: Iterable[str], exports: Iterable[str]) -> None:
        self._signs = dict.fromkeys(imports, 1) | dict.fromkeys(exports, -1)
        self._tracks: dict[str, _Track] = {}
        self._time: int | None = None
        self.imported = 0.0
        self.exported = 0.0

    @property
    def time(self) -> int | None:
        """The second up to which all is booked."""
        return self._time

    @property
    def state(self) -> NettingState | None:
        """What to keep over a restart."""
        if self._time is None:
            return None
        values = {key: track.at(self._time) for key, track in self._tracks.items()}
        return NettingState(self._time, values, self.imported, self.exported)

    def restore(self, state: NettingState) -> None:
        """Go on from before a restart; counters that were not netted then begin anew."""
        self._time, self.imported, self.exported = state.time, state.imported, state.exported
        self._tracks = {
            key: _Track(state.time, value)
            for key, value in state.values.items()
            if key in self._signs
        }

    def take(self, key: str, time: int, value: float) -> list[tuple[int, float]]:
        """Take a counter's reading (Wh); the seconds it let be booked, with the import then."""
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
        first, *times = sorted({time for track in tracks for time in track.times_until(end)})
        level, booked = self._net_at(first), []
        for time in times:
            previous, level = level, self._net_at(time)
            self._book(level - previous)
            booked.append((time, self.imported))
        for track in tracks:
            track.forget_before(end)
        self._time = end
        return booked

    def _net_at(self, time: int) -> float:
        return sum(sign * self._tracks[key].at(time) for key, sign in self._signs.items())

    def _book(self, energy: float) -> None:
        if energy >= 0:
            self.imported += energy
        else:
            self.exported -= energy

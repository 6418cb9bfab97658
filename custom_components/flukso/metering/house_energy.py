"""The energy that a house with its own production uses, and what of that it produced itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .counter_track import CounterTrack

#: A reading between two pulses is wrong by one, and a pulse may be dated to the second before.
_STEPS = 2


@dataclass(frozen=True, slots=True)
class HouseEnergyState:
    """The energies (Wh), and up to where they are counted.

    ``imported`` is the import that is part of ``house``; ``exported`` and the ``values`` of the
    production's counters are those at ``time``, up to which ``self_consumed`` is.
    """

    time: int
    imported: float
    exported: float
    values: Mapping[str, float]
    house: float
    self_consumed: float


class HouseEnergy:
    """Counts the self-consumption: production less export, and never less than nothing.

    They are compared from reading to reading of the production. One that is measured every second
    is so second by second; the energy of a pulse belongs to all the time since the one before. The
    energy of the house is the import and the self-consumption.

    ``production`` are the keys of its counters, and what each counts when it is sent (Wh), if that
    is not every second: so much may seem to be missing, and is made up for by what follows.
    """

    def __init__(self, production: Mapping[str, float]) -> None:
        self.house = 0.0
        self.self_consumed = 0.0
        self._keys = frozenset(production)
        self._tolerance = _STEPS * sum(production.values())
        self._missing = 0.0
        self._production: dict[str, CounterTrack] = {}
        self._export: CounterTrack | None = None
        self._imported = 0.0
        self._time: int | None = None

    @property
    def state(self) -> HouseEnergyState | None:
        """The state to store over a restart; None before all counters had a reading."""
        if self._time is None or self._export is None:
            return None
        values = {key: track.booked for key, track in self._production.items()}
        return HouseEnergyState(
            self._time,
            self._imported,
            self._export.booked,
            values,
            self.house,
            self.self_consumed,
        )

    @property
    def is_known(self) -> bool:
        """Whether all counters have had a reading."""
        return self._time is not None

    def restore(self, state: HouseEnergyState) -> None:
        """Restore the state from before a restart; counters that are not in it start anew."""
        self._time, self._imported = state.time, state.imported
        self._export = CounterTrack(state.time, state.exported)
        self._production = {
            key: CounterTrack(state.time, value)
            for key, value in state.values.items()
            if key in self._keys
        }
        self.house, self.self_consumed = state.house, state.self_consumed

    def take(
        self,
        grid: Sequence[tuple[int, float, float]],
        production: Mapping[str, tuple[Sequence[int], Sequence[float]]],
    ) -> None:
        """Process the netted import and export (Wh) up to seconds, and counters of the production.

        Of those it is the seconds and values (Wh) of each counter by its key.
        """
        for time, imported, exported in grid:
            self._add_grid(time, imported, exported)
        for key, (times, values) in production.items():
            self._add_production(key, times, values)
        self._book()

    def _add_grid(self, time: int, imported: float, exported: float) -> None:
        if self._export is None:
            self._export = CounterTrack(time, exported)
        else:
            self._export.take(time, exported)
            self.house += imported - self._imported
        self._imported = imported

    def _add_production(self, key: str, times: Sequence[int], values: Sequence[float]) -> None:
        if key not in self._production and times:
            self._production[key] = CounterTrack(times[0], values[0])
            times, values = times[1:], values[1:]
        if times:
            self._production[key].extend(times, values)

    def _book(self) -> None:
        tracks = self._production.values()
        if self._export is None or len(tracks) < len(self._keys):
            return
        if self._time is None:
            self._time = max(track.begin for track in (self._export, *tracks))
            for track in (self._export, *tracks):
                track.book_until(self._time)
        end = min(track.last for track in (self._export, *tracks))
        self._time = min(self._time, end)
        times = sorted({time for track in tracks for time in track.times_until(end)})
        if not times or times[-1] <= self._time:
            return
        produced, exported = self._at(times[0], self._export)
        for time in times[1:]:
            before = produced, exported
            produced, exported = self._at(time, self._export)
            self._use(produced - before[0] - (exported - before[1]))
        for track in (self._export, *tracks):
            track.book_until(times[-1])
        self._time = times[-1]

    def _use(self, energy: float) -> None:
        used = max(energy - self._missing, 0.0)
        self._missing = min(max(self._missing - energy, 0.0), self._tolerance)
        self.self_consumed += used
        self.house += used

    def _at(self, time: int, export: CounterTrack) -> tuple[float, float]:
        return sum(track.at(time) for track in self._production.values()), export.at(time)

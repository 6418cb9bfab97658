"""The last ten days of the demo's household, hour by hour, for its statistics."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean

from simulator import Flm03
from simulator.household import MINUTE, Home, minute
from simulator.installation import PULSE_PORTS, pulse_slot
from simulator.pulse import KINDS
from simulator.random_values import identity

from .day import DAY, HOUR, days_back
from .meter import KUBES_SPEAK_WITHIN

STEP = 5 * MINUTE

type Truth = Mapping[str, float]
"""The readings at one time, by the end of an entity's unique id, in the units of the payloads."""


@dataclass(frozen=True, slots=True)
class Hour:
    """An hour of one entity, in the units of the payloads.

    Attributes:
        start: its start, in seconds since the epoch.
        values: the states of the entity from its start to its end, every five minutes.
    """

    start: int
    values: Sequence[float]

    @property
    def mean(self) -> float:
        """The mean of the states."""
        return fmean(self.values)


def past(now: int, seed: int, days: int = 10) -> dict[str, list[Hour]]:
    """Simulate the last days, and return the states that the entities would have had.

    The last item of each list is the current hour, with the states up to now.

    Args:
        now: seconds since the epoch.
        seed: the household's.
        days: how many.
    """
    begin = now // HOUR * HOUR - days * DAY
    moments = [*range(begin, now, STEP), now]
    ago = days_back(now) * DAY
    seen = list(_seen([moment - ago for moment in moments], seed))
    hours: dict[str, list[Hour]] = {what: [] for what in seen[-1]}
    for start in range(begin, now, HOUR):
        first = (start - begin) // STEP
        of_hour = seen[first : first + HOUR // STEP + 1]
        for what, shown in hours.items():
            shown.append(Hour(start, [truth[what] for truth in of_hour if what in truth]))
    return {what: [hour for hour in shown if hour.values] for what, shown in hours.items()}


def _seen(moments: Sequence[int], seed: int) -> Iterator[Truth]:
    meter = Flm03(
        identity("demo"), start=moments[0] - HOUR, seed=seed, blocks=False, waveforms=False
    )
    home = Home(seed)
    import_, export = 0.0, 0.0
    counted: Truth = {}
    for before, moment in pairwise((moments[0] - 1, *moments)):
        if moment % HOUR == 0:
            for second in range(moment - KUBES_SPEAK_WITHIN, moment):
                meter.second(second)
        meter.second(moment)
        truth = {f"{sensor_id}_{kind}": value for (sensor_id, kind), value in meter.truth.items()}
        truth |= dict(_flows(meter, counted, truth, moment - before))
        counted = truth
        phases: Sequence[float] = ()
        for phases in _seconds(before, moment, home):
            import_ += max(sum(phases), 0) / HOUR
            export += max(-sum(phases), 0) / HOUR
        yield truth | {
            **{f"port_{port}_power": power for port, power in enumerate(phases, 1)},
            "netted_energy_import": import_,
            "netted_energy_export": export,
            "active_power_import": sum(max(power, 0) for power in phases),
            "active_power_export": sum(max(-power, 0) for power in phases),
            "net_active_power": sum(phases),
        }


def _flows(meter: Flm03, before: Truth, now: Truth, seconds: int) -> Iterator[tuple[str, float]]:
    """Yield the flows of the pulse inputs: what they counted, which is 0 without pulses."""
    for port in PULSE_PORTS:
        sensor = meter.sensors[pulse_slot(port)]
        counter, factor = f"{sensor.id}_counter", KINDS[sensor.type or ""].factor
        counted = now[counter] - before.get(counter, now[counter])
        yield f"{sensor.id}_gauge", counted / seconds * factor


def _seconds(start: int, stop: int, home: Home) -> Iterable[Sequence[float]]:
    """Yield the active power of the three phases in each second."""
    for second in range(start, stop):
        whole, place = minute(second // MINUTE, home), second % MINUTE
        yield [phase[place] for phase in whole.active]

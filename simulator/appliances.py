"""The activities of a household, as runs of appliances: what is on, when, and at what rate.

Each day is planned as a whole from the seed, so that any second of any day can be calculated
without the seconds before it. Times are seconds since the epoch; the day is
the household's local one.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from random import Random

from .random_values import draw
from .weather import UTC_OFFSET, outdoor_temperature

DAY = 86400
HOUR = 3600


@dataclass(frozen=True, slots=True)
class Run:
    """A period for which something is on.

    Attributes:
        start: The first second it is on.
        end: The first second it is off again.
        kind: "power", "water", "gas" or "movement".
        phase: For power, its phase, 0 to 2.
        rate: W for power, L/s for water and gas, events for movement.
        tangent: For power, Q over P: positive is inductive.
    """

    start: int
    end: int
    kind: str
    phase: int
    rate: float
    tangent: float = 0.0


@lru_cache(maxsize=512)
def runs_of_hour(hour: int, seed: int) -> tuple[Run, ...]:
    """List what is on at any time within the given hour since the epoch."""
    begin, end = hour * HOUR, (hour + 1) * HOUR
    today = (begin + UTC_OFFSET) // DAY
    planned = (*_plan(today - 1, seed), *_plan(today, seed))
    return tuple(run for run in planned if run.start < end and run.end > begin)


@lru_cache(maxsize=128)
def _plan(day: int, seed: int) -> tuple[Run, ...]:
    chance = draw(seed, "day", day)
    midnight = day * DAY - UTC_OFFSET
    return tuple(
        Run(midnight + run.start, midnight + run.end, run.kind, run.phase, run.rate, run.tangent)
        for doing in (
            _cold,
            _kitchen,
            _evening,
            _laundry,
            _hot_water,
            _car,
            _taps,
            _heating,
            _people,
        )
        for run in doing(chance, midnight)
    )


def _power(phase: int, watts: float, start: float, seconds: float, tangent: float = 0.0) -> Run:
    return Run(int(start), int(start + seconds), "power", phase, watts, tangent)


def _water(flow: float, start: float, seconds: float) -> Run:
    return Run(int(start), int(start + max(seconds, 2)), "water", 0, flow)


def _gas(flow: float, start: float, seconds: float) -> Run:
    return Run(int(start), int(start + seconds), "gas", 0, flow)


def _pulsing(
    phase: int, watts: float, start: float, seconds: float, *, on: int, off: int, tangent: float = 0
) -> Iterator[Run]:
    for begin in range(int(start), int(start + seconds), on + off):
        yield _power(phase, watts, begin, on, tangent)


def _cold(chance: Random, _midnight: int) -> Iterator[Run]:
    """Run the compressors of a fridge and a freezer day and night."""
    for phase, watts, on, off in ((0, 85, 900, 1800), (2, 110, 1200, 2700)):
        at = chance.uniform(0, off)
        while at < DAY:
            length = on * chance.uniform(0.8, 1.2)
            yield _power(phase, watts * chance.uniform(0.95, 1.05), at, length, 0.75)
            at += length + off * chance.uniform(0.8, 1.2)


def _kitchen(chance: Random, _midnight: int) -> Iterator[Run]:
    """Make breakfast, coffee and one warm meal, and wash up after it."""
    morning = chance.uniform(6.5, 8.0) * HOUR
    yield _power(1, 2100, morning, chance.uniform(120, 210))
    yield _power(1, 950, morning + 300, chance.uniform(120, 240))
    yield from _pulsing(1, 1350, morning + 150, 600, on=25, off=35)
    if chance.random() < 0.5:
        yield _power(1, 2100, chance.uniform(14, 16.5) * HOUR, chance.uniform(100, 200))
    supper = chance.uniform(17.3, 18.8) * HOUR
    for phase, watts in ((0, 1700), (1, 1400)):
        yield _power(phase, watts, supper, chance.uniform(240, 420))
        yield from _pulsing(phase, watts, supper + 480, chance.uniform(600, 1500), on=18, off=22)
    yield _power(0, 130, supper, 2700, 0.8)
    if chance.random() < 0.45:
        yield _power(1, 2400, supper - 900, 720)
        yield from _pulsing(1, 2400, supper - 180, 2400, on=45, off=75)
    if chance.random() < 0.6:
        dishes = supper + chance.uniform(1.2, 3.0) * HOUR
        yield from (_water(0.12, dishes + at, 40) for at in (0, 1500, 4200))
        yield _power(0, 1950, dishes + 120, 900, 0.02)
        yield _power(0, 75, dishes + 1020, 3000, 0.6)
        yield _power(0, 1950, dishes + 4260, 780, 0.02)


def _evening(chance: Random, midnight: int) -> Iterator[Run]:
    """Light the rooms and watch television until bedtime."""
    dusk = 21.2 - 4.6 * (15 - min(outdoor_temperature(midnight), 15)) / 15
    bedtime = chance.uniform(22.2, 23.8) * HOUR
    yield _power(0, chance.uniform(90, 160), min(dusk * HOUR, bedtime - 600), HOUR, -0.15)
    yield _power(1, chance.uniform(60, 120), min((dusk + 0.3) * HOUR, bedtime - 300), 5400, -0.15)
    watching = chance.uniform(19.3, 20.5) * HOUR
    yield _power(2, chance.uniform(110, 170), watching, bedtime - watching, -0.3)
    yield _power(0, 45, 6.4 * HOUR, chance.uniform(1, 2) * HOUR, -0.15)


def _laundry(chance: Random, _midnight: int) -> Iterator[Run]:
    """Wash now and then: heat, turn the drum to and fro, spin."""
    if chance.random() > 0.45:
        return
    start = chance.choice((8.5, 9.5, 13.5, 19.5)) * HOUR + chance.uniform(0, HOUR)
    yield from (_water(0.15, start + at, 60) for at in (0, 2700, 3600))
    yield _power(2, 2050, start + 90, chance.uniform(700, 1000), 0.02)
    yield from _pulsing(2, 240, start + 90, 4500, on=12, off=6, tangent=0.9)
    yield _power(2, 480, start + 4620, 360, 0.7)


def _hot_water(chance: Random, _midnight: int) -> Iterator[Run]:
    """Heat the tank with a heat pump, at night and again when the sun is high."""
    yield _power(1, 480, chance.uniform(1, 3) * HOUR, chance.uniform(1, 2) * HOUR, 0.5)
    yield _power(1, 480, chance.uniform(12.5, 13.5) * HOUR, chance.uniform(0.5, 1) * HOUR, 0.5)


def _car(chance: Random, _midnight: int) -> Iterator[Run]:
    """Charge the car on all three phases on some evenings, into the night."""
    if chance.random() < 0.3:
        start, seconds = chance.uniform(19, 23.5) * HOUR, chance.uniform(1, 4.5) * HOUR
        yield from (_power(phase, 3620, start, seconds, -0.04) for phase in range(3))


def _taps(chance: Random, _midnight: int) -> Iterator[Run]:
    """Shower in the morning, on gas; draw from taps and flush through the day."""
    at = chance.uniform(6.2, 7.0) * HOUR
    for _ in range(chance.randint(1, 3)):
        seconds = chance.uniform(220, 460)
        yield _water(chance.uniform(0.13, 0.18), at, seconds)
        yield _gas(chance.uniform(0.55, 0.7), at + 4, seconds)
        at += seconds + chance.uniform(300, 1200)
    for _ in range(chance.randint(8, 16)):
        yield _water(0.13, chance.triangular(6, 24, 19) * HOUR, 46)
    for _ in range(chance.randint(12, 26)):
        flow, seconds = chance.uniform(0.05, 0.12), chance.expovariate(1 / 18)
        yield _water(flow, chance.triangular(6, 23.5, 18) * HOUR, seconds)


def _heating(chance: Random, midnight: int) -> Iterator[Run]:
    """Fire the boiler in cycles, the longer the colder it is outside."""
    at = chance.uniform(5.6, 6.2) * HOUR
    while at < 22.3 * HOUR:
        want = (17.0 - outdoor_temperature(int(midnight + at))) / 20
        if want > 0:
            yield _gas(chance.uniform(0.28, 0.36), at, max(240.0, 2400 * want))
        at += 3000 * chance.uniform(0.8, 1.2)


def _people(chance: Random, _midnight: int) -> Iterable[Run]:
    """Walk through the rooms while awake."""
    for _ in range(chance.randint(120, 240)):
        start = int(chance.triangular(6.3, 23.9, 19) * HOUR)
        yield Run(start, start + 1, "movement", chance.randrange(3), 1.0)

"""A plausible household, as pure functions of the second since the epoch and a seed.

Values are calculated per minute and cached, so that a second costs next to nothing and a month can
be integrated in seconds. Active power is net: positive is import from the grid, negative is export.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import pi, sin

from .appliances import runs_of_hour
from .random_values import jitter, wander
from .weather import outdoor_temperature, sunlight

MINUTE = 60
STANDBY = ((75.0, -0.45), (60.0, -0.35), (45.0, -0.5))
"""Standby power of each phase (W), and its Q over P (capacitive)."""


@dataclass(frozen=True, slots=True)
class Home:
    """The parameters of a household.

    Attributes:
        seed: Selects the household's days.
        solar_phase: The phase that the inverter feeds, 1 to 3; 0 without solar.
        solar_peak: The power of the panels in full sunlight (W).
    """

    seed: int = 0
    solar_phase: int = 3
    solar_peak: float = 5000.0


@dataclass(frozen=True, slots=True)
class Minute:
    """Sixty seconds of a household, one item per second.

    Attributes:
        active: Net active power of each phase in W.
        reactive: Reactive power of each phase in var, positive inductive.
        solar: The inverter's power in W.
        voltage: Phase to neutral in V.
        distortion: Total harmonic distortion of the voltage, a ratio.
        water: Flow in L/s.
        gas: Flow in L/s.
        movement: How often somebody passed by in each of three places.
    """

    active: Sequence[Sequence[float]]
    reactive: Sequence[Sequence[float]]
    solar: Sequence[float]
    voltage: Sequence[float]
    distortion: float
    water: Sequence[float]
    gas: Sequence[float]
    movement: Sequence[Sequence[float]]


def power(second: int, home: Home, phase: int) -> tuple[float, float]:
    """Return the net active (W) and the reactive power (var) of phase 1, 2 or 3 in a second."""
    whole = minute(second // MINUTE, home)
    return whole.active[phase - 1][second % MINUTE], whole.reactive[phase - 1][second % MINUTE]


@lru_cache(maxsize=256)
def minute(number: int, home: Home) -> Minute:
    """Return the minute with this number since the epoch."""
    start = number * MINUTE
    active, reactive, movement = ([[0.0] * MINUTE for _ in range(3)] for _ in range(3))
    flows = {"water": [0.0] * MINUTE, "gas": [0.0] * MINUTE}
    for run in runs_of_hour(start // 3600, home.seed):
        for second in range(max(run.start - start, 0), min(run.end - start, MINUTE)):
            if run.kind == "power":
                active[run.phase][second] += run.rate
                reactive[run.phase][second] += run.rate * run.tangent
            elif run.kind == "movement":
                movement[run.phase][second] += run.rate
            else:
                flows[run.kind][second] += run.rate
    for phase in range(3):
        _add_standby(active[phase], reactive[phase], phase, start, home.seed)
    solar = _solar(start, home)
    if home.solar_phase:
        fed, shifted = active[home.solar_phase - 1], reactive[home.solar_phase - 1]
        fed[:] = [load - sun for load, sun in zip(fed, solar, strict=True)]
        shifted[:] = [load - 0.01 * sun for load, sun in zip(shifted, solar, strict=True)]
    return Minute(
        active,
        reactive,
        solar,
        _voltage(active[0], start, home.seed),
        0.013 + 0.012 * wander(start / 5000, home.seed, "distortion"),
        flows["water"],
        flows["gas"],
        movement,
    )


def _add_standby(
    active: list[float], reactive: list[float], phase: int, start: int, seed: int
) -> None:
    watts, tangent = STANDBY[phase]
    level = watts * (0.85 + 0.3 * wander(start / 1800, seed, f"standby {phase}"))
    noise = _noise(start, seed, phase)
    active[:] = [
        watts * (1 + 0.003 * wobble) + level + 0.8 * wobble
        for watts, wobble in zip(active, noise, strict=True)
    ]
    reactive[:] = [
        vars_ * (1 + 0.003 * wobble) + level * tangent
        for vars_, wobble in zip(reactive, noise, strict=True)
    ]


def _solar(start: int, home: Home) -> list[float]:
    if not home.solar_phase:
        return [0.0] * MINUTE
    first = home.solar_peak * sunlight(start, home.seed)
    slope = (home.solar_peak * sunlight(start + MINUTE, home.seed) - first) / MINUTE
    return [first + slope * second for second in range(MINUTE)]


def _voltage(active: Sequence[float], start: int, seed: int) -> list[float]:
    level = 228.5 + 4.0 * wander(start / 900, seed, "voltage") + 1.2 * sin(start * 2 * pi / 86400)
    noise = _noise(start, seed, 3)
    return [
        level - 0.0007 * watts + 0.06 * wobble for watts, wobble in zip(active, noise, strict=True)
    ]


def _noise(start: int, seed: int, channel: int) -> Sequence[float]:
    table = jitter(seed)
    place = (start * 31 + channel * 2039) % (len(table) - MINUTE)
    return table[place : place + MINUTE]


@dataclass(frozen=True, slots=True)
class Climate:
    """The air of one room.

    Attributes:
        temperature: In °C.
        humidity: In %.
        light: In lx.
    """

    temperature: float
    humidity: float
    light: float


def climate(second: int, home: Home, room: int) -> Climate:
    """Return the air of a room at a moment; odd rooms are indoors, even ones in the garden."""
    own = wander(second / 2400, home.seed, f"room {room}")
    outside = outdoor_temperature(second) + 3.0 * own
    indoors = 19.0 + 2.0 * own + 0.12 * (outside - 11.0)
    return Climate(
        temperature=indoors if room % 2 else outside,
        humidity=(48.0 if room % 2 else 70.0) + 16.0 * (own - 0.5),
        light=sunlight(second, home.seed) * (700.0 if room % 2 else 9000.0) + 2.0 * own,
    )

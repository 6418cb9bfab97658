"""A running counter, and a guard with its readings."""

from collections.abc import Sequence

from custom_components.flukso.metering.counter_guard import Break, CounterGuard, CounterReading

#: A clamp of 50 A counts 50 A × 250 V × 1.5 at the most: 5.208 Wh a second.
FASTEST = 50 * 250 * 1.5 / 3600
NOON = 1_760_000_000
METER = 2_593_805.4


def reading(second: int, value: float, *, clock: int = NOON) -> CounterReading:
    """A reading ``second`` seconds after noon; ``clock`` is what the meter takes for noon."""
    return CounterReading(clock + second, value, NOON + second + 0.25)


def counting(
    start: float, *, since: int = 0, seconds: int = 3, step: float = 0.5, clock: int = NOON
) -> list[CounterReading]:
    """A counter that runs, one reading a second."""
    return [reading(since + n, round(start + n * step, 3), clock=clock) for n in range(seconds)]


def guard_at(
    value: float = METER, *, fastest: float | None = FASTEST, rid: int = 0
) -> CounterGuard:
    """A guard that accepted a reading at noon."""
    guard = CounterGuard(fastest, rid=rid)
    guard.take(reading(0, value))
    return guard


def shown(guard: CounterGuard, readings: Sequence[CounterReading]) -> list[float | None]:
    """What the counter shows after each reading, where none may be a break."""
    values = []
    for taken in readings:
        assert guard.take(taken) is None
        values.append(guard.value)
    return values


def breaks(guard: CounterGuard, readings: Sequence[CounterReading]) -> list[Break]:
    """The breaks among readings."""
    return [found for taken in readings if (found := guard.take(taken)) is not None]

"""The guard of a counter, whatever comes between the true readings.

The faults that are drawn are those of docs/protocol.md section 9 and of a broker between:
dips, leaps of 10^3 and more beyond what the input can have counted, old messages played again,
messages out of order and doubled, and restarts of Home Assistant.

Two things can't be told from the truth by anybody, and are left out: three dips or leaps in a
row that agree with each other (that is what a replaced board looks like), and old messages that
come for more than a minute while the meter itself is silent (a meter whose clock was set back).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from hypothesis import given, settings, strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy
import pytest

from custom_components.flukso.metering.counter_guard import CounterGuard, CounterReading

_NOON = 1_760_000_000
#: What a clamp of 50 A, and pulse inputs for water and electricity, count at the most (a second).
_CLAMP = 50 * 250 * 1.5 / 3600
_PULSES = (5.0, 100_000 / 3600)


@dataclass(frozen=True)
class Arrival:
    """A reading that arrives; ``restarted`` tells that Home Assistant was restarted before."""

    reading: CounterReading
    is_true: bool
    restarted: bool = False


@dataclass(frozen=True)
class Story:
    """What a counter that counts ``fastest`` at the most sends, and what arrives."""

    fastest: float
    arrivals: Sequence[Arrival]


def _thousandths(most: float) -> SearchStrategy[float]:
    return st.integers(0, int(most * 1000)).map(lambda value: value / 1000)


@st.composite
def clamp_readings(draw: DrawFn) -> tuple[float, list[CounterReading]]:
    """A clamp, with a reading each second, some of which are lost."""
    value, time, readings = 1 + draw(_thousandths(1e7)), _NOON, []
    for _ in range(draw(st.integers(1, 20))):
        readings.append(CounterReading(time, round(value, 3), time + draw(_thousandths(0.9))))
        step = draw(st.sampled_from((1, 1, 1, 2, 9, 3600)))
        time += step
        value += draw(_thousandths(_CLAMP * step))
    return _CLAMP, readings


@st.composite
def pulse_readings(draw: DrawFn) -> tuple[float, list[CounterReading]]:
    """A pulse input: several pulses a second, or none for hours."""
    fastest = draw(st.sampled_from(_PULSES))
    value, time, at, readings = 1 + draw(_thousandths(1e7)), _NOON, float(_NOON), []
    for _ in range(draw(st.integers(1, 20))):
        at = max(at, time) + draw(_thousandths(0.1))
        readings.append(CounterReading(time, round(value, 3), at))
        step = draw(st.sampled_from((0, 0, 1, 2, 30, 600, 20_000)))
        time += step
        value += draw(st.integers(1, 1000)) / 1000 * fastest * max(step, 0.2)
    return fastest, readings


@st.composite
def stories(draw: DrawFn) -> Story:
    """True readings with wrong ones in between, each of which may come several times."""
    fastest, readings = draw(st.one_of(clamp_readings(), pulse_readings()))
    sent = list(_out_of_order(readings, draw(st.sets(st.integers(0, len(readings))))))
    arrivals: list[Arrival] = []
    for number, true in enumerate(sent):
        restarted = draw(st.integers(0, 9)) == 9
        arrivals.append(Arrival(true, is_true=True, restarted=restarted))
        wrong = draw(wrong_readings(sent[: number + 1], sent[number + 1 :], fastest))
        arrivals += [
            Arrival(once, is_true=False) for once in wrong for _ in range(draw(st.integers(1, 3)))
        ]
    return Story(fastest, arrivals)


def _out_of_order(
    readings: Sequence[CounterReading], swapped: set[int]
) -> Iterator[CounterReading]:
    """The readings, where some are overtaken by the next."""
    rest = list(readings)
    for place in swapped:
        if place + 1 < len(rest):
            first, second = rest[place : place + 2]
            rest[place : place + 2] = [second, replace(first, at=max(first.at, second.at))]
    yield from rest


@st.composite
def wrong_readings(
    draw: DrawFn, before: Sequence[CounterReading], after: Sequence[CounterReading], fastest: float
) -> list[CounterReading]:
    """What comes between two true readings: at most two that are made up, any number of replays."""
    latest = max(before, key=lambda reading: (reading.time, reading.value))
    wrong = draw(st.lists(st.sampled_from(before), max_size=12))
    for _ in range(draw(st.integers(0, 2))):
        time = draw(st.integers(latest.time, max(reading.time for reading in (latest, *after[:1]))))
        leap = fastest * (time - latest.time) + 10 ** draw(st.integers(3, 9))
        value = draw(st.sampled_from((0.0, latest.value / 2, latest.value + leap)))
        made_up = CounterReading(time, round(value, 3), 0)
        wrong.insert(draw(st.integers(0, len(wrong))), made_up)
    at = before[-1].at
    return [replace(reading, at=at + draw(st.integers(0, 59)) / 100) for reading in wrong]


def _listen(story: Story) -> Iterator[tuple[Arrival, float]]:
    """What the counter shows after each reading."""
    guard = CounterGuard(story.fastest)
    for arrival in story.arrivals:
        state = guard.state
        if arrival.restarted and state is not None:
            guard = CounterGuard(story.fastest)
            guard.restore(state)
        guard.take(arrival.reading)
        assert guard.value is not None
        yield arrival, guard.value


@settings(max_examples=300, deadline=None)
@given(stories())
@pytest.mark.long
def test_whatever_comes_in_between_the_counter_shows_the_truth(story: Story) -> None:
    """It never falls, never exceeds the truth, and has the truth with every true reading."""
    truth = 0.0
    for arrival, value in _listen(story):
        if arrival.is_true:
            truth = max(truth, arrival.reading.value)
        assert value == truth


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.lists(_thousandths(_CLAMP), min_size=3, max_size=9), min_size=1, max_size=5),
    st.data(),
)
def test_whatever_the_boards_counted_a_replacement_books_nothing(
    boards: list[list[float]], data: st.DataObject
) -> None:
    """The counter shows at last what each board has counted since its own first reading.

    Now and then all that was heard is played again, that of the boards before as well.
    """
    guard, time, value = CounterGuard(_CLAMP), _NOON, 1_000_000.0
    heard, found = [], []
    for counted in boards:
        for step in (0.0, *counted):
            time, value = time + 1, value + step
            heard.append(CounterReading(time, round(value, 3), time))
            found.append(guard.take(heard[-1]))
        if data.draw(st.booleans()):
            found += [guard.take(replace(old, at=time)) for old in heard]
        anew = 0.0 if value > 1000 else 1e6
        value = data.draw(st.sampled_from((anew, value + 1000, value + 1e8)))

    assert sum(broken is not None for broken in found) == len(boards) - 1
    assert guard.value is not None
    total = 1_000_000 + sum(sum(counted) for counted in boards)
    assert abs(guard.value - total) < 0.001 * len(boards)

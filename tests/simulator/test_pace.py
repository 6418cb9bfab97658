from itertools import islice
from threading import Event
import time

import pytest

from simulator.pace import beat


def test_every_second_is_given_in_order_from_the_first() -> None:
    assert list(islice(beat(100, 10_000, Event()), 50)) == list(range(100, 150))


def test_seconds_come_at_the_speed_asked_for() -> None:
    started = time.monotonic()
    list(islice(beat(0, 100, Event()), 21))
    assert 0.2 <= time.monotonic() - started < 0.6


def test_it_ends_when_told() -> None:
    stop = Event()
    given = []
    for second in beat(0, 10_000, stop):
        given.append(second)
        if second == 7:
            stop.set()
    assert given == list(range(8))


def test_it_ends_while_it_waits() -> None:
    stop = Event()
    seconds = beat(0, 0.001, stop)
    next(seconds)
    stop.set()
    assert next(seconds, None) is None


def test_a_lost_pace_is_told_and_no_second_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    times = iter(range(0, 100_000, 2))
    seconds = beat(0, 1, Event(), clock=lambda: float(next(times)))
    assert list(islice(seconds, 12)) == list(range(12))
    complaints = [record for record in caplog.records if "Can't keep pace" in record.message]
    assert 1 <= len(complaints) < 12

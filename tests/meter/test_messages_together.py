"""Messages of a clamp that arrive together, and of which nothing is to be shown at once."""

from dataclasses import dataclass, replace
from unittest.mock import patch

from hypothesis import given, strategies as st
import pytest

from custom_components.flukso.meter import channel
from custom_components.flukso.meter.write_intervals import Tick
from custom_components.flukso.protocol.quantities import Quantity
from custom_components.flukso.protocol.sensors import Sensor, Source, Stream, streams_of
from custom_components.flukso.protocol.topics import Kind

from .listener import NOON, Listener

COUNTER = next(
    stream
    for stream in streams_of(Sensor("1" * 32, Quantity.Q1, Source.CLAMP, Kind.COUNTER, (1,)))
    if stream.kind is Kind.COUNTER
)
POWER = next(
    stream
    for stream in streams_of(Sensor("3" * 32, Quantity.PPLUS, Source.CLAMP, Kind.COUNTER, (1,)))
    if stream.kind is Kind.GAUGE
)
[VOLTAGE] = streams_of(Sensor("2" * 32, Quantity.VRMS, Source.CLAMP, Kind.GAUGE, (1,)))


def started(listener: Listener, payload: str) -> Listener:
    """Let a first reading arrive, which is shown at once."""
    listener.hear(payload.encode(), NOON)
    return listener


def test_they_are_processed_when_all_have_arrived() -> None:
    listener = started(Listener(COUNTER, None), f'[{NOON},1000,"VARh"]')
    for second in range(1, 4):
        listener.hear_first(f'[{NOON + second},{1000 + second},"VARh"]'.encode(), NOON + second)
    assert listener.followed == [(NOON, 1000)]

    listener.settle(NOON + 3)

    assert listener.followed == [(NOON + second, 1000 + second) for second in range(4)]
    assert listener.channel.stats.taken == 4


@pytest.mark.parametrize(
    ("stream", "interval", "follows", "waits"),
    [
        (POWER, None, False, False),
        (VOLTAGE, None, True, True),
        (VOLTAGE, 0, False, False),
        (VOLTAGE, 30, False, True),
        (VOLTAGE, 30, True, False),
        (COUNTER, None, False, True),
        (COUNTER, None, True, False),
    ],
)
def test_they_wait_for_the_tick_unless_something_may_be_shown_before(
    stream: Stream, interval: int | None, *, follows: bool, waits: bool
) -> None:
    listener = Listener(stream, interval, follows=follows)
    started(listener, f'[{NOON},230,"{stream.unit}"]')
    listener.hear_first(f'[{NOON + 1},231,"{stream.unit}"]'.encode(), NOON + 1)

    listener.settle(NOON + 1, only_urgent=True)
    assert listener.channel.stats.taken == (1 if waits else 2)

    listener.settle(NOON + 5)
    assert listener.channel.stats.taken == 2


def test_a_retained_message_is_processed_when_it_arrives() -> None:
    listener = started(Listener(COUNTER, None), f'[{NOON},1000,"VARh"]')
    listener.hear_first(f'[{NOON + 1},1001,"VARh"]'.encode(), NOON + 1, retained=True)
    assert listener.followed == [(NOON, 1000), (NOON + 1, 1001)]


def test_a_broken_message_of_a_gauge_costs_none_of_those_it_arrives_with() -> None:
    listener = started(Listener(VOLTAGE, None, follows=False), f'[{NOON},230,"V"]')
    for second, value in ((1, "231"), (2, "?"), (3, "233")):
        listener.hear_first(f'[{NOON + second},{value},"V"]'.encode(), NOON + second)

    listener.settle(NOON + 3)

    stats = listener.channel.stats
    assert (stats.taken, stats.broken, stats.accepted) == (3, 1, 3)


@dataclass(frozen=True, slots=True)
class Sent:
    """A message: its second, its value, another unit, and how late it arrives (s)."""

    second: int
    value: float
    unit: str
    late: float

    def payload(self, unit: str) -> bytes:
        """Return its payload, in that unit if it has no other."""
        return f'[{NOON + self.second},{self.value},"{self.unit or unit}"]'.encode()


AS_SENT = st.builds(Sent, st.integers(1, 9), st.floats(230, 235), st.just(""), st.floats(0, 0.5))
ODD = st.builds(
    Sent,
    st.integers(-NOON, 90),
    st.sampled_from([230.5, 0, -1, 5000, 1e9]),
    st.sampled_from(["", "Pa", "?"]),
    st.floats(-100, 100),
)
#: Messages of whole seconds in their order, and others among them.
REGULAR = st.lists(AS_SENT, max_size=6, unique_by=lambda each: each.second).map(
    lambda sent: sorted(sent, key=lambda each: each.second)
)
ANY = st.lists(AS_SENT | ODD, max_size=6)


@pytest.mark.parametrize("stream", [VOLTAGE, POWER, COUNTER], ids=["voltage", "power", "counter"])
@given(st.lists(REGULAR | ANY, max_size=4))
def test_they_tell_the_same_as_one_by_one(stream: Stream, bursts: list[list[Sent]]) -> None:
    together, single = (
        started(Listener(stream, None), f'[{NOON},230,"{stream.unit}"]') for _ in range(2)
    )
    now = NOON + 0.5
    for number, burst in enumerate(bursts):
        for sent in burst:
            moved = replace(sent, second=sent.second + 10 * number)
            now = max(now, NOON + moved.second + moved.late)
            for listener in (together, single):
                listener.hear_first(moved.payload(stream.unit), now)
        together.settle(now)
        with patch.object(channel, "regular_readings", return_value=()):
            single.settle(now)

    states = []
    for listener in (together, single):
        if listener.channel.is_due(Tick(55, ends_minute=True), now):
            listener.channel.update_value(now)
        stats = listener.channel.stats
        states.append((listener.state, stats.dropped, stats.broken, stats.held))
    assert states[0] == states[1]

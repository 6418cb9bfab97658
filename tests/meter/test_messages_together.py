"""Messages of a topic that are delivered together."""

from dataclasses import dataclass, replace
from unittest.mock import patch

from hypothesis import given, strategies as st
import pytest

from custom_components.flukso.meter import channel
from custom_components.flukso.meter.write_intervals import Tick
from custom_components.flukso.protocol.quantities import Quantity
from custom_components.flukso.protocol.sensors import Sensor, Source, Stream, streams_of
from custom_components.flukso.protocol.topics import Kind
from custom_components.flukso.transport.interface import Message

from .listener import NOON, TOPIC, Listener

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
FLOW = next(
    stream
    for stream in streams_of(
        Sensor("4" * 32, Quantity.ELECTRICITY, Source.PULSE, Kind.COUNTER, (4,))
    )
    if stream.kind is Kind.GAUGE
)
[VOLTAGE] = streams_of(Sensor("2" * 32, Quantity.VRMS, Source.CLAMP, Kind.GAUGE, (1,)))


def started(listener: Listener, payload: str) -> Listener:
    """Let a first reading arrive, which is shown at once."""
    listener.hear(payload.encode(), NOON)
    return listener


def message(second: int, value: object, unit: str, *, retained: bool = False) -> Message:
    """Return the message with the reading of a second, which arrives at once."""
    payload = f'[{NOON + second},{value},"{unit}"]'.encode()
    return Message(TOPIC, payload, retained, NOON + second)


def test_each_of_them_is_processed() -> None:
    listener = started(Listener(COUNTER, None), f'[{NOON},1000,"VARh"]')

    listener.hear_together([message(second, 1000 + second, "VARh") for second in range(1, 4)])

    assert listener.followed == [(NOON + second, 1000 + second) for second in range(4)]
    assert listener.channel.stats.taken == 4


@pytest.mark.parametrize(
    ("stream", "interval", "follows", "may_be_urgent"),
    [
        (POWER, None, False, True),
        (POWER, 5, False, False),
        (POWER, 5, True, False),
        (POWER, 0, False, True),
        (VOLTAGE, None, True, False),
        (VOLTAGE, 30, False, False),
        (VOLTAGE, 0, False, True),
        (COUNTER, None, False, False),
        (COUNTER, None, True, False),
        (FLOW, None, True, False),
    ],
)
def test_they_wait_for_the_tick_unless_something_may_be_shown_before(
    stream: Stream, interval: int | None, *, follows: bool, may_be_urgent: bool
) -> None:
    listener = Listener(stream, interval, follows=follows)
    subscription = listener.wire.subscription
    assert subscription.is_urgent is not None

    started(listener, f'[{NOON},230,"{stream.unit}"]')
    assert (subscription.is_urgent is not None) == may_be_urgent

    listener.channel.reset()
    assert subscription.is_urgent is not None


def test_after_the_first_reading_all_messages_are_delivered_soon() -> None:
    """What follows it may need a second one."""
    listener = Listener(COUNTER, None)
    wire = listener.wire
    assert not wire.is_eager

    started(listener, f'[{NOON},1000,"VARh"]')
    assert wire.is_eager
    wire.is_eager = False
    listener.hear_together([message(1, 1001, "VARh")])

    assert not wire.is_eager


def test_a_retained_message_among_them_is_an_old_one() -> None:
    listener = started(Listener(COUNTER, None), f'[{NOON},1000,"VARh"]')
    retained = message(1, 1001, "VARh", retained=True)._replace(arrived=NOON + 6)

    listener.hear_together([retained, message(6, 1006, "VARh")])

    assert listener.followed == [(NOON, 1000), (NOON + 1, 1001), (NOON + 6, 1006)]
    assert listener.followed_at == [NOON, NOON + 1, NOON + 6]


def test_a_broken_message_of_a_gauge_costs_none_of_those_it_arrives_with() -> None:
    listener = started(Listener(VOLTAGE, None, follows=False), f'[{NOON},230,"V"]')

    listener.hear_together([message(1, 231, "V"), message(2, "?", "V"), message(3, 233, "V")])

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
#: Those of a counter that counts.
RISING = REGULAR.map(
    lambda sent: [
        replace(each, value=value)
        for each, value in zip(sent, sorted(each.value for each in sent), strict=True)
    ]
)
ANY = st.lists(AS_SENT | ODD, max_size=6)


@pytest.mark.parametrize("stream", [VOLTAGE, POWER, COUNTER], ids=["voltage", "power", "counter"])
@given(st.lists(REGULAR | RISING | ANY, max_size=4))
def test_they_tell_the_same_as_one_by_one(stream: Stream, bursts: list[list[Sent]]) -> None:
    together, single = (
        started(Listener(stream, None), f'[{NOON},230,"{stream.unit}"]') for _ in range(2)
    )
    now = NOON + 0.5
    for number, burst in enumerate(bursts):
        messages = []
        for sent in burst:
            moved = replace(sent, second=sent.second + 10 * number)
            now = max(now, NOON + moved.second + moved.late)
            messages.append(Message(TOPIC, moved.payload(stream.unit), False, now))
        if messages:
            together.hear_together(messages)
            with patch.object(channel, "regular_readings", return_value=()):
                single.hear_together(messages)

    states = []
    for listener in (together, single):
        if listener.channel.is_due(Tick(55, ends_minute=True), now):
            listener.channel.update_value(now)
        stats, step = listener.channel.stats, getattr(listener.channel, "step", None)
        states.append((listener.state, stats.dropped, stats.broken, stats.held, step))
    assert states[0] == states[1]

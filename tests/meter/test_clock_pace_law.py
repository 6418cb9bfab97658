"""No counter is held for good in silence because of the meter's clock, whatever that does.

What a counter goes on to send for some minutes is shown, and the meter is live meanwhile.
"""

from dataclasses import dataclass

from hypothesis import given, settings, strategies as st
from hypothesis.strategies import DrawFn

from custom_components.flukso.protocol.topics import Kind

from .listener import NOON, STREAMS, Listener

COUNTERS = [
    number
    for number, stream in enumerate(STREAMS)
    if stream.kind is Kind.COUNTER and stream.sensor.kube is None
]


@dataclass(frozen=True)
class Counting:
    """A counter that steps once in a while, of a meter whose clock has a pace of its own."""

    stream: int
    ahead: int
    healthy: int
    pace: float
    period: int
    step: float

    @property
    def is_told(self) -> bool:
        """Whether it can't be old messages that catch up."""
        return self.pace <= 1 or self.ahead >= 0


@st.composite
def countings(draw: DrawFn) -> Counting:
    """Any counter; the clock stands still, is slow, right or fast, and may be wrong before."""
    return Counting(
        draw(st.sampled_from(COUNTERS)),
        draw(st.sampled_from((0, 0, -3 * 86_400, -7200, 7200))),
        draw(st.sampled_from((0, 1, 12, 100))),
        draw(st.sampled_from((0, 0, 0.1, 0.4, 0.5, 0.59, 0.61, 0.7, 0.8, 1, 1.5))),
        draw(st.sampled_from((1, 2, 5, 10, 59, 61, 200))),
        draw(st.sampled_from((0.25, 1, 10))),
    )


@settings(max_examples=150, deadline=None)
@given(countings())
def test_what_a_counter_goes_on_to_count_is_shown_whatever_the_clock_does(
    counting: Counting,
) -> None:
    listener = Listener(counting.stream, 0)
    unit = STREAMS[counting.stream].unit.value
    value, clock, now = 1000.0, float(NOON + counting.ahead), float(NOON)

    def speak(seconds: int, pace: float) -> None:
        nonlocal value, clock, now
        value += counting.step
        clock += pace * seconds
        now += seconds
        listener.hear(f'[{int(clock)}, {value}, "{unit}"]'.encode(), now)

    for _ in range(counting.healthy):
        speak(1, 1)
    begun = now
    believed_after = 180 + 2 * counting.period + 20
    while now - begun < 2 * believed_after:
        speak(counting.period, counting.pace)
        if now - begun >= believed_after:
            assert listener.channel.value == value
            if counting.is_told:
                assert listener.channel.stats.live_at == now

"""A broker that says again any of the last messages, at once, changes nothing that is shown.

Two meters send the same. To one of them the broker says the last messages of a topic again, with
or without the retain flag, when nothing came for a while. What both show is the same before,
then and afterwards, and so is what is stored and whether each is available.

A broker that says old messages again in the pace in which they first came, while the meter is
silent, can't be told from a meter whose clock was set back, and is left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import given, settings, strategies as st
from hypothesis.strategies import DrawFn
import pytest

from custom_components.flukso.protocol.topics import Kind

from .listener import NOON, STREAMS, Listener

#: How often values are updated and the availability is checked (s).
TICK = 30


@dataclass(frozen=True)
class Story:
    """What a stream sends: payloads and when they arrive; what is said again, and when."""

    stream: int
    interval: int
    sent: Sequence[tuple[float, bytes]]
    again: int
    after: int
    retained: bool
    later: Sequence[tuple[float, bytes]]


@st.composite
def stories(draw: DrawFn) -> Story:
    """A stream of any kind, by a clock that is right or wrong."""
    stream = draw(st.integers(0, len(STREAMS) - 1))
    ahead = draw(st.sampled_from((0, 0, -3, 3, -7200, 7200)))
    unit = STREAMS[stream].unit.value
    is_counter = STREAMS[stream].kind is Kind.COUNTER
    value, arrived = draw(st.integers(0, 1000)), float(NOON)

    def messages(steps: Sequence[int]) -> list[tuple[float, bytes]]:
        nonlocal value, arrived
        sent = []
        for step in steps:
            arrived += step
            value = value + draw(st.integers(0, 5)) if is_counter else draw(st.integers(0, 1000))
            late = draw(st.sampled_from((0, 0, 1, 3)))
            time = int(arrived) + ahead
            sent.append((arrived + late, f'[{time}, {value}, "{unit}"]'.encode()))
        return sorted(sent, key=lambda message: message[0])

    steps = st.lists(st.sampled_from((0, 1, 1, 2, 9, 64)), max_size=20)
    sent = messages([*[1] * 12, *draw(steps)])
    again = draw(st.integers(1, len(sent)))
    after = draw(st.sampled_from((11, 45, 100, 400, 700, 10_000, 90_000)))
    arrived += after + 10
    return Story(
        stream,
        draw(st.sampled_from((0, TICK))),
        sent,
        again,
        after,
        draw(st.booleans()),
        messages([*[1] * 12, *draw(steps)]),
    )


def tell(listener: Listener, story: Story, *, again: bool) -> object:
    """Let a listener hear a story; returns its state at every tick."""
    states = []
    ticked = NOON

    def tick_until(now: float) -> None:
        nonlocal ticked
        while ticked + TICK <= now:
            ticked += TICK
            listener.tick(ticked)
            states.append(listener.state)

    for arrived, payload in story.sent:
        tick_until(arrived)
        listener.hear(payload, arrived)
    moment = story.sent[-1][0] + story.after
    tick_until(moment)
    if again:
        before = repr(listener.state)
        for _, payload in story.sent[-story.again :]:
            listener.hear(payload, moment, retained=story.retained)
        assert repr(listener.state) == before
    for arrived, payload in story.later:
        tick_until(arrived)
        listener.hear(payload, arrived)
    tick_until(story.later[-1][0] + 100)
    return repr(states)


@settings(max_examples=300, deadline=None)
@given(story=stories())
@pytest.mark.long
def test_what_is_said_again_changes_nothing(story: Story) -> None:
    silent = Listener(story.stream, story.interval)
    talkative = Listener(story.stream, story.interval)

    assert tell(talkative, story, again=True) == tell(silent, story, again=False)

"""Which channels are live: a stream that should speak and does not takes others with it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .channel import Channel
from .clock import Clock
from .limits import is_regular


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the meter is live, and which of its kubes are."""

    meter: bool
    kubes: Mapping[int, bool]


def judge(channels: Iterable[Channel], clock: Clock, now: float) -> Verdict:
    """Tell every channel that has listeners whether it is live, and say which parts are.

    A stream that speaks regularly is judged by its own silence. One that speaks only when
    something changes is live as long as any regular one of the same kube, or else of the
    meter's clamps, is; for a meter without clamps its clock speaks, where it is listened to. If
    there is none, nothing speaks against it.
    """
    live: dict[int | None, bool] = {}
    irregular = list[Channel]()
    for channel in channels:
        if not channel.listening:
            continue
        if not is_regular(channel.stream):
            irregular.append(channel)
            continue
        heard, kube = channel.was_heard(now), channel.stream.sensor.kube
        live[kube] = live.get(kube, False) or heard
        channel.set_alive(alive=heard)
    ticks = clock.judge(now)
    if ticks is not None:
        live.setdefault(None, ticks)
    for channel in irregular:
        heard, vouched = channel.was_heard(now), live.get(channel.stream.sensor.kube, True)
        channel.set_alive(alive=heard or vouched)
    meter = live.get(None, any(live.values()) or not live)
    return Verdict(meter, {kube: heard for kube, heard in live.items() if kube is not None})

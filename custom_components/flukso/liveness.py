"""Which channels are live: a stream that should speak and does not takes others with it."""

from collections.abc import Iterable

from .channel import Channel
from .clock import Clock
from .limits import is_regular


def judge(channels: Iterable[Channel], clock: Clock, now: float) -> bool:
    """Tell every channel that has listeners whether it is live, and say whether the meter is.

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
    return live.get(None, any(live.values()) or not live)

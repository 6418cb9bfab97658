"""Which channels are live: a stream that should speak and does not takes others with it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .channel import Channel
from .clock import Clock
from .input_limits import is_regular


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
    clock.judge(now)
    regular: list[Channel] = []
    irregular: list[Channel] = []
    for channel in channels:
        if not channel.listening:
            continue
        channel.count_silence(now)
        if is_regular(channel.stream):
            regular.append(channel)
        else:
            irregular.append(channel)

    live: dict[int | None, bool] = {}  # by kube; None is the meter without its kubes
    for channel in regular:
        kube, speaks = channel.stream.sensor.kube, not channel.is_silent(now)
        live[kube] = speaks or live.get(kube, False)
        channel.set_alive(alive=speaks)
    if None not in live and clock.is_silent is not None:
        live[None] = not clock.is_silent
    for channel in irregular:
        is_vouched_for = live.get(channel.stream.sensor.kube, True)
        channel.set_alive(alive=is_vouched_for or not channel.is_silent(now))

    kubes = {kube: speaks for kube, speaks in live.items() if kube is not None}
    if None in live:
        return Verdict(live[None], kubes)
    return Verdict(not kubes or any(kubes.values()), kubes)

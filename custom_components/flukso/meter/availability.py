"""Which channels are live, by their own silence or that of regular streams of the same device."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .channel import Channel
from .clock import Clock
from .input_limits import is_regular


@dataclass(frozen=True, slots=True)
class Availability:
    """Whether the meter is live, and whether each of its kubes with a regular stream is."""

    meter: bool
    kubes: Mapping[int, bool]


def update_availability(channels: Iterable[Channel], clock: Clock, now: float) -> Availability:
    """Update every channel that has listeners, and return the availability of the meter.

    A regular stream is live until it has been silent for too long. A stream that sends only on
    changes is live as long as it is not, or any regular one of the same device is: of the kube, or
    of the meter's own inputs. Without such, a meter is live as long as its clock is, if that is
    subscribed to; with none of these, it counts as live.
    """
    clock.check_silence(now)
    regular: list[Channel] = []
    irregular: list[Channel] = []
    for channel in channels:
        if not channel.listening:
            continue
        channel.begin_silence(now)
        if is_regular(channel.stream):
            regular.append(channel)
        else:
            irregular.append(channel)

    live: dict[int | None, bool] = {}  # by kube number; None is the meter without its kubes
    for channel in regular:
        kube, alive = channel.stream.sensor.kube, not channel.is_silent(now)
        live[kube] = alive or live.get(kube, False)
        channel.set_alive(alive=alive)
    if None not in live and clock.is_silent is not None:
        live[None] = not clock.is_silent
    for channel in irregular:
        device_alive = live.get(channel.stream.sensor.kube, True)
        channel.set_alive(alive=device_alive or not channel.is_silent(now))

    kubes = {kube: alive for kube, alive in live.items() if kube is not None}
    if None in live:
        return Availability(live[None], kubes)
    return Availability(not kubes or any(kubes.values()), kubes)

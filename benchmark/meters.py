"""Simulated meters that play to a broker for as long as a measurement lasts."""

from collections.abc import Iterator, Sequence
import contextlib
from dataclasses import replace
from functools import partial
import json
from pathlib import Path
import sys
from threading import Event, Thread
from time import sleep
from typing import override

from simulator import Flm03, Message, Meter
from simulator.chance import identity
from simulator.player import play
from stack import Process
from stack.ports import LOOPBACK

_CHECKOUT = Path(__file__).resolve().parent.parent


class Household(Flm03):
    """A meter that counts the seconds that it has played."""

    seconds = 0

    @override
    def second(self, now: int) -> list[Message]:
        """Give everything that the meter publishes in a second."""
        messages = super().second(now)
        self.seconds += 1
        return messages


class Restless(Household):
    """A meter none of whose readings is ever the same twice: what costs most."""

    @override
    def second(self, now: int) -> list[Message]:
        """Give everything that the meter publishes in a second, each value a little higher."""
        return [_moved(message, now) for message in super().second(now)]


def _moved(message: Message, now: int) -> Message:
    """Let a gauge tremble, and a counter count a thousandth a second."""
    kind = message.topic.rpartition("/")[2]
    if kind not in ("gauge", "counter"):
        return message
    time, value, unit = json.loads(message.payload)
    value += (now % 10_000_000 if kind == "counter" else 1 + now % 2) / 1000
    return replace(message, payload=f'[{time}, {value:.3f}, "{unit}"]'.encode())


def three_clamps[Model: Flm03](number: int, start: int, model: type[Model]) -> Model:
    """Make a meter of three clamps and nothing else, switched on at a second since 1970."""
    return model(identity("benchmark", number), start=start, seed=number, pulses=(), kubes=0)


def full_meters(count: int, port: int, folder: Path) -> Process:
    """Return the simulator's process, not started, with meters that use all of 128 slots."""
    options = ["--full", "--meters", str(count), "--broker", f"{LOOPBACK}:{port}"]
    command = [sys.executable, "-m", "simulator", *options]
    return Process("the simulator", command, folder / "simulator.log", folder=_CHECKOUT)


@contextlib.contextmanager
def playing(
    meters: Sequence[tuple[Meter, int]], port: int, *, within: float = 0, pause: float = 0
) -> Iterator[None]:
    """Play meters in threads of this process, each from a second since 1970 of its own.

    Args:
        meters: each with the second that it begins with.
        port: the broker's, on the loopback address.
        within: over how much of each second (s) they are spread: one begins after the other.
        pause: how long (s) each takes to hand out its next message.
    """
    stop = Event()
    players = [
        Thread(
            target=partial(play, stop=stop, begin=begin, pause=pause),
            args=([meter], LOOPBACK, port),
        )
        for meter, begin in meters
    ]
    for player in players:
        player.start()
        sleep(within / len(players))
    try:
        yield
    finally:
        stop.set()
        for player in players:
            player.join()

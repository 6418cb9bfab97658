"""Simulated meters that publish to a broker during a measurement."""

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
from simulator.player import play
from simulator.random_values import identity
from stack import Process
from stack.ports import LOOPBACK

_CHECKOUT = Path(__file__).resolve().parent.parent


class Household(Flm03):
    """A meter that counts the seconds it has simulated."""

    seconds = 0

    @override
    def second(self, now: int) -> list[Message]:
        """Return all messages of a second."""
        messages = super().second(now)
        self.seconds += 1
        return messages


class Restless(Household):
    """A meter whose readings always change: the worst case."""

    @override
    def second(self, now: int) -> list[Message]:
        """Return all messages of a second, with each value slightly changed."""
        return [_moved(message, now) for message in super().second(now)]


def _moved(message: Message, now: int) -> Message:
    """Vary a gauge slightly, and let a counter count a thousandth per second."""
    kind = message.topic.rpartition("/")[2]
    if kind not in ("gauge", "counter"):
        return message
    time, value, unit = json.loads(message.payload)
    value += (now % 10_000_000 if kind == "counter" else 1 + now % 2) / 1000
    return replace(message, payload=f'[{time}, {value:.3f}, "{unit}"]'.encode())


def three_clamps[Model: Flm03](number: int, start: int, model: type[Model]) -> Model:
    """Create a meter with three clamps only, switched on at a time (s since 1970)."""
    return model(identity("benchmark", number), start=start, seed=number, pulses=(), kubes=0)


def full_meters(count: int, port: int, folder: Path) -> Process:
    """Return the process of the simulator, not yet started, with meters that use all 128 slots."""
    options = ["--full", "--meters", str(count), "--broker", f"{LOOPBACK}:{port}"]
    command = [sys.executable, "-m", "simulator", *options]
    return Process("the simulator", command, folder / "simulator.log", folder=_CHECKOUT)


@contextlib.contextmanager
def playing(
    meters: Sequence[tuple[Meter, int]], port: int, *, within: float = 0, pause: float = 0
) -> Iterator[None]:
    """Simulate meters in threads of this process, each from its own start time.

    Args:
        meters: each with its start time (s since 1970).
        port: the port of the broker on the loopback address.
        within: the part of each second (s) over which the starts of the meters are spread.
        pause: the delay (s) between two messages of a meter.
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

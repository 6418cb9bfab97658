"""Simulated meters that play to a broker for as long as a measurement lasts."""

from collections.abc import Iterator, Sequence
import contextlib
from pathlib import Path
import sys
from threading import Event, Thread

from simulator import Flm03, Meter
from simulator.chance import identity
from simulator.player import play
from stack import Process
from stack.ports import LOOPBACK

_CHECKOUT = Path(__file__).resolve().parent.parent


def three_clamps(number: int, start: int) -> Flm03:
    """Make a meter of three clamps and nothing else, switched on at a second since 1970."""
    return Flm03(identity("benchmark", number), start=start, seed=number, pulses=(), kubes=0)


def full_meters(count: int, port: int, folder: Path) -> Process:
    """Return the simulator's process, not started, with meters that use all of 128 slots."""
    options = ["--full", "--meters", str(count), "--broker", f"{LOOPBACK}:{port}"]
    command = [sys.executable, "-m", "simulator", *options]
    return Process("the simulator", command, folder / "simulator.log", folder=_CHECKOUT)


@contextlib.contextmanager
def playing(meters: Sequence[tuple[Meter, int]], port: int) -> Iterator[None]:
    """Play meters in threads of this process, each from a second since 1970 of its own."""
    stop = Event()
    players = [
        Thread(target=play, args=([meter], LOOPBACK, port), kwargs={"stop": stop, "begin": begin})
        for meter, begin in meters
    ]
    for player in players:
        player.start()
    try:
        yield
    finally:
        stop.set()
        for player in players:
            player.join()

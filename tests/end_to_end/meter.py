"""A meter that outlives its process: killed and started again, it has gone on counting.

As with a real one, whose sensor board counts while its daemons are down. What it counts follows
from when it was switched on, so that a twin in another process knows the truth at any second.
"""

from collections.abc import Mapping
import signal
import sys
from threading import Event
import time

from simulator import Flm03
from simulator.clamp import COUNTERS
from simulator.installation import CLAMP_PORTS, clamp_slots
from simulator.player import play
from simulator.random_values import identity

#: A sunny evening in June: the household cooks on two phases and feeds back on the third.
_EVENING = 1_782_064_800


def switched_on(at: int, clock: int = 0) -> tuple[Flm03, int]:
    """The meter, and what lies between the real time and its household's.

    Args:
        at: When it was switched on, in seconds since 1970.
        clock: How many seconds its clock is ahead.
    """
    offset = at - _EVENING
    meter = Flm03(identity("end to end"), start=_EVENING, kubes=1)
    meter.clock = offset + clock
    return meter, offset


class Truth:
    """What the meter's counters really stood at."""

    def __init__(self, at: int) -> None:
        self._at = at
        self._twin, self._offset = switched_on(at)
        self._seconds: dict[int, Mapping[tuple[str, str], float]] = {}
        slots = [clamp_slots(port)[:COUNTERS] for port in CLAMP_PORTS]
        ids = [[self._twin.sensors[slot].id for slot in of_port] for of_port in slots]
        self.of_clamps = {sensor_id for of_port in ids for sensor_id in of_port}
        self._imports, self._exports, *_ = zip(*ids, strict=True)

    def at(self, second: float) -> Mapping[str, float]:
        """The counters by sensor id, as the messages of that second tell them."""
        second = max(int(second), self._at)
        for each in range(max(self._seconds, default=self._at - 1) + 1, second + 1):
            self._twin.second(each - self._offset)
            self._seconds[each] = self._twin.truth
        told = self._seconds[second].items()
        return {sensor_id: value for (sensor_id, kind), value in told if kind == "counter"}

    def net(self, second: float) -> float:
        """What all phases took less what they gave back until then, in Wh."""
        told = self.at(second)
        return sum(told[each] for each in self._imports) - sum(told[each] for each in self._exports)


def main(port: int, at: int, clock: int) -> None:
    """Play the meter to a broker on the loopback address until told to stop."""
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    meter, offset = switched_on(at, clock)
    play([meter], "127.0.0.1", port, stop=stop, begin=int(time.time()) - offset)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

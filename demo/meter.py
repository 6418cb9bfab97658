"""The demo's Fluksometer: it has been running for a day, and its household is at its busiest.

A pulse port publishes only when something flows, and a kube's motion sensor when somebody passes:
at night half of the sensors of a newly installed meter would have no value for hours. So the
simulated household is in the busiest minute of its last two days, while the readings have the
current time.
"""

from itertools import cycle
import signal
import sys
from threading import Event
import time
from typing import override

from simulator import Flm03, Message
from simulator.chance import identity
from simulator.household import MINUTE, Home, minute
from simulator.installation import CLAMP_PORTS, PULSE_PORTS, clamp_slots, pulse_slot
from simulator.player import play

DAY = 24 * 60 * MINUTE
SEED = 0
KUBES_SPEAK_WITHIN = 64

# The signal that switches a load on, or off again: its power (W), and the clamp port that it is on.
SWITCH = signal.SIGUSR1
LOAD, LOAD_PORT = 2000, 1

# Counter readings after some years of use: three phases, the third with the inverter, in Wh and
# VARh; then water and gas in L, and solar energy in Wh.
_CLAMPED = (
    (4_912_350, 0, 812_400, 0, 0, 96_750),
    (3_187_620, 0, 164_200, 0, 0, 538_900),
    (5_604_180, 4_371_240, 901_300, 212_600, 47_800, 118_500),
)
_PULSED = (412_836, 6_318_470, 6_127_904)
_COUNTERS = {
    **{
        slot: value
        for port, values in zip(CLAMP_PORTS, _CLAMPED, strict=True)
        for slot, value in zip(clamp_slots(port), values, strict=False)
    },
    **{pulse_slot(port): value for port, value in zip(PULSE_PORTS, _PULSED, strict=True)},
}

# The seconds that matter: Home Assistant needs some to find the meter, and a user of the demo won't
# wait much longer than a minute.
_SEEN = (10, 70)


def liveliest(now: int, home: Home) -> int:
    """Return the start of the busiest minute of the last two days.

    Args:
        now: seconds since the epoch.
        home: the household.
    """
    minutes = range(now // MINUTE - 2 * DAY // MINUTE, now // MINUTE)
    return max(minutes, key=lambda number: _life(number * MINUTE, home)) * MINUTE


def _life(start: int, home: Home) -> float:
    """Return the pulses of the least active of water (1 L), gas (10 L) and solar energy (1 Wh)."""
    water = gas = solar = 0.0
    for second in range(start + _SEEN[0], start + _SEEN[1]):
        whole, place = minute(second // MINUTE, home), second % MINUTE
        water += whole.water[place]
        gas += whole.gas[place] / 10
        solar += whole.solar[place] / 3600
    return min(water, gas, solar)


class SettledMeter(Flm03):
    """A meter that has been running for a day: the broker has retained its kubes' readings."""

    def __init__(self, now: int, begin: int) -> None:
        """Simulate the day before.

        Args:
            now: seconds since the epoch, the time of the first readings.
            begin: the household's time then.
        """
        super().__init__(identity("demo"), start=begin - DAY, seed=SEED, counters=_COUNTERS)
        self.clock = now - begin
        self._held: dict[str, Message] = {}
        for second in range(begin - KUBES_SPEAK_WITHIN, begin):
            messages = self.second(second)
            self._held |= {message.topic: message for message in messages if message.retain}

    @override
    def announce(self) -> list[Message]:
        """Return all retained messages."""
        return [*super().announce(), *self._held.values()]


def main(host: str, port: int) -> None:
    """Publish the meter's messages to a broker until stopped by a signal."""
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    now = int(time.time())
    begin = liveliest(now, Home(SEED))
    meter = SettledMeter(now, begin)
    loads = cycle((LOAD, 0))
    signal.signal(SWITCH, lambda *_: meter.switch(LOAD_PORT, next(loads)))
    play([meter], host, port, stop=stop, begin=begin)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))

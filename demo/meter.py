"""The demo's Fluksometer: it has been running for a day, in a household of some time ago.

A pulse port publishes only when something flows: at night half of the sensors of a newly installed
meter would have no value for hours. So what flows by itself in the first minute is not left to
chance: each input that would be silent counts two pulses.
"""

from itertools import cycle
import signal
import sys
from threading import Event
import time
from typing import override

from simulator import Flm03, Message
from simulator.household import MINUTE, minute
from simulator.installation import CLAMP_PORTS, PULSE_PORTS, clamp_slots, pulse_slot
from simulator.player import play
from simulator.pulse import PulseInput
from simulator.random_values import identity

from .day import DAY, SEED, days_back

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

#: The seconds of the first minute in which an input that would be silent counts a pulse: Home
#: Assistant needs some to find the meter, and a user of the demo won't wait much longer.
_DRAWS = (20, 65)


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
        self._draws = tuple(begin + draw for draw in _DRAWS)
        self._held: dict[str, Message] = {}
        for second in range(begin - KUBES_SPEAK_WITHIN, begin):
            messages = self.second(second)
            self._held |= {message.topic: message for message in messages if message.retain}

    @override
    def announce(self) -> list[Message]:
        """Return all retained messages."""
        return [*super().announce(), *self._held.values()]

    @override
    def second(self, now: int) -> list[Message]:
        """Return the messages of a second, with a pulse of each input that would be silent."""
        messages = super().second(now)
        if now in self._draws:
            for port, pulses in self._inputs.items():
                if not self._flows(pulses):
                    messages += self._pulse_message(
                        port, pulses, pulses.draw(now), now + self.clock
                    )
        return messages

    def _flows(self, pulses: PulseInput) -> bool:
        """Return whether an input counts twice by itself until the last draw."""
        begin, end = self._draws[0] - _DRAWS[0], self._draws[-1]
        amount = sum(
            pulses.kind.rate(minute(second // MINUTE, pulses.home))[second % MINUTE]
            for second in range(begin, end)
        )
        return amount >= len(_DRAWS) * pulses.kind.constant


def main(host: str, port: int) -> None:
    """Publish the meter's messages to a broker until stopped by a signal."""
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    now = int(time.time())
    begin = now - days_back(now) * DAY
    meter = SettledMeter(now, begin)
    loads = cycle((LOAD, 0))
    signal.signal(SWITCH, lambda *_: meter.switch(LOAD_PORT, next(loads)))
    play([meter], host, port, stop=stop, begin=begin)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))

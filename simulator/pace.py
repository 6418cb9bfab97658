"""The pace of the simulation: one second after the other, without gaps."""

from collections.abc import Callable, Iterator
import logging
from threading import Event
import time

LOGGER = logging.getLogger(__name__)
TOLERANCE = 1.0
COMPLAINT_PERIOD = 10.0


def beat(
    begin: int, speed: float, stop: Event, clock: Callable[[], float] = time.monotonic
) -> Iterator[int]:
    """Yield each second when it is due, until stopped.

    If the caller is too slow, the seconds are yielded without a pause, and a warning is logged.

    Args:
        begin: The first second.
        speed: The simulated seconds per second of the clock.
        stop: Set it to end.
        clock: A monotonic time in seconds.
    """
    started = clock()
    complained = started - COMPLAINT_PERIOD
    second = begin
    while True:
        late = clock() - started - (second - begin) / speed
        if stop.wait(-late) if late < 0 else stop.is_set():
            return
        if late > TOLERANCE and clock() - complained > COMPLAINT_PERIOD:
            complained = clock()
            LOGGER.warning("Can't keep pace: %.1f s late at second %d", late, second)
        yield second
        second += 1

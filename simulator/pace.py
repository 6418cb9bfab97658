"""The beat that meters are played to: one second after the other, none left out."""

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
    """Give each second when it is due, until told to stop.

    Whoever can't keep pace is given the seconds without a rest, and a warning in the log.

    Args:
        begin: The first second.
        speed: How many of the seconds given make one of the clock.
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

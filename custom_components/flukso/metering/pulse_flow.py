"""The flow through a pulse input, which the meter does not publish once the pulses end."""

from collections import deque

#: After so long without a pulse nothing flows (s).
_MAX_PAUSE = 600
#: The meter prints three decimals.
_DECIMALS = 3
#: The shortest time over which a flow is held against what was counted (s).
_SHORTEST = 5


def decayed_flow(flow: float | None, pulse: float | None, elapsed: float) -> float | None:
    """Return the flow ``elapsed`` seconds after the last pulse.

    It is at most one pulse per elapsed time. ``flow`` is in units per second or in W, ``pulse``
    is the size of a pulse in units or in Ws; each is None while unknown.
    """
    if elapsed >= _MAX_PAUSE:
        return 0.0
    if flow is None or pulse is None or flow * elapsed <= pulse:
        return flow
    return round(pulse / elapsed, _DECIMALS)


class CountedFlow:
    """The most that can have flowed since the last update, by what was counted meanwhile.

    A contact that bounces makes pulses some milliseconds apart, and the meter a flow of each.
    """

    def __init__(self) -> None:
        self._marks: deque[tuple[float, float]] = deque()

    def begin(self, counter: float, now: float) -> None:
        """Process the first value of the counter (units)."""
        if not self._marks:
            self._marks.append((now, counter))

    def most(self, counter: float, read_at: float, pulse: float, now: float) -> float | None:
        """Return the highest flow (units per second), with one pulse more than were counted.

        ``counter`` was read at ``read_at``. It is None if the counter was not heard meanwhile.
        """
        marks = self._marks
        if marks and now < marks[-1][0]:  # the host's clock was set back
            marks.clear()
        while len(marks) > 1 and marks[1][0] <= now - _SHORTEST:
            marks.popleft()
        marks.append((now, counter))
        begin, counted = marks[0]
        if not begin <= now - _SHORTEST or read_at < begin or counter < counted:
            return None
        return round((counter - counted + pulse) / (now - begin), _DECIMALS)

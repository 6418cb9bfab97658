"""Whether the clock of a meter keeps pace: one that stands still makes every message look old."""

from dataclasses import dataclass
from math import inf

#: Live messages on a topic keep pace with the clock of the host to within this (s).
JITTER = 2
#: Two of them tell nothing of the pace if the pause between them is longer (s).
MAX_PAUSE = 600
#: How long a stretch of messages is (s), for how long each must lose pace (s), and how far the
#: clock has fallen behind by then at least (s).
_STRETCH = 20
_LASTING = 180
_BEHIND = 20


@dataclass(slots=True)
class _Stretch:
    """Messages from ``begin`` on, of which the one with the least delay is ``ahead``."""

    begin: float
    ahead: float


class ClockPace:
    """The times in the messages on a topic against those of their arrival.

    A message may be late, so only the least delay of each stretch is compared. Messages that come
    again, or out of order, prove nothing.
    """

    def __init__(self) -> None:
        self._last = (-inf, 0.0)
        self._arrived = -inf
        self._base = self._previous = self._present = _Stretch(-inf, 0)

    def falls_behind(self, time: float, value: float, arrived: float) -> bool:
        """Process a message; return whether they have fallen behind for three minutes by now."""
        if (time, value) == self._last:
            return False
        is_next = time >= self._last[0] and 0 <= arrived - self._arrived <= MAX_PAUSE
        self._last, self._arrived = (time, value), arrived
        stretch, present = _Stretch(arrived, time - arrived), self._present
        if not is_next:
            self._base = self._previous = self._present = stretch
        elif arrived - present.begin < _STRETCH:
            present.ahead = max(present.ahead, stretch.ahead)
        else:
            if self._previous.ahead - present.ahead <= JITTER:
                self._base = present
            self._previous, self._present = present, stretch
        behind = self._base.ahead - self._previous.ahead
        return arrived - self._base.begin >= _LASTING and behind >= _BEHIND

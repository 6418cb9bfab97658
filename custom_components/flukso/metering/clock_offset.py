"""How far the meter's clock is ahead of the host's, from messages that keep pace with it."""

from dataclasses import dataclass
from math import inf

#: Before its clock is set the meter counts from 1970 (docs/protocol.md section 9, quirk 4).
CLOCK_IS_SET = 1_234_567_890
#: Live messages on a topic keep pace with the clock of the host to within this (s), ...
JITTER = 2
#: ... and prove an offset once they have done so for this long (s), without a longer pause (s).
_PROOF = 5
_MAX_PAUSE = 600
#: A message may be late, but never early: a clock that is further behind is believed once nothing
#: has confirmed the present offset for this long (s).
_CONFIRMED_FOR = 10


@dataclass(slots=True)
class _Run:
    """Messages on a topic that keep pace with the host: their offset, the first and the last."""

    ahead: float
    first: float
    last: float

    def includes(self, ahead: float, arrived: float) -> bool:
        """Return whether a message keeps pace with those before."""
        is_in_time = 0 <= arrived - self.last <= _MAX_PAUSE
        return is_in_time and abs(ahead - self.ahead) <= JITTER


class ClockOffset:
    """The offset of the meter's clock: ``ahead`` is how far it is ahead of the host's (s).

    The clock counts as right until messages prove otherwise. One message proves nothing: it may
    be an old one that the broker sends again. Old messages do not keep pace with the clock of
    the host, as they come at once or again with the same time.
    """

    def __init__(self) -> None:
        self.ahead = 0.0
        self._confirmed = -inf
        self._runs: dict[str, list[_Run]] = {}

    def note(self, topic: str, time: float, arrived: float) -> None:
        """Process the ``time`` in a message that is not retained, and when it arrived."""
        if time < CLOCK_IS_SET:
            return
        ahead, runs = time - arrived, self._runs.setdefault(topic, [])
        run = next((run for run in runs if run.includes(ahead, arrived)), None)
        if run is None:
            run = _Run(ahead, arrived, arrived)
            foremost = max(runs, key=lambda known: known.ahead, default=run)
            is_past = not 0 <= arrived - foremost.last <= _MAX_PAUSE
            self._runs[topic] = [run] if is_past or ahead > foremost.ahead else [foremost, run]
        run.ahead, run.last = max(run.ahead, ahead), arrived
        if run.last - run.first >= _PROOF:
            self._prove(run.ahead, arrived)

    def age(self, time: float, arrived: float) -> float:
        """Return how old a message is that has this ``time`` (s); 0 if it is of the future."""
        return max(arrived + self.ahead - time, 0)

    def is_old(self, time: float, arrived: float, most: float) -> bool:
        """Return whether a live message is older than ``most`` seconds, as far as is known."""
        return time >= CLOCK_IS_SET and self.age(time, arrived) > most

    def _prove(self, ahead: float, arrived: float) -> None:
        is_confirmed = 0 <= arrived - self._confirmed <= _CONFIRMED_FOR
        if ahead >= self.ahead - JITTER or not is_confirmed:
            self.ahead, self._confirmed = ahead, arrived

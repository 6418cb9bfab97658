"""How far the meter's clock is ahead of the host's, from messages that keep pace with it."""

from dataclasses import dataclass
from math import inf

from .clock_pace import JITTER, MAX_PAUSE, ClockPace

#: Before its clock is set the meter counts from 1970 (docs/protocol.md section 9, quirk 4).
CLOCK_IS_SET = 1_234_567_890
#: Messages that have kept pace for this long (s) prove an offset.
_PROOF = 5
#: A message may be late, but never early: a clock that is further behind is believed once nothing
#: has confirmed the present offset for this long (s).
_CONFIRMED_FOR = 10
#: What the readings of a second tell in common needs to be processed of one of them only (s).
_SAME_BURST = 0.5


@dataclass(slots=True)
class _Run:
    """Messages on a topic that keep pace with the host: their offset, the first and the last."""

    ahead: float
    first: float
    last: float

    def includes(self, ahead: float, arrived: float) -> bool:
        """Return whether a message keeps pace with those before."""
        is_in_time = 0 <= arrived - self.last <= MAX_PAUSE
        return is_in_time and abs(ahead - self.ahead) <= JITTER


class ClockOffset:
    """The offset of the meter's clock: ``ahead`` is how far it is ahead of the host's (s).

    The clock counts as right until messages prove otherwise. One message proves nothing: it may
    be an old one that the broker sends again. Old messages do not keep pace with the clock of
    the host, as they come at once or again with the same time. A clock that stands still, or is
    much too slow, tells no time at all; a message is then as old as if it was sent on arrival.
    """

    def __init__(self) -> None:
        self.ahead = 0.0
        self._confirmed = self._lost = -inf
        self._runs: dict[str, list[_Run]] = {}
        self._paces: dict[str, ClockPace] = {}

    def note(self, topic: str, time: float, arrived: float, value: float = 0) -> None:
        """Process the ``time`` in a message that is not retained, and when it arrived.

        The ``value`` tells whether a message with the time of the last is another one.
        """
        if time < CLOCK_IS_SET:
            return
        ahead = time - arrived
        if self.is_confirmed(arrived, _SAME_BURST) and abs(ahead - self.ahead) <= JITTER:
            return
        for run in self._runs.get(topic, ()):
            if run.includes(ahead, arrived):
                run.ahead, run.last = max(run.ahead, ahead), arrived
                break
        else:
            run = self._begin_run(topic, ahead, arrived)
        if run.last - run.first >= _PROOF:
            self._prove(run.ahead, arrived)
            return
        pace = self._paces.get(topic)
        if pace is None:
            pace = self._paces[topic] = ClockPace()
        if pace.falls_behind(time, value, arrived):
            self._lost = arrived

    def _begin_run(self, topic: str, ahead: float, arrived: float) -> _Run:
        """Begin a run; of those before only the foremost is kept, if it isn't past."""
        run, runs = _Run(ahead, arrived, arrived), self._runs.get(topic, ())
        foremost = max(runs, key=lambda known: known.ahead, default=run)
        is_past = not 0 <= arrived - foremost.last <= MAX_PAUSE
        self._runs[topic] = [run] if is_past or ahead > foremost.ahead else [foremost, run]
        return run

    def tells_time(self, arrived: float) -> bool:
        """Return whether the time in a live message that arrives then is to be believed."""
        return not 0 <= arrived - self._lost <= MAX_PAUSE

    def is_confirmed(self, now: float, within: float) -> bool:
        """Return whether messages have kept pace with the host in the last seconds."""
        return 0 <= now - self._confirmed <= within

    def age(self, time: float, arrived: float) -> float:
        """Return how old a message is that has this ``time`` (s); 0 if it is of the future."""
        return max(arrived + self.ahead - time, 0)

    def live_age(self, time: float, arrived: float) -> float:
        """Return how old a live message is (s): 0 as well while the clock tells no time.

        It is one call in place of ``tells_time`` and ``age``, as every reading needs it.
        """
        if time < CLOCK_IS_SET or 0 <= arrived - self._lost <= MAX_PAUSE:
            return 0
        return max(arrived + self.ahead - time, 0)

    def is_old(self, time: float, arrived: float, most: float) -> bool:
        """Return whether a live message is older than ``most`` seconds, as far as is known."""
        return self.live_age(time, arrived) > most

    def _prove(self, ahead: float, arrived: float) -> None:
        self._paces.clear()
        self._lost = -inf
        if ahead >= self.ahead - JITTER or not self.is_confirmed(arrived, _CONFIRMED_FOR):
            self.ahead, self._confirmed = ahead, arrived

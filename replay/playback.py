"""A recording as the simulator's player plays it: its messages, each in its second."""

from collections import deque
from collections.abc import Iterable, Sequence
import json
import re
from statistics import median
from threading import Event

from record import Recorded
from simulator import Message
from stack import Clock

#: Seconds until the first message, and before one for which the clock is set: long enough for
#: Home Assistant to notice what has become old meanwhile.
_AHEAD = 8
_READINGS = ("/gauge", "/counter")
_TOPIC = re.compile(r"(?:.*?/)??((?:d/)?(?:device|sensor)/.*)")
#: A topic behind a prefix that does not end in a slash.
_JOINED = re.compile(r".*?((?:device|sensor)/[0-9a-f]{32}/.*)")


def without_prefix(topic: str) -> str:
    """Return a topic as the meter itself publishes it."""
    found = _TOPIC.fullmatch(topic) or _JOINED.fullmatch(topic)
    return f"/{found[1]}" if found else topic


def recorded_at(messages: Iterable[Recorded]) -> float | None:
    """Return when a recording began, by the time stamps of its readings; None without any."""
    begins = [
        _time_of(message) - message.after
        for message in messages
        if message.age is None and not message.retain and message.topic.endswith(_READINGS)
    ]
    return median(begins) if begins else None


def _time_of(message: Recorded) -> float:
    [time, *_] = json.loads(message.payload)
    return float(time)


class Playback:
    """The messages of a recording, with waits of at most ``longest_wait`` seconds.

    Longer ones are skipped: the ``clock`` of Home Assistant is set forward instead.
    """

    def __init__(
        self,
        messages: Sequence[Recorded],
        announced: Sequence[Message],
        clock: Clock | None,
        longest_wait: float,
    ) -> None:
        self.sync_topic = "/d/device/0/tmpo/sync"
        self.began: float | None = recorded_at(messages)
        self.ended = Event()
        self._announced = announced
        self._messages = deque(messages)
        self._clock = clock
        self._longest_wait = longest_wait
        self._ready = Event()
        self._next: float | None = None
        self._ahead: int | None = None

    def start(self) -> None:
        """Play from the next second on."""
        self._ready.set()

    def announce(self) -> Iterable[Message]:
        """Return the configuration, which is retained."""
        return self._announced

    def hear(self, _message: Message) -> Iterable[Message]:
        """Return nothing: a recording does not answer."""
        return ()

    def second(self, now: int) -> Iterable[Message]:
        """Return the messages that are due."""
        if not self._ready.is_set() or not self._messages:
            return []
        if self._next is None:
            self._next = now + _AHEAD
            self.began = self._next if self.began is None else self.began
        due = []
        while self._messages and self._next <= now:
            message = self._messages.popleft()
            payload = message.payload_at(self.began or 0)
            due.append(Message(without_prefix(message.topic), payload, message.retain))
            if self._messages:
                gap = self._messages[0].after - message.after
                self._next += min(gap, self._longest_wait)
        if not self._messages:
            self.ended.set()
        elif self._next - now <= _AHEAD:
            self._set_clock(round((self.began or 0) + self._messages[0].after - self._next))
        return due

    def _set_clock(self, ahead: int) -> None:
        if self._clock is not None and ahead != self._ahead:
            self._ahead = ahead
            self._clock.set(ahead)

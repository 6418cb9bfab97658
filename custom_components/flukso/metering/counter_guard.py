"""The guard of a counter: it holds what can't be, and tells a real break from an error."""

from dataclasses import dataclass
from math import inf

#: A reading is this long under way at the most before it is no longer called live (s).
_LAG = 60
#: The meter's times are whole seconds: two readings may be this much further apart (s).
_TICK = 2
#: Readings that agree with each other make a break: the first and two that continue it.
_CONFIRMED = 3
#: Readings that come closer together count as one: messages are played again at one blow (s).
_BLOW = 0.5
#: What looks like old messages played again must go on for so long to be believed (s).
_REPLAY = 60
#: Before its clock is set the meter counts from 1970 (docs/protocol.md section 9, quirk 4).
_CLOCK_IS_SET = 1_234_567_890
#: Counters have 32 bits before the point (docs/protocol.md section 2).
_WRAP = 2**32
#: How far behind the wrap a counter without a known speed may be found again.
_WRAP_REACH = 1_000_000


@dataclass(frozen=True, slots=True)
class CounterReading:
    """A counter's value, the second the meter gave it and the time it is known to be true at."""

    time: int
    value: float
    at: float


@dataclass(frozen=True, slots=True)
class Break:
    """A counter that went on from another value: ``old`` the last before, ``new`` the first."""

    old: CounterReading
    new: CounterReading

    @property
    def difference(self) -> float:
        """What would be booked: the leap, or what a counter that began anew has counted."""
        leap = self.new.value - self.old.value
        return round(leap if leap >= 0 else self.new.value, 3)


@dataclass(frozen=True, slots=True)
class CounterState:
    """What a guard needs to go on after a restart; ``rid`` tells when a sensor id was reused."""

    mark: CounterReading
    offset: float
    rid: int


@dataclass(frozen=True, slots=True)
class _Held:
    """A run of readings that agree with each other and not with what was accepted.

    ``past`` tells that they look like old messages, ``count`` how many there were one after the
    other, ``counted`` when the last of them was.
    """

    first: CounterReading
    last: CounterReading
    past: bool
    counted: float
    count: int = 1

    def followed_by(self, mark: CounterReading, *, past: bool) -> _Held:
        """The run with one more reading; old ones say nothing for those that are not."""
        if (mark.time, mark.value) == (self.last.time, self.last.value):
            return self
        if self.past and not past:
            return _Held(self.first, mark, past, mark.at)
        if mark.at - self.counted < _BLOW:
            return _Held(self.first, mark, past, self.counted, self.count)
        return _Held(self.first, mark, past, mark.at, self.count + 1)

    @property
    def is_confirmed(self) -> bool:
        """Whether that many readings, and old ones for so long, can be no error."""
        lasted = min(self.last.at - self.first.at, self.last.time - self.first.time)
        return self.count >= _CONFIRMED and (not self.past or lasted >= _REPLAY)


class CounterGuard:
    """Accepts what a counter can have counted, and holds everything else.

    A reading is accepted if it is not older than the last, not lower, and not further ahead
    than ``fastest`` (units a second; None: any distance) allows for the time since. Another
    one is held: two more that agree with it confirm it, an accepted one makes it vanish. The
    offset carries the value over a confirmed break, so that nothing is booked.

    What looks like old messages, played again or out of order, must go on for a minute to be
    believed. A counter that runs both ways is only kept from going back in time. ``held``
    counts what was held; ``value`` is what the counter shows: the ``last`` accepted reading,
    ``offset`` included.
    """

    def __init__(
        self, fastest: float | None = None, *, rid: int = 0, both_ways: bool = False
    ) -> None:
        self.fastest = fastest
        self.held = 0
        self.value: float | None = None
        self._both_ways = both_ways
        self._rid = self._last_rid = rid
        self.last: CounterReading | None = None
        self.offset = 0.0
        self._held: _Held | None = None

    @property
    def state(self) -> CounterState | None:
        """What to keep over a restart."""
        base = self.last
        return None if base is None else CounterState(base, self.offset, self._last_rid)

    def restore(self, state: CounterState) -> None:
        """Go on from before a restart."""
        self.offset = state.offset
        self._accept(state.mark, state.rid)

    def recycle(self, rid: int) -> None:
        """Learn that the sensor id has another meaning: what comes next is a break in any case."""
        self._rid = rid

    def book(self, difference: float) -> None:
        """Add to what is shown, because the user wants the break to count."""
        self.offset = round(self.offset + difference, 3)
        if self.last is not None:
            self._accept(self.last, self._last_rid)

    def take(self, mark: CounterReading) -> Break | None:
        """Take a reading; the answer is a break if this reading confirmed one."""
        base = self.last
        if base is None or (self._last_rid == self._rid and self._continues(base, mark)):
            self._accept(mark, self._rid)
            self._held = None
            return None
        return self._hold(base, mark)

    def _accept(self, base: CounterReading, rid: int) -> None:
        self.last, self._last_rid = base, rid
        self.value = round(base.value + self.offset, 3)

    def _continues(self, last: CounterReading, mark: CounterReading, lag: int = _LAG) -> bool:
        if _is_older(mark, last):
            return False
        counted = mark.value - last.value
        if self._both_ways or not counted:
            return True
        return 0 < counted <= self._most(_elapsed(last, mark, lag))

    def _most(self, elapsed: float) -> float:
        """What the counter can have counted in that time."""
        return inf if self.fastest is None else self.fastest * (max(elapsed, 0) + _TICK)

    def _hold(self, base: CounterReading, mark: CounterReading) -> Break | None:
        held, past = self._held, self._is_past(base, mark)
        if held is not None and self._continues(held.last, mark, lag=0):
            held = held.followed_by(mark, past=past)
        else:
            held = _Held(mark, mark, past, mark.at)
        if held.is_confirmed:
            return self._settle(base, held)
        self._held = held
        self.held += 1
        return None

    def _is_past(self, base: CounterReading, mark: CounterReading) -> bool:
        """Whether a reading can be an old one: dated so, and not where the counter would be now."""
        is_old = _clock_is_set(mark) and mark.time <= base.time
        return is_old and not 0 < mark.value - base.value <= self._countable(base, mark)

    def _countable(self, base: CounterReading, mark: CounterReading) -> float:
        """What the counter can have counted, whatever the meter's clock says."""
        return self._most(mark.at - base.at + _LAG)

    def _settle(self, base: CounterReading, held: _Held) -> Break | None:
        """Believe the held readings: a clock that was set back, a wrap at 32 bits, or a break."""
        counted, countable = held.last.value - base.value, self._countable(base, held.last)
        set_back = self._both_ways or 0 <= counted <= countable
        wrapped = 0 <= counted + _WRAP <= min(countable, _WRAP_REACH)
        found = None
        if self._last_rid != self._rid or not (set_back or wrapped):
            found = Break(base, held.first)
            self.offset += base.value - held.first.value
        elif not set_back:
            self.offset += _WRAP
        self.offset = round(self.offset, 3)
        self._accept(held.last, self._rid)
        self._held = None
        return found


def _clock_is_set(mark: CounterReading) -> bool:
    return mark.time >= _CLOCK_IS_SET


def _is_older(mark: CounterReading, last: CounterReading) -> bool:
    return mark.time < last.time and _clock_is_set(mark)


def _elapsed(last: CounterReading, mark: CounterReading, lag: int) -> float:
    """The time between two readings, by both clocks where the meter's is set."""
    elapsed = mark.at - last.at + lag
    if _clock_is_set(last) and _clock_is_set(mark):
        return min(elapsed, mark.time - last.time)
    return elapsed

"""The guard of a counter: withholds impossible readings, and detects real breaks."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from .clock_offset import CLOCK_IS_SET
from .held_readings import HeldReadings, extended
from .rounding import rounded

#: A live reading arrives at most this late (s).
_LAG = 60
#: The meter's times are whole seconds: two readings may be this much further apart (s).
_TICK = 2
#: A counter may prove to be up to so many times as fast as its input was thought to be.
_BELIEVABLE = 20
#: How much faster than its mean rate a counter that proved to be fast may count.
_PROVEN_MARGIN = 2
#: A meter whose clock is further behind the host's has a wrong clock (s).
_FAR_BEHIND = 300
#: Counters have 32 bits before the decimal point (docs/protocol.md section 2).
_WRAP = 2**32
#: A counter can be at most this far past the wrap (units).
_WRAP_REACH = 1_000_000


@dataclass(frozen=True, slots=True)
class CounterReading:
    """A counter's value, measured at ``time`` by the meter's and at ``at`` by the host's clock.

    ``value`` is in the counter's unit, the times are in s since 1970.
    """

    time: int
    value: float
    at: float


@dataclass(frozen=True, slots=True)
class Break:
    """A jump of a counter: ``old`` is the last reading before, ``new`` the first after.

    ``bookable`` is the consumption if the break counted: the step, or the new value if the counter
    began again from 0. It is None if the input can't have counted that in between, or if its limit
    is not known.
    """

    old: CounterReading
    new: CounterReading
    bookable: float | None = None


@dataclass(frozen=True, slots=True)
class CounterState:
    """The state that a guard stores over a restart.

    ``mark`` is the last accepted reading, ``offset`` what is added to its value (units); ``rid``
    changes when a sensor id is reused.
    """

    mark: CounterReading
    offset: float
    rid: int


class CounterGuard:
    """Accepts possible readings of a counter, and withholds all others.

    A reading is accepted if it is not older than the last, not lower (unless the counter runs
    ``both_ways``), and no further from it than ``fastest`` (units per second; None: no limit)
    allows for the time since. Any other is withheld: two more that agree with it confirm it, an
    accepted one discards it. The offset carries the value over a confirmed break, so that no
    consumption is booked.

    Where the clocks of the meter and of the host disagree, one reading is compared with the lesser
    time, and readings that confirm each other against the longer.

    Readings that look like old messages, replayed or out of order, must continue for a minute
    to be accepted.

    No counter is withheld for good in silence: readings that rise steadily for three minutes are
    believed, up to a multiple of ``fastest`` and regardless of the meter's clock; if others have
    gone on for so long, it ``is_stuck``.

    ``withheld_count`` is the number of withheld readings; ``value`` is the ``last`` accepted
    reading plus ``offset``; ``proven`` is a rate that the counter was believed to have, beyond
    ``fastest``.
    """

    def __init__(
        self, fastest: float | None = None, *, rid: int = 0, both_ways: bool = False
    ) -> None:
        self.fastest = fastest
        self.withheld_count = 0
        self.value: float | None = None
        self._both_ways = both_ways
        self._rid = self._last_rid = rid
        self.last: CounterReading | None = None
        self.offset = 0.0
        self.proven = 0.0
        self._release()

    def _release(self) -> None:
        """Forget the withheld readings.

        ``_agreeing`` are those that agree with each other, ``_steady`` those that agree but for the
        rate or the meter's clock. ``_in_order`` are all since the last that was older than the one
        before, which is an old message or the first after the meter's clock was set back.
        ``_withheld`` are no older than any before; once those in order last, they are replaced.
        """
        self._agreeing: HeldReadings | None = None
        self._steady: HeldReadings | None = None
        self._withheld: HeldReadings | None = None
        self._in_order: HeldReadings | None = None

    @property
    def is_withholding(self) -> bool:
        """Whether a reading has been withheld since the last accepted one."""
        return self._withheld is not None

    @property
    def is_stuck(self) -> bool:
        """Whether all readings of the last three minutes or longer were withheld."""
        return self._withheld is not None and self._withheld.is_lasting

    @property
    def state(self) -> CounterState | None:
        """The state to store over a restart; None before the first reading."""
        base = self.last
        return None if base is None else CounterState(base, self.offset, self._last_rid)

    def restore(self, state: CounterState) -> None:
        """Restore the state from before a restart."""
        self.offset = state.offset
        self._accept(state.mark, state.rid)

    def recycle(self, rid: int) -> None:
        """Set the ``rid``; if the sensor id was reused, the next readings are a break."""
        self._rid = rid

    def book(self, difference: float) -> None:
        """Add to the value, because the user wants the break to count."""
        self.offset = round(self.offset + difference, 3)
        if self.last is not None:
            self._accept(self.last, self._last_rid)

    def take(self, reading: CounterReading) -> Break | None:
        """Process a reading. Returns a break if this reading confirmed one."""
        base = self.last
        if base is None or (self._last_rid == self._rid and self._continues(base, reading)):
            self._accept(reading, self._rid)
            self._release()
            return None
        return self._hold(base, reading)

    def take_together(self, first: int, values: Sequence[float], last: CounterReading) -> bool:
        """Process readings of rising seconds, the ``first`` to the ``last``, if all are ordinary.

        They are if the counter can count each step however short it took. Otherwise none is
        processed, and it returns False.
        """
        base = self.last
        if base is None or first < base.time or self._last_rid != self._rid or self.is_withholding:
            return False
        most, before = self._most(0), base.value
        for value in values:
            if not self._can_count(value - before, most):
                return False
            before = value
        self._accept(last, self._rid)
        return True

    def shown(self, value: float) -> float:
        """Return what is shown for a value of the counter."""
        return rounded(value + self.offset, 3)

    def _accept(self, base: CounterReading, rid: int) -> None:
        self.last, self._last_rid = base, rid
        self.value = self.shown(base.value)

    def _continues(self, last: CounterReading, reading: CounterReading, lag: int = _LAG) -> bool:
        """Return whether a reading can follow the last one."""
        if _is_older(reading, last):
            return False
        return self._can_count(reading.value - last.value, self._most(_elapsed(last, reading, lag)))

    def _can_count(self, counted: float, most: float) -> bool:
        """Return whether the counter can count an amount, if it can count ``most``."""
        return (-most if self._both_ways else 0) <= counted <= most

    @property
    def _limit(self) -> float:
        return inf if self.fastest is None else self.fastest

    def _most(self, elapsed: float) -> float:
        """Return the most that the counter can count in that time."""
        return _counted_in(elapsed, max(self._limit, self.proven))

    def _hold(self, base: CounterReading, reading: CounterReading) -> Break | None:
        agreeing, steady = self._agreeing, self._steady
        if agreeing is not None and not self._continues(agreeing.last, reading, lag=0):
            agreeing = None
        if steady is not None and not self._is_steady(steady.last, reading):
            steady = None
        agreeing = extended(agreeing, reading, past=self._is_past(base, reading))
        steady = extended(steady, reading)
        if agreeing.is_confirmed:
            return self._settle(base, agreeing)
        if steady.is_lasting:
            self.proven = max(self.proven, steady.rate * _PROVEN_MARGIN)
            return self._settle(base, steady)
        self._agreeing, self._steady = agreeing, steady
        self._note_withheld(reading)
        self.withheld_count += 1
        return None

    def _note_withheld(self, reading: CounterReading) -> None:
        """Note a withheld reading: an old message, unless those like it go on for three minutes."""
        withheld, in_order = self._withheld, self._in_order
        if in_order is not None and _is_older(reading, in_order.last):
            in_order = None
        self._in_order = in_order = extended(in_order, reading)
        if in_order.is_lasting:
            self._withheld = in_order
        elif withheld is None or not _is_older(reading, withheld.last):
            self._withheld = extended(withheld, reading)

    def _is_steady(self, last: CounterReading, reading: CounterReading) -> bool:
        """Return whether a reading can follow by the host's clock, if the input is fast."""
        most = _counted_in(reading.at - last.at, self._limit * _BELIEVABLE)
        return not _is_older(reading, last) and self._can_count(reading.value - last.value, most)

    def _is_past(self, base: CounterReading, reading: CounterReading) -> bool:
        """Return whether a reading can be an old one: dated so, and not a possible value now."""
        is_old = _clock_is_set(reading) and reading.time <= base.time
        return is_old and not 0 < reading.value - base.value <= self._countable(base, reading)

    def _countable(self, base: CounterReading, reading: CounterReading) -> float:
        """Return the most that the counter can have counted by either clock."""
        return self._most(_longest(base, reading, _LAG))

    def _settle(self, base: CounterReading, held: HeldReadings) -> Break | None:
        """Accept the withheld readings: possible ones, a wrap at 32 bits, or a break.

        They are possible after a clock was set back, after a blackout of the host, or if the
        counter proved to be fast.
        """
        counted, countable = held.last.value - base.value, self._countable(base, held.last)
        is_possible = self._can_count(counted, countable)
        wrapped = 0 <= counted + _WRAP <= min(countable, _WRAP_REACH)
        confirmed = None
        if self._last_rid != self._rid or not (is_possible or wrapped):
            confirmed = Break(base, held.first, self._bookable(base, held.first))
            self.offset += base.value - held.first.value
        elif not is_possible:
            self.offset += _WRAP
        self.offset = round(self.offset, 3)
        self._accept(held.last, self._rid)
        self._release()
        return confirmed

    def _bookable(self, old: CounterReading, new: CounterReading) -> float | None:
        most = self._most(_longest(old, new))
        for counted in (new.value - old.value, new.value):
            if most < inf and self._can_count(counted, most):
                return rounded(counted, 3)
        return None


def _counted_in(elapsed: float, rate: float) -> float:
    """Return what is counted at most in a time whose ends are known to the second."""
    return rate * (max(elapsed, 0) + _TICK)


def _clock_is_set(reading: CounterReading) -> bool:
    return reading.time >= CLOCK_IS_SET


def _is_older(reading: CounterReading, last: CounterReading) -> bool:
    return CLOCK_IS_SET <= reading.time < last.time


def _elapsed(last: CounterReading, reading: CounterReading, lag: int) -> float:
    """Return the time between two readings; the lesser of both clocks if the meter's is set."""
    elapsed = reading.at - last.at + lag
    if _clock_is_set(last) and _clock_is_set(reading):
        return min(elapsed, reading.time - last.time)
    return elapsed


def _longest(base: CounterReading, reading: CounterReading, lag: int = 0) -> float:
    """Return the longest time between two readings that either clock tells.

    A host without a battery starts with the time of before, but never with a later one: a meter
    that was far behind the host has a wrong clock, and its leap is no time that passed.
    """
    elapsed = reading.at - base.at + lag
    if _clock_is_set(base) and base.at - base.time <= _FAR_BEHIND:
        return max(elapsed, reading.time - base.time)
    return elapsed

"""A gauge that is written when it changes, while its mean stays that of the meter's readings."""

from dataclasses import dataclass
from math import inf
from typing import override

from .reading_integral import ReadingIntegral
from .rounding import rounded

#: How often to call ``OnChange.tick`` (s).
TICK = 5
#: What a value has left over is made up for in so long, and while it changes all the time (s).
_REPAID_IN, _REPAID_SOON_IN = 60, 3
#: How often a value is shown that changes all the time, at most (s).
_MOVING_EVERY = 2
#: So many values in succession may be shown, and another one every so many seconds: with the one
#: at its end, a minute has no more than 30 values.
_MAX_VALUES = 9.0
_VALUE_EVERY = 3
#: So many must be left for a large change, for the mean of a value that changes all the time, and
#: for any change.
_FOR_LARGE_CHANGE, _FOR_MEAN, _FOR_CHANGE = 1, 3, 6
#: The changes have ended when any may be shown again, and there was none for so long (s).
_QUIET = 10
#: The meter prints three decimals.
_DECIMALS = 3


@dataclass(frozen=True, slots=True)
class ChangeRule:
    """When another value of a gauge is written, in its unit.

    It is when a reading differs from what is shown by more than the ``threshold``, and by more than
    ``share`` of it: at once if it is ``prompt``, or else at the end of a minute. A prompt one is
    also written at the end of each minute in which it changed by what can be seen (``digit``).

    ``allowance`` is the largest difference between the integrals of the readings and of the
    values (unit × s), 0 if they need not agree.
    """

    threshold: float
    digit: float
    share: float = 0
    prompt: bool = False
    allowance: float = 0

    def distance(self, value: float) -> float:
        """Return how far a reading may be from a value that is shown."""
        return max(self.threshold, self.share * abs(value))


class OnChange(ReadingIntegral):
    """The value of a gauge to show, in which a change is seen at once.

    ``follow`` is to be called after a reading that is ``out_of_range``, and ``tick`` every 5 s.

    - A change is shown as it was read. If there are too many, only large ones are, by which the
      integrals would differ by more than is allowed within a second. Of the others, a value of the
      readings since the last one is shown every 2 to 3 s: their mean, or between it and the last.
    - Otherwise the mean of the readings is shown at the end of a minute, or at a tick if the
      integrals would differ by more than is allowed.

    A value is corrected by what those before it have left over, but by no more than the distance
    that readings may have from it, and never to another sign: a reading of 0 is shown as 0. If
    more is left over than is allowed, it may be any of the readings since the last value instead.
    """

    def __init__(self, rule: ChangeRule) -> None:
        super().__init__()
        self.shown: float | None = None
        #: The lowest and highest reading that can wait until the next tick.
        self.range = (-inf, inf)
        self._rule = rule
        self._distance = inf
        self._left_over = 0.0
        self._last_before = self._lowest = self._highest = 0.0
        self._is_moving = False
        self._moved_at = 0
        self._values_left = _MAX_VALUES
        self._shown_at = 0

    @property
    def out_of_range(self) -> bool:
        """Whether the last reading can't wait until the next tick."""
        lowest, highest = self.range
        return self._last is not None and not lowest <= self._last <= highest

    @override
    def take(self, time: int, value: float, at: float) -> bool:
        before = self._last
        if not super().take(time, value, at):
            return False
        if value < self._lowest:
            self._lowest = value
        elif value > self._highest:
            self._highest = value
        if before is not None and abs(value - before) > self._distance:
            self._moved_at = time
        return True

    def begin(self) -> float | None:
        """Show the last reading as it is, and forget those before it."""
        if self._last is not None:
            self._forget_readings_before(self._last)
            self._left_over = 0.0
            self.shown = rounded(self._last, _DECIMALS)
            self._distance = self._rule.distance(self.shown)
            self._set_range()
        return self.shown

    def follow(self) -> bool:
        """Show the last reading if it has changed. Returns whether there is another value."""
        return self.tick(ends_minute=False)

    def tick(self, *, ends_minute: bool) -> bool:
        """Update the value if that is due. Returns whether there is another value."""
        last, shown = self._last, self.shown
        if last is None or shown is None or not self._seconds:
            return False
        has_changed = self._rule.prompt and abs(last - shown) > self._distance
        values_left = self._values_refilled()
        if has_changed and values_left >= self._needed_to_follow(last, shown):
            is_shown = self._show(last, last, shown)
        elif self._is_moving:
            is_due = values_left >= _FOR_MEAN and self._seconds >= _MOVING_EVERY
            is_shown = is_due and self._show_mean(last, shown, ends_minute)
        elif has_changed:
            self._is_moving, is_shown = True, False
        else:
            is_due = ends_minute or values_left >= _FOR_CHANGE
            is_shown = is_due and self._show_mean(last, shown, ends_minute)
        self._is_moving = self._is_moving and not self._has_settled()
        self._set_range()
        return is_shown

    def _needed_to_follow(self, last: float, shown: float) -> float:
        """Return how many values must be left for a change to be shown as it was read."""
        is_large = abs(last - shown) > self._rule.allowance > 0
        if not self._is_moving:
            return _FOR_LARGE_CHANGE if is_large else _FOR_CHANGE
        difference = self._difference(shown)
        waiting_makes_up = abs(difference + last - shown) < abs(difference)
        return _FOR_LARGE_CHANGE if is_large and not waiting_makes_up else inf

    def _show_mean(self, last: float, shown: float, ends_minute: bool) -> bool:
        """Show the mean of the readings since the last value, if that is due."""
        prompt = self._rule.prompt
        mean = (self._sum + last - self._last_before) / self._seconds
        leaves_too_much = self._leaves_too_much(mean, shown)
        if not (self._is_moving or ends_minute or (prompt and leaves_too_much)):
            return False
        has_changed = abs(mean - shown) > self._distance
        is_due = has_changed or leaves_too_much or (prompt and not self._looks_like(mean))
        if not is_due:
            self._end_value(last, shown)
            return False
        is_soon = self._is_moving or leaves_too_much
        return self._show(mean, last, shown, is_soon=is_soon)

    def _show(self, value: float, last: float, shown: float, *, is_soon: bool = False) -> bool:
        """Show a value with what it makes up for, unless it would look the same."""
        between = self._lowest, self._highest
        self._end_value(last, shown)
        if self._rule.allowance:
            value = self._corrected(value, between, is_soon=is_soon)
        value = rounded(value, _DECIMALS)
        if self._looks_like(value):
            return False
        self._values_left = max(self._values_refilled() - 1, 0)
        self._shown_at = self._time
        self.shown, self._distance = value, self._rule.distance(value)
        return True

    def _corrected(self, value: float, between: tuple[float, float], *, is_soon: bool) -> float:
        """Return a value that makes up for what those before it left over, soon or within a minute.

        ``between`` are the lowest and highest reading since the last value.
        """
        if abs(self._left_over) > self._rule.allowance:
            is_soon = True
        else:
            end = self._last_before if is_soon else value
            between = min(value, end), max(value, end)
        repaid_in, part = (_REPAID_SOON_IN, 1.0) if is_soon else (_REPAID_IN, 0.5)
        lowest, highest = between
        lowest -= part * self._rule.distance(lowest)
        highest += part * self._rule.distance(highest)
        corrected = max(lowest, min(value + self._left_over / repaid_in, highest))
        return corrected if corrected * value > 0 else 0.0

    def _looks_like(self, value: float) -> bool:
        """Return whether what is shown looks like another value."""
        digit = self._rule.digit
        return self.shown is not None and round(value / digit) == round(self.shown / digit)

    def _set_range(self) -> None:
        """Set the range of readings that can wait until the next tick."""
        if self.shown is None or not self._rule.prompt:
            return
        above = below = self._distance
        if self._rule.allowance:
            difference = self._difference(self.shown)
            above = max(min(above, (self._rule.allowance - difference) / TICK), 0)
            below = max(min(below, (self._rule.allowance + difference) / TICK), 0)
        self.range = (self.shown - below, self.shown + above)

    def _leaves_too_much(self, mean: float, shown: float) -> bool:
        """Return whether the integrals differ by much, and ever more."""
        difference = self._difference(shown)
        is_much = abs(difference) >= self._rule.allowance / 2 > 0
        return is_much and (mean - shown) * difference > 0

    def _difference(self, shown: float) -> float:
        """Return by how much the integral of the readings is larger than that of the values."""
        return self._left_over + self._sum - shown * self._seconds

    def _end_value(self, last: float, shown: float) -> None:
        self._left_over = self._difference(shown)
        self._forget_readings_before(last)

    def _forget_readings_before(self, last: float) -> None:
        self._last_before = self._lowest = self._highest = last
        self._clear()

    def _has_settled(self) -> bool:
        """Return whether changes may be followed again, and none has been for some time."""
        is_quiet = not 0 <= self._time - self._moved_at < _QUIET
        return is_quiet and self._values_refilled() >= _FOR_CHANGE

    def _values_refilled(self) -> float:
        """Return how many values may follow, and all of them if the clock was set back."""
        elapsed = self._time - self._shown_at
        if elapsed < 0:
            return _MAX_VALUES
        return min(self._values_left + elapsed / _VALUE_EVERY, _MAX_VALUES)

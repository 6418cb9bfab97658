"""Counters that reset and wrap, what Home Assistant missed of them, and the meter's blocks."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from random import Random

from hypothesis import strategies as st

from custom_components.flukso.metering.block_timeline import Slack
from custom_components.flukso.metering.durations import HOUR
from custom_components.flukso.metering.rows import Row

#: Between two blocks of level 20, in the middle of what is looked at.
BORDER = 1693 << 20
HOURS = range(BORDER // HOUR * HOUR - 30 * HOUR, BORDER // HOUR * HOUR + 30 * HOUR, HOUR)
BEGIN, END = HOURS.start, HOURS.stop
#: Where a counter has no more bits, in thousandths.
WRAP = 2**32 * 1000
LAG = 30
#: Between a reading and Home Assistant (s).
LATENCY = 2


@dataclass(frozen=True)
class Counter:
    """The readings of a counter: when, what it showed, and what it had counted (thousandths).

    ``anew`` is when it began anew, ``wrapped`` when it ran out of bits. So many units
    ``unrecorded`` the first reading of a second may come in it, which the meter does not remember.
    """

    times: array[int]
    showed: array[int]
    counted: array[int]
    anew: int | None
    wrapped: int | None
    unrecorded: int

    @property
    def fell(self) -> int:
        """When it fell last."""
        return max(self.anew or BEGIN, self.wrapped or BEGIN)

    def place(self, time: int) -> int:
        """Of the last reading until then, -1 if there is none."""
        return bisect_right(self.times, time) - 1

    def shown_at(self, time: int) -> float:
        """What it showed at a second, in units."""
        return self.showed[self.place(time)] / 1000

    def remembered_at(self, time: int) -> float:
        """What the meter remembers of it: what it showed first in the second of a reading."""
        first = bisect_left(self.times, self.times[self.place(time)])
        return self.showed[first] / 1000

    def remembered(self, begin: int, end: int) -> tuple[array[int], array[int]]:
        """When and what it showed first in each second."""
        span = range(bisect_left(self.times, begin), bisect_left(self.times, end))
        first = [place for place in span if self.times[place] != self.times[place - 1]]
        return (
            array("q", (self.times[place] for place in first)),
            array("q", (self.showed[place] for place in first)),
        )


@dataclass(frozen=True)
class House:
    """What Home Assistant received, how late it is, and which rows it made."""

    interval: int
    outages: tuple[tuple[int, int], ...]
    rows: dict[int, Row]
    rightly: frozenset[int]
    offset: float

    @property
    def slack(self) -> Slack:
        """The tolerance around the end of an hour."""
        return Slack(self.interval + LAG, LAG)


@st.composite
def counters(draw: st.DrawFn) -> Counter:
    """That of a clamp, which always publishes, or of pulses; each runs or rests by the hour."""
    random = Random(draw(st.integers(0, 1 << 30)))
    is_pulse = draw(st.booleans())
    unrecorded = draw(st.sampled_from([0, 2])) if is_pulse else 0
    runs = draw(st.lists(st.booleans(), min_size=len(HOURS), max_size=len(HOURS)))
    reset = draw(st.none() | st.integers(BEGIN + 1, END))
    shown = draw(st.sampled_from([0, 5_000_000, WRAP - 3_000_000]))
    counted, anew, wrapped = shown, None, None
    readings = [(BEGIN, shown, counted)]
    for time, step in _steps(random, runs, is_pulse=is_pulse, unrecorded=unrecorded):
        if reset is not None and time >= reset:
            shown, reset, anew = 0, None, time
        else:
            shown, counted = shown + step, counted + step
        if shown >= WRAP:
            shown, wrapped = shown - WRAP, time
        readings.append((time, shown, counted))
    columns = (array("q", column) for column in zip(*readings, strict=True))
    return Counter(*columns, anew, wrapped, unrecorded)


def _steps(
    random: Random, runs: Sequence[bool], *, is_pulse: bool, unrecorded: int
) -> Iterator[tuple[int, int]]:
    for hour, runs_now in zip(HOURS, runs, strict=True):
        if not is_pulse:
            for time in range(hour + 10, hour + HOUR + 10, 10):
                yield time, random.randrange(5000) if runs_now else 0
        elif runs_now:
            for time in sorted(random.sample(range(hour, hour + HOUR), random.randrange(1, 30))):
                for _ in range(1 + random.randint(0, unrecorded)):
                    yield time, 1000


@st.composite
def houses(draw: st.DrawFn, counter: Counter) -> House:
    """With outages, some close to each other, and a sum that the user may have adjusted."""
    interval = draw(st.sampled_from([0, 5, 30, 300, HOUR]))
    random = Random(draw(st.integers(0, 1 << 30)))
    begins = draw(st.lists(st.integers(BEGIN + HOUR, END), max_size=4, unique=True))
    lasts = draw(
        st.lists(st.integers(60, 20 * HOUR) | st.integers(60, 2 * HOUR), min_size=4, max_size=4)
    )
    outages = tuple((begin, begin + last) for begin, last in zip(begins, lasts, strict=False))
    heard = [
        place
        for place, time in enumerate(counter.times)
        if not any(begin <= time < end for begin, end in outages)
    ]
    booked, carried = _booked(counter, heard)
    adjusted = draw(st.none() | st.sampled_from(HOURS))
    rows, rightly = {}, set()
    kept = {outage: draw(st.sampled_from(["flat", "none", "partial"])) for outage in outages}
    for hour in HOURS[: draw(st.integers(40, len(HOURS)))]:
        late = hour + HOUR - random.randint(0, min(interval + LATENCY, HOUR))
        place = bisect_right(heard, counter.place(late)) - 1
        if place < 0 or not all(_has_row(hour, *each, kept[each]) for each in outages):
            continue
        state = booked[place] / 1000
        total = state + (1000 if adjusted is not None and hour >= adjusted else 0)
        rows[hour] = Row(hour, state, total)
        if heard[place] == counter.place(late):
            rightly.add(hour)
    offset = carried / 1000
    return House(interval, outages, rows, frozenset(rightly), offset)


def _booked(counter: Counter, heard: Sequence[int]) -> tuple[list[int], int]:
    """What Home Assistant shows after each reading that it heard, and what it adds at last.

    Nothing is booked over the moment at which a counter began anew.
    """
    booked, lost = [], 0
    for before, place in pairwise([heard[0], *heard]):
        if (
            counter.anew is not None
            and counter.times[before] < counter.anew <= counter.times[place]
        ):
            lost += counter.counted[place] - counter.counted[before]
        booked.append(counter.counted[place] - lost)
    return booked, booked[-1] - counter.showed[heard[-1]]


def _has_row(hour: int, begin: int, end: int, kept: str) -> bool:
    """Whether an outage left the row of an hour."""
    is_within = begin < hour + HOUR <= end
    return kept == "flat" or not is_within or (kept == "partial" and hour < begin)


@st.composite
def levels(draw: st.DrawFn) -> list[tuple[int, int]]:
    """Blocks (level, begin) in any order, some missing."""
    blocks = [
        (level, bid)
        for level in (12, 16, 20)
        for bid in range(BEGIN >> level << level, END, 1 << level)
    ]
    order = Random(draw(st.integers(0, 1 << 30)))
    missing = draw(st.sampled_from([0, 0.1, 0.5, 0.9]))
    return [block for block in order.sample(blocks, len(blocks)) if order.random() >= missing]


@st.composite
def histories(draw: st.DrawFn) -> tuple[Counter, House, list[tuple[int, int]]]:
    """All of it."""
    counter = draw(counters())
    return counter, draw(houses(counter)), draw(levels())

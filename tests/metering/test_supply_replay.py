"""A supply that is computed from the meter's memory counts what it counts live."""

from array import array
from collections.abc import Mapping, Sequence
from itertools import pairwise
from random import Random

from hypothesis import Phase, example, given, settings, strategies as st
import pytest

from custom_components.flukso.metering.demand import QuarterHourDemand
from custom_components.flukso.metering.house_energy import HouseEnergy
from custom_components.flukso.metering.monthly_peaks import Peak
from custom_components.flukso.metering.netting import Netting
from custom_components.flukso.metering.outages import SupplyEnergies
from custom_components.flukso.metering.packed_readings import CounterReadings, packed
from custom_components.flukso.metering.supply_replay import (
    SupplyCounterLimits,
    SupplyLayout,
    SupplyReplay,
)

from .one_reading import take, take_grid, take_production
from .quarters import BRUSSELS, at

HOUR, QUARTER = 3600, 900
BEGIN = at(2026, 5, 12, 10, 0)
LIMITS = SupplyCounterLimits(fastest=10.0)
IMPORTS, EXPORTS = ("+1", "+2", "+3"), ("-1", "-2", "-3")
THREE_PHASES = SupplyLayout(dict.fromkeys(IMPORTS, LIMITS), dict.fromkeys(EXPORTS, LIMITS))
SOLAR = SupplyLayout(THREE_PHASES.imports, THREE_PHASES.exports, production={"sun": LIMITS})

type Stream = Sequence[tuple[int, int]]


def remembered(streams: Mapping[str, Stream], *, span: int = 1 << 12) -> dict[str, CounterReadings]:
    """The streams (time, thousandths) as blocks."""
    known = {}
    for key, stream in streams.items():
        known[key] = CounterReadings()
        for begin in sorted({time // span * span for time, _ in stream}):
            part = [each for each in stream if begin <= each[0] < begin + span]
            times, values = (array("q", column) for column in zip(*part, strict=True))
            known[key].add(packed(begin, begin + span, times, values))
    return known


def phases(random: Random, seconds: range, *, missing: float = 0, every: int = 1):
    """Three phases of which each imports or exports for some minutes, and solar panels."""
    counters = {key: random.randrange(10**9) for key in (*IMPORTS, *EXPORTS, "sun")}
    streams: dict[str, list[tuple[int, int]]] = {key: [] for key in counters}
    powers = [0.0, 0.0, 0.0]
    for second in seconds:
        if second % 97 == 0 or second == seconds.start:
            powers = [random.uniform(-4000, 4000) for _ in powers]
        for phase, power in enumerate(powers):
            key = (IMPORTS if power > 0 else EXPORTS)[phase]
            counters[key] += round(abs(power) / 3.6)
        counters["sun"] += 900
        for key, value in counters.items():
            is_end = second in (seconds.start, seconds[-1])
            if is_end or (second % every == 0 and random.random() >= missing):
                streams[key].append((second, value))
    return streams


def live(layout: SupplyLayout, streams: Mapping[str, Stream]):
    """What a supply counts that hears one reading after the other."""
    netting = Netting(layout.imports, layout.exports)
    house = HouseEnergy(dict.fromkeys(layout.production, 0.0))
    demand, quarters = QuarterHourDemand(BRUSSELS), set()
    said = sorted((time, key, value) for key in streams for time, value in streams[key])
    for time, key, value in said:
        if key in layout.production:
            take_production(house, key, time, value / 1000)
        if key not in layout.imports and key not in layout.exports:
            continue
        before = netting.time
        for second, energy in take(netting, key, time, value / 1000):
            demand.take(second, energy)
            if demand.last is not None:
                quarters.add(Peak(demand.last, second // QUARTER * QUARTER - QUARTER))
        if netting.time is not None and netting.time != before:
            take_grid(house, netting.time, netting.imported, netting.exported)
    return netting, house, quarters


def replayed(layout: SupplyLayout, streams: Mapping[str, Stream], *spans: int) -> SupplyReplay:
    """The replay of the streams, span by span."""
    replay, known = SupplyReplay(layout, BRUSSELS), remembered(streams)
    for begin, end in pairwise(spans):
        replay.run(known, begin, end, marks=[end])
    return replay


@settings(max_examples=5, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(
    st.integers(0, 1 << 30),
    st.sampled_from([0, 0.03, 0.3]),
    st.sampled_from([1, 8]),
    st.integers(100, 1700),
)
@example(226, 0.03, 8, 273)  # a phase that is silent over the begin of a quarter-hour
def test_the_same_readings_count_the_same_live_and_from_blocks(
    seed: int, missing: float, every: int, border: int
) -> None:
    seconds = range(BEGIN - 20, BEGIN + 1900)
    streams = phases(Random(seed), seconds, missing=missing, every=every)

    netting, house, quarters = live(SOLAR, streams)
    replay = replayed(SOLAR, streams, seconds.start, BEGIN + border, seconds[-1])

    told = replay.hours[seconds[-1]]
    assert told.imported == pytest.approx(netting.imported, abs=1e-3)
    assert told.exported == pytest.approx(netting.exported, abs=1e-3)
    # where readings are missing, the live export is known at fewer seconds
    slack = (0.01 if every == 1 else 0.03) * house.self_consumed if missing else 1e-3
    assert told.self_consumed == pytest.approx(house.self_consumed, abs=slack)
    assert told.house == pytest.approx(house.house, abs=slack)
    wanted = sorted((peak.quarter, peak.demand) for peak in quarters)
    assert [peak.quarter for peak in replay.quarters] == [quarter for quarter, _ in wanted]
    assert [peak.demand for peak in replay.quarters] == pytest.approx(
        [demand for _, demand in wanted], abs=0.11
    )


def steady(key_watts: Mapping[str, int], seconds: range) -> dict[str, Stream]:
    """Counters that run at a steady power; the others rest."""
    return {
        key: [
            (second, (second - seconds.start) * key_watts.get(key, 0) * 1000 // HOUR)
            for second in seconds
        ]
        for key in (*IMPORTS, *EXPORTS)
    }


def test_an_hour_has_what_was_counted_until_its_end() -> None:
    streams = steady({"+1": 3600, "-2": 1800}, range(BEGIN - 100, BEGIN + 2 * HOUR + 100))
    replay = replayed(THREE_PHASES, streams, BEGIN - 50, BEGIN + 2 * HOUR + 50)
    hours = [replay.hours[BEGIN + hour * HOUR] for hour in range(3)]
    assert hours[1].since(hours[0]).imported == pytest.approx(1800, abs=0.01)
    assert hours[2].since(hours[1]) == SupplyEnergies(pytest.approx(1800, abs=0.01), 0)
    assert sorted(replay.hours) == [BEGIN, BEGIN + HOUR, BEGIN + 2 * HOUR, BEGIN + 2 * HOUR + 50]


def test_a_span_may_end_with_an_hour_and_the_next_one_goes_on_from_there() -> None:
    known = remembered(steady({"+1": 3600}, range(BEGIN - 100, BEGIN + 2 * HOUR + 1)))
    replay = SupplyReplay(THREE_PHASES, BRUSSELS)

    replay.run(known, BEGIN - 50, BEGIN + HOUR)
    replay.run(known, BEGIN + HOUR, BEGIN + 2 * HOUR)

    imported = [(time, told.imported) for time, told in replay.hours.items()]
    assert imported == [(BEGIN, 50), (BEGIN + HOUR, 3650), (BEGIN + 2 * HOUR, 7250)]


def test_production_that_is_known_before_the_grid_counts_from_the_end_of_its_quarter_hour() -> None:
    streams = steady({}, range(BEGIN + 1000, BEGIN + HOUR + 1))
    streams["sun"] = [(BEGIN + second, 900 * second) for second in range(HOUR + 1)]
    replay = SupplyReplay(SOLAR, BRUSSELS)

    replay.run(remembered(streams), BEGIN, BEGIN + HOUR)

    assert replay.hours[BEGIN + HOUR].self_consumed == pytest.approx(0.9 * (HOUR - 2 * QUARTER))


def test_the_begin_is_told_if_it_is_asked_for() -> None:
    streams = steady({"+1": 3600}, range(BEGIN - 100, BEGIN + 100))
    replay = SupplyReplay(THREE_PHASES, BRUSSELS)
    replay.run(remembered(streams), BEGIN - 50, BEGIN + 50, marks=[BEGIN - 50])
    assert replay.hours[BEGIN - 50] == SupplyEnergies(0, 0)
    assert replay.hours[BEGIN].imported == 50


def test_the_begin_is_told_where_it_is_the_begin_of_an_hour() -> None:
    known = remembered(steady({"+1": 3600}, range(BEGIN - 100, BEGIN + 100)))
    replay = SupplyReplay(THREE_PHASES, BRUSSELS)

    replay.run(known, BEGIN, BEGIN + 50)

    assert replay.hours == {BEGIN: SupplyEnergies(0, 0)}


@pytest.mark.parametrize(("every", "after"), [(8, (304, 400, 1232)), (1, (1, 901, 902))])
def test_at_a_time_within_a_quarter_hour_the_house_has_used_what_it_has_until_then(
    every: int, after: Sequence[int]
) -> None:
    seconds, times = range(BEGIN - 20, BEGIN + 1900), [BEGIN + each for each in after]
    streams = phases(Random(1), seconds, every=every)

    replay = SupplyReplay(SOLAR, BRUSSELS)
    replay.run(remembered(streams), seconds.start, seconds[-1], marks=times)

    for time in times:
        until = {key: [each for each in streams[key] if each[0] <= time] for key in streams}
        _, house, _ = live(SOLAR, until)
        found = replay.hours[time]
        assert found.house == pytest.approx(house.house, abs=0.01)
        assert found.self_consumed == pytest.approx(house.self_consumed, abs=0.01)


def test_each_quarter_hour_has_its_demand() -> None:
    streams = steady({"+1": 3600}, range(BEGIN - 100, BEGIN + HOUR + 100))
    replay = replayed(THREE_PHASES, streams, BEGIN - 50, BEGIN + HOUR + 50)
    quarters = [BEGIN + quarter for quarter in range(0, HOUR, QUARTER)]
    assert replay.quarters == [Peak(3600.0, quarter) for quarter in quarters]


@pytest.mark.parametrize(("options", "more"), [({}, 0), ({"counts_on": True}, 5)])
def test_a_counter_that_begins_anew_goes_on_and_what_it_shows_first_counts_if_it_counts_on(
    options: Mapping[str, bool], more: int
) -> None:
    streams = steady({"+1": 3600}, range(BEGIN, BEGIN + HOUR + 1))
    streams["+1"] = [
        (time, value if time < BEGIN + 1000 else value - 995_000) for time, value in streams["+1"]
    ]
    replay = SupplyReplay(THREE_PHASES, BRUSSELS, **options)

    replay.run(remembered(streams), BEGIN, BEGIN + HOUR)

    assert replay.hours[BEGIN + HOUR].imported == pytest.approx(HOUR - 1 + more, abs=0.1)


def test_a_pulse_before_the_begin_is_where_the_first_one_after_it_counts_from() -> None:
    limits = SupplyCounterLimits(fastest=30.0, step=10.0)
    layout = SupplyLayout({"pulses": limits}, {})
    streams = {"pulses": [(BEGIN - 900, 0), (BEGIN + 900, 10_000), (BEGIN + 2700, 20_000)]}
    replay = SupplyReplay(layout, BRUSSELS)
    replay.run(remembered(streams), BEGIN, BEGIN + 2700, marks=[BEGIN, BEGIN + 900, BEGIN + 2700])
    counted = replay.hours[BEGIN + 2700].since(replay.hours[BEGIN + 900])
    assert counted.imported == pytest.approx(10)


def test_what_is_not_known_has_no_difference() -> None:
    with_house = SupplyEnergies(5.0, 4.0, 3.0, 2.0)
    assert with_house.since(SupplyEnergies(1.0, 1.0)) == SupplyEnergies(4.0, 3.0)
    assert with_house.since(with_house) == SupplyEnergies(0, 0, 0, 0)

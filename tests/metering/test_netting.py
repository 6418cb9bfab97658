from collections.abc import Iterable
from itertools import pairwise
import json
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.flukso.metering.netting import Netting, NettingState

from .one_reading import take

IMPORTS, EXPORTS = ("+1", "+2", "+3"), ("-1", "-2", "-3")
COUNTERS = IMPORTS + EXPORTS
#: The values of the counters in second 100.
FIRST = {"+1": 5000.0, "+2": 70.0, "+3": 0.0, "-1": 0.0, "-2": 1.5, "-3": 900.0}


def started(time: int = 100) -> Netting:
    """Return a netting in which every counter has one reading."""
    netting = Netting(IMPORTS, EXPORTS)
    send(netting, time)
    return netting


def send(netting: Netting, time: int, **counted: float) -> list[tuple[int, float]]:
    """Send readings of all counters: what was counted since the first; plus1 is that of +1."""
    return send_some(netting, time, COUNTERS, **counted)


def send_some(
    netting: Netting, time: int, counters: Iterable[str], **counted: float
) -> list[tuple[int, float]]:
    """Send readings of some of the counters."""
    entries = []
    for key in counters:
        name = key.replace("+", "plus").replace("-", "minus")
        entries += take(netting, key, time, FIRST[key] + counted.get(name, 0.0))
    return entries


def booked(netting: Netting) -> tuple[Any, Any]:
    """What was booked as import and as export, to be compared."""
    return pytest.approx(netting.imported), pytest.approx(netting.exported)


def test_the_first_values_of_counters_are_no_consumption() -> None:
    netting = started()
    assert (netting.time, netting.imported, netting.exported) == (100, 0.0, 0.0)


def test_nothing_is_booked_before_all_counters_have_a_reading() -> None:
    netting = Netting(IMPORTS, EXPORTS)
    assert send_some(netting, 100, COUNTERS[:-1]) == []
    assert send_some(netting, 110, COUNTERS[:-1], plus1=5.0) == []
    assert netting.time is None
    assert netting.state is None


def test_the_export_of_one_phase_lessens_the_import_of_the_others_in_the_same_second() -> None:
    netting = started()
    assert send(netting, 101, plus1=1.0, plus2=0.5, minus3=1.1) == [(101, pytest.approx(0.4))]
    assert booked(netting) == (0.4, 0.0)


def test_a_second_with_more_export_than_import_is_booked_as_export() -> None:
    netting = started()
    send(netting, 101, plus1=0.25, minus3=1.0)
    assert booked(netting) == (0.0, 0.75)


def test_seconds_of_import_and_of_export_are_not_netted_with_each_other() -> None:
    netting = started()
    send(netting, 101, plus1=1.0)
    send(netting, 102, plus1=1.0, minus3=1.0)
    assert booked(netting) == (1.0, 1.0)


def test_a_second_is_booked_when_the_last_counter_has_a_reading_of_it() -> None:
    netting = started()
    assert send_some(netting, 101, COUNTERS[:-1], plus1=1.0) == []
    assert netting.imported == 0.0
    assert send_some(netting, 101, COUNTERS[-1:], minus3=0.4) == [(101, pytest.approx(0.6))]


def test_a_missing_reading_is_waited_for_and_spread_evenly() -> None:
    """Phase 3 feeds 4 Wh back in two seconds of which one is missing."""
    netting = started()
    send_some(netting, 101, COUNTERS[:-1], plus1=1.0)
    assert netting.time == 100
    entries = send(netting, 102, plus1=4.0, minus3=4.0)
    assert entries == [(101, 0.0), (102, pytest.approx(1.0))]
    assert booked(netting) == (1.0, 1.0)


def test_what_a_silent_phase_counted_is_booked_when_it_is_back() -> None:
    netting, others = started(), COUNTERS[:2] + COUNTERS[3:]
    for second in range(1, 601):
        send_some(netting, 100 + second, others, plus1=second / 10)
        assert netting.imported == 0.0
    send(netting, 701, plus1=60.1, plus3=30.05)
    assert booked(netting) == (90.15, 0.0)
    send(netting, 702, plus1=60.2, plus3=30.1)
    assert booked(netting) == (90.3, 0.0)


def test_a_phase_that_is_silent_for_days_costs_no_more_memory_than_for_an_hour() -> None:
    netting, others = started(), COUNTERS[:-1]
    for second in range(1, 100_001, 5):
        send_some(netting, 100 + second, others, plus1=second / 10)
    assert max(len(track._times) for track in netting._tracks.values()) <= 3601
    send(netting, 100_101, plus1=10_000.1, minus3=100.0)
    assert netting.imported - netting.exported == pytest.approx(9900.1)


def test_seconds_in_which_a_counter_is_unknown_are_booked_and_not_returned() -> None:
    netting, others = started(), COUNTERS[:-1]
    for second in range(101, 111):
        send_some(netting, second, others, plus1=1.0)
    entries = send(netting, 111, plus1=1.0)
    assert [time for time, _ in entries] == [111]
    assert netting.time == 111


def test_seconds_of_a_short_gap_are_returned() -> None:
    netting, others = started(), COUNTERS[:-1]
    for second in range(101, 110):
        send_some(netting, second, others, plus1=1.0)
    entries = send(netting, 110, plus1=1.0)
    assert [time for time, _ in entries] == list(range(101, 111))


def test_a_gap_of_all_counters_returns_its_end_only() -> None:
    netting = started()
    assert send(netting, 500, plus1=40.0) == [(500, pytest.approx(40.0))]


def test_a_reading_that_comes_twice_is_booked_and_returned_once() -> None:
    netting = started()
    send(netting, 101, plus1=1.0)
    assert send(netting, 101, plus1=1.0) == []
    assert send(netting, 102, plus1=2.0) == [(102, pytest.approx(2.0))]
    assert booked(netting) == (2.0, 0.0)


def test_a_new_value_of_a_second_that_is_booked_is_not_lost() -> None:
    """As when the user lets a break of the counter count after all."""
    netting = started()
    send(netting, 101, plus1=1.0)
    send(netting, 101, plus1=500.0)
    send(netting, 102, plus1=501.0)
    assert booked(netting) == (501.0, 0.0)


def test_a_clock_that_is_set_back_loses_and_doubles_nothing() -> None:
    netting = started(1000)
    send(netting, 1001, plus1=1.0)
    send_some(netting, 1002, COUNTERS[:2], plus1=2.0)
    for second in range(1, 5):
        send(netting, 500 + second, plus1=2.0 + second, minus3=0.5 * second)
    assert netting.time == 504
    assert netting.imported - netting.exported == pytest.approx(6.0 - 2.0)


def test_a_restart_while_the_clock_is_being_set_back_loses_nothing() -> None:
    netting = started(1000)
    send_some(netting, 500, COUNTERS[:3], plus1=1.0)
    netting = restarted(netting)
    send(netting, 501, plus1=2.0)
    send(netting, 502, plus1=3.0)
    assert booked(netting) == (3.0, 0.0)


def restarted(
    netting: Netting, imports: Iterable[str] = IMPORTS, exports: Iterable[str] = EXPORTS
) -> Netting:
    """Return a netting that is restored from another's state, through JSON."""
    state = netting.state
    assert state is not None
    kept = json.loads(json.dumps([state.time, dict(state.values), state.imported, state.exported]))
    after = Netting(imports, exports)
    after.restore(NettingState(*kept))
    return after


def test_what_was_counted_during_a_restart_is_booked_after_it() -> None:
    netting = started()
    send(netting, 101, plus1=1.0)
    netting = restarted(netting)
    assert booked(netting) == (1.0, 0.0)
    send(netting, 400, plus1=21.0, minus3=5.0)
    assert booked(netting) == (16.0, 0.0)


def test_what_was_waiting_at_a_restart_is_not_lost() -> None:
    netting = started()
    send_some(netting, 101, COUNTERS[:-1], plus1=1.0)
    netting = restarted(netting)
    send(netting, 102, plus1=2.0, minus3=0.5)
    assert booked(netting) == (1.5, 0.0)


def test_a_counter_that_joined_over_a_restart_begins_at_its_first_reading() -> None:
    netting = Netting(IMPORTS[:2], EXPORTS[:2])
    send_some(netting, 100, IMPORTS[:2] + EXPORTS[:2])
    netting = restarted(netting)
    send_some(netting, 101, IMPORTS[:2] + EXPORTS[:2], plus1=1.0)
    assert netting.imported == 0.0
    send(netting, 102, plus1=2.0, plus3=8000.0, minus3=-100.0)
    assert booked(netting) == (2.0, 0.0)
    send(netting, 103, plus1=3.0, plus3=8000.5, minus3=-100.0)
    assert booked(netting) == (3.5, 0.0)


def test_a_counter_that_left_over_a_restart_is_left_out() -> None:
    netting = started()
    netting = restarted(netting, IMPORTS[:2], EXPORTS[:2])
    send_some(netting, 101, IMPORTS[:2] + EXPORTS[:2], plus1=1.0)
    assert booked(netting) == (1.0, 0.0)


type Message = tuple[int, str]

SECONDS = range(1, 13)
#: Any of the messages of some seconds, and where a restart falls.
messages = st.lists(
    st.tuples(st.sampled_from(SECONDS), st.sampled_from(COUNTERS)), unique=True, max_size=70
)
counts = st.lists(st.integers(0, 2000), min_size=len(SECONDS) + 1, max_size=len(SECONDS) + 1)


def levels(drawn: dict[str, list[int]]) -> dict[str, list[float]]:
    """The value of each counter, second by second, from the thousandths counted in each."""
    return {
        key: [FIRST[key] + sum(steps[:until]) / 1000 for until in range(1, len(steps) + 1)]
        for key, steps in drawn.items()
    }


all_counts = st.fixed_dictionaries(dict.fromkeys(COUNTERS, counts)).map(levels)


@given(all_counts, st.randoms(use_true_random=False))
def test_in_whatever_order_a_second_comes_it_is_netted_exactly(
    said: dict[str, list[float]], random: Any
) -> None:
    netting = Netting(IMPORTS, EXPORTS)
    for second in range(len(SECONDS) + 1):
        for key in random.sample(COUNTERS, len(COUNTERS)):
            take(netting, key, 100 + second, said[key][second])
    nets = [
        sum(said[key][s] * (1 if key in IMPORTS else -1) for key in COUNTERS)
        for s in range(len(SECONDS) + 1)
    ]
    steps = [after - before for before, after in pairwise(nets)]
    assert netting.imported == pytest.approx(sum(step for step in steps if step > 0), abs=1e-6)
    assert netting.exported == pytest.approx(-sum(step for step in steps if step < 0), abs=1e-6)


@given(all_counts, messages, st.sets(st.integers(0, 70)))
def test_whatever_is_missing_nothing_is_lost_or_doubled(
    said: dict[str, list[float]], heard: list[Message], restarts: set[int]
) -> None:
    """Messages are missing and out of order, and Home Assistant restarts now and then.

    As the guard sees to it, no counter is heard of a second before the last.
    """
    netting = Netting(IMPORTS, EXPORTS)
    for key in COUNTERS:
        take(netting, key, 100, said[key][0])
    last: dict[str, int] = {}
    imported, told = 0.0, 100
    for number, (second, key) in enumerate(heard):
        if number in restarts:
            netting, last = restarted(netting), {}
            told = netting.time or 0
        if second >= last.get(key, 0) and 100 + second > (netting.time or 0):
            last[key] = second
            for time, energy in take(netting, key, 100 + second, said[key][second]):
                assert time > told
                assert energy >= imported - 1e-9
                told, imported = time, energy
    for second in (13, 14):
        for key in COUNTERS:
            take(netting, key, 100 + second, said[key][-1])
    counted = {key: said[key][-1] - said[key][0] for key in COUNTERS}
    net = sum(counted[key] for key in IMPORTS) - sum(counted[key] for key in EXPORTS)
    assert netting.imported - netting.exported == pytest.approx(net, abs=1e-6)
    assert 0 <= netting.imported <= sum(counted[key] for key in IMPORTS) + 1e-6
    assert 0 <= netting.exported <= sum(counted[key] for key in EXPORTS) + 1e-6

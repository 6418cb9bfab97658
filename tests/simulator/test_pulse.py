from collections import Counter
from itertools import pairwise

import pytest

from simulator import Flm03
from simulator.pulse import KINDS

from .wire_reader import DEVICE, NOON, WINTER_NIGHT, Reading, play, readings

MORNING = WINTER_NIGHT + 6 * 3600


def pulses_only(*kinds: str, start: int = MORNING) -> Flm03:
    return Flm03(
        DEVICE,
        start=start,
        clamps=0,
        kubes=0,
        pulses=kinds,
        waveforms=False,
        blocks=False,
        times=False,
    )


def two_hours(meter: Flm03, start: int = MORNING) -> list[Reading]:
    return list(readings(play(meter, start, 7200)))


def test_nothing_is_said_without_a_pulse() -> None:
    meter = pulses_only("water")
    silent = sum(not meter.second(now) for now in range(MORNING, MORNING + 7200))
    assert 5000 < silent < 7200


def test_each_pulse_adds_its_constant() -> None:
    counters = [r.value for r in two_hours(pulses_only("gas")) if r.kind == "counter"]
    assert len(counters) > 10
    steps = {round(after - before, 3) for before, after in pairwise(counters)}
    assert steps == {10}


def test_the_first_pulse_has_no_gauge() -> None:
    kinds = [reading.kind for reading in two_hours(pulses_only("water"))]
    assert kinds[:3] == ["counter", "counter", "gauge"]


def test_the_gauge_is_a_pulse_over_the_time_since_the_pulse_before() -> None:
    found = two_hours(pulses_only("gas"))
    stamps = [reading.stamp for reading in found if reading.kind == "counter"]
    gauges = {reading.stamp: reading.value for reading in found if reading.kind == "gauge"}
    steady = [
        (10 / (after - before), gauges[after])
        for before, after in pairwise(stamps)
        if after - before < 60
    ]
    assert steady
    assert all(gauge == pytest.approx(rate, rel=0.15) for rate, gauge in steady)


def test_several_pulses_share_a_second_when_much_flows() -> None:
    found = list(readings(play(pulses_only("electricity", start=NOON), NOON, 600)))
    counters = Counter(reading.stamp for reading in found if reading.kind == "counter")
    assert max(counters.values()) > 1


def test_pulses_bear_their_own_second_and_are_not_retained() -> None:
    meter = pulses_only("electricity", start=NOON)
    for now in range(NOON, NOON + 30):
        for reading in readings(meter.second(now)):
            assert reading.stamp == now
            assert not reading.retain


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_type_counts_in_the_units_of_the_firmware(kind: str) -> None:
    start = NOON if kind == "electricity" else MORNING
    units = {r.kind: r.unit for r in two_hours(pulses_only(kind, start=start), start)}
    expected = {
        "electricity": ("Wh", "W"),
        "heat": ("Wh", "W"),
        "gas": ("L", "L/s"),
        "fuel": ("L", "L/s"),
        "water": ("L", "L/s"),
        "pellet": ("g", "g/s"),
        "time": ("s", ""),
        "other": ("", "1/s"),
    }[kind]
    assert (units["counter"], units["gauge"]) == expected


def test_a_disabled_pulse_sensor_counts_and_says_nothing() -> None:
    meter = pulses_only("gas")
    meter.enable(37, on=False)
    before = meter.truth[meter.sensors[37].id, "counter"]
    assert two_hours(meter) == []
    assert meter.truth[meter.sensors[37].id, "counter"] > before


def test_a_retyped_port_speaks_in_its_new_unit() -> None:
    meter = pulses_only("gas")
    meter.retype(4, "heat")
    assert {reading.unit for reading in two_hours(meter)} == {"Wh", "W"}


def test_a_port_cannot_have_a_type_that_the_firmware_lacks() -> None:
    with pytest.raises(KeyError):
        pulses_only("gas").retype(4, "milk")

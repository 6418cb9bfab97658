from collections import Counter
from itertools import pairwise
from math import hypot, sqrt
import re
from typing import Any

import pytest

from simulator import Flm03

from .wire_reader import DEVICE, EVENING, NOON, Reading, play, readings

NUMBER = re.compile(r'\[\d+, -?\d+(\.\d{3})?, "[^"]*"\]')
SUBTYPES = ["pplus", "pminus", "q1", "q2", "q3", "q4"]
SUBTYPES += ["vrms", "irms", "pf", "vthd", "ithd", "alpha"]


def clamps_only(**options: Any) -> Flm03:
    quiet: dict[str, Any] = {
        "pulses": (),
        "kubes": 0,
        "waveforms": False,
        "blocks": False,
        "times": False,
    }
    return Flm03(DEVICE, start=NOON, **(quiet | options))


def gauges(meter: Flm03, found: list[Reading], port: int) -> dict[str, float]:
    slots = {meter.sensors[12 * port - 11 + index].id: name for index, name in enumerate(SUBTYPES)}
    return {slots[r.sid]: r.value for r in found if r.kind == "gauge" and r.sid in slots}


def test_three_clamps_publish_51_readings_a_second() -> None:
    meter = clamps_only()
    for now in range(NOON, NOON + 20):
        messages = meter.second(now)
        assert len(messages) == len({message.topic for message in messages}) == 51


def test_each_clamp_publishes_its_counters_and_then_its_gauges() -> None:
    kinds = [reading.kind for reading in readings(clamps_only().second(NOON))]
    assert kinds == (["counter"] * 6 + ["gauge"] * 11) * 3


def test_clamp_readings_are_not_retained_and_bear_the_second_before() -> None:
    for reading in readings(clamps_only().second(NOON)):
        assert not reading.retain
        assert reading.stamp == NOON - 1


def test_readings_have_the_firmwares_number_format() -> None:
    found = list(readings(play(clamps_only(), NOON, 60)))
    assert all(NUMBER.fullmatch(reading.payload) for reading in found)
    assert {isinstance(reading.value, int) for reading in found} == {True, False}


def test_the_units_are_the_firmwares() -> None:
    units = [reading.unit for reading in readings(clamps_only(clamps=1).second(NOON))]
    assert units == ["Wh"] * 2 + ["VARh"] * 4 + ["W"] * 2 + ["VAR"] * 4 + ["V", "A", "", "", ""]


def test_a_disabled_sensor_publishes_nothing() -> None:
    meter = clamps_only()
    meter.enable(1, on=False)
    off = meter.sensors[1].id
    assert off not in {reading.sid for reading in readings(play(meter, NOON, 5))}
    meter.enable(1)
    assert off in {reading.sid for reading in readings(meter.second(NOON + 5))}


def test_a_counter_runs_on_while_its_sensor_is_disabled() -> None:
    meter = clamps_only()
    before = meter.truth[meter.sensors[13].id, "counter"]
    meter.enable(13, on=False)
    meter.second(NOON + 3600)
    assert meter.truth[meter.sensors[13].id, "counter"] > before


def test_a_load_that_is_switched_on_is_measured_and_counted_until_it_is_switched_off() -> None:
    meter, alike = clamps_only(), clamps_only()
    imported = meter.sensors[1].id, "counter"

    def measured(now: int) -> dict[str, float]:
        before = gauges(alike, list(readings(alike.second(now))), 1)
        after = gauges(meter, list(readings(meter.second(now))), 1)
        return {name: after[name] - before[name] for name in ("pplus", "q1", "irms")}

    assert measured(NOON) == {"pplus": 0, "q1": 0, "irms": 0}
    meter.switch(1, 2000)
    on = measured(NOON + 36)
    meter.switch(1, 0)

    assert (on["pplus"], on["q1"]) == (2000, 0)
    assert on["irms"] == pytest.approx(2000 / 230, rel=0.1)
    assert measured(NOON + 72)["pplus"] == 0
    assert meter.truth[imported] - alike.truth[imported] == pytest.approx(20, abs=0.002)


def test_the_truth_is_what_was_published_last() -> None:
    meter = Flm03(DEVICE, start=EVENING, full=True)
    last = {
        (reading.sid, reading.kind): reading.value
        for reading in readings(play(meter, EVENING, 600))
    }
    truth = meter.truth
    assert len(last) > 51 + 60
    assert {key: truth[key] for key in last if key[1] == "counter"} == {
        key: value for key, value in last.items() if key[1] == "counter"
    }
    clamps = {meter.sensors[slot].id for slot in range(1, 37)}
    assert all(truth[key] == value for key, value in last.items() if key[0] in clamps)


def test_only_one_direction_and_one_quadrant_is_not_zero() -> None:
    meter = clamps_only()
    for now in range(NOON, NOON + 7200, 60):
        found = list(readings(meter.second(now)))
        for port in (1, 2, 3):
            seen = gauges(meter, found, port)
            assert 0 in {seen["pplus"], seen["pminus"]}
            quadrants = {name for name in ("q1", "q2", "q3", "q4") if seen[name] > 0}
            assert len(quadrants) <= 1
            assert quadrants <= ({"q1", "q4"} if seen["pplus"] else {"q2", "q3"})


def test_all_four_quadrants_are_seen_in_a_day() -> None:
    meter = clamps_only()
    seen = Counter[str]()
    for now in range(NOON, NOON + 86400, 300):
        found = list(readings(meter.second(now)))
        for port in (1, 2, 3):
            seen += Counter({k: v > 0 for k, v in gauges(meter, found, port).items()})
    assert all(seen[name] > 0 for name in ("q1", "q2", "q3", "q4"))


def test_power_voltage_current_and_power_factor_agree() -> None:
    meter = clamps_only()
    for now in (NOON, NOON + 21600, NOON + 30000):
        found = list(readings(meter.second(now)))
        for port in (1, 2, 3):
            seen = gauges(meter, found, port)
            active = seen["pplus"] - seen["pminus"]
            reactive = sum(seen[name] for name in ("q1", "q2", "q3", "q4"))
            fundamental = hypot(active, reactive) * sqrt(1 + seen["ithd"] ** 2)
            assert seen["vrms"] * seen["irms"] == pytest.approx(fundamental, rel=0.01)
            ratio = abs(active) / (seen["vrms"] * seen["irms"])
            assert seen["pf"] == pytest.approx(ratio, abs=0.01)
            assert 0 <= seen["pf"] <= 1


def test_counters_are_the_sum_of_the_gauges() -> None:
    meter = clamps_only()
    sid = meter.sensors[1].id
    before = meter.truth[sid, "counter"]
    powers = [
        r.value for r in readings(play(meter, NOON, 900)) if (r.sid, r.kind) == (sid, "gauge")
    ]
    assert meter.truth[sid, "counter"] - before == pytest.approx(sum(powers) / 3600, abs=0.005)


def test_a_gap_counts_what_second_by_second_would_have() -> None:
    walked, leapt = clamps_only(), clamps_only()
    for now in range(NOON, NOON + 4000):
        walked.second(now)
    leapt.second(NOON + 3999)
    assert walked.truth == leapt.truth


def test_a_second_does_not_come_twice() -> None:
    meter = clamps_only()
    meter.second(NOON)
    with pytest.raises(ValueError, match="has passed"):
        meter.second(NOON)


def test_the_same_meter_says_the_same_again() -> None:
    first, second = (Flm03(DEVICE, start=NOON, seed=4) for _ in range(2))
    assert first.announce() == second.announce()
    assert list(play(first, NOON, 300)) == list(play(second, NOON, 300))


def test_a_meter_can_start_at_any_second() -> None:
    for start in (0, 1, 1_234_567_890, 4_000_000_001):
        meter = Flm03(DEVICE, start=start)
        assert meter.second(start)


def test_the_prefix_goes_before_every_topic() -> None:
    meter = Flm03(DEVICE, start=EVENING, prefix="house/energy")
    messages = [*meter.announce(), *play(meter, EVENING, 400)]
    assert all(message.topic.startswith("house/energy/") for message in messages)


def test_a_phase_angle_below_zero_is_misprinted() -> None:
    meter = clamps_only()
    meter.enable(24)
    sid = meter.sensors[24].id
    (angle,) = (r.value for r in readings(meter.second(NOON)) if r.sid == sid)
    truth = meter.truth[sid, "gauge"]
    assert truth < 0
    assert angle - truth == pytest.approx(-2 * (truth % 1), abs=0.002)


def test_phases_lie_120_degrees_apart() -> None:
    meter = clamps_only()
    meter.second(EVENING + 14400)
    angles = [meter.truth[meter.sensors[slot].id, "gauge"] for slot in (12, 24, 36)]
    for before, after in pairwise(angles):
        assert (before - after) % 360 == pytest.approx(120, abs=60)


def test_the_sum_of_the_phases_stands_at_port_1() -> None:
    apart, summed = clamps_only(), clamps_only(math="p1+p2+p3")
    for meter in (apart, summed):
        meter.second(NOON)

    def net(meter: Flm03, port: int) -> float:
        plus, minus = (
            meter.truth[meter.sensors[12 * port - 11 + index].id, "gauge"] for index in (0, 1)
        )
        return plus - minus

    assert net(summed, 1) == pytest.approx(sum(net(apart, port) for port in (1, 2, 3)), abs=0.01)


def test_on_one_phase_port_2_adds_the_inverter_to_the_grid() -> None:
    apart = clamps_only(phase="1p")
    summed = clamps_only(phase="1p", math="p2+p1")
    for meter in (apart, summed):
        meter.second(NOON)
    solar = apart.truth[apart.sensors[1].id, "gauge"]
    fed = apart.truth[apart.sensors[14].id, "gauge"]
    assert solar > fed > 0
    assert summed.truth[summed.sensors[13].id, "gauge"] == pytest.approx(solar - fed, abs=0.01)


def test_without_neutral_the_voltage_is_lower() -> None:
    meter = clamps_only(phase="3p-n")
    meter.second(NOON)
    assert meter.truth[meter.sensors[7].id, "gauge"] == pytest.approx(133, abs=5)


def test_counters_start_where_they_are_told_and_wrap_at_32_bits() -> None:
    meter = clamps_only(counters={1: 2**32 - 0.01})
    sid = meter.sensors[1].id
    assert meter.truth[sid, "counter"] == 2**32 - 0.01
    meter.second(NOON + 600)
    assert 0 <= meter.truth[sid, "counter"] < 100


def test_a_replaced_board_counts_from_zero() -> None:
    meter = clamps_only()
    meter.second(NOON)
    meter.reset_counters()
    meter.second(NOON + 1)
    assert all(meter.truth[meter.sensors[slot].id, "counter"] < 2 for slot in range(1, 7))


def test_a_wrong_clock_shows_in_the_timestamps_alone() -> None:
    right, wrong = clamps_only(), clamps_only()
    wrong.clock = -7200
    before, after = list(readings(right.second(NOON))), list(readings(wrong.second(NOON)))
    assert [reading.value for reading in before] == [reading.value for reading in after]
    assert {reading.stamp for reading in after} == {NOON - 7201}


def test_families_of_topics_can_be_switched_off() -> None:
    topics = {message.topic for message in play(clamps_only(), NOON, 600)}
    assert all(topic.startswith("/sensor/") and "tmpo" not in topic for topic in topics)


def test_the_clock_topic_is_not_json() -> None:
    messages = play(Flm03(DEVICE, start=NOON), NOON, 60)
    clocks = [message for message in messages if message.topic.endswith("/flx/time")]
    assert len(clocks) == 6
    assert not any(message.retain for message in clocks)
    text = clocks[0].payload.decode()
    assert re.fullmatch(
        rf"{{flm:{{time:\[{NOON},\d+\],update:false}},flx:{{time:\[{NOON},0\],update:false}}}}",
        text,
    )


def test_the_self_test_is_repeated_once_a_day() -> None:
    meter = clamps_only()
    meter.second(NOON)
    (test,) = (m for m in meter.second(NOON + 86400) if m.topic.endswith("/test/tap"))
    assert test.retain

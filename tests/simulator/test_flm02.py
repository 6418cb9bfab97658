from itertools import pairwise
import re

import pytest

from simulator import Flm02

from .wire_reader import DEVICE, EVENING, NOON, WINTER_NIGHT, Reading, config, play, readings

MORNING = WINTER_NIGHT + 6 * 3600


def of_slot(meter: Flm02, slot: int, found: list[Reading], kind: str) -> list[Reading]:
    return [r for r in found if (r.sid, r.kind) == (meter.sensors[slot].id, kind)]


def test_it_announces_sensors_and_kubes_and_nothing_of_an_flm03() -> None:
    messages = Flm02(DEVICE, start=NOON).announce()
    assert all(message.retain for message in messages)
    assert {message.topic.rsplit("/", 1)[1] for message in messages} == {"sensor", "kube"}


def test_it_has_64_slots_and_other_sections() -> None:
    sensors = config(Flm02(DEVICE, start=NOON).announce(), "sensor")
    assert sum(key.isdigit() for key in sensors) == 64
    assert {key for key in sensors if not key.isdigit()} == {"main", "fsync", "mqtt", "daemon"}


def test_a_clamp_is_named_by_its_function_and_has_no_subtype() -> None:
    sensors = config(Flm02(DEVICE, start=NOON).announce(), "sensor")
    assert sensors["1"].pop("id")
    assert sensors["1"] == {
        "type": "electricity",
        "class": "analog",
        "function": "main",
        "port": [1],
        "voltage": 230,
        "current": 50,
        "enable": 1,
        "data_type": "counter",
        "rid": 0,
    }
    assert sensors["3"]["enable"] == 0
    assert "type" not in sensors["6"]


def test_three_phases_make_one_sensor_with_three_ports() -> None:
    sensors = config(Flm02(DEVICE, start=NOON, phases=3).announce(), "sensor")
    assert sensors["1"]["port"] == [1, 2, 3]
    assert [sensors[slot]["enable"] for slot in ("1", "2", "3")] == [1, 0, 0]


def test_the_smart_meter_hangs_on_a_serial_port() -> None:
    sensors = config(Flm02(DEVICE, start=NOON, p1=True).announce(), "sensor")
    assert [sensors[slot]["type"] for slot in ("7", "8")] == ["electricity", "gas"]
    assert {sensors[slot]["port"] for slot in ("7", "8")} == {"ttyS0"}
    assert {sensors[slot]["class"] for slot in ("7", "8")} == {"cosem"}


def test_gauges_are_retained_integers_without_spaces_each_second() -> None:
    meter = Flm02(DEVICE, start=EVENING, pulses=())
    found = of_slot(meter, 1, list(readings(play(meter, EVENING, 60))), "gauge")
    assert [reading.stamp for reading in found] == list(range(EVENING, EVENING + 60))
    for reading in found:
        assert reading.retain
        assert re.fullmatch(r'\[\d+,\d+,"W"\]', reading.payload)


def test_counters_come_only_when_they_changed() -> None:
    meter = Flm02(DEVICE, start=EVENING)
    found = of_slot(meter, 1, list(readings(play(meter, EVENING, 900))), "counter")
    assert 1 < len(found) < 900
    assert all(a.value < b.value for a, b in pairwise(found))
    assert all(isinstance(reading.value, int) and reading.retain for reading in found)


def test_clamps_do_not_know_the_direction() -> None:
    meter = Flm02(DEVICE, start=NOON, phases=3, pulses=())
    assert all(reading.value > 0 for reading in readings(play(meter, NOON, 20)))


def test_water_and_gas_flow_in_litres_a_day() -> None:
    meter = Flm02(DEVICE, start=MORNING, clamps=0)
    found = list(readings(play(meter, MORNING, 7200)))
    assert {(reading.kind, reading.unit) for reading in found} == {
        ("gauge", "L/day"),
        ("counter", "L"),
    }
    assert max(reading.value for reading in found if reading.kind == "gauge") > 10_000


def test_the_smart_meter_counts_backwards_while_the_sun_shines() -> None:
    meter = Flm02(DEVICE, start=NOON, clamps=0, pulses=(), p1=True)
    found = list(readings(play(meter, NOON, 600)))
    counters = of_slot(meter, 7, found, "counter")
    assert counters[-1].value < counters[0].value
    assert all(reading.value < 0 for reading in of_slot(meter, 7, found, "gauge")[1:])
    assert {reading.stamp % 10 for reading in found} == {0}


def test_the_truth_is_what_was_published_last() -> None:
    meter = Flm02(DEVICE, start=MORNING, p1=True, kubes=1)
    last = {(r.sid, r.kind): r.value for r in readings(play(meter, MORNING, 3601))}
    assert {key: meter.truth[key] for key in last} == last


def test_a_disabled_sensor_publishes_nothing() -> None:
    meter = Flm02(DEVICE, start=EVENING)
    meter.enable(1, on=False)
    sid = meter.sensors[1].id
    assert sid not in {reading.sid for reading in readings(play(meter, EVENING, 30))}


def test_names_and_types_change_in_the_sensors() -> None:
    meter = Flm02(DEVICE, start=MORNING)
    assert config(meter.rename(1, "12"), "sensor")["1"]["function"] == 12
    assert "function" not in config(meter.rename(1, None), "sensor")["1"]
    assert config(meter.retype(4, "water"), "sensor")["4"]["type"] == "water"
    with pytest.raises(KeyError):
        meter.retype(4, "heat")


def test_a_gap_counts_what_second_by_second_would_have() -> None:
    walked, leapt = (Flm02(DEVICE, start=MORNING, p1=True) for _ in range(2))
    for now in range(MORNING, MORNING + 3601):
        walked.second(now)
    leapt.second(MORNING + 3600)
    for slot in (1, 2, 4, 5, 7, 8):
        key = walked.sensors[slot].id, "counter"
        assert walked.truth[key] == leapt.truth[key]


def test_the_same_meter_says_the_same_again() -> None:
    first, second = (Flm02(DEVICE, start=MORNING, p1=True, kubes=2) for _ in range(2))
    assert list(play(first, MORNING, 600)) == list(play(second, MORNING, 600))

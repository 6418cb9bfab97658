from itertools import pairwise

import pytest

from simulator import Flm03

from .wire_reader import DEVICE, EVENING, Reading, play, readings

FLK01A = {"temperature", "humidity", "battery", "error", "movement"}
FLK01B = FLK01A | {"pressure", "light", "vibration"}


@pytest.fixture
def meter() -> Flm03:
    return Flm03(DEVICE, start=EVENING, clamps=0, pulses=(), waveforms=False, times=False)


def by_type(meter: Flm03, kid: int, found: list[Reading]) -> dict[str, list[Reading]]:
    types = {
        sensor.id: str(sensor.type)
        for sensor in meter.sensors.values()
        if sensor.more.get("kid") == kid
    }
    sorted_: dict[str, list[Reading]] = {}
    for reading in found:
        if reading.sid in types:
            sorted_.setdefault(types[reading.sid], []).append(reading)
    return sorted_


@pytest.mark.parametrize(("kid", "types"), [(1, FLK01B), (2, FLK01A)])
def test_each_model_speaks_of_what_it_can_measure(meter: Flm03, kid: int, types: set[str]) -> None:
    assert set(by_type(meter, kid, list(readings(play(meter, EVENING, 3600))))) == types


def test_gauges_come_every_64_seconds(meter: Flm03) -> None:
    found = by_type(meter, 1, list(readings(play(meter, EVENING, 640))))
    stamps = [reading.stamp for reading in found["temperature"]]
    assert len(stamps) == 10
    assert {after - before for before, after in pairwise(stamps)} == {64}


def test_counters_come_every_8_seconds_at_most_and_only_when_they_moved(meter: Flm03) -> None:
    found = by_type(meter, 1, list(readings(play(meter, EVENING, 7200))))["movement"]
    assert 1 < len(found) < 900
    for before, after in pairwise(found):
        assert after.value > before.value
        assert (after.stamp - before.stamp) % 8 == 0


def test_each_sensor_has_the_one_topic_of_its_data_type(meter: Flm03) -> None:
    kinds = {sensor.id: sensor.data_type for sensor in meter.sensors.values()}
    assert all(kinds[r.sid] == r.kind for r in readings(play(meter, EVENING, 3600)))


def test_readings_are_retained_and_written_without_spaces(meter: Flm03) -> None:
    for reading in readings(play(meter, EVENING, 600)):
        assert reading.retain
        assert " " not in reading.payload


def test_the_units_and_ranges_are_those_of_the_registry(meter: Flm03) -> None:
    found = by_type(meter, 1, list(readings(play(meter, EVENING, 3600))))
    assert {kind: listed[0].unit for kind, listed in found.items()} == {
        "temperature": "°C",
        "humidity": "%",
        "pressure": "Pa",
        "light": "lx",
        "battery": "V",
        "error": "",
        "movement": "",
        "vibration": "",
    }
    assert all(95_000 < reading.value < 106_000 for reading in found["pressure"])
    assert all(2 < reading.value < 3.4 for reading in found["battery"])


def test_an_unpaired_kube_falls_silent_and_a_paired_one_speaks(meter: Flm03) -> None:
    meter.unpair_kube(1)
    first = meter.sensors[40].id
    assert first not in {r.sid for r in readings(play(meter, EVENING, 200))}
    meter.pair_kube("attic")
    found = list(readings(play(meter, EVENING + 200, 200)))
    assert "temperature" in by_type(meter, 1, found)


def test_a_kube_that_was_never_paired_cannot_be_removed(meter: Flm03) -> None:
    with pytest.raises(KeyError):
        meter.unpair_kube(9)

import cmath
from cmath import exp
import json
from math import degrees, pi, sqrt

import pytest

from simulator import Flm03

from .wire_reader import DEVICE, EVENING, NOON


def waves(start: int, phase: str = "3p+n") -> tuple[Flm03, dict[str, list[int]]]:
    meter = Flm03(DEVICE, start=start, phase=phase)
    found = {}
    for message in meter.second(start):
        if "/flx/voltage/" in message.topic or "/flx/current/" in message.topic:
            assert not message.retain
            stamp, samples, unit = json.loads(message.payload)
            assert stamp == [start - 1, 500]
            assert unit == ("mV" if "voltage" in message.topic else "mA")
            found[message.topic.split("/flx/")[1]] = samples
    return meter, found


def fundamental(samples: list[int]) -> complex:
    turns = (exp(-2j * pi * place / 32) for place in range(32))
    return sum(sample * turn for sample, turn in zip(samples, turns, strict=True)) / 16


def rms(samples: list[int]) -> float:
    return sqrt(sum(sample**2 for sample in samples) / 32) / 1000


def test_one_voltage_and_three_currents_of_32_whole_samples() -> None:
    _, found = waves(NOON)
    assert set(found) == {"voltage/1", "current/1", "current/2", "current/3"}
    for samples in found.values():
        assert len(samples) == 32
        assert all(type(sample) is int for sample in samples)


@pytest.mark.parametrize("start", [NOON, EVENING])
def test_the_samples_have_the_rms_that_the_gauges_tell(start: int) -> None:
    meter, found = waves(start)
    assert rms(found["voltage/1"]) == pytest.approx(gauge(meter, 7), rel=0.01)
    for port in (1, 2, 3):
        assert rms(found[f"current/{port}"]) == pytest.approx(gauge(meter, 12 * port - 4), rel=0.01)


@pytest.mark.parametrize("start", [NOON, EVENING])
def test_the_shift_between_current_and_voltage_is_the_phase_angle(start: int) -> None:
    meter, found = waves(start)
    for port in (1, 2, 3):
        shift = fundamental(found[f"current/{port}"]) / fundamental(found["voltage/1"])
        difference = degrees(cmath.phase(shift)) - gauge(meter, 12 * port)
        assert (difference + 180) % 360 - 180 == pytest.approx(0, abs=1)


def test_on_one_phase_active_power_is_that_of_the_samples() -> None:
    meter, found = waves(EVENING, phase="1p")
    volts, amperes = found["voltage/1"], found["current/2"]
    power = sum(v * i for v, i in zip(volts, amperes, strict=True)) / 32 / 1e6
    assert power == pytest.approx(gauge(meter, 13) - gauge(meter, 14), rel=0.03)


def gauge(meter: Flm03, slot: int) -> float:
    return meter.truth[meter.sensors[slot].id, "gauge"]

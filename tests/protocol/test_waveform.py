"""Waveform messages."""

from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.flukso.protocol.clock import END_OF_TIME
from custom_components.flukso.protocol.validation import ProtocolError
from custom_components.flukso.protocol.waveform import parse_waveform

SAMPLES = list(range(-16, 16))


def message(
    samples: object = SAMPLES, stamp: object = "[1517237114,500]", unit: str = "mA"
) -> bytes:
    return f'[{stamp},{samples},"{unit}"]'.replace("'", '"').encode()


def with_sample(sample: object) -> bytes:
    return message([sample, *SAMPLES[1:]]).replace(b"None", b"null")


@pytest.mark.parametrize("unit", ["mV", "mA"])
def test_samples_are_volts_and_amperes_at_a_time_of_the_meter(unit: str) -> None:
    waveform = parse_waveform(message(unit=unit), unit)

    assert waveform.time == 1517237114.5
    assert waveform.samples == tuple(sample / 1000 for sample in SAMPLES)


def test_a_capture_may_begin_with_a_second() -> None:
    assert parse_waveform(message(stamp="[1517237114,0]"), "mA").time == 1517237114


@pytest.mark.parametrize(
    ("stamp", "time"), [("[0,0]", 0), (f"[{END_OF_TIME - 1},999]", END_OF_TIME - 0.001)]
)
def test_a_capture_may_be_of_any_second_that_a_clock_can_show(stamp: str, time: float) -> None:
    assert parse_waveform(message(stamp=stamp), "mA").time == time


@pytest.mark.parametrize(("unit", "highest"), [("mV", 1_000_000), ("mA", 2_000_000)])
def test_a_sample_may_be_as_high_as_a_clamp_or_the_mains_can_get(unit: str, highest: int) -> None:
    for sample in (highest, -highest):
        waveform = parse_waveform(message([sample, *SAMPLES[1:]], unit=unit), unit)
        assert waveform.samples[0] == sample / 1000
    for saturated in (highest + 1, -highest - 1, 2**31 - 1, -(2**31)):
        with pytest.raises(ProtocolError):
            parse_waveform(message([saturated, *SAMPLES[1:]], unit=unit), unit)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{}",
        b"[]",
        b"[1,2]",
        b"\xff",
        message(SAMPLES[1:]),
        message([*SAMPLES, 1]),
        message({}),
        message(unit="mV"),
        message(unit="A"),
        message().replace(b'"mA"', b"null"),
        *(with_sample(sample) for sample in (1.5, 1e400, "1", None, [])),
        with_sample("true").replace(b'"true"', b"true"),
        *(
            message(stamp=stamp)
            for stamp in (
                *("[1517237114]", "[1517237114,1000]", "[1517237114,-1]", "[-1,0]", "[1.5,0]"),
                *("1517237114", "[true,0]", "[1,true]", f"[{END_OF_TIME},0]", "{}"),
            )
        ),
        b"[" * 2000,
        message().replace(b",", b"," + b" " * 40),
    ],
)
def test_anything_else_is_refused(payload: bytes) -> None:
    with pytest.raises(ProtocolError):
        parse_waveform(payload, "mA")


def test_a_waveform_has_at_most_1024_bytes() -> None:
    longest = message().ljust(1024)

    assert parse_waveform(longest, "mA").time == 1517237114.5
    with pytest.raises(ProtocolError, match="too long"):
        parse_waveform(longest + b" ", "mA")


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=40),
    max_leaves=60,
)


@given(json | st.binary(max_size=300))
def test_any_other_message_is_refused(content: Any) -> None:
    payload = content if isinstance(content, bytes) else repr(content).encode("utf-8", "replace")
    with pytest.raises(ProtocolError):
        parse_waveform(payload, "mA")

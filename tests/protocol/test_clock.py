"""What a meter says of its clock, which is not quite JSON."""

import time

from hypothesis import given, strategies as st
import pytest

from custom_components.flukso.protocol.clock import parse_clock
from custom_components.flukso.protocol.validation import ProtocolError
from simulator import Flm03
from simulator.chance import identity

SAID = b"{flm:{time:[1517237114,250000],update:false},flx:{time:[1517237113,0],update:false}}"


def test_the_meters_clock_is_read_to_the_microsecond() -> None:
    assert parse_clock(SAID) == 1517237114.25


@pytest.mark.parametrize("change", [(b"false", b"true"), (b",", b", "), (b":", b": ")])
def test_what_else_the_firmware_may_print_is_read(change: tuple[bytes, bytes]) -> None:
    assert parse_clock(SAID.replace(*change)) == 1517237114.25


def test_the_simulated_meter_is_understood() -> None:
    start = int(time.time()) // 10 * 10
    meter = Flm03(identity("clock"), start=start)

    [said] = [each for each in meter.second(start) if each.topic.endswith("/flx/time")]

    assert start <= parse_clock(said.payload) < start + 1


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{}",
        SAID[:-1],
        SAID + b"}",
        SAID.replace(b"flm", b"fml"),
        SAID.replace(b"1517237114", b"-1"),
        SAID.replace(b"1517237114", b"15172371140"),
        SAID.replace(b"250000", b"2500000"),
        SAID.replace(b"1517237114", "１５".encode()),
        SAID.replace(b"false", b"0"),
        b" " * 300 + SAID,
        b"\xff\xfe",
    ],
)
def test_anything_else_is_refused(payload: bytes) -> None:
    with pytest.raises(ProtocolError):
        parse_clock(payload)


@given(st.binary(max_size=400) | st.text(max_size=100).map(str.encode))
def test_no_message_does_worse_than_to_be_refused(payload: bytes) -> None:
    try:
        parse_clock(payload)
    except ProtocolError:
        pass
    else:
        pytest.fail("What is arbitrary can't tell the time")

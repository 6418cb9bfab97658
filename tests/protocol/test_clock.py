"""The time message of a meter, which is not quite JSON."""

import time

from hypothesis import given, strategies as st
import pytest

from custom_components.flukso.protocol.clock import parse_clock
from custom_components.flukso.protocol.validation import ProtocolError
from simulator import Flm03
from simulator.random_values import identity

MESSAGE = b"{flm:{time:[1517237114,250000],update:false},flx:{time:[1517237113,0],update:false}}"


def test_the_meters_clock_is_read_to_the_microsecond() -> None:
    assert parse_clock(MESSAGE) == 1517237114.25


@pytest.mark.parametrize("change", [(b"false", b"true"), (b",", b", "), (b":", b": ")])
def test_what_else_the_firmware_may_print_is_read(change: tuple[bytes, bytes]) -> None:
    assert parse_clock(MESSAGE.replace(*change)) == 1517237114.25


def test_the_message_of_the_simulated_meter_is_read() -> None:
    start = int(time.time()) // 10 * 10
    meter = Flm03(identity("clock"), start=start)

    [message] = [each for each in meter.second(start) if each.topic.endswith("/flx/time")]

    assert start <= parse_clock(message.payload) < start + 1


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{}",
        MESSAGE[:-1],
        MESSAGE + b"}",
        MESSAGE.replace(b"flm", b"fml"),
        MESSAGE.replace(b"1517237114", b"-1"),
        MESSAGE.replace(b"1517237114", b"15172371140"),
        MESSAGE.replace(b"250000", b"2500000"),
        MESSAGE.replace(b"1517237114", "１５".encode()),
        MESSAGE.replace(b"false", b"0"),
        b" " * 300 + MESSAGE,
        b"\xff\xfe",
    ],
)
def test_anything_else_is_refused(payload: bytes) -> None:
    with pytest.raises(ProtocolError):
        parse_clock(payload)


def test_a_time_message_has_at_most_256_bytes() -> None:
    longest = MESSAGE.ljust(256)

    assert parse_clock(longest) == 1517237114.25
    with pytest.raises(ProtocolError, match="too long"):
        parse_clock(longest + b" ")


@given(st.binary(max_size=400) | st.text(max_size=100).map(str.encode))
def test_any_other_message_is_refused(payload: bytes) -> None:
    try:
        parse_clock(payload)
    except ProtocolError:
        pass
    else:
        pytest.fail("An arbitrary message was parsed as the time")

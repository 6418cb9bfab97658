"""The self-test."""

from hypothesis import given, strategies as st
import pytest

from custom_components.flukso.protocol.self_test import SelfTest, parse_self_test
from custom_components.flukso.protocol.validation import ProtocolError

from .strategies import parsed_or_refused

_LINES = (
    "1..3",
    "# date: Tue, 05 Mar 2019 09:00:00 +0000",
    "# serial: FL07001234",
    "# firmware: 382",
    "ok 1 - flxd daemon running",
    "not ok 2 - wifi connection",
)
_REPORT = "\n".join(_LINES)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_serial_and_firmware_are_read_with_either_end_of_line(end: str) -> None:
    assert parse_self_test((end.join(_LINES) + end).encode()) == SelfTest("FL07001234", "382")


@pytest.mark.parametrize("firmware", ["382", "2.5.1-rc1", "r250"])
def test_a_firmware_may_be_more_than_a_number(firmware: str) -> None:
    assert parse_self_test(f"# firmware: {firmware}".encode()) == SelfTest(None, firmware)


def test_a_report_with_the_serial_alone_is_read() -> None:
    assert parse_self_test(b"# serial: FL07001234  ") == SelfTest("FL07001234", None)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"1..0",
        b"ok 1 - # serial: FL07001234",
        b"# serial:",
        b"# serial: two words",
        b"# serial: " + b"1" * 33,
        "# serial: ١٢٣".encode(),
        "# firmware: ３８２".encode(),
        b"# serial: FL\x00",
        b"# serial: FL07001234\x0b# firmware: 382",
        b'{"serial": "FL07001234"}',
    ],
)
def test_a_report_with_neither_is_refused(payload: bytes) -> None:
    with pytest.raises(ProtocolError, match="neither serial nor firmware"):
        parse_self_test(payload)


def test_a_line_that_is_not_utf_8_costs_no_other() -> None:
    assert parse_self_test(_REPORT.encode() + b"\n# name: cav\xe9\xff") == SelfTest(
        "FL07001234", "382"
    )
    assert parse_self_test(b"# serial: FL\xff\n# firmware: 382") == SelfTest(None, "382")


def test_a_report_that_is_too_long_is_refused() -> None:
    padding = b" " * (16_384 - len(_REPORT))
    assert parse_self_test(_REPORT.encode() + padding)
    with pytest.raises(ProtocolError, match="too long") as refusal:
        parse_self_test(_REPORT.encode() + padding + b" ")
    assert "FL07001234" not in str(refusal.value)


_line = st.sampled_from((*_LINES, "# serial:", "# firmware: ", "\r", "\x00", "# serial: \u2028x"))


@given(
    st.binary()
    | st.lists(_line | st.text()).map(lambda lines: "\n".join(lines).encode(errors="replace"))
)
def test_any_bytes_are_read_or_refused(payload: bytes) -> None:
    self_test = parsed_or_refused(lambda: parse_self_test(payload))
    if self_test is not None:
        told = [text for text in (self_test.serial, self_test.firmware) if text is not None]
        assert told
        assert all(text.isascii() and text.isprintable() and len(text) <= 32 for text in told)

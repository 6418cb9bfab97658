"""Packets of MQTT 3.1.1, counted by their headers alone."""

from hypothesis import given, strategies as st
import pytest

from custom_components.flukso.protocol.mqtt_packets import (
    MAX_MESSAGE,
    Packets,
    connack_code,
    count_packets,
)
from custom_components.flukso.protocol.validation import ProtocolError

PINGRESP = b"\xd0\x00"
CONNACK = b"\x20\x02\x00\x00"
SUBACK = b"\x90\x03\x00\x01\x00"
UNSUBACK = b"\xb0\x02\x00\x01"


def counted(received: bytes) -> Packets:
    return count_packets(memoryview(received))


def length_of(remaining: int) -> bytes:
    """The length of a packet as MQTT writes it: seven bits a byte, the lowest first."""
    written = bytearray()
    while True:
        remaining, low = divmod(remaining, 128)
        written.append(low | (0x80 if remaining else 0))
        if not remaining:
            return bytes(written)


def publish(payload: bytes, topic: bytes = b"/t", *, retained: bool = False) -> bytes:
    body = len(topic).to_bytes(2, "big") + topic + payload
    return bytes([0x31 if retained else 0x30]) + length_of(len(body)) + body


bodies = st.binary(max_size=300)
packets = st.one_of(
    st.builds(publish, bodies, retained=st.booleans()),
    st.sampled_from([PINGRESP, CONNACK, SUBACK, UNSUBACK]),
)


def test_nothing_has_no_packet() -> None:
    assert counted(b"") == Packets(0, 0)


def test_whole_packets_are_counted_and_the_next_one_is_measured() -> None:
    long = publish(bytes(1000))
    assert counted(CONNACK + SUBACK + long[:10]) == Packets(2, len(long))


def test_the_length_of_a_packet_is_unknown_while_its_header_is_not_whole() -> None:
    assert counted(PINGRESP + b"\x30") == Packets(1, 0)
    assert counted(b"\x30\xff\xff") == Packets(0, 0)


@given(st.lists(packets, max_size=20), st.data())
def test_any_stream_of_packets_cut_anywhere_is_counted_right(
    stream: list[bytes], data: st.DataObject
) -> None:
    received = b"".join(stream)
    cut = data.draw(st.integers(0, len(received)))
    ends = [len(b"".join(stream[: count + 1])) for count in range(len(stream))]
    assert counted(received[:cut]).whole == sum(end <= cut for end in ends)


@pytest.mark.parametrize(
    "first",
    [
        pytest.param(0x32, id="a message at QoS 1"),
        pytest.param(0x34, id="a message at QoS 2"),
        pytest.param(0x38, id="a message at QoS 0 that comes a second time"),
        pytest.param(0x10, id="CONNECT"),
        pytest.param(0x62, id="PUBREL"),
        pytest.param(0xC0, id="PINGREQ"),
        pytest.param(0x00, id="a reserved kind"),
        pytest.param(ord("H"), id="HTTP"),
    ],
)
def test_a_packet_that_was_not_asked_for_is_refused(first: int) -> None:
    with pytest.raises(ProtocolError, match="not asked for"):
        counted(bytes([first, 0]))


@pytest.mark.parametrize("header", [b"\x30", b"\x31"])
def test_the_longest_message_is_four_megabytes(header: bytes) -> None:
    assert counted(header + length_of(MAX_MESSAGE)).next_length == MAX_MESSAGE + 5
    with pytest.raises(ProtocolError, match="too long"):
        counted(header + length_of(MAX_MESSAGE + 1))


def test_an_acknowledgement_is_short() -> None:
    with pytest.raises(ProtocolError, match="too long"):
        counted(b"\x90" + length_of(20_000))


def test_a_length_has_four_bytes_at_the_most() -> None:
    with pytest.raises(ProtocolError, match="more than four bytes"):
        counted(b"\x30\xff\xff\xff\xff\x01")


def test_the_code_of_a_connack_tells_why_a_connection_is_refused() -> None:
    assert connack_code(memoryview(CONNACK)) == 0
    assert connack_code(memoryview(b"\x20\x02\x00\x05" + PINGRESP)) == 5


@pytest.mark.parametrize("received", [b"", CONNACK[:3], SUBACK, b"HTTP/1.1 400"])
def test_what_is_no_whole_connack_has_no_code(received: bytes) -> None:
    assert connack_code(memoryview(received)) is None


@given(st.binary(max_size=2000))
def test_whatever_arrives_is_counted_or_refused(received: bytes) -> None:
    try:
        packets = counted(received)
    except ProtocolError:
        return
    assert 0 <= packets.whole <= len(received) // 2

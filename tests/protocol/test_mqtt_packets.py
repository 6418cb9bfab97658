"""The packets of MQTT 3.1.1, as they are sent and as they are received."""

from contextlib import suppress

from hypothesis import given, strategies as st
import pytest

from custom_components.flukso.protocol.mqtt_packets import (
    DISCONNECT,
    PINGREQ,
    RETAINED_PUBLISH,
    Packet,
    connack_code,
    connect,
    find_packet,
    publish,
    read_message,
    subscribe,
    unsubscribe,
)
from custom_components.flukso.protocol.validation import ProtocolError

PINGRESP = b"\xd0\x00"
CONNACK = b"\x20\x02\x00\x00"
SUBACK = b"\x90\x03\x00\x01\x00"
UNSUBACK = b"\xb0\x02\x00\x01"


def length_of(remaining: int) -> bytes:
    """The length of a packet as MQTT writes it: seven bits a byte, the lowest first."""
    written = bytearray()
    while True:
        remaining, low = divmod(remaining, 128)
        written.append(low | (0x80 if remaining else 0))
        if not remaining:
            return bytes(written)


def found(received: bytes) -> list[bytes]:
    """The whole packets in what has been received."""
    packets: list[bytes] = []
    start = 0
    while (packet := find_packet(received, start)) and packet.end <= len(received):
        packets.append(received[start : packet.end])
        start = packet.end
    return packets


topics = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=40
)
packets = st.one_of(
    st.builds(publish, topics, st.binary(max_size=300)),
    st.sampled_from([PINGRESP, CONNACK, SUBACK, UNSUBACK]),
)


def test_packets_are_written_as_the_standard_shows_them() -> None:
    """The example of CONNECT is that of section 3.1.2.5, without the flags of a user."""
    assert connect("flukso", 10) == b"\x10\x12\x00\x04MQTT\x04\x02\x00\x0a\x00\x06flukso"
    assert subscribe(["a/b", "c/+"]) == b"\x82\x0e\x00\x01\x00\x03a/b\x00\x00\x03c/+\x00"
    assert unsubscribe(["a/b", "c/+"]) == b"\xa2\x0c\x00\x01\x00\x03a/b\x00\x03c/+"
    assert publish("a/b", b"\x00\xff") == b"\x30\x07\x00\x03a/b\x00\xff"
    assert (PINGREQ, DISCONNECT) == (b"\xc0\x00", b"\xe0\x00")


@pytest.mark.parametrize("size", [0, 100, 124, 125, 16_379, 16_380, 3_000_000])
def test_a_message_of_any_length_is_written_and_read(size: int) -> None:
    body = b"\x00\x01t" + bytes(size)
    assert publish("t", bytes(size)) == b"\x30" + length_of(len(body)) + body

    packet = find_packet(publish("t", bytes(size)), 0)
    assert packet is not None
    assert read_message(publish("t", bytes(size)), packet) == ("t", bytes(size))


@given(topics, st.binary(max_size=300), st.binary(max_size=5))
def test_any_message_is_read_as_it_was_written(topic: str, payload: bytes, before: bytes) -> None:
    received = before + publish(topic, payload)
    packet = find_packet(received, len(before))
    assert packet is not None
    assert packet.end == len(received)
    assert read_message(received, packet) == (topic, payload)


def test_a_retained_message_is_told_from_others() -> None:
    packet = find_packet(b"\x31" + publish("t", b"1")[1:], 0)
    assert packet is not None
    assert packet.kind == RETAINED_PUBLISH


def test_a_packet_is_found_before_its_content_has_arrived() -> None:
    long = publish("t", bytes(1000))
    assert find_packet(CONNACK + long[:10], len(CONNACK)) == Packet(0x30, 7, 4 + len(long))


@pytest.mark.parametrize("received", [b"", b"\x30", b"\x30\xff\xff"])
def test_the_length_of_a_packet_is_unknown_while_its_header_is_not_whole(received: bytes) -> None:
    assert find_packet(received, 0) is None


@given(st.lists(packets, max_size=20), st.data())
def test_any_stream_of_packets_cut_anywhere_is_found_right(
    stream: list[bytes], data: st.DataObject
) -> None:
    received = b"".join(stream)
    cut = data.draw(st.integers(0, len(received)))
    ends = [len(b"".join(stream[: count + 1])) for count in range(len(stream))]
    assert found(received[:cut]) == stream[: sum(end <= cut for end in ends)]


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
        find_packet(bytes([first, 0]), 0)


@pytest.mark.parametrize("header", [b"\x30", b"\x31"])
def test_the_longest_message_is_four_megabytes(header: bytes) -> None:
    packet = find_packet(header + length_of(4_194_304), 0)
    assert packet is not None
    assert packet.end == 4_194_304 + 5
    with pytest.raises(ProtocolError, match="too long"):
        find_packet(header + length_of(4_194_305), 0)


@pytest.mark.parametrize("header", [b"\x20", b"\x90", b"\xb0", b"\xd0"])
def test_the_longest_acknowledgement_is_16_kilobytes(header: bytes) -> None:
    packet = find_packet(header + length_of(16_384), 0)
    assert packet is not None
    assert packet.end == 16_384 + 4
    with pytest.raises(ProtocolError, match="too long"):
        find_packet(header + length_of(16_385), 0)


@pytest.mark.parametrize("header", [b"\x30", b"\x31"])
def test_the_shortest_message_is_a_topic_of_one_character(header: bytes) -> None:
    received = header + b"\x03\x00\x01t"
    packet = find_packet(received, 0)
    assert packet is not None
    assert read_message(received, packet) == ("t", b"")


@pytest.mark.parametrize("received", [b"\x20\x01", b"\x90\x02", b"\xb0\x01", b"\x30\x02"])
def test_a_packet_without_its_content_is_refused(received: bytes) -> None:
    with pytest.raises(ProtocolError, match="too short"):
        find_packet(received, 0)


def test_a_length_has_four_bytes_at_the_most() -> None:
    with pytest.raises(ProtocolError, match="more than four bytes"):
        find_packet(b"\x30\xff\xff\xff\xff\x01", 0)


@pytest.mark.parametrize(
    ("received", "wrong"),
    [
        (b"\x30\x03\x00\x00a", "no topic"),
        (b"\x30\x04\x00\x09ab", "no topic"),
        (b"\x30\x04\x00\x02\xff\xfe", "not UTF-8"),
    ],
)
def test_a_message_without_a_topic_is_refused(received: bytes, wrong: str) -> None:
    packet = find_packet(received, 0)
    assert packet is not None
    with pytest.raises(ProtocolError, match=wrong):
        read_message(received, packet)


def code(received: bytes) -> int:
    packet = find_packet(received, 0)
    assert packet is not None
    return connack_code(received, packet)


def test_the_code_of_a_connack_tells_why_a_connection_is_refused() -> None:
    assert code(CONNACK) == 0
    assert code(b"\x20\x02\x00\x05") == 5
    assert code(b"\x20\x03\x00\x84\x00") == 0x84
    with pytest.raises(ProtocolError, match="another version"):
        code(b"\x20\x03\x00\x00\x00")


@given(st.binary(max_size=2000))
def test_whatever_arrives_is_read_or_refused(received: bytes) -> None:
    with suppress(ProtocolError):
        start = 0
        while (packet := find_packet(received, start)) and packet.end <= len(received):
            assert packet.end > start
            start = packet.end
            if packet.kind in (0x30, 0x31):
                topic, payload = read_message(received, packet)
                assert topic.encode() + payload in received

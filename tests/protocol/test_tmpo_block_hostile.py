"""Truncated, oversized and inconsistent blocks: one clear error each, at a bounded cost."""

import gzip
import json
import tracemalloc
from typing import Any
import zlib

from hypothesis import given, strategies as st
import pytest

from custom_components.flukso.protocol.tmpo_block import BlockAddress, decode
from custom_components.flukso.protocol.validation import ProtocolError

from .blocks import ADDRESS, BID, CONFIG, SENSOR, block_payload, packed, parts
from .strategies import any_json, parsed_or_refused

_GOOD = block_payload([(BID + second, 1000 * second) for second in range(0, 4096, 3)])


def refused(payload: bytes, reason: str, address: BlockAddress = ADDRESS) -> None:
    with pytest.raises(ProtocolError, match=reason):
        decode(address, payload)


@given(st.integers(0, len(_GOOD) - 1))
def test_a_truncated_block_is_refused(length: int) -> None:
    refused(_GOOD[:length], "incomplete or followed by other data")


@pytest.mark.parametrize("rubbish", [b"\x00", b"rubbish", b" " * 100_000, _GOOD])
def test_what_follows_a_block_is_refused(rubbish: bytes) -> None:
    refused(_GOOD + rubbish, "incomplete or followed by other data|too long")


@pytest.mark.parametrize("start", [0, 16 * 1024])
def test_a_damaged_block_is_refused(start: int) -> None:
    noise = b"".join(zlib.crc32(bytes([n & 255, n >> 8])).to_bytes(4) for n in range(10_000))
    payload = bytearray(gzip.compress(noise))
    payload[start + 30] ^= 0xFF
    refused(bytes(payload), "can't be unpacked")


@pytest.mark.parametrize("payload", [b"{}", json.dumps(parts()).encode(), zlib.compress(b"{}")])
def test_what_is_not_gzip_is_refused(payload: bytes) -> None:
    refused(payload, "can't be unpacked")


def test_a_zip_bomb_is_refused_before_it_expands() -> None:
    bomb = gzip.compress(b'{"h":' + b" " * 50_000_000)
    tracemalloc.start()
    try:
        refused(bomb, "too long when unpacked")
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_a_payload_that_is_longer_than_any_block_is_not_unpacked() -> None:
    refused(b"\x1f\x8b" + bytes(200_000), "too long \\(")


def _filled(length: int) -> bytes:
    """Return the text of a block of seven readings, filled up to a length with spaces in lists."""
    content = parts(t=[0] + [1] * 6, v=[0] + [0.25] * 6, tail=[BID + 6, 7])
    text = json.dumps(content).encode()
    each, rest = divmod(length - len(text), 6)
    text = text.replace(b"[0, 1", b"[0, " + b" " * rest + b"1")
    return text.replace(b"0.25", b" " * each + b"0.25")


@pytest.mark.parametrize(("level", "longest"), [(8, 10_240), (12, 102_400)])
def test_a_block_has_24_bytes_for_each_second_of_its_span_and_4_kilobytes(
    level: int, longest: int
) -> None:
    address = BlockAddress(SENSOR, 0, level, BID)

    assert len(decode(address, packed(_filled(longest))).times) == 7
    refused(packed(_filled(longest + 1)), "too long when unpacked", address)


def test_a_block_is_no_longer_packed_than_it_may_be_unpacked() -> None:
    address, longest = BlockAddress(SENSOR, 0, 8, BID), 10_240
    added = len(gzip.compress(_filled(longest), 0)) - longest

    payloads = [gzip.compress(_filled(length - added), 0) for length in (longest, longest + 1)]

    assert [len(payload) for payload in payloads] == [longest, longest + 1]
    assert len(decode(address, payloads[0]).times) == 7
    refused(payloads[1], "too long \\(", address)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b'{"h":{}}',
        b'{"h":{},"t":[0]}',
        b'{"h":{},"t":[0],"v":[0]',
        b'{"h":{},"t":[0],"v":[0]}}',
        b'{"h":{},"t":[0],"v":[0],}',
        b'{"h":{},"t":[0],"v":[0],"x":[0]}',
        b'{"h":{},"t":[0],"t":[0],"v":[0]}',
        b'{"h":{},"t":[0],"v":[0',
        b'{"h":{"t":[0],"v":[0]}',
        b'{"h":[],"t":[0],"v":[0]}',
        b'{"h":"{}","t":[0],"v":[0]}',
        b'{"h":{},"t":{"a":[0]},"v":[0]}',
        b'{"h":{},"t":[0] "v":[0]}',
        b'{"h":{' + b'"a":"' + b"x" * 5000 + b'"},"t":[0],"v":[0]}',
        b" " * 80_000 + b'{"h":{},"t":[0],"v":[0]}',
    ],
    ids=lambda text: text[:40].decode(),
)
def test_another_shape_is_refused(text: bytes) -> None:
    refused(packed(text), "not a header and two lists|not JSON")


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "0,1,2,", ",0,1,2", "0,,1,2", "0,[1],2", "0,1 2", "0,+1,2", "0,01,2", "0,1.,2"),
        *("0,NaN,2", "0,1e,2", "0,true,2", '0,"1",2', "0,1,2;", "0,0x1,2", "1" * 5000),
    ],
)
@pytest.mark.parametrize("key", ["t", "v"])
def test_a_list_of_other_things_than_numbers_is_refused(key: str, text: str) -> None:
    content = json.dumps(parts(**{key: "here"})).replace('"here"', f"[{text}]")
    refused(
        packed(content.encode()), "not a list of numbers|not a header|rise in seconds|begin with"
    )


def test_a_list_is_checked_in_every_chunk() -> None:
    for end in ("", " ", "1" * 40_000, "1 1"):
        values = "0" + ",1000000" * 2047 + "," + end
        content = json.dumps(parts(v="here")).replace('"here"', f"[{values}]")
        refused(packed(content.encode()), "not a list of numbers")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"t": [0, 1]}, "not as many values as times"),
        ({"v": [0, 0.5]}, "not as many values as times"),
        ({"t": [0, 1, 2, 3], "v": [0, 0.5, 1, 0]}, "do not end with the tail"),
        ({"v": [0, 0.5, 1.001]}, "do not end with the tail"),
        ({"t": [0, 1, 3]}, "do not end with the tail"),
        ({"tail": [BID + 3, 7.001]}, "do not end with the tail"),
        ({"tail": [BID + 2, 7]}, "do not end with the tail"),
        ({"t": [1, 1, 1]}, "rise in seconds"),
        ({"t": [0, 0, 3]}, "rise in seconds"),
        ({"t": [0, 4, -1]}, "rise in seconds"),
        ({"t": [0, 1.5, 1.5]}, "rise in seconds"),
        ({"t": [0.0, 1, 2]}, "rise in seconds"),
        ({"t": [0, 2**63, 2]}, "out of range"),
        ({"v": [0.5, 0, 1]}, "begin with the head"),
        ({"v": [0, 10**400, 1]}, "out of range"),
        ({"v": [0, 1e300, 1]}, "out of range"),
        ({"head": [BID - 1, 5.5], "tail": [BID + 2, 7]}, "not within the span"),
        ({"head": [BID + 4093, 5.5], "tail": [BID + 4096, 7]}, "not within the span"),
        ({"head": [BID, "5.5"]}, "head is not a reading"),
        ({"head": [True, 5.5]}, "head is not text"),
        ({"head": [BID]}, "head is not a reading"),
        ({"head": BID}, "head is not a reading"),
        ({"head": [-5, 5.5]}, "head is not a reading"),
        ({"head": [2**40, 5.5]}, "head is not a reading"),
        ({"tail": [BID + 3, 2**53]}, "tail is not a reading"),
        ({"tail": None}, "tail is not a reading"),
        ({"vsn": 0}, "vsn is not known"),
        ({"vsn": 2}, "vsn is out of range"),
        ({"vsn": None}, "vsn is not known"),
        ({"cfg": "config"}, "not an object"),
        ({"cfg": []}, "neither gauge nor counter"),
        ({"cfg": CONFIG | {"id": "f" * 32}}, "that of another sensor"),
        ({"cfg": CONFIG | {"data_type": "meter"}}, "neither gauge nor counter"),
        ({"cfg": {"id": SENSOR}}, "neither gauge nor counter"),
        ({"cfg": CONFIG | {"unit": "furlong"}}, "unit is unknown"),
    ],
)
def test_a_block_that_contradicts_itself_is_refused(changes: dict[str, Any], reason: str) -> None:
    refused(packed(parts(**changes)), reason)


def test_a_block_with_infinite_numbers_is_refused() -> None:
    content = json.dumps(parts(v="here")).replace('"here"', "[0,1e999,1]")
    refused(packed(content.encode()), "out of range")


@pytest.mark.parametrize("key", ["t", "v"])
def test_a_block_with_more_readings_than_seconds_is_refused(key: str) -> None:
    refused(packed(parts(**{key: [0] + [1] * 4096})), "more readings than seconds")


@given(st.binary(max_size=300) | any_json.map(json.dumps).map(str.encode))
def test_any_bytes_are_refused(text: bytes) -> None:
    assert parsed_or_refused(lambda: decode(ADDRESS, text)) is None
    assert parsed_or_refused(lambda: decode(ADDRESS, gzip.compress(text))) is None


@given(st.sampled_from(("h", "t", "v", "head", "tail", "vsn", "cfg")), any_json)
def test_any_part_is_read_or_refused(key: str, value: Any) -> None:
    content = parts() | {"h": value} if key == "h" else parts(**{key: value})
    block = parsed_or_refused(lambda: decode(ADDRESS, packed(content)))
    assert block is None or len(block.times) == len(block.thousandths) == 3

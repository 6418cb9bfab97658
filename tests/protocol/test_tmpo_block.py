"""Blocks of the meter's memory that are read, and the topics they come on."""

from itertools import pairwise
import json
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.flukso.protocol.quantities import Unit
from custom_components.flukso.protocol.tmpo_block import (
    BlockAddress,
    block_topic_filter,
    decode,
    parse_block_topic,
)
from custom_components.flukso.protocol.topics import Kind
from custom_components.flukso.protocol.validation import ProtocolError
from simulator import Flm02, Flm03, Message

from .blocks import ADDRESS, BID, CONFIG, LEVEL, SENSOR, block_payload, packed, parts
from .strategies import parsed_or_refused, texts

_readings = st.lists(
    st.tuples(st.integers(0, 2**LEVEL - 1), st.integers(0, 1000 << 32)),
    min_size=1,
    max_size=60,
    unique_by=lambda reading: reading[0],
).map(lambda readings: sorted((BID + second, value) for second, value in readings))


@given(_readings, st.integers(0, 99))
def test_every_reading_of_a_block_is_read_to_the_thousandth(
    readings: list[tuple[int, int]], chance: int
) -> None:
    block = decode(ADDRESS, block_payload(readings, chance=chance))
    assert list(zip(block.times, block.thousandths, strict=True)) == readings
    assert (block.address, block.kind) == (ADDRESS, Kind.COUNTER)


@pytest.mark.parametrize("model", [Flm02, Flm03])
def test_the_blocks_of_a_simulated_meter_are_read(model: type[Flm02 | Flm03]) -> None:
    meter = model("5f" * 16, start=BID)
    meter.second(BID + 3 * 65536 + 3 * 4096 + 700)
    request = [
        {"sid": sensor.id, "rid": 0, "lvl": 0, "bid": 0} for sensor in meter.sensors.values()
    ]
    messages = meter.hear(Message(meter.sync_topic, json.dumps(request).encode()))
    levels = set()
    for message in messages:
        address = parse_block_topic(message.topic, "/")
        block = decode(address, message.payload)
        levels.add(address.level)
        assert all(before < after for before, after in pairwise(block.times))
    assert levels == {8, 12, 16}


def test_a_million_readings_are_read() -> None:
    bid = BID >> 20 << 20
    readings = [(bid + second, second * 1234 % 7919 + second * 8000) for second in range(1 << 20)]
    block = decode(BlockAddress(SENSOR, 0, 20, bid), block_payload(readings, level=20))
    assert list(zip(block.times, block.thousandths, strict=True)) == readings


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("order", ["htv", "vth", "tvh", "vht"])
def test_order_and_blanks_are_the_writers_own(order: str, indent: int | None) -> None:
    content = {key: parts()[key] for key in order}
    block = decode(ADDRESS, packed(json.dumps(content, indent=indent).encode()))
    assert list(block.times) == [BID, BID + 1, BID + 3]
    assert list(block.thousandths) == [5500, 6000, 7000]


@pytest.mark.parametrize(
    "name", ['"t":[0,9],"v":[0,9]', '}],"t":[', "\\", '\\"', "]", '{"h":{', "é"]
)
def test_a_name_that_looks_like_a_list_is_a_name(name: str) -> None:
    payload = packed(parts(cfg=CONFIG | {"function": name}))
    assert list(decode(ADDRESS, payload).thousandths) == [5500, 6000, 7000]


@pytest.mark.parametrize("printed", [b"inf", b"-nan", b"1e+20", b"[]"])
def test_a_setting_that_lua_takes_for_a_number_costs_no_block(printed: bytes) -> None:
    content = json.dumps(parts(cfg=CONFIG | {"function": "?"})).encode()
    payload = packed(content.replace(b'"?"', printed))
    assert decode(ADDRESS, payload) == decode(ADDRESS, packed(parts()))


@pytest.mark.parametrize("kind", Kind)
def test_a_block_has_the_kind_of_its_readings(kind: Kind) -> None:
    assert decode(ADDRESS, packed(parts(cfg=CONFIG | {"data_type": kind}))).kind is kind


@pytest.mark.parametrize("unit", [None, Unit.WATT_HOUR, Unit.LITRE])
def test_a_block_has_a_unit_if_the_meter_reports_it(unit: Unit | None) -> None:
    config = CONFIG if unit is None else CONFIG | {"unit": unit}
    assert decode(ADDRESS, packed(parts(cfg=config))).unit is unit


def test_a_block_of_one_reading_and_values_that_fall_are_read() -> None:
    alone = packed(parts(tail=[BID, 5.5], t=[0], v=[0]))
    assert list(decode(ADDRESS, alone).times) == [BID]
    falling = packed(parts(tail=[BID + 3, -2.25], v=[0, -8.25, 0.5]))
    assert list(decode(ADDRESS, falling).thousandths) == [5500, -2750, -2250]


@given(
    st.sampled_from((8, 12, 16, 20)),
    st.integers(0, 999),
    st.sampled_from(("", "/", "home/flukso//")),
)
def test_a_topic_has_the_span_of_its_block(level: int, rid: int, prefix: str) -> None:
    bid = BID >> level << level
    topic = f"{prefix}sensor/{SENSOR}/tmpo/{rid}/{level}/{bid}/gz"
    address = parse_block_topic(topic, prefix)
    assert address == BlockAddress(SENSOR, rid, level, bid)
    assert (address.begin, address.end) == (bid, bid + 2**level)


def test_the_topics_of_a_level_are_subscribed_to_behind_the_prefix() -> None:
    wanted = block_topic_filter("home/", SENSOR, 16)
    assert wanted == f"home/sensor/{SENSOR}/tmpo/+/16/+/gz"


@pytest.mark.parametrize(
    ("rid", "level", "bid"),
    [
        (0, 9, BID),
        (0, 4, BID),
        (0, 24, 1 << 30),
        (0, 12, BID + 1),
        (0, 12, BID + 2048),
        (0, 16, BID // 65536 * 65536 + 4096),
        (0, 12, 1234567890 // 4096 * 4096 - 4096),
        (0, 12, 0),
        (0, 12, 1 << 32),
        (-1, 12, BID),
        (1234567, 12, BID),
        ("", 12, BID),
        ("+", 12, BID),
        ("١", 12, BID),
        (0, 12, f"{BID}\n"),
    ],
)
def test_a_topic_that_no_meter_has_is_refused(rid: object, level: object, bid: object) -> None:
    with pytest.raises(ProtocolError):
        parse_block_topic(f"/sensor/{SENSOR}/tmpo/{rid}/{level}/{bid}/gz", "/")


@pytest.mark.parametrize(
    "topic", ["", f"/sensor/{SENSOR}/gauge", "/sensor/x/tmpo/0/12/4096/gz", "home/sensor"]
)
def test_another_topic_is_refused(topic: str) -> None:
    with pytest.raises(ProtocolError, match="not the topic of a tmpo block"):
        parse_block_topic(topic, "/")
    with pytest.raises(ProtocolError, match="not the topic of a tmpo block"):
        parse_block_topic(topic, "home")


@given(texts | st.builds("/sensor/{}/tmpo/{}/{}/{}/gz".format, texts, texts, texts, texts), texts)
def test_any_topic_is_read_or_refused(topic: str, prefix: str) -> None:
    parsed_or_refused(lambda: parse_block_topic(topic, prefix))


def test_the_first_block_of_a_clock_that_was_set_is_taken() -> None:
    bid = 1234567890 // 4096 * 4096
    address: Any = parse_block_topic(f"/sensor/{SENSOR}/tmpo/0/12/{bid}/gz", "/")
    assert address.begin <= 1234567890 < address.end

from itertools import pairwise
import json

import pytest

from simulator import Flm02, Flm03, Message
from simulator.kube import COUNTER_PERIOD

from .wire_reader import DEVICE, Block, blocks, play, readings

START = 1_750_437_888 // 65536 * 65536
SPAN = 65536


def clamp(start: int = START) -> Flm03:
    return Flm03(DEVICE, start=start, clamps=1, pulses=(), kubes=0, waveforms=False, times=False)


def test_a_block_of_level_8_holds_the_readings_that_were_published() -> None:
    meter = clamp()
    messages = list(play(meter, START, 700))
    told: dict[str, dict[int, float]] = {}
    for reading in readings(messages):
        slot = next(s for s in meter.sensors.values() if s.id == reading.sid)
        if slot.data_type == reading.kind:
            told.setdefault(reading.sid, {})[reading.stamp] = reading.value
    found = [block for block in blocks(messages) if block.bid >= START]
    assert {block.level for block in found} == {8}
    assert len(found) == 2 * 11
    for block in found:
        assert len(block.readings) == 256
        assert dict(block.readings) == {
            stamp: told[block.sid][stamp] for stamp in range(block.bid, block.bid + 256)
        }


def test_the_sums_of_a_block_meet_its_tail() -> None:
    meter = Flm03(DEVICE, start=START, kubes=2)
    found = list(blocks(play(meter, START, 1200)))
    assert found
    for block in found:
        assert list(block.readings[0]) == block.header["head"]
        assert list(block.readings[-1]) == block.header["tail"]
        assert block.header["vsn"] == 1


def test_a_block_carries_the_sensors_configuration() -> None:
    meter = clamp()
    block = next(blocks(play(meter, START, 400)))
    sensor = next(s for s in meter.sensors.values() if s.id == block.sid)
    assert block.header["cfg"] == {
        "id": sensor.id,
        "type": "electricity",
        "subtype": sensor.more["subtype"],
        "data_type": sensor.data_type,
        "port": [1],
        "rid": 0,
    }


def test_a_block_comes_a_grace_after_its_span() -> None:
    meter = clamp()
    for now in range(START, START + 400):
        if found := [block for block in blocks(meter.second(now)) if block.bid == START]:
            assert 4 <= now - (found[0].bid + 256) <= 68
            return
    pytest.fail("no block came")


def arriving(meter: Flm03, start: int, seconds: int, level: int) -> list[Block]:
    return [block for block in blocks(play(meter, start, seconds)) if block.level == level]


@pytest.mark.parametrize("level", [12, 16, pytest.param(20, marks=pytest.mark.long)])
def test_a_larger_block_comes_when_its_span_is_over(level: int) -> None:
    start = START >> level << level
    end = start + (1 << level)
    meter = clamp(start)
    meter.second(end - 300)
    found = arriving(meter, end - 299, 400, level)
    assert len({block.sid for block in found}) == len(found) == 11
    for block in found:
        assert block.bid == start
        assert block.readings[-1][0] == end - 1
        stamps = [stamp for stamp, _ in block.readings]
        assert stamps == sorted(set(stamps))
        assert block.header["tail"] == list(block.readings[-1])


def test_what_was_published_while_nobody_listened_is_in_the_larger_block() -> None:
    meter = clamp()
    meter.second(START)
    sid = meter.sensors[1].id
    before = meter.truth[sid, "counter"]
    messages = meter.second(START + SPAN - 200)
    assert not any(message.topic.endswith("/8/gz") for message in messages)
    after = meter.truth[sid, "counter"]
    (block,) = (b for b in arriving(meter, START + SPAN - 199, 300, 16) if b.sid == sid)
    kept = dict(block.readings)
    assert kept[START + SPAN - 201] == after
    gap = [stamp for stamp in kept if START < stamp < START + SPAN - 202]
    assert {stamp % 60 for stamp in gap} == {0}
    assert before < kept[gap[0]] < kept[gap[-1]] < after


def test_a_sensor_that_is_not_logged_has_no_blocks() -> None:
    meter = Flm03(DEVICE, start=START, math="p1+p2+p3", pulses=(), kubes=0)
    logged = {block.sid for block in blocks(play(meter, START, 400))}
    assert meter.sensors[1].id in logged
    assert meter.sensors[13].id not in logged


def test_readings_of_a_clock_that_is_not_set_are_not_kept() -> None:
    meter = clamp()
    meter.clock = -START
    assert not list(blocks(play(meter, START, 700)))


def wanted(meter: Flm03, sid: str, level: int, bid: int) -> Message:
    request = [{"sid": sid, "rid": 0, "lvl": level, "bid": bid}]
    return Message(meter.sync_topic, json.dumps(request).encode())


def test_stored_blocks_are_sent_again_when_asked_for_the_largest_first() -> None:
    meter = clamp()
    meter.second(START + 2 * SPAN + 3 * 4096 + 600)
    sid = meter.sensors[1].id
    found = list(blocks(meter.hear(wanted(meter, sid, 0, 0))))
    assert [block.level for block in found] == [16, 16, 12, 12, 12, 8, 8]
    assert {block.sid for block in found} == {sid}
    later = list(blocks(meter.hear(wanted(meter, sid, 16, START))))
    assert [block.bid for block in later] == [block.bid for block in found[1:]]


@pytest.mark.parametrize("payload", [b"", b"{}", b'["x"]', b'[{"sid":1}]', b"\xff"])
def test_a_request_that_makes_no_sense_is_not_answered(payload: bytes) -> None:
    meter = clamp()
    meter.second(START + 600)
    assert meter.hear(Message(meter.sync_topic, payload)) == []


def test_a_request_to_another_meter_is_not_answered() -> None:
    meter = clamp()
    meter.second(START + 600)
    request = wanted(meter, meter.sensors[1].id, 0, 0)
    assert meter.hear(Message(request.topic.replace("5f", "60"), request.payload)) == []


def test_a_meter_without_memory_has_nothing_to_send() -> None:
    meter = Flm03(DEVICE, start=START, blocks=False)
    assert not list(blocks(play(meter, START, 400)))
    assert meter.hear(wanted(meter, meter.sensors[1].id, 0, 0)) == []


def test_a_slot_with_another_use_has_blocks_of_its_own() -> None:
    meter = Flm03(DEVICE, start=START, clamps=0, pulses=(), kubes=1)
    before = list(play(meter, START, 300))
    meter.unpair_kube(1)
    meter.pair_kube()
    found = list(blocks([*before, *play(meter, START + 300, 700)]))
    assert {block.rid for block in found} == {0, 1}
    assert all(block.header["cfg"]["rid"] == block.rid for block in found)


def test_an_flm02_keeps_its_counters_too() -> None:
    meter = Flm02(DEVICE, start=START)
    found = list(blocks(play(meter, START, 700)))
    assert found
    assert {block.header["cfg"]["class"] for block in found} <= {"analog", "pulse"}


def test_gauges_are_in_the_larger_blocks_too() -> None:
    """Each minute while nobody listened, as the counters are, and of kubes each packet."""
    meter = Flm03(DEVICE, start=START, clamps=1, pulses=(), kubes=1, waveforms=False, times=False)
    meter.second(START)
    meter.second(START + SPAN + 300)
    asked = {slot.id: slot for slot in meter.sensors.values() if slot.logged}
    found = {
        sid: block
        for sid in asked
        for block in blocks(meter.hear(wanted(meter, sid, 0, 0)))
        if block.level == 16
    }
    assert {sid for sid, slot in asked.items() if slot.data_type == "gauge"} <= found.keys()
    for sid, block in found.items():
        if asked[sid].data_type == "gauge":
            steps = {b - a for (a, _), (b, _) in pairwise(block.readings[1:])}
            assert steps == ({64} if "kid" in asked[sid].more else {60})
    voltage = next(slot.id for slot in asked.values() if slot.more.get("subtype") == "vrms")
    assert all(200 < value < 260 for _, value in found[voltage].readings)


def test_after_a_past_that_nobody_heard_a_kube_says_all_that_it_measures() -> None:
    """Its gauges are known at once, and its movements are said even if there was none since."""
    meter = Flm03(DEVICE, start=START, clamps=1, pulses=(), kubes=2, waveforms=False, times=False)
    temperatures, movements = (
        {slot.id for slot in meter.sensors.values() if slot.type == kind}
        for kind in ("temperature", "movement")
    )
    meter.second(START)
    meter.second(START + SPAN)
    known = {sensor_id for sensor_id, _ in meter.truth}

    said = {message.topic for message in play(meter, START + SPAN + 1, COUNTER_PERIOD)}

    assert temperatures <= known
    assert {f"/sensor/{sensor_id}/counter" for sensor_id in movements} <= said

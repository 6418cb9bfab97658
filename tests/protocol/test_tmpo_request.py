"""Requests for the blocks in a meter's memory."""

import json

from hypothesis import given, strategies as st

from custom_components.flukso.protocol.quantities import Quantity
from custom_components.flukso.protocol.sensors import Sensor, Source
from custom_components.flukso.protocol.tmpo_request import sync_list, sync_topic
from custom_components.flukso.protocol.topics import Kind

_SENSORS = [
    Sensor("a" * 32, Quantity.PPLUS, Source.CLAMP, Kind.COUNTER, (1,), rid=2),
    Sensor("b" * 32, Quantity.WATER, Source.PULSE, Kind.COUNTER, (4,)),
]


def test_a_request_is_published_behind_the_prefix_of_the_bridge() -> None:
    assert sync_topic("/", "f" * 32) == f"/d/device/{'f' * 32}/tmpo/sync"
    assert sync_topic("home/", "f" * 32) == f"home/d/device/{'f' * 32}/tmpo/sync"


@given(st.integers(0, 2**32), st.sampled_from((8, 12, 16, 20)))
def test_the_block_that_holds_a_second_is_wanted_and_one_that_ends_before_is_not(
    since: int, level: int
) -> None:
    wanted = json.loads(sync_list(_SENSORS, since))

    assert [(item["sid"], item["rid"]) for item in wanted] == [("a" * 32, 2), ("b" * 32, 0)]
    begin = since >> level << level
    for item in wanted:
        last = item["bid"] + 2 ** item["lvl"] - 1
        assert begin + 2**level - 1 > last or since < 512
        assert (since >> 8 << 8) - 1 <= last

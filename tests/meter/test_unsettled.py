"""The channels to settle after messages that arrived together."""

from typing import cast
from unittest.mock import Mock

import pytest

from custom_components.flukso.meter.channel import Channel
from custom_components.flukso.meter.unsettled import UnsettledChannels


def channel(
    topic: str, settled: list[str], *, is_faulty: bool = False, can_be_urgent: bool = True
) -> Channel:
    """Return a channel that notes when it is settled."""
    fault = LookupError if is_faulty else None
    settle = Mock(side_effect=fault or (lambda _now: settled.append(topic)))
    return cast("Channel", Mock(topic=topic, settle=settle, can_be_urgent=can_be_urgent))


def test_each_is_settled_once_in_the_order_in_which_they_were_added() -> None:
    settled: list[str] = []
    unsettled = UnsettledChannels()
    first, second = channel("a", settled), channel("b", settled)
    for each in (second, first, second):
        unsettled.add(each)

    unsettled.settle(0, only_urgent=False)
    unsettled.settle(5, only_urgent=False)

    assert settled == ["b", "a"]


def test_those_of_which_nothing_can_be_urgent_may_be_left_for_later() -> None:
    settled: list[str] = []
    unsettled = UnsettledChannels()
    unsettled.add(channel("slow", settled, can_be_urgent=False))
    unsettled.add(channel("prompt", settled))

    unsettled.settle(0, only_urgent=True)
    assert settled == ["prompt"]

    unsettled.settle(5, only_urgent=False)
    assert settled == ["prompt", "slow"]


def test_a_fault_in_one_channel_costs_no_other(caplog: pytest.LogCaptureFixture) -> None:
    settled: list[str] = []
    unsettled = UnsettledChannels()
    unsettled.add(channel("/sensor/" + "1" * 32 + "/gauge", settled, is_faulty=True))
    unsettled.add(channel("b", settled))

    unsettled.settle(0, only_urgent=False)

    assert settled == ["b"]
    assert "Error while handling messages on /sensor/111111…/gauge" in caplog.text

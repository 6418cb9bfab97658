"""The issues of a meter with a topic prefix whose readings arrive without it, or twice."""

import asyncio
from dataclasses import replace

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from ..broker import Broker
from ..home import set_up
from ..meters import Meter, flm02, reading, three_clamps
from ..minutes import Home
from ..subscriptions import queued, refused

PREFIX = "home/flukso/"


@pytest.fixture
def meter() -> Meter:
    """Return a meter without the prefix."""
    return three_clamps()


@pytest.fixture
def behind(meter: Meter) -> Meter:
    """Return the same meter with its prefix."""
    return replace(meter, prefix=PREFIX)


@pytest.fixture
def home(hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory) -> Home:
    """Return Home Assistant with simulated minutes."""
    return Home(hass, broker, freezer)


async def test_a_meter_whose_readings_arrive_twice_has_an_issue_until_they_do_not(
    hass: HomeAssistant, broker: Broker, home: Home, meter: Meter, behind: Meter
) -> None:
    await set_up(hass, broker, behind)
    await home.wait(6, behind)

    await home.wait(3, meter, behind)
    assert home.issues == ["two_prefixes"]
    assert home.told["prefix"] == PREFIX

    await home.wait(6, behind)
    assert home.issues == []
    await home.wait(1, meter, behind)
    assert home.issues == []


async def test_a_meter_whose_prefix_was_removed_has_an_issue_until_it_is_reconfigured(
    hass: HomeAssistant, broker: Broker, home: Home, meter: Meter, behind: Meter
) -> None:
    entry = await set_up(hass, broker, behind)
    await home.wait(6, behind)

    for minute in range(8):
        await home.wait(1, meter)
        assert home.issues == ([] if minute < 4 else ["other_prefix"])
    assert home.told["prefix"] == PREFIX

    await broker.publish_all(meter.reports, retain=True)
    data = entry.data | {"topic_prefix": "/"}
    hass.config_entries.async_update_entry(entry, data=data)
    await home.restart(entry)
    await home.wait(6, meter)
    assert home.issues == []


@pytest.mark.parametrize("prefix", ["", "flukso", "flukso//"])
async def test_readings_as_the_meter_publishes_them_are_noticed_whatever_the_prefix_is(
    hass: HomeAssistant, broker: Broker, home: Home, meter: Meter, prefix: str
) -> None:
    behind = replace(meter, prefix=prefix)
    await set_up(hass, broker, behind)
    await home.wait(6, behind)

    await home.wait(6, meter)

    assert home.issues == ["other_prefix"]


async def test_retained_readings_of_an_earlier_bridge_are_ignored(
    hass: HomeAssistant, broker: Broker, home: Home
) -> None:
    without_prefix = flm02()
    await broker.publish_all(without_prefix.readings(), retain=True)
    meter = replace(without_prefix, prefix=PREFIX)
    await set_up(hass, broker, meter)

    await home.wait(10, meter)

    assert home.issues == []


async def test_what_is_said_again_of_an_earlier_bridge_is_ignored(
    hass: HomeAssistant, broker: Broker, home: Home, meter: Meter, behind: Meter
) -> None:
    await set_up(hass, broker, behind)
    await home.wait(3)
    old = reading(2_593_805, "Wh", age=4000)

    for payload in ("", old, old, "", old, old):
        await broker.publish(meter.topic(1, "counter"), payload)
        await home.wait(1)

    assert home.issues == ["no_readings"]


async def test_only_one_reading_is_subscribed_to_without_the_prefix(
    hass: HomeAssistant, broker: Broker, home: Home, meter: Meter, behind: Meter
) -> None:
    def without_prefix() -> set[str]:
        return {topic for topic in broker.topics if topic.startswith("/sensor/")}

    entry = await set_up(hass, broker, behind)
    await home.wait(3)
    assert without_prefix() == {meter.topic(1, "counter")}

    await broker.publish(*behind.changed(1, enable=0).sensor_report)
    await home.wait(1)
    assert without_prefix() == {meter.topic(2, "counter")}

    assert await hass.config_entries.async_unload(entry.entry_id)
    await broker.settle()
    assert without_prefix() == set()


async def test_a_failed_subscription_is_tried_again(
    hass: HomeAssistant, broker: Broker, home: Home, meter: Meter, behind: Meter
) -> None:
    entry = await set_up(hass, broker, behind)
    await home.wait(1)
    without_first = behind.changed(1, enable=0)

    with refused(meter.topic(2, "counter")):
        await broker.publish(*without_first.sensor_report)
        await home.wait(6)
    assert meter.topic(1, "counter") not in broker.topics
    assert home.issues == ["no_readings"]
    await home.wait(1)
    assert meter.topic(2, "counter") in broker.topics

    assert await hass.config_entries.async_unload(entry.entry_id)
    await broker.settle()
    assert not [topic for topic in broker.topics if topic.startswith("/sensor/")]


async def test_the_next_check_waits_for_a_slow_one_which_ends_with_the_meter(
    hass: HomeAssistant, broker: Broker, home: Home, meter: Meter, behind: Meter
) -> None:
    entry = await set_up(hass, broker, behind)
    topic = meter.topic(1, "counter")

    with queued(topic) as queue:
        for _ in range(7):
            home.freezer.tick(60)
            async_fire_time_changed(hass)
            await asyncio.sleep(0)
        assert queue.topics == [topic]
        assert await hass.config_entries.async_unload(entry.entry_id)
        queue.grant_all()
        await broker.settle()

    assert topic not in broker.topics
    assert home.issues == []

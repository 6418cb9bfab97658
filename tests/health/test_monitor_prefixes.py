"""The bridge doctor where a meter has a topic prefix: its readings may come without, or twice."""

import asyncio
from dataclasses import replace

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from ..broker import Broker
from ..home import set_up
from ..meters import Meter, flm02, three_clamps
from ..minutes import Home
from ..subscriptions import queued, refused

PREFIX = "home/flukso"


@pytest.fixture
def meter() -> Meter:
    """A meter without the prefix."""
    return three_clamps()


@pytest.fixture
def behind(meter: Meter) -> Meter:
    """The same meter behind its prefix."""
    return replace(meter, prefix=PREFIX)


@pytest.fixture
def home(hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory) -> Home:
    """Home Assistant over the minutes."""
    return Home(hass, broker, freezer)


async def test_a_meter_that_arrives_twice_is_told_of_until_it_does_not(
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


async def test_a_meter_whose_prefix_has_gone_is_told_of_until_it_is_reconfigured(
    hass: HomeAssistant, broker: Broker, home: Home, meter: Meter, behind: Meter
) -> None:
    entry = await set_up(hass, broker, behind)
    await home.wait(6, behind)

    for minute in range(8):
        await home.wait(1, meter)
        assert home.issues == ([] if minute < 4 else ["other_prefix"])
    assert home.told["prefix"] == PREFIX

    await broker.publish_all(meter.reports, retain=True)
    data = entry.data | {"topic_prefix": ""}
    hass.config_entries.async_update_entry(entry, data=data)
    await home.restart(entry)
    await home.wait(6, meter)
    assert home.issues == []


async def test_what_an_earlier_bridge_left_behind_is_no_second_way(
    hass: HomeAssistant, broker: Broker, home: Home
) -> None:
    left = flm02()
    await broker.publish_all(left.readings(), retain=True)
    meter = replace(left, prefix=PREFIX)
    await set_up(hass, broker, meter)

    await home.wait(10, meter)

    assert home.issues == []


async def test_one_reading_is_followed_without_the_prefix_and_no_more(
    hass: HomeAssistant, broker: Broker, home: Home, meter: Meter, behind: Meter
) -> None:
    def followed() -> set[str]:
        return {topic for topic in broker.topics if topic.startswith("/sensor/")}

    entry = await set_up(hass, broker, behind)
    await home.wait(3)
    assert followed() == {meter.topic(1, "counter")}

    await broker.publish(*behind.changed(1, enable=0).sensor_report)
    await home.wait(1)
    assert followed() == {meter.topic(2, "counter")}

    assert await hass.config_entries.async_unload(entry.entry_id)
    await broker.settle()
    assert followed() == set()


async def test_where_the_reading_cannot_be_followed_it_is_tried_again(
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


async def test_a_look_that_takes_long_is_waited_for_by_the_next_and_ends_with_the_meter(
    hass: HomeAssistant, broker: Broker, home: Home, meter: Meter, behind: Meter
) -> None:
    entry = await set_up(hass, broker, behind)
    followed = meter.topic(1, "counter")

    with queued(followed) as queue:
        for _ in range(7):
            home.freezer.tick(60)
            async_fire_time_changed(hass)
            await asyncio.sleep(0)
        assert queue.topics == [followed]
        assert await hass.config_entries.async_unload(entry.entry_id)
        queue.grant_all()
        await broker.settle()

    assert followed not in broker.topics
    assert home.issues == []

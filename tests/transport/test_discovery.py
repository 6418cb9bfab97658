"""Discovery of meters: retained reports come at once, late ones are waited for."""

import asyncio
from dataclasses import replace
from unittest.mock import patch

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest

from custom_components.flukso.protocol.configuration import Configuration
from custom_components.flukso.transport.discovery import async_find_meters, async_read_meter
from custom_components.flukso.transport.home_assistant import HomeAssistantTransport
from custom_components.flukso.transport.interface import Transport

from ..broker import Broker
from ..meters import Meter, flm02, flm03, kubes_alone
from ..subscriptions import refused


@pytest.fixture
def transport(hass: HomeAssistant, broker: Broker) -> Transport:
    """The transport under test."""
    return HomeAssistantTransport(hass)


async def test_every_meter_is_found_with_the_names_of_its_ports_and_kubes(
    broker: Broker, transport: Transport
) -> None:
    for meter in (flm03(), flm02(), kubes_alone()):
        await broker.publish_all(meter.reports, retain=True)

    found = await async_find_meters(transport, "/")

    assert {device_id: meter.configuration.names for device_id, meter in found.items()} == {
        flm03().device_id: (
            *("main", "solar", "tap water", "gas", "heat pump"),
            *("living room", "attic"),
        ),
        flm02().device_id: ("main", "house", "rain water", "boiler", "grid", "bath"),
        kubes_alone().device_id: ("cellar",),
    }


async def test_meters_behind_another_prefix_are_not_found(
    broker: Broker, transport: Transport
) -> None:
    behind = replace(flm03(), prefix="home/flukso/")
    for meter in (flm02(), behind):
        await broker.publish_all(meter.reports, retain=True)

    assert set(await async_find_meters(transport, "home/flukso/")) == {behind.device_id}
    assert set(await async_find_meters(transport, "/")) == {flm02().device_id}
    assert await async_find_meters(transport, "home/") == {}


async def test_one_meter_is_read_alone(broker: Broker, transport: Transport) -> None:
    for meter in (flm03(), flm02()):
        await broker.publish_all(meter.reports, retain=True)

    found = await async_read_meter(transport, "/", flm02().device_id)

    assert found.model == "FLM02"
    assert await async_read_meter(transport, "/", kubes_alone().device_id) == Configuration()


async def test_a_sensor_that_is_not_known_leaves_the_others(
    broker: Broker, transport: Transport
) -> None:
    meter = flm03().changed(12, subtype="frequency", enable=1)
    await broker.publish_all(meter.reports, retain=True)

    found = await async_find_meters(transport, "/")

    assert len(found[meter.device_id].configuration.streams) == 70


@pytest.mark.parametrize("broken", ["", "no JSON", "{", '{"1": 5}', "[1]", "5"])
async def test_broken_reports_leave_the_others(
    broker: Broker, transport: Transport, broken: str
) -> None:
    meter = flm03()
    await broker.publish_all(meter.reports, retain=True)
    await broker.publish(meter.port_report[0], broken, retain=True)
    await broker.publish(flm02().sensor_report[0], broken, retain=True)

    found = await async_find_meters(transport, "/")

    assert {device_id: meter.configuration.names for device_id, meter in found.items()} == {
        meter.device_id: ("living room", "attic")
    }


@pytest.mark.parametrize("meter", [flm03(), flm02()], ids=["FLM03", "FLM02"])
async def test_reports_that_trickle_in_are_waited_for(
    broker: Broker, transport: Transport, meter: Meter
) -> None:
    async def trickle() -> None:
        for topic, payload in meter.reports.items():
            await asyncio.sleep(0.01)
            await broker.publish(topic, payload)

    with patch("custom_components.flukso.transport.discovery.QUIET_FOR", 0.1):
        found, _ = await asyncio.gather(async_find_meters(transport, "/"), trickle())

    assert found[meter.device_id].configuration.complete


async def test_discovery_ends_though_a_meter_never_stops_sending(
    broker: Broker, transport: Transport
) -> None:
    async def chatter() -> None:
        while True:
            await asyncio.sleep(0.005)
            await broker.publish(*flm03().sensor_report)

    chattering = asyncio.create_task(chatter())
    found = await async_find_meters(transport, "/")
    chattering.cancel()

    assert set(found) == {flm03().device_id}


async def test_nothing_is_left_subscribed(broker: Broker, transport: Transport) -> None:
    before = set(broker.topics)
    await broker.publish_all(flm03().reports, retain=True)

    await async_find_meters(transport, "/")
    await async_find_meters(transport, "home/")
    await async_read_meter(transport, "/", flm03().device_id)
    await broker.settle()

    assert broker.topics == before


async def test_nothing_is_left_subscribed_where_a_topic_is_refused(
    broker: Broker, transport: Transport
) -> None:
    topics = set(broker.topics)
    meter = flm03()

    with refused(meter.kube_report[0]), pytest.raises(HomeAssistantError):
        await async_read_meter(transport, "/", meter.device_id)
    await broker.settle()

    assert broker.topics == topics


async def test_no_more_than_a_hundred_meters_are_looked_at(
    broker: Broker, transport: Transport
) -> None:
    meters = [kubes_alone(0x1000 + number) for number in range(150)]
    for meter in meters:
        await broker.publish(*meter.sensor_report, retain=True)
    await broker.publish_all({meter.kube_report[0]: meter.kube_report[1] for meter in meters})

    assert len(await async_find_meters(transport, "/")) == 100
    of_last = await async_find_meters(transport, "/", digits=meters[-1].device_id[:6])
    assert set(of_last) == {meters[-1].device_id}

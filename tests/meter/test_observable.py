"""Observables: started by the first listener, never left half started, stopped after the last."""

import asyncio
from datetime import UTC

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flukso.meter.channel import Channel
from custom_components.flukso.meter.counter_channel import CounterChannel
from custom_components.flukso.meter.observable import Observable
from custom_components.flukso.protocol.tmpo_block import block_topic_filter
from custom_components.flukso.protocol.topics import Kind
from custom_components.flukso.supply.net_counters import NetCounters, NetCounterStorage
from custom_components.flukso.supply.storage import SupplyStorage
from custom_components.flukso.supply.supply import Supply

from ..broker import Broker
from ..home import set_up
from ..mains import flx_topic
from ..meters import reading
from ..restarts import only, reload
from ..subscriptions import queued, refused
from ..supplies import METER, slot

pytestmark = pytest.mark.usefixtures("freezer")

GAUGE = METER.topic(slot(1, "pplus"), "gauge")
#: Each kind of observable, and the last topic that it subscribes to.
LAST_TOPICS = {
    "channel": GAUGE,
    "clock": flx_topic(METER, "time"),
    "scope": flx_topic(METER, "current/1"),
    "figure": flx_topic(METER, "current/1"),
    "power of the supply": METER.topic(slot(3, "pminus"), "gauge"),
    "energy of the supply": METER.topic(slot(3, "pminus"), "counter"),
}


@pytest.fixture
async def entry(hass: HomeAssistant, broker: Broker) -> MockConfigEntry:
    """A meter with all entities disabled, so that only its reports are subscribed to."""
    entry = await set_up(hass, broker, METER)
    only(hass, entry, ())
    await reload(hass, broker, entry)
    return entry


@pytest.fixture
def channel(entry: MockConfigEntry) -> Channel:
    """The channel of a gauge of the meter."""
    channel: Channel = entry.runtime_data.meter.channels[
        METER.sensor_id(slot(1, "pplus")), Kind.GAUGE
    ]
    return channel


def source_of(hass: HomeAssistant, entry: MockConfigEntry, what: str) -> Observable:
    """The observable of that kind."""
    runtime = entry.runtime_data
    net_counters = NetCounters(runtime.meter, NetCounterStorage(hass, entry.entry_id))
    storage = SupplyStorage(hass, entry.entry_id)
    supply = Supply(
        runtime.meter, net_counters, chosen=(), production=(), zone=UTC, storage=storage
    )
    supply.listen()
    totals = supply.totals
    sources: dict[str, Observable] = {
        "channel": runtime.meter.channels[METER.sensor_id(slot(1, "pplus")), Kind.GAUGE],
        "clock": runtime.meter.clock,
        "scope": runtime.waveforms.oscilloscopes()[0],
        "figure": runtime.waveforms.figures()[0],
        "power of the supply": totals["net_active_power"],
        "energy of the supply": totals["netted_energy_import"],
    }
    return sources[what]


def nothing() -> None:
    """Do nothing."""


@pytest.mark.parametrize(("what", "topic"), LAST_TOPICS.items())
async def test_after_an_error_nothing_is_left_and_the_next_listener_starts_it(
    hass: HomeAssistant, entry: MockConfigEntry, broker: Broker, what: str, topic: str
) -> None:
    source, topics = source_of(hass, entry, what), set(broker.topics)

    with refused(topic), pytest.raises(HomeAssistantError):
        await source.async_listen(nothing)
    await broker.settle()
    assert broker.topics == topics
    assert not source.listening

    stop = await source.async_listen(nothing)
    await broker.settle()
    assert topic in broker.topics

    stop()
    await broker.settle()
    assert broker.topics == topics


async def test_unsubscribing_twice_does_not_affect_other_listeners(
    broker: Broker, channel: Channel
) -> None:
    stop_first = await channel.async_listen(nothing)
    stop_second = await channel.async_listen(nothing)
    await broker.settle()

    stop_first()
    stop_first()
    await broker.settle()
    assert GAUGE in broker.topics

    stop_second()
    stop_second()
    await broker.settle()
    assert GAUGE not in broker.topics


async def test_a_listener_added_during_the_start_waits_for_it(
    broker: Broker, channel: Channel
) -> None:
    with queued(GAUGE) as queue:
        first = asyncio.create_task(channel.async_listen(nothing))
        second = asyncio.create_task(channel.async_listen(nothing))
        await broker.settle()
        assert not first.done()
        assert not second.done()
        queue.grant()
        stops = await first, await second

    assert queue.topics == [GAUGE]
    for stop in stops:
        await broker.settle()
        assert GAUGE in broker.topics
        stop()
    await broker.settle()
    assert GAUGE not in broker.topics


@pytest.mark.parametrize("fate", ["refused", "cancelled"])
async def test_where_the_first_listener_fails_the_next_starts_it(
    broker: Broker, channel: Channel, fate: str
) -> None:
    calls: list[str] = []
    with queued(GAUGE) as queue:
        first = asyncio.create_task(channel.async_listen(lambda: calls.append("first")))
        second = asyncio.create_task(channel.async_listen(lambda: calls.append("second")))
        await broker.settle()
        if fate == "refused":
            queue.refuse()
        else:
            first.cancel()
        with pytest.raises((HomeAssistantError, asyncio.CancelledError)):
            await first
        await broker.settle()
        assert not second.done()
        queue.grant()
        stop = await second

    await broker.settle()
    await broker.publish(GAUGE, reading(100, "W"))
    assert calls == ["second"]
    stop()
    await broker.settle()
    assert GAUGE not in broker.topics


async def test_a_listener_cancelled_during_the_start_is_not_counted(
    broker: Broker, channel: Channel
) -> None:
    with queued(GAUGE) as queue:
        first = asyncio.create_task(channel.async_listen(nothing))
        second = asyncio.create_task(channel.async_listen(nothing))
        await broker.settle()
        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second
        queue.grant()
        stop = await first

    stop()
    await broker.settle()
    assert GAUGE not in broker.topics


async def test_a_follower_that_failed_to_subscribe_is_never_called(
    broker: Broker, channel: Channel
) -> None:
    calls: list[float] = []
    with refused(GAUGE), pytest.raises(HomeAssistantError):
        await channel.async_follow(lambda _time, value, _at: calls.append(value))

    await channel.async_listen(nothing)
    await broker.settle()
    await broker.publish(GAUGE, reading(100, "W"))

    assert calls == []


async def test_a_counter_whose_blocks_can_t_all_be_subscribed_to_is_not_followed(
    entry: MockConfigEntry, broker: Broker
) -> None:
    runtime, topics = entry.runtime_data, set(broker.topics)
    counter = runtime.meter.channels[METER.sensor_id(slot(1, "pplus")), Kind.COUNTER]
    assert isinstance(counter, CounterChannel)
    blocks = runtime.history.blocks
    filters = [
        block_topic_filter("/", counter.stream.sensor.sensor_id, level) for level in (12, 16, 20)
    ]

    with refused(filters[-1]), pytest.raises(HomeAssistantError):
        await blocks.async_follow(counter)
    await broker.settle()
    assert broker.topics == topics
    assert blocks.counters == {}

    stop = await blocks.async_follow(counter)
    await broker.settle()
    assert broker.topics == topics | set(filters)
    for _ in range(2):
        stop()
        await broker.settle()
        assert broker.topics == topics
        assert blocks.counters == {}

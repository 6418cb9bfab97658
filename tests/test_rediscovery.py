"""A meter that is set up announces itself: it connects at once, and keeps or gets its address."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from unittest.mock import patch

from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flukso import rediscovery
from custom_components.flukso.transport import direct
from stack import eventually

from .broker import Broker
from .direct import (
    MetersBroker,
    announce,
    connected,
    direct_entry,
    set_up_directly,
)
from .flows import cards
from .home import set_up
from .meters import Meter, flm02, flm03


@pytest.fixture
async def meter(own_broker: MetersBroker) -> Meter:
    """A meter that is on the network."""
    await own_broker.publish(flm03())
    return flm03()


@pytest.fixture
async def elsewhere(tmp_path: Path, own_broker: MetersBroker) -> AsyncGenerator[MetersBroker]:
    """The broker at another address."""
    async with MetersBroker(tmp_path, "elsewhere") as broker:
        yield broker


async def assert_known(hass: HomeAssistant, meter: Meter, port: int) -> None:
    """Announce a meter that is set up: there is no card."""
    result = await announce(hass, meter, port)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "already_configured")
    assert cards(hass) == []


async def test_a_meter_that_is_connected_is_not_asked_at_its_own_address(
    hass: HomeAssistant, own_broker: MetersBroker, meter: Meter
) -> None:
    entry = await set_up_directly(hass, meter, own_broker.address)

    await assert_known(hass, meter, own_broker.port)

    assert own_broker.connections == 1
    assert entry.runtime_data.transport.connected


async def test_a_meter_that_has_two_addresses_keeps_the_one_it_has(
    hass: HomeAssistant, own_broker: MetersBroker, meter: Meter
) -> None:
    entry = await set_up_directly(hass, meter, own_broker.address)

    await assert_known(hass, meter, own_broker.second_port)

    assert entry.data["port"] == own_broker.port
    assert entry.runtime_data.transport.connected


async def test_a_meter_that_is_back_connects_at_once(
    hass: HomeAssistant, own_broker: MetersBroker, meter: Meter
) -> None:
    with patch.multiple(direct, _FIRST_PAUSE=60, _MAX_PAUSE=60):
        entry = await set_up_directly(hass, meter, own_broker.address)
        await own_broker.stop()
        await connected(entry, is_connected=False)
        await asyncio.sleep(0.5)
        await own_broker.start()
        assert not entry.runtime_data.transport.connected

        await assert_known(hass, meter, own_broker.port)

        await connected(entry)


async def test_a_meter_that_has_moved_gets_its_new_address(
    hass: HomeAssistant, own_broker: MetersBroker, elsewhere: MetersBroker, meter: Meter
) -> None:
    entry = await set_up_directly(hass, meter, own_broker.address)
    await own_broker.stop()
    await elsewhere.publish(meter)

    await asyncio.gather(
        assert_known(hass, meter, elsewhere.port), announce(hass, meter, elsewhere.second_port)
    )
    await hass.async_block_till_done()

    assert entry.data["port"] in (elsewhere.port, elsewhere.second_port)
    await connected(entry)
    assert cards(hass) == []


async def test_a_meter_whose_address_another_one_has_got_gets_its_new_address(
    hass: HomeAssistant, own_broker: MetersBroker, elsewhere: MetersBroker
) -> None:
    await own_broker.publish(flm03())
    await elsewhere.publish(flm02())
    entry = await set_up_directly(hass, flm02(), own_broker.address)

    await assert_known(hass, flm02(), elsewhere.port)
    await hass.async_block_till_done()

    assert entry.data["port"] == elsewhere.port
    await connected(entry)


@asynccontextmanager
async def heard(
    entry: MockConfigEntry, own_broker: MetersBroker, meter: Meter
) -> AsyncIterator[None]:
    """Readings of a meter arrive."""

    async def send() -> None:
        while True:
            await own_broker.send(meter.readings())
            await asyncio.sleep(0.3)

    def at() -> float:
        channels = entry.runtime_data.meter.channels.values()
        return max((channel.stats.live_at or 0 for channel in channels), default=0)

    async def is_heard() -> bool:
        return at() > began

    began, sending = at(), asyncio.create_task(send())
    try:
        await eventually(is_heard, "a reading", within=8, every=0.1)
        yield
    finally:
        sending.cancel()
        with suppress(asyncio.CancelledError):
            await sending


async def test_a_meter_that_is_heard_keeps_its_address_whatever_is_deleted_on_its_broker(
    hass: HomeAssistant, own_broker: MetersBroker, elsewhere: MetersBroker, meter: Meter
) -> None:
    entry = await set_up_directly(hass, meter, own_broker.address)
    await elsewhere.publish(meter)

    async with heard(entry, own_broker, meter):
        await own_broker.send(dict.fromkeys(meter.reports, ""), retain=True)
        await assert_known(hass, meter, elsewhere.port)

    assert entry.data["port"] == own_broker.port
    assert elsewhere.connections == 0

    await assert_gets(hass, entry, meter, elsewhere.port)


async def assert_gets(hass: HomeAssistant, entry: MockConfigEntry, meter: Meter, port: int) -> None:
    """Announce a meter at another address, as it does by itself, until its entry has that."""

    async def has_moved() -> bool:
        await assert_known(hass, meter, port)
        await hass.async_block_till_done()
        return entry.data["port"] == port

    with patch.object(rediscovery, "MAX_SILENCE", 7):
        await eventually(has_moved, "the new address", within=60)
    await connected(entry)


async def test_a_meter_that_moved_a_moment_after_its_last_reading_gets_its_new_address(
    hass: HomeAssistant, own_broker: MetersBroker, elsewhere: MetersBroker, meter: Meter
) -> None:
    """Its connection is open until its silence is noticed."""
    entry = await set_up_directly(hass, meter, own_broker.address)
    async with heard(entry, own_broker, meter):
        await elsewhere.publish(meter)
    own_broker.pause()
    try:
        await assert_gets(hass, entry, meter, elsewhere.port)
    finally:
        own_broker.resume()


async def test_an_address_that_another_device_announces_is_not_taken(
    hass: HomeAssistant, own_broker: MetersBroker, elsewhere: MetersBroker, meter: Meter
) -> None:
    entry = await set_up_directly(hass, meter, own_broker.address)
    await own_broker.stop()
    await elsewhere.publish(flm02())

    await assert_known(hass, meter, elsewhere.port)

    assert entry.data["port"] == own_broker.port


async def test_an_address_that_the_user_changed_meanwhile_is_kept(
    hass: HomeAssistant, own_broker: MetersBroker, elsewhere: MetersBroker, meter: Meter
) -> None:
    entry = await set_up_directly(hass, meter, own_broker.address)
    await own_broker.stop()
    await elsewhere.publish(meter)
    through_mqtt = {"device_id": meter.device_id, "topic_prefix": "home/"}

    async def change() -> None:
        await asyncio.sleep(0.2)
        hass.config_entries.async_update_entry(entry, data=through_mqtt)

    await asyncio.gather(assert_known(hass, meter, elsewhere.port), change())

    assert entry.data == through_mqtt


async def never_reached(
    hass: HomeAssistant, meter: Meter, own_broker: MetersBroker
) -> MockConfigEntry:
    """A meter that was off when Home Assistant started, and has never been reached."""
    await own_broker.stop()
    entry = await set_up_directly(hass, meter, own_broker.address)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert entry.error_reason_translation_key == "cannot_connect"
    return entry


async def test_a_meter_that_was_never_reached_is_set_up_at_once_when_it_is_back(
    hass: HomeAssistant, own_broker: MetersBroker, meter: Meter
) -> None:
    entry = await never_reached(hass, meter, own_broker)
    await own_broker.start()
    await own_broker.publish(meter)

    await assert_known(hass, meter, own_broker.port)
    await hass.async_block_till_done()

    assert entry.state is ConfigEntryState.LOADED
    await connected(entry)


async def test_a_meter_that_was_never_reached_is_set_up_at_its_new_address(
    hass: HomeAssistant, own_broker: MetersBroker, elsewhere: MetersBroker, meter: Meter
) -> None:
    entry = await never_reached(hass, meter, own_broker)
    await elsewhere.publish(meter)

    await assert_known(hass, meter, elsewhere.port)
    await hass.async_block_till_done()

    assert entry.data["port"] == elsewhere.port
    assert entry.state is ConfigEntryState.LOADED


async def test_a_meter_behind_home_assistants_broker_stays_there(
    hass: HomeAssistant, broker: Broker, own_broker: MetersBroker, meter: Meter
) -> None:
    entry = await set_up(hass, broker, meter)
    before = dict(entry.data)

    await assert_known(hass, meter, own_broker.port)

    assert entry.data == before
    assert own_broker.connections == 0


async def test_a_disabled_meter_is_left_alone(
    hass: HomeAssistant, own_broker: MetersBroker, meter: Meter
) -> None:
    entry = direct_entry(meter, own_broker.address)
    entry.add_to_hass(hass)
    await hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)

    await assert_known(hass, meter, own_broker.second_port)

    assert own_broker.connections == 0

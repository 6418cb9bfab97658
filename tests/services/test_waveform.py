"""The action that captures one waveform of a clamp."""

import asyncio
from datetime import timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.flukso.const import DOMAIN

from ..broker import Broker
from ..home import device_of, set_up
from ..mains import cycle, enable, flx_topic, show_cycle, state, wave_topics, waveform
from ..meters import flm03

METER = flm03()
pytestmark = pytest.mark.usefixtures("freezer")


async def capture(
    hass: HomeAssistant, broker: Broker, entry: MockConfigEntry, device: str
) -> asyncio.Task[dict[str, Any] | None]:
    """Call the action on a device, by its name, without waiting for the response."""
    data = {"device_id": device_of(hass, entry, device).id}
    call = hass.services.async_call(
        DOMAIN, "capture_waveform", data, blocking=True, return_response=True
    )
    pending = hass.async_create_background_task(call, "capture")
    await broker.settle()
    return pending


async def test_the_next_waveform_is_returned_and_then_nothing_is_subscribed_to(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    freezer.move_to("2026-11-24T10:00:00.500+00:00")
    entry = await set_up(hass, broker, METER)
    current = cycle(10, harmonics={3: 0.2, 5: 0.1})

    pending = await capture(hass, broker, entry, "solar")
    assert wave_topics(broker) == {"voltage/1", "current/3"}
    broker.send(flx_topic(METER, "voltage/1"), waveform(cycle(230), "mV"))
    broker.send(flx_topic(METER, "current/3"), waveform(current, "mA"))
    response = await pending
    await broker.settle()

    assert wave_topics(broker) == set()
    assert response is not None
    assert (response["port"], response["name"]) == (3, "solar")
    assert response["voltage"]["rms"] == pytest.approx(230, rel=0.001)
    assert response["voltage"]["unit"] == "V"
    assert response["voltage"]["time"] == "2026-11-24T10:00:00.500000+00:00"
    assert response["harmonic_3"] == pytest.approx(20, rel=0.01)
    assert response["harmonic_7"] == pytest.approx(0, abs=0.1)
    assert len(response["voltage"]["samples"]) == len(response["current"]["samples"]) == 32
    assert response["current"]["samples"] == [each / 1000 for each in current]
    assert response["phase_shift"] == 0


async def test_voltage_and_current_of_different_moments_are_returned_a_second_later(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    entry = await set_up(hass, broker, METER)

    pending = await capture(hass, broker, entry, "solar")
    broker.send(flx_topic(METER, "voltage/1"), waveform(cycle(230), "mV", age=0.7))
    broker.send(flx_topic(METER, "current/3"), waveform(cycle(10), "mA"))
    await broker.settle()
    assert not pending.done()
    freezer.tick(timedelta(seconds=1.1))
    async_fire_time_changed(hass)
    response = await pending

    assert response is not None
    assert response["voltage"]["time"] < response["current"]["time"]
    await broker.settle()
    assert wave_topics(broker) == set()


async def test_it_fails_after_ten_seconds_without_a_waveform(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    entry = await set_up(hass, broker, METER)

    pending = await capture(hass, broker, entry, "solar")
    freezer.tick(timedelta(seconds=9))
    async_fire_time_changed(hass)
    await broker.settle()
    assert not pending.done()
    freezer.tick(timedelta(seconds=2))
    async_fire_time_changed(hass)

    with pytest.raises(HomeAssistantError) as raised:
        await pending
    await broker.settle()
    assert raised.value.translation_key == "no_waveform"
    assert raised.value.translation_placeholders == {"name": "solar", "seconds": "10"}
    assert "solar" in str(raised.value)
    assert wave_topics(broker) == set()


async def test_it_neither_waits_for_the_interval_nor_updates_entities(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    entry = await set_up(hass, broker, METER)
    await enable(hass, broker, entry, "port_3_waveform")
    await show_cycle(broker, METER, 3)
    before = state(hass, METER, "waveform", 3).state
    freezer.tick(timedelta(seconds=1))

    pending = await capture(hass, broker, entry, "solar")
    broker.send(flx_topic(METER, "voltage/1"), waveform(cycle(225), "mV"))
    broker.send(flx_topic(METER, "current/3"), waveform(cycle(5), "mA"))
    response = await pending

    assert response is not None
    assert response["voltage"]["rms"] == pytest.approx(225, rel=0.001)
    assert state(hass, METER, "waveform", 3).state == before
    assert wave_topics(broker) == {"voltage/1", "current/3"}


@pytest.mark.parametrize("device", ["tap water", "living room", "Fluksometer"])
async def test_a_device_that_is_not_a_clamp_is_refused(
    hass: HomeAssistant, broker: Broker, device: str
) -> None:
    entry = await set_up(hass, broker, METER)

    with pytest.raises(ServiceValidationError) as raised:
        await (await capture(hass, broker, entry, device))

    assert raised.value.translation_key == "not_a_clamp"
    assert device in str(raised.value)

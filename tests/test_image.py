"""The picture of a clamp's waveform: drawn when somebody looks, of what was seen last."""

from datetime import timedelta
from http import HTTPStatus
from unittest.mock import patch
from xml.etree import ElementTree as ET

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.image import async_get_image
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.flukso import image

from .broker import Broker
from .home import device_of, set_up
from .mains import enable, entity_id, show_cycle, state
from .meters import flm03

METER = flm03()


async def test_each_clamp_has_one_on_the_device_of_its_port_for_who_wants_it(
    hass: HomeAssistant, broker: Broker
) -> None:
    entry = await set_up(hass, broker, METER)
    registry = er.async_get(hass)

    found = {
        each.device_id: each
        for each in er.async_entries_for_config_entry(registry, entry.entry_id)
        if each.domain == "image"
    }

    names = ("main (port 1)", "main (port 2)", "solar")
    assert found.keys() == {device_of(hass, entry, name).id for name in names}
    for each in found.values():
        assert isinstance(dr.async_get(hass).async_get(each.device_id or ""), dr.ChildDeviceEntry)
        assert each.original_name == "Waveform"
        assert each.disabled_by is er.RegistryEntryDisabler.INTEGRATION


async def test_its_state_is_when_it_was_new(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    entry = await set_up(hass, broker, METER)
    await enable(hass, broker, entry, "port_1_waveform")
    assert state(hass, METER, "waveform", 1).state == "unknown"

    await show_cycle(broker, METER, 1)
    first = dt_util.utcnow()
    assert state(hass, METER, "waveform", 1).state == first.isoformat()

    freezer.tick(timedelta(seconds=9))
    await show_cycle(broker, METER, 1)
    assert state(hass, METER, "waveform", 1).state == first.isoformat()
    freezer.tick(timedelta(seconds=1))
    await show_cycle(broker, METER, 1)
    assert state(hass, METER, "waveform", 1).state == dt_util.utcnow().isoformat()


async def test_what_is_fetched_is_a_picture_of_what_was_seen_last(
    hass: HomeAssistant,
    broker: Broker,
    freezer: FrozenDateTimeFactory,
    hass_client: ClientSessionGenerator,
) -> None:
    entry = await set_up(hass, broker, METER)
    await enable(hass, broker, entry, "port_1_waveform")
    client = await hass_client()
    pictures = []

    for volts in (231, 229):
        await show_cycle(broker, METER, 1, volts=volts)
        freezer.tick(10)
        url = state(hass, METER, "waveform", 1).attributes["entity_picture"]
        response = await client.get(url)
        assert response.status == HTTPStatus.OK
        assert response.content_type == "image/svg+xml"
        pictures.append(await response.text())

    for picture, volts in zip(pictures, ("231", "229"), strict=True):
        root = ET.fromstring(picture)
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        assert volts in "".join(root.itertext())


async def test_nothing_is_drawn_while_nobody_looks(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    entry = await set_up(hass, broker, METER)
    await enable(hass, broker, entry, "port_1_waveform")

    with patch.object(image, "draw", wraps=image.draw) as draw:
        for _ in range(3):
            await show_cycle(broker, METER, 1)
            freezer.tick(10)
        assert draw.call_count == 0
        await async_get_image(hass, entity_id(hass, METER, "waveform", 1))
        assert draw.call_count == 1


async def test_before_anything_was_seen_there_is_no_picture(
    hass: HomeAssistant, broker: Broker
) -> None:
    entry = await set_up(hass, broker, METER)
    await enable(hass, broker, entry, "port_1_waveform")

    with pytest.raises(HomeAssistantError):
        await async_get_image(hass, entity_id(hass, METER, "waveform", 1))

"""The transport: messages as they came, and how things stand with the broker."""

import time
from unittest.mock import MagicMock

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant

from custom_components.flukso.transport import Link, Message, Transport

from .broker import Broker, connect


async def test_a_message_arrives_as_it_was_sent(hass: HomeAssistant, broker: Broker) -> None:
    messages: list[Message] = []
    await broker.publish("/a", b"\xff\x00 old", retain=True)
    started = time.time()

    stop = await Transport(hass).async_subscribe("/a", messages.append)
    await broker.settle()
    await broker.publish("/a", "new °")
    await broker.publish("/b", "another topic")
    stop()
    await broker.settle()
    await broker.publish("/a", "unheard")

    assert [(message.topic, message.payload, message.retained) for message in messages] == [
        ("/a", b"\xff\x00 old", True),
        ("/a", "new °".encode(), False),
    ]
    assert all(started <= message.arrived <= time.time() for message in messages)
    assert "/a" not in broker.topics


async def test_the_link_is_missing_without_the_mqtt_integration(hass: HomeAssistant) -> None:
    transport = Transport(hass)

    assert transport.link is Link.MISSING
    assert not await transport.async_ready()


async def test_the_link_follows_the_connection(
    hass: HomeAssistant, mock_hass_config: None, mqtt_client_mock: MagicMock
) -> None:
    broker = await connect(hass, mqtt_client_mock)
    transport = Transport(hass)
    links: list[tuple[Link, bool]] = []

    def note() -> None:
        links.append((transport.link, transport.connected))

    assert await transport.async_ready()
    note()
    stop = transport.listen_to_link(note)
    await broker.lose_connection()
    await broker.restore_connection()
    stop()
    await broker.lose_connection()

    assert links == [(Link.CONNECTED, True), (Link.DISCONNECTED, False), (Link.CONNECTED, True)]


async def test_the_link_is_missing_while_the_mqtt_integration_is_disabled(
    hass: HomeAssistant, broker: Broker
) -> None:
    [mqtt] = hass.config_entries.async_entries("mqtt")

    await hass.config_entries.async_unload(mqtt.entry_id)

    assert mqtt.state is ConfigEntryState.NOT_LOADED
    assert Transport(hass).link is Link.MISSING

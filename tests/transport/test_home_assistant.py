"""The transport through Home Assistant: messages, their buffer, and the connection state."""

from collections.abc import Sequence
import time
import tracemalloc
from unittest.mock import MagicMock, patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest

from custom_components.flukso.transport.home_assistant import HomeAssistantTransport
from custom_components.flukso.transport.interface import (
    BufferedSubscription,
    ConnectionState,
    Message,
)

from ..broker import Broker, connect
from ..clock import pass_time

#: By topic, what tells whether a message is urgent; of the others none is.
URGENCY = {"/urgent": lambda _payload: True, "/asked": lambda _payload: False}


async def test_a_message_arrives_as_it_was_sent(hass: HomeAssistant, broker: Broker) -> None:
    messages: list[Message] = []
    await broker.publish("/a", b"\xff\x00 old", retain=True)
    started = time.time()

    stop = await HomeAssistantTransport(hass).async_subscribe("/a", messages.append)
    await broker.settle()
    await broker.publish("/a", "new °")
    await broker.publish("/b", "another topic")
    stop()
    await broker.settle()
    await broker.publish("/a", "after unsubscribing")

    assert [(message.topic, message.payload, message.retained) for message in messages] == [
        ("/a", b"\xff\x00 old", True),
        ("/a", "new °".encode(), False),
    ]
    assert all(started <= message.arrived <= time.time() for message in messages)
    assert "/a" not in broker.topics


async def test_the_connection_state_is_missing_without_the_mqtt_integration(
    hass: HomeAssistant,
) -> None:
    transport = HomeAssistantTransport(hass)

    assert transport.connection_state is ConnectionState.MISSING
    with pytest.raises(HomeAssistantError) as unavailable:
        await transport.async_start()
    assert unavailable.value.translation_key == "mqtt_unavailable"


async def test_the_connection_state_follows_the_connection(
    hass: HomeAssistant, mock_hass_config: None, mqtt_client_mock: MagicMock
) -> None:
    broker = await connect(hass, mqtt_client_mock)
    transport = HomeAssistantTransport(hass)
    states: list[tuple[ConnectionState, bool]] = []

    def note() -> None:
        states.append((transport.connection_state, transport.connected))

    await transport.async_start()
    note()
    stop = transport.listen_to_connection(note)
    await broker.lose_connection()
    await broker.restore_connection()
    stop()
    await broker.lose_connection()

    assert states == [
        (ConnectionState.CONNECTED, True),
        (ConnectionState.DISCONNECTED, False),
        (ConnectionState.CONNECTED, True),
    ]


async def test_the_connection_state_is_missing_while_the_mqtt_integration_is_disabled(
    hass: HomeAssistant, broker: Broker
) -> None:
    [mqtt] = hass.config_entries.async_entries("mqtt")

    await hass.config_entries.async_unload(mqtt.entry_id)

    assert mqtt.state is ConfigEntryState.NOT_LOADED
    assert HomeAssistantTransport(hass).connection_state is ConnectionState.MISSING


async def test_buffered_messages_of_a_topic_are_delivered_together_and_in_order(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    messages: list[Message] = []
    transport = HomeAssistantTransport(hass)
    for topic in ("/a", "/b"):
        await transport.async_subscribe_buffered(BufferedSubscription(topic, messages.extend))
    await broker.settle()
    started = time.time()

    for topic in ("/a", "/b", "/a"):
        await broker.publish(topic, "1")
        await pass_time(hass, freezer, 60)
    assert messages == []
    transport.flush()

    assert [(message.topic, message.arrived - started) for message in messages] == [
        ("/a", 0),
        ("/a", 120),
        ("/b", 60),
    ]
    transport.flush()
    assert len(messages) == 3


async def test_long_messages_take_no_memory_until_they_are_delivered(
    hass: HomeAssistant, broker: Broker
) -> None:
    messages: list[Message] = []
    transport = HomeAssistantTransport(hass)
    await transport.async_subscribe_buffered(BufferedSubscription("/a", messages.extend))
    await broker.settle()

    tracemalloc.start()
    try:
        for number in range(20):
            await broker.publish("/a", f"{number:0>1000000}")
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    transport.flush()

    assert kept < 2_000_000
    assert len(messages) == 20


async def test_an_urgent_message_waits_for_the_rest_of_its_burst_only(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    messages: list[Message] = []
    transport = HomeAssistantTransport(hass)
    for topic in ("/patient", "/urgent", "/asked"):
        is_urgent = URGENCY.get(topic)
        await transport.async_subscribe_buffered(
            BufferedSubscription(topic, messages.extend, is_urgent)
        )
    await broker.settle()

    with patch("custom_components.flukso.transport.home_assistant.BURST", 0.1):
        for topic in ("/patient", "/asked", "/urgent", "/urgent", "/patient"):
            await broker.publish(topic, "1")
        assert messages == []
        await pass_time(hass, freezer, 0.1, step=0.1)

        assert [message.topic for message in messages] == ["/asked", "/urgent", "/urgent"]
        transport.flush()
        assert [message.topic for message in messages[3:]] == ["/patient", "/patient"]


async def test_of_a_message_that_waits_it_is_asked_once_whether_it_is_urgent(
    hass: HomeAssistant, broker: Broker
) -> None:
    asked: list[bytes] = []
    delivered: list[bytes] = []

    def is_urgent(payload: bytes) -> bool:
        asked.append(payload)
        return payload == b"3"

    transport = HomeAssistantTransport(hass)
    subscription = BufferedSubscription(
        "/a", lambda messages: delivered.extend(each.payload for each in messages), is_urgent
    )
    await transport.async_subscribe_buffered(subscription)
    await broker.settle()

    for payload in ("1", "2"):
        await broker.publish("/a", payload)
    assert delivered == []
    await broker.publish("/a", "3")

    assert asked == delivered == [b"1", b"2", b"3"]


async def test_all_messages_are_delivered_soon_from_a_first_reading_until_the_buffer_is_flushed(
    hass: HomeAssistant, broker: Broker
) -> None:
    """Totals become known some seconds after the first readings."""
    messages: list[Message] = []
    transport = HomeAssistantTransport(hass)

    def begin(received: Sequence[Message]) -> None:
        messages.extend(received)
        transport.is_eager = True

    await transport.async_subscribe_buffered(BufferedSubscription("/patient", messages.extend))
    first = BufferedSubscription("/urgent", begin, URGENCY["/urgent"])
    await transport.async_subscribe_buffered(first)
    await broker.settle()

    for topic in ("/patient", "/urgent", "/patient"):
        await broker.publish(topic, "1")
    assert [message.topic for message in messages] == ["/urgent", "/patient", "/patient"]
    transport.flush()
    await broker.publish("/patient", "1")

    assert len(messages) == 3


async def test_discarded_messages_are_never_delivered(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    messages: list[Message] = []
    transport = HomeAssistantTransport(hass)
    await transport.async_subscribe_buffered(
        BufferedSubscription("/a", messages.extend, lambda _payload: True)
    )
    await broker.settle()

    with patch("custom_components.flukso.transport.home_assistant.BURST", 0.1):
        await broker.publish("/a", "1")
        transport.discard_buffer()
        await pass_time(hass, freezer, 1)

    assert messages == []


async def test_messages_that_arrive_while_home_assistant_stops_are_ignored(
    hass: HomeAssistant, broker: Broker
) -> None:
    messages: list[Message] = []
    transport = HomeAssistantTransport(hass)
    await transport.async_subscribe("/at_once", messages.append)
    await transport.async_subscribe_buffered(BufferedSubscription("/later", messages.extend))
    await broker.settle()

    hass.set_state(CoreState.stopping)
    for topic in ("/at_once", "/later"):
        await broker.publish(topic, "1")
    transport.flush()
    hass.set_state(CoreState.running)
    transport.flush()

    assert messages == []

"""The transport straight from a meter's own broker, a real mosquitto that speaks MQTT 3.1.1."""

import asyncio
from collections.abc import Sequence
from functools import partial
import time
from unittest.mock import patch

from homeassistant.core import CoreState, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from paho.mqtt import publish
import pytest

from custom_components.flukso.transport.direct import DEFAULT_PORT, DirectTransport
from custom_components.flukso.transport.interface import (
    BufferedSubscription,
    ConnectionState,
    Message,
)
from stack import Mosquitto, eventually
from stack.ports import LOOPBACK

_CONNECTION = "custom_components.flukso.transport.mqtt_connection"
_DIRECT = "custom_components.flukso.transport.direct"


async def send(
    hass: HomeAssistant,
    broker: Mosquitto,
    topic: str,
    payload: str | bytes,
    *,
    retain: bool = False,
) -> None:
    """Publish a message to the meter's broker."""
    await hass.async_add_executor_job(
        partial(publish.single, topic, payload, retain=retain, hostname=LOOPBACK, port=broker.port)
    )


async def arrived(messages: list[Message], count: int) -> None:
    """Wait for so many messages."""

    async def enough() -> bool:
        return len(messages) >= count

    await eventually(enough, f"{count} messages", 5)


async def connection(transport: DirectTransport, *, connected: bool) -> None:
    """Wait until the transport is connected, or is not."""

    async def reached() -> bool:
        return transport.connected is connected

    await eventually(reached, f"connected to be {connected}", 15)


async def test_messages_on_a_topic_arrive_as_they_were_sent(
    hass: HomeAssistant, meters_broker: Mosquitto, direct: DirectTransport
) -> None:
    messages: list[Message] = []
    await send(hass, meters_broker, "/a", b"\xff\x00 old", retain=True)
    started = time.time()

    await direct.async_subscribe("/a", messages.append)
    await arrived(messages, 1)
    await send(hass, meters_broker, "/b", "another topic")
    await send(hass, meters_broker, "/a", "new °")
    await arrived(messages, 2)

    assert [(message.topic, message.payload, message.retained) for message in messages] == [
        ("/a", b"\xff\x00 old", True),
        ("/a", "new °".encode(), False),
    ]
    assert all(started <= message.arrived <= time.time() for message in messages)


async def test_a_message_arrives_within_two_seconds_without_a_flush(
    hass: HomeAssistant, meters_broker: Mosquitto, direct: DirectTransport
) -> None:
    messages: list[Message] = []
    with patch(f"{_DIRECT}._ANSWER_WITHIN", 0):
        await direct.async_subscribe_buffered(
            BufferedSubscription("/a", messages.extend, lambda _payload: False)
        )
        await asyncio.sleep(0.3)
        sent = time.time()
        await send(hass, meters_broker, "/a", "1")
        await arrived(messages, 1)

    assert messages[0].arrived - sent < 2


async def test_all_messages_are_delivered_soon_from_a_first_reading_until_a_flush(
    hass: HomeAssistant, meters_broker: Mosquitto, direct: DirectTransport
) -> None:
    messages: list[Message] = []
    await direct.async_subscribe_buffered(BufferedSubscription("/patient", messages.extend))
    await asyncio.sleep(0.3)
    await send(hass, meters_broker, "/patient", "1")
    await asyncio.sleep(0.3)
    assert messages == []

    direct.is_eager = True
    await arrived(messages, 1)
    direct.flush()
    await send(hass, meters_broker, "/patient", "1")
    await asyncio.sleep(0.3)

    assert len(messages) == 1


async def test_a_flush_delivers_what_has_arrived_at_once(
    hass: HomeAssistant, meters_broker: Mosquitto, direct: DirectTransport
) -> None:
    payloads: list[bytes] = []

    def receive(messages: Sequence[Message]) -> None:
        direct.flush()  # a receiver that flushes changes nothing in the order
        payloads.extend(message.payload for message in messages)

    await direct.async_subscribe_buffered(BufferedSubscription("/a", receive))
    await asyncio.sleep(0.3)
    with patch(f"{_DIRECT}._PERIOD", 60), patch(f"{_DIRECT}._SHORT_PERIOD", 60):
        direct.flush()
        for payload in ("1", "2", "3"):
            await send(hass, meters_broker, "/a", payload)
        await asyncio.sleep(0.2)
        assert payloads == []

        direct.flush()

    assert payloads == [b"1", b"2", b"3"]


async def test_a_topic_with_a_wildcard_has_the_messages_of_all_its_topics(
    hass: HomeAssistant, meters_broker: Mosquitto, direct: DirectTransport
) -> None:
    every: list[Message] = []
    one: list[Message] = []
    await direct.async_subscribe("/a/+/12", every.append)
    await direct.async_subscribe("/b", one.append)
    await asyncio.sleep(0.3)

    for topic in ("/a/1/12", "/a/2/12", "/a/2/16", "/b"):
        await send(hass, meters_broker, topic, "x")
    await arrived(one, 1)

    assert [message.topic for message in every] == ["/a/1/12", "/a/2/12"]
    assert [message.topic for message in one] == ["/b"]


async def test_a_topic_has_a_message_as_long_as_somebody_listens(
    hass: HomeAssistant, meters_broker: Mosquitto, direct: DirectTransport
) -> None:
    first: list[Message] = []
    second: list[Message] = []
    stop_first = await direct.async_subscribe("/a", first.append)
    stop_second = await direct.async_subscribe("/a", second.append)
    await asyncio.sleep(0.3)
    stop_first()
    await send(hass, meters_broker, "/a", "1")
    await arrived(second, 1)

    stop_second()
    await send(hass, meters_broker, "/a", "2")
    await asyncio.sleep(0.3)
    direct.flush()

    assert first == []
    assert [message.payload for message in second] == [b"1"]


async def test_an_error_while_handling_a_message_does_not_affect_the_others(
    hass: HomeAssistant,
    meters_broker: Mosquitto,
    direct: DirectTransport,
    caplog: pytest.LogCaptureFixture,
) -> None:
    messages: list[Message] = []

    def fail(_message: Message) -> None:
        raise ZeroDivisionError

    topic = "/sensor/0123456789abcdef0123456789abcdef/gauge"
    await direct.async_subscribe(topic, fail)
    await direct.async_subscribe(topic, messages.append)
    await asyncio.sleep(0.3)
    await send(hass, meters_broker, topic, "1")
    await arrived(messages, 1)

    assert direct.connected
    assert "Error while handling a message on /sensor/012345…/gauge" in caplog.text


async def test_messages_that_arrive_while_home_assistant_stops_are_ignored(
    hass: HomeAssistant, meters_broker: Mosquitto, direct: DirectTransport
) -> None:
    messages: list[Message] = []
    await direct.async_subscribe("/at_once", messages.append)
    await direct.async_subscribe_buffered(BufferedSubscription("/later", messages.extend))
    await asyncio.sleep(0.3)
    await send(hass, meters_broker, "/later", "1")
    await asyncio.sleep(0.3)
    hass.set_state(CoreState.stopping)
    await send(hass, meters_broker, "/at_once", "1")
    await asyncio.sleep(0.3)
    direct.flush()
    hass.set_state(CoreState.running)
    direct.flush()

    assert messages == []


async def test_a_published_message_reaches_the_broker(direct: DirectTransport) -> None:
    messages: list[Message] = []
    await direct.async_subscribe("/d/sync", messages.append)
    await asyncio.sleep(0.3)

    await direct.async_publish("/d/sync", b"[1]")
    await arrived(messages, 1)

    assert messages[0].payload == b"[1]"


async def test_without_a_connection_nothing_is_published(hass: HomeAssistant) -> None:
    transport = DirectTransport(hass, LOOPBACK, DEFAULT_PORT)

    with pytest.raises(HomeAssistantError) as refused:
        await transport.async_publish("/d/sync", b"[1]")

    assert refused.value.translation_key == "not_connected"
    assert transport.connection_state is ConnectionState.DISCONNECTED


async def test_a_broker_that_comes_back_is_connected_to_with_all_topics(
    hass: HomeAssistant, meters_broker: Mosquitto, direct: DirectTransport
) -> None:
    messages: list[Message] = []
    states: list[ConnectionState] = []
    await direct.async_subscribe("/a", messages.append)
    await direct.async_subscribe("/b/+", messages.append)
    stop = direct.listen_to_connection(lambda: states.append(direct.connection_state))

    await meters_broker.kill()
    await connection(direct, connected=False)
    assert direct.error is None or direct.error.translation_key == "cannot_connect"
    await meters_broker.start()
    await connection(direct, connected=True)
    assert direct.error is None
    await asyncio.sleep(0.3)
    await send(hass, meters_broker, "/a", "1")
    await send(hass, meters_broker, "/b/1", "2")
    await arrived(messages, 2)

    assert states == [ConnectionState.DISCONNECTED, ConnectionState.CONNECTED]
    stop()
    await direct.async_stop()
    assert len(states) == 2


async def test_a_broker_that_stops_answering_is_lost_and_found_again(
    meters_broker: Mosquitto, direct: DirectTransport
) -> None:
    with (
        patch(f"{_CONNECTION}._MAX_SILENCE", 0.4),
        patch(f"{_CONNECTION}._ANSWER_TIMEOUT", 0.4),
        patch(f"{_DIRECT}._PERIOD", 0.1),
    ):
        await asyncio.sleep(1.5)
        assert direct.connected  # it is silent, but answers

        meters_broker.pause()
        try:
            await connection(direct, connected=False)
        finally:
            meters_broker.resume()
        await connection(direct, connected=True)


async def test_discovery_shortens_the_pause_before_the_next_attempt(
    hass: HomeAssistant, meters_broker: Mosquitto, direct: DirectTransport
) -> None:
    with patch(f"{_DIRECT}._FIRST_PAUSE", 3600), patch(f"{_DIRECT}._MAX_PAUSE", 3600):
        await direct.async_stop()
        await meters_broker.stop()
        await direct.async_start()
        await meters_broker.start()
        assert not direct.connected

        direct.retry()

        await connection(direct, connected=True)


async def test_a_transport_can_be_stopped_before_it_was_started(hass: HomeAssistant) -> None:
    await DirectTransport(hass, LOOPBACK, DEFAULT_PORT).async_stop()

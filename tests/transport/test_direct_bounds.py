"""What a broker can't make the direct transport do again and again, or pile up."""

from unittest.mock import patch

from homeassistant.core import HomeAssistant
import pytest

from custom_components.flukso.transport.mqtt_connection import (
    CannotConnectError,
    ConnectFailure,
    MqttConnection,
)
from stack.ports import LOOPBACK

from .peer import CONNACK, PINGREQ, Peer, publish
from .test_direct_hostile import connected, true


@pytest.mark.parametrize("count", [1, 10_000])
async def test_a_broker_that_greets_again_is_not_understood_and_gets_no_answer(
    hass: HomeAssistant, hostile: Peer, caplog: pytest.LogCaptureFixture, count: int
) -> None:
    async with connected(hass, hostile.port) as transport:
        answers = hostile.count(PINGREQ)
        await hostile.send(CONNACK * count)
        await true(lambda: not transport.connected)
        await true(hostile.is_left)

    assert "is not understood: MQTT packet: a second CONNACK" in caplog.text
    assert hostile.count(PINGREQ) == answers == 1


@pytest.mark.parametrize(
    ("connack", "failure"),
    [
        pytest.param(CONNACK, ConnectFailure.NO_BROKER, id="accepted"),
        pytest.param(b"\x20\x02\x00\x05", ConnectFailure.PASSWORD, id="refused"),
    ],
)
async def test_what_greets_twice_at_once_is_no_broker_unless_it_says_why_it_refuses(
    hass: HomeAssistant, hostile: Peer, connack: bytes, failure: ConnectFailure
) -> None:
    hostile.connack = connack * 2
    connection = MqttConnection(hass, lambda *_: None, lambda *_: None)

    with pytest.raises(CannotConnectError) as refusal:
        await connection.async_open(LOOPBACK, hostile.port)

    assert refusal.value.failure == failure


@pytest.mark.parametrize(
    ("beyond", "ends"), [(0, []), (1, [("it does not read what it is sent", False)])]
)
async def test_a_broker_that_does_not_read_is_left_once_more_than_16_megabytes_wait_for_it(
    hass: HomeAssistant, hostile: Peer, beyond: int, ends: list[tuple[str, bool]]
) -> None:
    most, header_and_topic = 16_777_216, 14
    payload = bytes(most - header_and_topic + beyond)
    assert len(publish("/d/sync", payload)) == most + beyond
    told: list[tuple[str, bool]] = []
    connection = MqttConnection(hass, lambda *_: None, lambda *end: told.append(end))
    await connection.async_open(LOOPBACK, hostile.port)

    with patch("socket.socket.send", side_effect=BlockingIOError):
        connection.publish("/d/sync", payload)
    assert told == ends

    connection.close()
    await true(hostile.is_left)

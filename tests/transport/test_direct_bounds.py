"""What a broker can't make the direct transport do again and again, or pile up."""

from homeassistant.core import HomeAssistant
import pytest

from custom_components.flukso.transport.mqtt_connection import (
    CannotConnectError,
    ConnectFailure,
    MqttConnection,
)
from stack.ports import LOOPBACK

from .peer import CONNACK, PINGREQ, Peer
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

"""When the direct transport gives up a broker that is silent, by a clock that the test moves."""

from collections.abc import Callable, Generator
import logging
from unittest.mock import patch

from homeassistant.core import HomeAssistant
import pytest

from custom_components.flukso.transport.direct import DirectTransport
from custom_components.flukso.transport.mqtt_connection import CannotConnectError
from stack.ports import LOOPBACK

from .loop_clock import LoopClock, started
from .peer import PINGREQ, PINGRESP, Peer


@pytest.fixture(autouse=True)
def _of_connections(clock: LoopClock) -> Generator[None]:
    """Let connections go by the same clock, on which a second takes thirty milliseconds."""
    clock.step, clock.takes = 0.125, 0.004
    with patch("custom_components.flukso.transport.mqtt_connection.monotonic", lambda: clock.now):
        yield


def _silence(hostile: Peer) -> None:
    hostile.answers.clear()


def _reset(hostile: Peer) -> None:
    hostile.reset()


def _close(hostile: Peer) -> None:
    hostile.close()


async def test_a_broker_that_answers_nothing_is_given_up_after_five_seconds(
    hass: HomeAssistant, clock: LoopClock, hostile: Peer
) -> None:
    hostile.answers.clear()
    transport = DirectTransport(hass, LOOPBACK, hostile.port, chance=lambda: 0)
    begun = clock.now
    await clock.until_done(transport.async_start())
    await transport.async_stop()

    assert clock.now - begun == pytest.approx(5, abs=0.5)
    assert isinstance(transport.error, CannotConnectError)
    assert transport.error.failure == "no_answer"


async def test_a_silent_broker_is_asked_after_four_seconds_and_lost_three_later(
    hass: HomeAssistant, clock: LoopClock, hostile: Peer
) -> None:
    """It is looked for once a second."""
    async with started(hass, clock, hostile.port) as transport:
        await clock.passes(10)
        assert transport.connected
        hostile.answers.clear()
        asked = hostile.count(PINGREQ)
        await hostile.send(PINGRESP)

        while hostile.count(PINGREQ) == asked:
            await clock.passes(clock.step)
        asked_at, connection = clock.now, transport._connection
        assert connection is not None
        assert asked_at - connection._heard_at == pytest.approx(4, abs=0.2)
        while transport.connected:
            await clock.passes(clock.step)

    assert clock.now - asked_at == pytest.approx(3, abs=0.5)


async def test_a_broker_that_talks_is_told_every_thirty_seconds_that_the_client_is_there(
    hass: HomeAssistant, clock: LoopClock, hostile: Peer
) -> None:
    """It would end the connection after one and a half times the keepalive (section 3.1.2.10)."""
    async with started(hass, clock, hostile.port) as transport:
        told = hostile.count(PINGREQ)
        for second in range(1, 62):
            await hostile.send(PINGRESP)
            await clock.passes(1)
            if second in (29, 59):
                assert hostile.count(PINGREQ) == told + (second > 30)

        assert transport.connected
        assert hostile.count(PINGREQ) == told + 2


@pytest.mark.parametrize("end", [_silence, _reset, _close])
async def test_a_connection_that_ends_is_no_fault_of_the_broker(
    hass: HomeAssistant,
    clock: LoopClock,
    hostile: Peer,
    caplog: pytest.LogCaptureFixture,
    end: Callable[[Peer], None],
) -> None:
    caplog.set_level(logging.DEBUG, "custom_components.flukso")
    async with started(hass, clock, hostile.port) as transport:
        end(hostile)
        await clock.until(lambda: not transport.connected)

    assert "is not understood" not in caplog.text
    assert "has ended" in caplog.text

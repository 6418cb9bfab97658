"""How often the direct transport connects, reads and subscribes, by a clock that the test moves."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from itertools import pairwise
import time
from unittest.mock import patch

from homeassistant.core import HomeAssistant
import pytest

from custom_components.flukso.transport.direct import DirectTransport
from custom_components.flukso.transport.interface import Message
from custom_components.flukso.transport.mqtt_connection import (
    CannotConnectError,
    ConnectFailure,
    MqttConnection,
)
from stack.ports import LOOPBACK

from .loop_clock import STEP, LoopClock, started
from .peer import SUBSCRIBE, Peer, publish, topics_of


@pytest.fixture(autouse=True)
def _no_slice_is_over() -> Generator[None]:
    """Let a read take all that has arrived, however busy the machine is."""
    with patch("custom_components.flukso.transport.mqtt_connection.monotonic", return_value=0.0):
        yield


def _between(times: list[float]) -> list[float]:
    return [after - before for before, after in pairwise(times)]


@contextmanager
def _more_is_waiting(clock: LoopClock, reads: list[float]) -> Generator[None]:
    """Let every read leave some, and note when it is."""

    def read(_: MqttConnection) -> bool:
        reads.append(clock.now)
        return True

    with patch.object(MqttConnection, "read", read):
        yield


@pytest.mark.parametrize(
    ("chance", "pauses"),
    [
        (0.0, [0.5, 0.8, 1.28, 2.05, 3.28, 5, 5]),
        (0.5, [0.75, 1.2, 1.92, 3.07, 4.92, 7.5, 7.5]),
        (1.0, [1, 1.6, 2.56, 4.1, 6.55, 10, 10]),
    ],
)
async def test_attempts_to_connect_get_rarer_until_there_is_one_in_five_to_ten_seconds(
    hass: HomeAssistant, clock: LoopClock, chance: float, pauses: list[float]
) -> None:
    attempts: list[float] = []

    async def fail(_: MqttConnection, host: str, port: int) -> None:
        attempts.append(clock.now)
        raise CannotConnectError(ConnectFailure.UNREACHABLE, host)

    with patch.object(MqttConnection, "async_open", fail):
        async with started(hass, clock, 1883, chance):
            await clock.passes(sum(pauses) + 0.5)

    assert _between(attempts) == pytest.approx(pauses, abs=2 * STEP)


async def test_it_reads_often_while_an_answer_is_expected_and_else_once_a_second(
    hass: HomeAssistant, clock: LoopClock, hostile: Peer
) -> None:
    reads: list[float] = []
    read = MqttConnection.read

    def noted_read(connection: MqttConnection) -> bool:
        reads.append(clock.now)
        return read(connection)

    with patch.object(MqttConnection, "read", noted_read):
        async with started(hass, clock, hostile.port) as transport:
            await clock.passes(6.5)
            after_connecting = _between(reads)
            reads.clear()
            await transport.async_publish("/wanted", b"")
            await clock.passes(6.5)
            after_publishing = _between(reads)

    for pauses in (after_connecting, after_publishing):
        assert pauses[:29] == pytest.approx([0.1] * 29, abs=1.5 * STEP)
        assert [round(pause) for pause in pauses[-3:]] == [1, 1, 1]
        assert len(pauses) == pytest.approx(32, abs=4)


async def test_what_is_waiting_is_read_fifty_times_a_second(
    hass: HomeAssistant, clock: LoopClock, hostile: Peer
) -> None:
    reads: list[float] = []
    async with started(hass, clock, hostile.port):
        with _more_is_waiting(clock, reads):
            await clock.passes(1)

    pauses = _between(reads)[1:]
    assert len(pauses) > 40
    assert pauses == pytest.approx([0.02] * len(pauses), abs=1.5 * STEP)


async def test_more_than_can_be_read_for_a_minute_is_reported_once(
    hass: HomeAssistant, clock: LoopClock, hostile: Peer, caplog: pytest.LogCaptureFixture
) -> None:
    warning = "sends more than can be read"
    reads: list[float] = []
    async with started(hass, clock, hostile.port):
        with _more_is_waiting(clock, reads):
            await clock.passes(50)
        await clock.passes(1.5)
        reads.clear()
        with _more_is_waiting(clock, reads):
            while warning not in caplog.text:
                await clock.passes(0.1)
            assert clock.now - reads[0] == pytest.approx(60, abs=0.2)
            await clock.passes(70)

    assert caplog.text.count(warning) == 1


async def test_topics_within_a_twentieth_of_a_second_are_subscribed_to_together(
    hass: HomeAssistant, clock: LoopClock, hostile: Peer
) -> None:
    async with started(hass, clock, hostile.port) as transport:
        await transport.async_subscribe("/a", lambda _: None)
        await clock.passes(0.03)
        await transport.async_subscribe("/b", lambda _: None)
        await clock.passes(0.1)
        await transport.async_subscribe("/c", lambda _: None)
        await clock.until(lambda: hostile.count(SUBSCRIBE) == 2)

    packets = [sorted(topics_of(*each)) for each in hostile.received if each[0] == SUBSCRIBE]
    assert packets == [["/a", "/b"], ["/c"]]


async def test_topics_wait_for_a_connection_however_late_it_is(
    hass: HomeAssistant, clock: LoopClock, hostile: Peer
) -> None:
    failure = CannotConnectError(ConnectFailure.UNREACHABLE, LOOPBACK)
    with patch.object(MqttConnection, "async_open", side_effect=failure):
        transport = DirectTransport(hass, LOOPBACK, hostile.port, chance=lambda: 0)
        await clock.until_done(transport.async_start())
        await transport.async_subscribe("/a", lambda _: None)
        await clock.passes(1)
    await clock.until(lambda: hostile.count(SUBSCRIBE) == 1)
    await clock.passes(0.1)
    await transport.async_stop()

    packets = [list(topics_of(*each)) for each in hostile.received if each[0] == SUBSCRIBE]
    assert packets == [["/a"]]


async def test_a_flush_reads_without_waiting_for_the_next_time_and_never_within_itself(
    hass: HomeAssistant, clock: LoopClock, hostile: Peer
) -> None:
    payloads: list[bytes] = []
    transport = DirectTransport(hass, LOOPBACK, hostile.port, chance=lambda: 0)

    def receive(message: Message) -> None:
        payloads.append(message.payload)
        transport.flush()

    await transport.async_subscribe("/a", receive)
    await clock.until_done(transport.async_start())
    for sent in (b"1", b"2"):
        await hostile.send(publish("/a", sent + b"first") + publish("/a", sent + b"second"))
        await asyncio.to_thread(time.sleep, 0.1)  # until it has arrived, by another clock
        transport.flush()
    await transport.async_stop()

    assert payloads == [b"1first", b"1second", b"2first", b"2second"]

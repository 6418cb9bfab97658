"""The transport straight from a meter's broker, with a peer that is anything but one."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from itertools import count
from pathlib import Path
from random import Random
import socket
import time
import tracemalloc
from unittest.mock import patch

from homeassistant.core import HomeAssistant
import pytest

from custom_components.flukso.protocol.mqtt_packets import MAX_MESSAGE
from custom_components.flukso.transport.direct import DirectTransport
from custom_components.flukso.transport.interface import Message
from custom_components.flukso.transport.mqtt_connection import (
    CannotConnectError,
    MqttConnection,
)
from stack import Mosquitto
from stack.ports import LOOPBACK, free_port

from ..end_to_end.parts import require_mosquitto
from .peer import (
    CONNACK,
    CONNECT,
    DISCONNECT,
    PUBLISH,
    SUBSCRIBE,
    UNSUBSCRIBE,
    Peer,
    full_port,
    length_of,
    publish,
)

_CONNECTION = "custom_components.flukso.transport.mqtt_connection"
_DIRECT = "custom_components.flukso.transport.direct"
_TOPIC = "/sensor/0123456789abcdef0123456789abcdef/gauge"
#: A family of addresses that no system has.
_NO_FAMILY = 255


@pytest.fixture(autouse=True)
def _loopback(socket_enabled: None) -> None:
    """Let the tests open sockets."""


@asynccontextmanager
async def connected(hass: HomeAssistant, port: int) -> AsyncGenerator[DirectTransport]:
    """Start a transport, and stop it in the end."""
    transport = DirectTransport(hass, LOOPBACK, port, chance=lambda: 0)
    await transport.async_start()
    try:
        yield transport
    finally:
        await transport.async_stop()


async def refusal(hass: HomeAssistant, host: str, port: int) -> str:
    """Return why a connection to an address fails."""
    transport = DirectTransport(hass, host, port)
    await transport.async_start()
    try:
        assert not transport.connected
        assert isinstance(transport.error, CannotConnectError)
        assert transport.error.translation_placeholders == {"host": host}
        assert transport.error.translation_key == transport.error.failure
        return transport.error.failure
    finally:
        await transport.async_stop()


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what was logged with a traceback, but by the peer."""
    return [
        record.message for record in caplog.records if record.exc_info and record.name != "asyncio"
    ]


async def true(condition: Callable[[], bool]) -> None:
    """Wait until a condition is true."""
    while not condition():  # noqa: ASYNC110  # most of these conditions have no event
        await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(socket.gaierror("no such name"), id="unknown"),
        pytest.param(UnicodeError("label too long"), id="impossible"),
    ],
)
async def test_a_name_that_does_not_resolve_is_told(hass: HomeAssistant, error: Exception) -> None:
    with patch("socket.getaddrinfo", side_effect=error):
        assert await refusal(hass, "flukso.invalid", 1883) == "cannot_resolve"


async def test_an_unexpected_error_is_logged_and_another_attempt_is_made(
    hass: HomeAssistant, hostile: Peer, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        patch(f"{_DIRECT}._FIRST_PAUSE", 0.05),
        patch(f"{_CONNECTION}.MqttConnection.async_open", side_effect=ZeroDivisionError),
    ):
        transport = DirectTransport(hass, LOOPBACK, hostile.port)
        await transport.async_start()
    assert not transport.connected
    await true(lambda: transport.connected)
    await transport.async_stop()

    assert "Unexpected error while connected to" in caplog.text


async def test_an_address_that_refuses_is_told(hass: HomeAssistant) -> None:
    assert await refusal(hass, LOOPBACK, free_port()) == "cannot_connect"


@pytest.mark.parametrize("answers", [set(), {CONNECT}], ids=["to nothing", "to CONNECT only"])
async def test_an_address_that_does_not_answer_is_told(
    hass: HomeAssistant, hostile: Peer, answers: set[int]
) -> None:
    hostile.answers = answers

    with patch(f"{_CONNECTION}.CONNECT_TIMEOUT", 0.3):
        assert await refusal(hass, LOOPBACK, hostile.port) == "no_answer"


async def test_a_connection_that_was_given_up_is_closed(hass: HomeAssistant, hostile: Peer) -> None:
    hostile.answers = set()

    with patch(f"{_CONNECTION}.CONNECT_TIMEOUT", 0.1):
        assert await refusal(hass, LOOPBACK, hostile.port) == "no_answer"

    await hostile.receives(CONNECT)
    await true(hostile.is_left)


async def test_an_address_to_which_no_connection_is_made_is_told(hass: HomeAssistant) -> None:
    with full_port() as port, patch(f"{_CONNECTION}.CONNECT_TIMEOUT", 0.3):
        assert await refusal(hass, LOOPBACK, port) == "no_answer"


async def test_of_several_addresses_the_first_that_answers_is_taken(
    hass: HomeAssistant, hostile: Peer
) -> None:
    kind = (socket.AF_INET, socket.SOCK_STREAM, 0, "")
    found = [(*kind, (LOOPBACK, port)) for port in (free_port(), hostile.port)]
    with patch("socket.getaddrinfo", return_value=found):
        async with connected(hass, hostile.port) as transport:
            assert transport.connected


async def test_an_address_that_swallows_everything_does_not_keep_from_the_next(
    hass: HomeAssistant, hostile: Peer
) -> None:
    kind = (socket.AF_INET, socket.SOCK_STREAM, 0, "")
    with full_port() as silent:
        found = [(*kind, (LOOPBACK, port)) for port in (silent, hostile.port)]
        with patch("socket.getaddrinfo", return_value=found):
            async with connected(hass, hostile.port) as transport:
                assert transport.connected


async def test_an_address_of_a_family_that_this_machine_does_not_have_is_passed_over(
    hass: HomeAssistant, hostile: Peer
) -> None:
    missing = (_NO_FAMILY, socket.SOCK_STREAM, 0, "", ("::1", hostile.port, 0, 0))
    kind = (socket.AF_INET, socket.SOCK_STREAM, 0, "")
    with patch("socket.getaddrinfo", return_value=[missing]):
        assert await refusal(hass, LOOPBACK, hostile.port) == "cannot_connect"
    found = [missing, (*kind, (LOOPBACK, hostile.port))]
    with patch("socket.getaddrinfo", return_value=found):
        async with connected(hass, hostile.port) as transport:
            assert transport.connected


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        pytest.param("accept_protocol_versions 5", "wrong_mqtt_version", id="MQTT 5 only"),
        pytest.param("allow_anonymous false", "password_required", id="a password"),
    ],
)
async def test_what_a_broker_asks_for_is_told(
    hass: HomeAssistant, tmp_path: Path, extra: str, expected: str
) -> None:
    require_mosquitto()
    async with Mosquitto(tmp_path, extra=extra) as broker:
        assert await refusal(hass, LOOPBACK, broker.port) == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (1, "wrong_mqtt_version"),
        (2, "cannot_connect"),
        (3, "cannot_connect"),
        (4, "password_required"),
        (5, "password_required"),
        (0x84, "wrong_mqtt_version"),
        (0x86, "password_required"),
        (0x87, "password_required"),
        (0xFF, "cannot_connect"),
    ],
)
async def test_the_code_of_a_broker_that_refuses_is_told(
    hass: HomeAssistant, hostile: Peer, code: int, expected: str
) -> None:
    hostile.connack = bytes([0x20, 2, 0, code])

    assert await refusal(hass, LOOPBACK, hostile.port) == expected


@pytest.mark.parametrize(
    "greeting",
    [
        pytest.param(b"HTTP/1.1 400 Bad Request\r\n\r\n", id="HTTP"),
        pytest.param(b"SSH-2.0-dropbear\r\n", id="SSH"),
        pytest.param(bytes(64), id="zeros"),
        pytest.param(b"\xff" * 64, id="ones"),
        pytest.param(b"\x20\x03\x00\x00\x00", id="a CONNACK of MQTT 5"),
        pytest.param(b"\x90\x00", id="a SUBACK without content"),
        pytest.param(b"\xd0\x00", id="a PINGRESP without a CONNACK"),
        pytest.param(b"\x20\x02\x00\x00\x30\x01a", id="a message without a topic"),
    ],
)
async def test_what_is_no_broker_is_told(
    hass: HomeAssistant, hostile: Peer, greeting: bytes
) -> None:
    hostile.connack = greeting

    assert await refusal(hass, LOOPBACK, hostile.port) == "not_a_broker"


async def test_a_message_before_anything_was_subscribed_to_is_ignored(
    hass: HomeAssistant, hostile: Peer
) -> None:
    messages: list[Message] = []
    hostile.connack = CONNACK + publish(_TOPIC, b"1")
    async with connected(hass, hostile.port) as transport:
        await transport.async_subscribe(_TOPIC, messages.append)
        await hostile.receives(SUBSCRIBE)
        await hostile.send(publish(_TOPIC, b"2"))
        await true(lambda: len(messages) == 1)

    assert messages[0].payload == b"2"


async def test_a_message_is_sent_as_the_peer_reads(hass: HomeAssistant, hostile: Peer) -> None:
    payload = bytes(3_000_000)
    async with connected(hass, hostile.port) as transport:
        hostile.reads.clear()
        for _ in range(4):
            await transport.async_publish("/d/sync", payload)
        hostile.reads.set()
        await hostile.receives(PUBLISH, 4)

    sent = [body for kind, body in hostile.received if kind == PUBLISH]
    assert sent == [publish("/d/sync", payload)[-len(payload) - 9 :]] * 4


async def test_a_connection_that_is_reset_is_made_again(hass: HomeAssistant, hostile: Peer) -> None:
    with patch(f"{_DIRECT}._FIRST_PAUSE", 0.05):
        async with connected(hass, hostile.port) as transport:
            await transport.async_subscribe(_TOPIC, lambda _: None)
            await hostile.receives(SUBSCRIBE)
            hostile.reset()
            await hostile.receives(SUBSCRIBE, 2)
            assert transport.connected


async def test_what_is_sent_over_a_connection_that_was_reset_ends_it_without_a_warning(
    hass: HomeAssistant, hostile: Peer, caplog: pytest.LogCaptureFixture
) -> None:
    async with connected(hass, hostile.port) as transport:
        hostile.reset()
        await asyncio.sleep(0)
        await transport.async_publish("/d/sync", b"[]")
        await true(lambda: not transport.connected)

    assert "is not understood" not in caplog.text


async def test_a_lost_connection_has_nothing_to_read(hass: HomeAssistant, hostile: Peer) -> None:
    async with connected(hass, hostile.port) as transport:
        hostile.close()
        await asyncio.sleep(0)
        for _ in range(20):
            transport.flush()
            time.sleep(0.005)  # noqa: ASYNC251  # the transport is not to notice it otherwise
        await true(lambda: not transport.connected)
        transport.flush()


async def test_a_message_whose_length_arrives_late_is_received(
    hass: HomeAssistant, hostile: Peer
) -> None:
    messages: list[Message] = []
    packet = publish(_TOPIC, b"1" * 300)
    with patch(f"{_DIRECT}._SHORT_PERIOD", 0.02):
        async with connected(hass, hostile.port) as transport:
            await transport.async_subscribe(_TOPIC, messages.append)
            await hostile.receives(SUBSCRIBE)
            for part in (packet[:1], packet[1:2], packet[2:] + packet):
                await hostile.send(part)
                await asyncio.sleep(0.2)
            await true(lambda: len(messages) == 2)

    assert {message.payload for message in messages} == {b"1" * 300}


async def test_a_message_without_an_end_ends_the_connection(
    hass: HomeAssistant, hostile: Peer, caplog: pytest.LogCaptureFixture
) -> None:
    """Its length arrives so late that the packet is read already."""
    with patch(f"{_DIRECT}._SHORT_PERIOD", 0.02):
        async with connected(hass, hostile.port) as transport:
            await transport.async_subscribe(_TOPIC, lambda _: None)
            await hostile.receives(SUBSCRIBE)
            await hostile.send(b"\x30")
            await asyncio.sleep(0.2)
            with suppress(ConnectionError):
                await hostile.send(length_of(200_000_000) + bytes(MAX_MESSAGE))
            await true(lambda: "is not understood: MQTT packet" in caplog.text)


async def test_a_peer_that_hangs_up_is_no_broker(hass: HomeAssistant, hostile: Peer) -> None:
    hostile.answers = set()

    async def hang_up() -> None:
        await hostile.receives(CONNECT)
        hostile.close()

    hanging_up = asyncio.create_task(hang_up())
    assert await refusal(hass, LOOPBACK, hostile.port) == "not_a_broker"
    await hanging_up


async def test_all_topics_are_subscribed_to_in_one_packet_also_after_a_reconnection(
    hass: HomeAssistant, hostile: Peer
) -> None:
    topics = [f"/sensor/{number}/gauge" for number in range(200)]
    async with connected(hass, hostile.port) as transport:
        stops = [await transport.async_subscribe(topic, lambda _: None) for topic in topics]
        await hostile.receives(SUBSCRIBE)
        first = hostile.received[-1][1]
        hostile.close()
        await hostile.receives(SUBSCRIBE, 2)
        second = hostile.received[-1][1]
        unsubscribed = hostile.count(UNSUBSCRIBE)
        for stop in stops:
            stop()
        await hostile.receives(UNSUBSCRIBE, unsubscribed + 1)
        third = hostile.received[-1][1]
    await hostile.receives(DISCONNECT)

    assert hostile.count(SUBSCRIBE) == 2
    for packet in (first, second, third):
        assert all(topic.encode() in packet for topic in topics)


async def test_a_client_is_named_as_every_broker_has_to_accept(
    hass: HomeAssistant, hostile: Peer
) -> None:
    async with connected(hass, hostile.port):
        [(_, packet)] = [each for each in hostile.received if each[0] == CONNECT]
    name, clean, keepalive = packet[12:], packet[7] & 2, packet[8:10]
    assert packet[:7] == b"\x00\x04MQTT\x04"
    assert clean
    assert int.from_bytes(keepalive, "big") == 60
    assert name.startswith(b"flukso-")
    assert len(name) == 23


@pytest.mark.parametrize("seed", range(5))
async def test_messages_arrive_whole_however_they_are_cut(
    hass: HomeAssistant, hostile: Peer, seed: int
) -> None:
    chance = Random(seed)
    sizes = [0, 1, 100, 127, 128, 16_384, 65_536, 70_000, 300_000, 3]
    payloads = [chance.randbytes(size) for size in chance.sample(sizes, len(sizes))]
    messages: list[Message] = []
    async with connected(hass, hostile.port) as transport:
        await transport.async_subscribe(_TOPIC, messages.append)
        await hostile.receives(SUBSCRIBE)
        stream = b"".join(publish(_TOPIC, payload) for payload in payloads)
        while stream:
            cut = chance.choice([1, 2, 5, 1000, 100_000])
            await hostile.send(stream[:cut])
            stream = stream[cut:]
            if chance.random() < 0.3:
                await asyncio.sleep(0)
                transport.flush()
        await true(lambda: len(messages) == len(payloads))

    assert [message.payload for message in messages] == payloads


@pytest.mark.parametrize(
    "garbage",
    [
        pytest.param(b"\x30" + length_of(MAX_MESSAGE + 1), id="a message of more than 4 MB"),
        pytest.param(b"\x30\xff\xff\xff\xff\xff", id="a length without an end"),
        pytest.param(b"\x90" + length_of(200_000), id="a huge SUBACK"),
        pytest.param(publish(_TOPIC, b"\x00\x01", kind=0x34), id="a message at QoS 2"),
        pytest.param(publish(b"\xff\xfe", b""), id="a topic that is not UTF-8"),
        pytest.param(publish(b"", b""), id="a topic without a character"),
        pytest.param(b"\x30\x04\x00\x09ab", id="a topic longer than its packet"),
        pytest.param(b"\x30\x00", id="an empty message"),
        pytest.param(b"\xb0\x00", id="an UNSUBACK without content"),
        pytest.param(b"GET / HTTP/1.1\r\n", id="HTTP"),
    ],
)
async def test_garbage_ends_the_connection_with_one_log_line_and_another_is_made(
    hass: HomeAssistant, hostile: Peer, garbage: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    messages: list[Message] = []
    with patch(f"{_DIRECT}._FIRST_PAUSE", 0.05):
        async with connected(hass, hostile.port) as transport:
            await transport.async_subscribe(_TOPIC, messages.append)
            await hostile.receives(SUBSCRIBE)
            for connection in (2, 3):
                await hostile.send(garbage)
                await hostile.receives(SUBSCRIBE, connection)
            await hostile.send(publish(_TOPIC, b"1"))
            await true(lambda: len(messages) == 1)

    warnings = [record for record in caplog.records if record.levelname == "WARNING"]
    assert len([record for record in warnings if "flukso" in record.name]) <= 1
    assert not errors(caplog)


async def test_random_bytes_neither_raise_nor_grow(
    hass: HomeAssistant, hostile: Peer, caplog: pytest.LogCaptureFixture
) -> None:
    chance = Random(11)
    starts = [b"", b"\x30", b"\x31\x80", b"\x20\x02", b"\x90\x03", b"\xb0", publish(_TOPIC, b"1")]
    with patch(f"{_DIRECT}._FIRST_PAUSE", 0.01):
        async with connected(hass, hostile.port) as transport:
            await transport.async_subscribe(_TOPIC, lambda _: None)
            await hostile.receives(SUBSCRIBE)
            tracemalloc.start()
            try:
                for _ in range(25):
                    await true(lambda: transport.connected and bool(hostile.writers))
                    garbage = chance.choice(starts) + chance.randbytes(chance.randrange(2000))
                    await hostile.send(garbage)
                    transport.flush()
                    hostile.writers.pop().close()
                    await true(lambda: not transport.connected)
                    hostile.received.clear()
                _, peak = tracemalloc.get_traced_memory()
            finally:
                tracemalloc.stop()

    assert peak < 12 * 1024 * 1024
    assert not errors(caplog)


async def test_a_long_message_that_drips_takes_no_more_than_its_length(
    hass: HomeAssistant, hostile: Peer
) -> None:
    messages: list[Message] = []
    async with connected(hass, hostile.port) as transport:
        await transport.async_subscribe(_TOPIC, messages.append)
        await hostile.receives(SUBSCRIBE)
        packet = publish(_TOPIC, bytes(MAX_MESSAGE - 100))
        tracemalloc.start()
        try:
            for begin in range(0, len(packet), 50_000):
                await hostile.send(packet[begin : begin + 50_000])
                transport.flush()
            await true(lambda: len(messages) == 1)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert transport.connected

    assert peak < 5 * MAX_MESSAGE


async def test_a_large_message_is_received_in_slices(hass: HomeAssistant, hostile: Peer) -> None:
    """By a clock on which every look at it takes a millisecond."""
    arrived: asyncio.Future[Message] = hass.loop.create_future()
    slices: list[int] = []
    clock = count()
    read = MqttConnection.read

    def timed_read(connection: MqttConnection) -> bool:
        begin = next(clock)
        more = read(connection)
        slices.append(next(clock) - begin)
        return more

    with (
        patch(f"{_CONNECTION}._SLICE", 0.005),
        patch(f"{_CONNECTION}.monotonic", side_effect=lambda: next(clock) / 1000),
        patch.object(MqttConnection, "read", timed_read),
    ):
        async with connected(hass, hostile.port) as transport:
            await transport.async_subscribe(_TOPIC, arrived.set_result)
            await hostile.receives(SUBSCRIBE)
            await hostile.send(publish(_TOPIC, bytes(3_000_000)))
            message = await arrived

    assert len(message.payload) == 3_000_000
    assert max(slices) <= 10


async def test_a_flood_is_read_in_slices_and_logged_once(
    hass: HomeAssistant, hostile: Peer, caplog: pytest.LogCaptureFixture
) -> None:
    """By a clock on which every packet takes a millisecond."""
    payloads: list[bytes] = []
    slices: list[int] = []
    flood = publish(_TOPIC, b"1") * 2000
    clock = count()

    async def send_for_ever() -> None:
        while True:
            await hostile.send(flood)

    with (
        patch(f"{_DIRECT}._MAX_BACKLOG", 0.5),
        patch(f"{_CONNECTION}.monotonic", side_effect=lambda: next(clock) / 1000),
    ):
        async with connected(hass, hostile.port) as transport:
            await transport.async_subscribe(
                _TOPIC, lambda message: payloads.append(message.payload)
            )
            await hostile.receives(SUBSCRIBE)
            sending = asyncio.create_task(send_for_ever())
            tracemalloc.start()
            while "sends more than can be read" not in caplog.text:
                before = len(payloads)
                await asyncio.sleep(0)
                slices.append(len(payloads) - before)
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            await asyncio.sleep(0.3)
            sending.cancel()

    assert 0 < max(slices) <= 20
    assert peak < 4 * 1024 * 1024
    assert caplog.text.count("sends more than can be read") == 1

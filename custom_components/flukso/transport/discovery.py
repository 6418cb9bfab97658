"""Discovery of the Fluksometers on a broker and of their configuration."""

import asyncio
from contextlib import ExitStack, suppress
from typing import NamedTuple

from homeassistant.core import HomeAssistant
from homeassistant.helpers.singleton import singleton

from ..const import DOMAIN
from ..protocol.configuration import Configuration, parse_config, read_config
from ..protocol.topics import CONFIG_REPORTS, EVERY_CONFIG, device_id_of, report_topic
from ..protocol.validation import ProtocolError
from .direct import DirectTransport
from .interface import Message, Transport

#: How long to listen for meters at most (s); their configuration is retained and arrives at once.
LISTEN_FOR = 5.0
#: After so long without a new report (s), all of them have been received.
QUIET_FOR = 1.0
#: How many meters of one broker are looked at; what is retained on it may be junk.
_MAX_METERS = 100
#: How many announced addresses are asked at the same time.
_MAX_ASKED = 4


class Answer(NamedTuple):
    """The meters behind an address by device id, or why there is no connection to it.

    ``refusal`` is the translation key of the reason.
    """

    meters: dict[str, Configuration]
    refusal: str | None = None


async def async_ask_address(hass: HomeAssistant, host: str, port: int, digits: str = "") -> Answer:
    """Connect to the broker at an address, and return its meters whose id starts with digits."""
    transport = DirectTransport(hass, host, port)
    try:
        await transport.async_start()
        if transport.error is not None:
            return Answer({}, transport.error.translation_key)
        return Answer(await async_find_meters(transport, "", digits))
    finally:
        await transport.async_stop()


@singleton(f"{DOMAIN}_asked")
def _limit(_hass: HomeAssistant) -> asyncio.Semaphore:
    return asyncio.Semaphore(_MAX_ASKED)


async def async_ask_announced(hass: HomeAssistant, host: str, port: int, digits: str) -> Answer:
    """Do the same for an address that any device may have announced: not many at a time."""
    async with _limit(hass):
        return await async_ask_address(hass, host, port, digits)


async def async_find_meters(
    transport: Transport, prefix: str, digits: str = ""
) -> dict[str, Configuration]:
    """Return the configuration of the meters behind a topic prefix, by device id.

    They are the first hundred whose id starts with ``digits``.

    Raises:
        HomeAssistantError: MQTT is not set up.
    """
    return await _async_collect(transport, prefix, [prefix + EVERY_CONFIG], digits)


async def async_read_meter(transport: Transport, device_id: str) -> Configuration:
    """Return the configuration of one meter, empty if none was received.

    Raises:
        HomeAssistantError: MQTT is not set up.
    """
    topics = [report_topic("", device_id, report) for report in CONFIG_REPORTS]
    return (await _async_collect(transport, "", topics)).get(device_id, Configuration())


async def _async_collect(
    transport: Transport, prefix: str, topics: list[str], digits: str = ""
) -> dict[str, Configuration]:
    """Collect config reports until no more arrive; drop invalid ones and meters without sensors."""
    meters: dict[str, Configuration] = {}
    report_received = asyncio.Event()

    def is_one_too_many(device_id: str) -> bool:
        return len(meters) >= _MAX_METERS and device_id not in meters

    def received(message: Message) -> None:
        for report in CONFIG_REPORTS:
            try:
                device_id = device_id_of(message.topic, report, prefix)
                if not device_id.startswith(digits) or is_one_too_many(device_id):
                    return
                parsed = parse_config(read_config(message.payload, report), report)
            except ProtocolError:
                continue
            meters[device_id] = meters.get(device_id, Configuration()).updated(parsed)
            report_received.set()

    with ExitStack() as subscriptions:
        for topic in topics:
            subscriptions.callback(await transport.async_subscribe(topic, received))
        with suppress(TimeoutError):
            await asyncio.wait_for(_async_wait_for_silence(report_received), LISTEN_FOR)
    return {
        device_id: configuration
        for device_id, configuration in meters.items()
        if configuration.sensors is not None
    }


async def _async_wait_for_silence(report_received: asyncio.Event) -> None:
    """Wait for a report, and then until none is received any more."""
    await report_received.wait()
    while report_received.is_set():
        report_received.clear()
        await asyncio.sleep(QUIET_FOR)

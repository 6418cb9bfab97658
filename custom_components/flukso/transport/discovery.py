"""Hear which Fluksometers are on the broker, and what they say of themselves."""

import asyncio
from contextlib import ExitStack, suppress

from ..protocol.configuration import Configuration, parse_config, read_config
from ..protocol.topics import CONFIG_REPORTS, EVERY_CONFIG, device_id_of, report_topic
from ..protocol.validation import ProtocolError
from .home_assistant import Message, Transport

#: How long to listen for meters (s); their configuration is retained and comes at once.
LISTEN_FOR = 5.0
#: How long nothing new must have come before it is taken for all there is (s).
QUIET_FOR = 1.0


async def async_find_meters(transport: Transport, prefix: str) -> dict[str, Configuration]:
    """The configuration of every meter behind a topic prefix, by device id.

    Raises:
        HomeAssistantError: MQTT is not set up, or no longer.
    """
    return await _async_hear(transport, prefix, [prefix + EVERY_CONFIG])


async def async_read_meter(transport: Transport, device_id: str) -> Configuration:
    """The configuration of one meter.

    Raises:
        HomeAssistantError: MQTT is not set up, or no longer.
    """
    topics = [report_topic("", device_id, report) for report in CONFIG_REPORTS]
    return (await _async_hear(transport, "", topics)).get(device_id, Configuration())


async def _async_hear(
    transport: Transport, prefix: str, topics: list[str]
) -> dict[str, Configuration]:
    """Listen until it is quiet, and drop what was not heard whole or can't be read."""
    meters: dict[str, Configuration] = {}
    news = asyncio.Event()

    def received(message: Message) -> None:
        for report in CONFIG_REPORTS:
            try:
                device_id = device_id_of(message.topic, report, prefix)
                parsed = parse_config(read_config(message.payload, report), report)
            except ProtocolError:
                continue
            meters[device_id] = meters.get(device_id, Configuration()).updated(parsed)
            news.set()

    with ExitStack() as listening:
        for topic in topics:
            listening.callback(await transport.async_subscribe(topic, received))
        with suppress(TimeoutError):
            async with asyncio.timeout(LISTEN_FOR):
                await news.wait()
                while news.is_set():
                    news.clear()
                    await asyncio.sleep(QUIET_FOR)
    return {
        device_id: configuration
        for device_id, configuration in meters.items()
        if configuration.sensors is not None
    }

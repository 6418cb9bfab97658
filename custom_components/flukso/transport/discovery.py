"""Discovery of the Fluksometers on the broker and of their configuration."""

import asyncio
from contextlib import ExitStack, suppress

from ..protocol.configuration import Configuration, parse_config, read_config
from ..protocol.topics import CONFIG_REPORTS, EVERY_CONFIG, device_id_of, report_topic
from ..protocol.validation import ProtocolError
from .interface import Message, Transport

#: How long to listen for meters at most (s); their configuration is retained and arrives at once.
LISTEN_FOR = 5.0
#: After so long without a new report (s), all of them have been received.
QUIET_FOR = 1.0


async def async_find_meters(transport: Transport, prefix: str) -> dict[str, Configuration]:
    """Return the configuration of every meter behind a topic prefix, by device id.

    Raises:
        HomeAssistantError: MQTT is not set up.
    """
    return await _async_collect(transport, prefix, [prefix + EVERY_CONFIG])


async def async_read_meter(transport: Transport, device_id: str) -> Configuration:
    """Return the configuration of one meter, empty if none was received.

    Raises:
        HomeAssistantError: MQTT is not set up.
    """
    topics = [report_topic("", device_id, report) for report in CONFIG_REPORTS]
    return (await _async_collect(transport, "", topics)).get(device_id, Configuration())


async def _async_collect(
    transport: Transport, prefix: str, topics: list[str]
) -> dict[str, Configuration]:
    """Collect config reports until no more arrive; drop invalid ones and meters without sensors."""
    meters: dict[str, Configuration] = {}
    report_received = asyncio.Event()

    def received(message: Message) -> None:
        for report in CONFIG_REPORTS:
            try:
                device_id = device_id_of(message.topic, report, prefix)
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

"""Discovery of the Fluksometers on a broker and of their configuration."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack, suppress
from functools import partial
from itertools import product
from typing import NamedTuple

from homeassistant.core import HomeAssistant
from homeassistant.helpers.singleton import singleton

from ..const import DOMAIN
from ..protocol.configuration import Configuration, parse_config, read_config
from ..protocol.topics import (
    ANY_PREFIX,
    CONFIG_REPORTS,
    EVERY_CONFIG,
    OWN_PREFIX,
    ConfigReport,
    Kind,
    Report,
    clock_topic,
    device_id_of,
    prefix_of,
    reading_topic,
    report_topic,
    sensor_id_of,
)
from ..protocol.validation import ProtocolError
from .direct import DirectTransport
from .interface import ConnectionState, Message, Transport

#: How long to listen for meters at most (s); their configuration is retained and arrives at once.
LISTEN_FOR = 5.0
#: After so long without a new report (s), all of them have been received.
QUIET_FOR = 1.0
#: How long after its announcement a meter may take to publish its configuration (s).
START_TIME = 30.0
#: How many meters and sensors of one broker are looked at; what is retained on it may be junk.
_MAX_METERS = 100
_MAX_SENSORS = 100
#: How many topics of one meter are listened to; an FLM03 with all its inputs and two kubes has 75.
_MAX_TOPICS = 100
#: How many announced addresses are asked at the same time.
_MAX_ASKED = 4


class Found(NamedTuple):
    """The configuration of a meter that was found, and the topic prefix behind which it was."""

    configuration: Configuration
    prefix: str = OWN_PREFIX


class Answer(NamedTuple):
    """The meters behind an address by device id, or why there is no connection to it.

    ``failure`` is the translation key of the reason. ``sensors`` is of how many sensors readings
    were received, where that was asked for and there is no meter.
    """

    meters: dict[str, Found]
    failure: str | None = None
    sensors: int = 0


async def async_ask_address(
    hass: HomeAssistant, host: str, port: int, digits: str = "", *, count_sensors: bool = False
) -> Answer:
    """Connect to the broker at an address, and return its meters whose id starts with digits."""
    transport = DirectTransport(hass, host, port)
    try:
        await transport.async_start()
        if transport.error is not None:
            return Answer({}, transport.error.translation_key)
        meters = await async_find_meters(transport, OWN_PREFIX, digits=digits)
        sensors = 0
        if count_sensors and not meters:
            sensors = (await async_count_sensors(transport, OWN_PREFIX))[OWN_PREFIX]
        return Answer(meters, sensors=sensors)
    finally:
        await transport.async_stop()


@singleton(f"{DOMAIN}_asked")
def _limit(_hass: HomeAssistant) -> asyncio.Semaphore:
    return asyncio.Semaphore(_MAX_ASKED)


async def async_ask_announced(hass: HomeAssistant, host: str, port: int, digits: str) -> Answer:
    """Return the meters at an address that any device may have announced: few are asked at a time.

    A meter that starts announces its broker before it publishes its configuration, so a broker
    without the meter is asked once more.
    """
    for pause in (0, START_TIME):
        await asyncio.sleep(pause)
        async with _limit(hass):
            answer = await async_ask_address(hass, host, port, digits)
        if answer.meters or answer.failure is not None:
            break
    return answer


async def async_find_meters(
    transport: Transport, *prefixes: str, digits: str = ""
) -> dict[str, Found]:
    """Return the meters behind topic prefixes, by device id.

    They are the first hundred whose id starts with ``digits``. One that is found behind several
    prefixes counts as found behind the first of them.

    Raises:
        HomeAssistantError: MQTT is not set up.
    """
    topics = [prefix + EVERY_CONFIG for prefix in prefixes]
    collected = await _async_collect(transport, topics, prefixes, digits)
    return _by_device_id(collected, prefixes)


async def async_find_meters_behind_any_prefix(transport: Transport) -> dict[str, Found]:
    """Return the meters behind topic prefixes of any name, by device id, the first hundred.

    One that is found behind several prefixes counts as found behind the shortest of them.

    Raises:
        HomeAssistantError: MQTT is not set up.
    """
    collected = await _async_collect(transport, [each + EVERY_CONFIG for each in ANY_PREFIX])
    return _by_device_id(collected, sorted(collected, key=len))


def _by_device_id(
    collected: Mapping[str, Mapping[str, Configuration]], prefixes: Sequence[str]
) -> dict[str, Found]:
    """Return each meter behind the first of the prefixes that it was found behind."""
    return {
        device_id: Found(configuration, prefix)
        for prefix in reversed(prefixes)
        for device_id, configuration in collected.get(prefix, {}).items()
    }


async def async_count_sensors(transport: Transport, *prefixes: str) -> dict[str, int]:
    """Return of how many sensors readings are received, by topic prefix.

    This is for a search that has found no configuration, because it takes a subscription to all
    readings: it ends after some seconds, or with the hundredth sensor.

    Raises:
        HomeAssistantError: MQTT is not set up.
    """
    heard: dict[str, set[str]] = {prefix: set() for prefix in prefixes}
    is_enough = asyncio.Event()

    def received(prefix: str, message: Message) -> None:
        with suppress(ProtocolError):
            if message.payload and not is_enough.is_set():
                heard[prefix].add(sensor_id_of(message.topic, prefix))
        if sum(map(len, heard.values())) >= _MAX_SENSORS:
            is_enough.set()

    with ExitStack() as subscriptions:
        for prefix, kind in product(prefixes, Kind):
            topic = reading_topic(prefix, "+", kind)
            receive = partial(received, prefix)
            subscriptions.callback(await transport.async_subscribe(topic, receive))
        with suppress(TimeoutError):
            await asyncio.wait_for(is_enough.wait(), LISTEN_FOR)
    return {prefix: len(sensor_ids) for prefix, sensor_ids in heard.items()}


async def async_read_meter(transport: Transport, prefix: str, device_id: str) -> Configuration:
    """Return the configuration of one meter, empty if none was received.

    Raises:
        HomeAssistantError: MQTT is not set up.
    """
    topics = [report_topic(prefix, device_id, report) for report in CONFIG_REPORTS]
    collected = await _async_collect(transport, topics, [prefix])
    return collected.get(prefix, {}).get(device_id, Configuration())


async def async_is_heard(transport: Transport, device_id: str, meter: Found) -> bool:
    """Return whether a meter publishes anything within some seconds.

    What is retained, or the same configuration again, may be of a meter that is gone. Silence is
    no proof: pulse inputs publish with each pulse only.
    """
    if transport.connection_state is not ConnectionState.CONNECTED:
        return False
    prefix, configuration = meter.prefix, meter.configuration
    reports = {report_topic(prefix, device_id, report): report for report in CONFIG_REPORTS}
    topics = [
        *reports,
        report_topic(prefix, device_id, Report.SELF_TEST),
        clock_topic(prefix, device_id),
        *(
            reading_topic(prefix, stream.sensor.sensor_id, stream.kind)
            for stream in configuration.streams
        ),
    ][:_MAX_TOPICS]
    heard = asyncio.Event()

    def received(message: Message) -> None:
        report = reports.get(message.topic)
        is_known = report is not None and _says(report, message, configuration)
        if not message.retained and not is_known:
            heard.set()

    with ExitStack() as subscriptions:
        for topic in topics:
            subscriptions.callback(await transport.async_subscribe(topic, received))
        with suppress(TimeoutError):
            await asyncio.wait_for(heard.wait(), LISTEN_FOR)
    return heard.is_set()


def _says(report: ConfigReport, message: Message, configuration: Configuration) -> bool:
    """Return whether a report has nothing but what is in a configuration."""
    try:
        parsed = parse_config(read_config(message.payload, report), report)
    except ProtocolError:
        return False
    return configuration.updated(parsed) == configuration


async def _async_collect(
    transport: Transport, topics: Sequence[str], prefixes: Collection[str] = (), digits: str = ""
) -> dict[str, dict[str, Configuration]]:
    """Collect config reports, by prefix and device id, until no more arrive.

    ``topics`` are topic filters, and ``prefixes`` those that count, without which any does. Invalid
    reports and meters without sensors are dropped.
    """
    meters: defaultdict[tuple[str, str], Configuration] = defaultdict(Configuration)
    report_received = asyncio.Event()

    def received(message: Message) -> None:
        for report in CONFIG_REPORTS:
            try:
                prefix = prefix_of(message.topic)
                device_id = device_id_of(message.topic, report, prefix)
                key = prefix, device_id
                is_one_too_many = len(meters) >= _MAX_METERS and key not in meters
                is_other = bool(prefixes) and prefix not in prefixes
                if is_other or is_one_too_many or not device_id.startswith(digits):
                    return
                parsed = parse_config(read_config(message.payload, report), report)
            except ProtocolError:
                continue
            meters[key] = meters[key].updated(parsed)
            report_received.set()

    with ExitStack() as subscriptions:
        for topic in topics:
            subscriptions.callback(await transport.async_subscribe(topic, received))
        with suppress(TimeoutError):
            await asyncio.wait_for(_async_wait_for_silence(report_received), LISTEN_FOR)
    found: defaultdict[str, dict[str, Configuration]] = defaultdict(dict)
    for (prefix, device_id), configuration in meters.items():
        if configuration.sensors is not None:
            found[prefix][device_id] = configuration
    return found


async def _async_wait_for_silence(report_received: asyncio.Event) -> None:
    """Wait for a report, and then until none is received any more."""
    await report_received.wait()
    while report_received.is_set():
        report_received.clear()
        await asyncio.sleep(QUIET_FOR)

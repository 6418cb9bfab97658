"""Blocks of the meter's memory: heard for the counters in use, and read in a worker."""

from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
import logging

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback

from ..const import DEFAULT_POWER_INTERVAL
from ..entity_lookup import channel_unique_id
from ..meter.channel_types import CounterChannel
from ..meter.meter import Meter
from ..metering.block_timeline import Segment, Slack, Timeline, segment_of
from ..metering.durations import DAY
from ..protocol.quantities import Unit
from ..protocol.sensors import Stream
from ..protocol.tmpo_block import BlockAddress, block_topic_filter, decode, parse_block_topic
from ..protocol.topics import Kind
from ..protocol.validation import ProtocolError
from ..transport.home_assistant import Message, Transport

_LOGGER = logging.getLogger(__name__)

#: All that level 8 has comes again in level 12.
_LEVELS = (12, 16, 20)
#: So much may wait to be read (bytes); what is beyond that can be requested again.
_MOST_WAITING = 64 * 1024 * 1024
#: Blocks that ended longer ago are not read (s).
_OLDEST = 400 * DAY
#: How long a reading may be under way, and how far the meter's clock may be off (s).
LAG = 30

type _Told = Callable[[str, CounterChannel, int, int], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class _Followed:
    """What was told of a counter in one of the uses of its sensor id."""

    rid: int
    timeline: Timeline


class BlockReader:
    """Follows the blocks of counters whose entities are enabled.

    ``told`` is called with the unique id of its entity, a counter, and from where to where (s since
    1970) something is known of it now that was not.
    """

    def __init__(
        self, hass: HomeAssistant, meter: Meter, transport: Transport, told: _Told
    ) -> None:
        self._hass = hass
        self._meter = meter
        self._transport = transport
        self._told = told
        self._followed: dict[CounterChannel, _Followed] = {}
        self._waiting: dict[BlockAddress, tuple[CounterChannel, bytes]] = {}
        self._reading = False

    @property
    def counters(self) -> dict[str, CounterChannel]:
        """The counters in use that the meter remembers, by the unique ids of their entities."""
        counters = {}
        for channel in self._followed:
            sensor = channel.stream.sensor
            if sensor.remembered:
                unique_id = channel_unique_id(self._meter.device_id, sensor.sensor_id, Kind.COUNTER)
                counters[unique_id] = channel
        return counters

    async def async_follow(self, channel: CounterChannel) -> CALLBACK_TYPE:
        """Listen to the blocks of a counter; returns an unsubscribe function.

        Raises:
            HomeAssistantError: it can't subscribe, and the counter is not followed.
        """
        prefix, sensor_id = self._meter.prefix, channel.stream.sensor.sensor_id
        receive = partial(self._receive, channel)
        with ExitStack() as following:
            self._followed[channel] = _followed(channel)
            following.callback(self._followed.pop, channel)
            for level in _LEVELS:
                topic = block_topic_filter(prefix, sensor_id, level)
                following.callback(await self._transport.async_subscribe(topic, receive))
            return following.pop_all().close

    @callback
    def stop(self) -> None:
        """Read nothing of what still waits."""
        self._waiting.clear()

    def timeline_of(self, channel: CounterChannel) -> Timeline:
        """What was told of a counter, while its sensor id has the meaning that it has now."""
        followed = self._followed.get(channel)
        if followed is None:
            return Timeline()
        if followed.rid != channel.stream.sensor.rid:
            followed = self._followed[channel] = _followed(channel)
        return followed.timeline

    @callback
    def _receive(self, channel: CounterChannel, message: Message) -> None:
        try:
            address = parse_block_topic(message.topic, self._meter.prefix)
            is_wanted = self._is_wanted(channel, address, message.arrived)
        except ProtocolError as error:
            self._meter.message_log.note_broken(message.topic, error)
            return
        if not is_wanted:
            return
        size = sum(len(payload) for _, payload in self._waiting.values())
        if size + len(message.payload) > _MOST_WAITING:
            _LOGGER.debug("%s: too much is waiting to be read", message.topic)
            return
        self._waiting[address] = (channel, message.payload)
        if not self._reading:
            self._reading = True
            self._hass.async_create_background_task(
                self._async_read(), "read blocks of the meter's memory"
            )

    def _is_wanted(self, channel: CounterChannel, address: BlockAddress, now: float) -> bool:
        """Whether a block can bring something new.

        Raises:
            ProtocolError: the meter can't have made it yet.
        """
        if address.end > now + LAG:
            raise ProtocolError("tmpo block", "from the future", address.bid)
        return (
            address.rid == channel.stream.sensor.rid
            and address.end > now - _OLDEST
            and address not in self._waiting
            and not self.timeline_of(channel).covers(address.begin, address.end)
        )

    async def _async_read(self) -> None:
        """Read all that waits, one block after the other, and then tell what it brought."""
        try:
            while self._waiting:
                news: dict[CounterChannel, tuple[int, int]] = {}
                while self._waiting:
                    address = next(iter(self._waiting))
                    channel, payload = self._waiting.pop(address)
                    segment = await self._async_segment(address, channel, payload)
                    if segment is not None and address.rid == channel.stream.sensor.rid:
                        timeline = self.timeline_of(channel)
                        timeline.add(segment)
                        timeline.forget(address.end - _OLDEST)
                        begin, end = news.get(channel, (segment.begin, segment.end))
                        news[channel] = (min(begin, segment.begin), max(end, segment.end))
                for unique_id, channel in self.counters.items():
                    if channel in news:
                        await self._told(unique_id, channel, *news[channel])
        finally:
            self._reading = False

    async def _async_segment(
        self, address: BlockAddress, channel: CounterChannel, payload: bytes
    ) -> Segment | None:
        is_energy = channel.stream.unit is Unit.WATT_HOUR
        interval = max(self._meter.intervals.power, DEFAULT_POWER_INTERVAL)
        read = partial(
            _read,
            address,
            payload,
            channel.stream,
            slack=slack_of(channel),
            power_over=interval if is_energy else None,
        )
        try:
            return await self._hass.async_add_executor_job(read)
        except ProtocolError as error:
            self._meter.message_log.note_broken(channel.topic, error)
            return None


def slack_of(channel: CounterChannel) -> Slack:
    """How far from the end of an hour what is recorded of it may be from."""
    return Slack(channel.interval + LAG, LAG)


def _followed(channel: CounterChannel) -> _Followed:
    stream = channel.stream
    return _Followed(stream.sensor.rid, Timeline(both_ways=stream.both_ways))


def _read(
    address: BlockAddress, payload: bytes, stream: Stream, *, slack: Slack, power_over: int | None
) -> Segment:
    """Unpack a block of a counter, and keep what is needed of it.

    Raises:
        ProtocolError: it can't be read, or is not one of this counter.
    """
    block = decode(address, payload)
    if block.kind is not Kind.COUNTER:
        raise ProtocolError("tmpo block", "not that of a counter")
    if block.unit not in {None, stream.unit}:
        raise ProtocolError("tmpo block", "in another unit than the counter", block.unit)
    return segment_of(
        address.begin,
        address.end,
        block.times,
        block.thousandths,
        slack=slack,
        both_ways=stream.both_ways,
        power_over=power_over,
    )

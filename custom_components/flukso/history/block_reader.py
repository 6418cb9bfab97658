"""Blocks of the meter's memory: received for the sensors in use, decoded in a worker thread."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
import logging

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ..entity_lookup import channel_unique_id
from ..meter.channel import Channel
from ..meter.counter_channel import CounterChannel
from ..meter.input_limits import is_regular, memory_silence
from ..meter.meter import Meter
from ..metering.block_timeline import Segment, Slack, Timeline
from ..metering.durations import DAY
from ..metering.on_change import TICK
from ..protocol.quantities import Unit
from ..protocol.tmpo_block import Block, BlockAddress, block_topic_filter, parse_block_topic
from ..protocol.topics import Kind
from ..protocol.validation import ProtocolError
from ..transport.interface import Message, Transport
from ..transport.subscriptions import Subscriptions
from .block_decoding import BlockUser, read_block, segment_of_block

_LOGGER = logging.getLogger(__name__)

#: The readings of level 8 are all published again in level 12.
_LEVELS = (12, 16, 20)
#: The largest total size of blocks that wait to be decoded (bytes); others can be requested again.
_MAX_PENDING_BYTES = 64 * 1024 * 1024
#: The age of the end of a block beyond which it is ignored (s).
_MAX_AGE = 400 * DAY
#: The largest transit time of a reading, and the largest tolerated clock offset of the meter (s).
LAG = 30

type _Updated = Callable[[str, CounterChannel, int, int], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class _FollowedCounter:
    """The timeline of a counter, for one revision (``rid``) of its sensor id."""

    rid: int
    timeline: Timeline


class BlockReader:
    """Reads the blocks of the counters and logged gauges whose entities are enabled.

    ``updated`` is called for a counter with new data: the unique id of its entity, its channel, and
    the begin and end of that data (s since 1970).
    """

    def __init__(
        self, hass: HomeAssistant, meter: Meter, transport: Transport, updated: _Updated
    ) -> None:
        self._hass = hass
        self._meter = meter
        self._transport = transport
        self._updated = updated
        self.users: list[BlockUser] = []
        #: When the last block arrived (s since 1970); whether any was dropped, or is being read.
        self.last_arrived = 0.0
        self.has_dropped = self.is_decoding = False
        self._followed: dict[CounterChannel, _FollowedCounter] = {}
        self._gauges: set[Channel] = set()
        self._pending: dict[BlockAddress, tuple[Channel, bytes]] = {}

    @property
    def counters(self) -> dict[str, CounterChannel]:
        """The counters in use that the meter remembers, by the unique ids of their entities."""
        return self._by_unique_id(self._followed, Kind.COUNTER)

    @property
    def gauges(self) -> dict[str, Channel]:
        """The gauges in use that the meter remembers, in the same way."""
        return self._by_unique_id(self._gauges, Kind.GAUGE)

    def _by_unique_id[AnyChannel: Channel](
        self, channels: Iterable[AnyChannel], kind: Kind
    ) -> dict[str, AnyChannel]:
        device_id = self._meter.device_id
        return {
            channel_unique_id(device_id, channel.stream.sensor.sensor_id, kind): channel
            for channel in channels
            if channel.stream.sensor.remembered
        }

    async def async_follow(self, channel: Channel) -> CALLBACK_TYPE:
        """Subscribe to the blocks of a channel; returns an unsubscribe function.

        Raises:
            HomeAssistantError: the subscription failed, and the channel is not followed.
        """
        prefix, sensor_id = self._meter.prefix, channel.stream.sensor.sensor_id
        receive = partial(self._receive, channel)
        with Subscriptions() as following:
            if isinstance(channel, CounterChannel):
                self._followed[channel] = _new_followed(channel)
                following.add(partial(self._followed.__delitem__, channel))
            else:
                self._gauges.add(channel)
                following.add(partial(self._gauges.remove, channel))
            for level in _LEVELS:
                topic = block_topic_filter(prefix, sensor_id, level)
                following.add(await self._transport.async_subscribe(topic, receive))
            return following.close

    @callback
    def stop(self) -> None:
        """Drop the blocks that wait to be decoded."""
        self._pending.clear()

    def timeline_of(self, channel: CounterChannel) -> Timeline:
        """Return the timeline of a counter for the current revision of its sensor id."""
        followed = self._followed.get(channel)
        if followed is None:
            return Timeline()
        if followed.rid != channel.stream.sensor.rid:
            followed = self._followed[channel] = _new_followed(channel)
        return followed.timeline

    @callback
    def _receive(self, channel: Channel, message: Message) -> None:
        try:
            address = parse_block_topic(message.topic, self._meter.prefix)
            is_wanted = self._is_wanted(channel, address, message.arrived)
        except ProtocolError as error:
            self._meter.message_log.note_broken(message.topic, error)
            return
        self.last_arrived = message.arrived
        if not is_wanted:
            return
        size = sum(len(payload) for _, payload in self._pending.values())
        if size + len(message.payload) > _MAX_PENDING_BYTES:
            _LOGGER.debug("%s: too many blocks are waiting to be decoded", message.topic)
            self.has_dropped = True
            return
        self._pending[address] = (channel, message.payload)
        if not self.is_decoding:
            self.is_decoding = True
            self._hass.async_create_background_task(
                self._async_decode_pending(), "read blocks of the meter's memory"
            )

    def _is_wanted(self, channel: Channel, address: BlockAddress, now: float) -> bool:
        """Whether a block can contain data that is new to its timeline, or to a user of blocks.

        Raises:
            ProtocolError: it ends in the future.
        """
        if address.end > now + LAG:
            raise ProtocolError("tmpo block", "ends in the future", address.bid)
        return (
            address.rid == channel.stream.sensor.rid
            and address not in self._pending
            and (self._is_new(channel, address) or bool(self._users_of(channel, address)))
        )

    def _is_new(self, channel: Channel, address: BlockAddress) -> bool:
        """Whether a block can contain data that is new to the timeline of a counter."""
        return (
            isinstance(channel, CounterChannel)
            and address.end > dt_util.utcnow().timestamp() - _MAX_AGE
            and not self.timeline_of(channel).covers(address.begin, address.end)
        )

    def _users_of(self, channel: Channel, address: BlockAddress) -> list[BlockUser]:
        return [user for user in self.users if user.wants(channel, address)]

    async def _async_decode_pending(self) -> None:
        """Decode all pending blocks one by one, and then report which counters have new data."""
        try:
            while self._pending:
                new_spans: dict[CounterChannel, tuple[int, int]] = {}
                while self._pending:
                    address = next(iter(self._pending))
                    channel, payload = self._pending.pop(address)
                    users = self._users_of(channel, address)
                    read = await self._async_read(address, channel, payload, users)
                    if read is None or not self._is_current(channel, address):
                        continue
                    segment, reduced = read
                    for user, kept in zip(users, reduced, strict=True):
                        user.take(channel, address, kept)
                    if isinstance(channel, CounterChannel) and segment is not None:
                        timeline = self.timeline_of(channel)
                        timeline.add(segment)
                        timeline.forget(address.end - _MAX_AGE)
                        begin, end = new_spans.get(channel, (segment.begin, segment.end))
                        new_spans[channel] = (min(begin, segment.begin), max(end, segment.end))
                for unique_id, channel in self.counters.items():
                    if channel in new_spans:
                        await self._updated(unique_id, channel, *new_spans[channel])
        finally:
            self.is_decoding = False

    def _is_current(self, channel: Channel, address: BlockAddress) -> bool:
        """Whether a channel is still followed, and a block is of its current sensor."""
        is_followed = channel in self._followed or channel in self._gauges
        return is_followed and address.rid == channel.stream.sensor.rid

    async def _async_read(
        self,
        address: BlockAddress,
        channel: Channel,
        payload: bytes,
        users: Sequence[BlockUser],
    ) -> tuple[Segment | None, list[object]] | None:
        """Return the segment for a counter's timeline, and what each user keeps of a block."""
        segment = None
        if isinstance(channel, CounterChannel) and self._is_new(channel, address):
            segment = self._segment_maker(channel)
        read = partial(read_block, address, payload, channel, segment, users)
        try:
            return await self._hass.async_add_executor_job(read)
        except ProtocolError as error:
            self._meter.message_log.note_broken(channel.topic, error)
            return None

    def _segment_maker(self, channel: CounterChannel) -> Callable[[Block], Segment]:
        return partial(
            segment_of_block,
            slack=slack_of(channel),
            both_ways=channel.stream.both_ways,
            power_over=power_over(self._meter, channel),
            max_silence=memory_silence(channel.stream),
        )


def power_over(meter: Meter, channel: CounterChannel) -> int | None:
    """Return the time over which the power of a counter is taken (s); None if it is no energy."""
    is_energy = channel.stream.unit is Unit.WATT_HOUR
    return max(meter.intervals.power or 0, TICK) if is_energy else None


def slack_of(channel: CounterChannel) -> Slack:
    """Return how far from the end of an hour its recorded state may have been measured.

    Without an interval it is written in the last 5 s of each minute.
    """
    return Slack((TICK if channel.interval is None else channel.interval) + LAG, LAG)


def _new_followed(channel: CounterChannel) -> _FollowedCounter:
    stream = channel.stream
    timeline = Timeline(both_ways=stream.both_ways, max_silence=memory_silence(stream))
    return _FollowedCounter(stream.sensor.rid, timeline)


def clock_is_off(channel: Channel) -> bool:
    """Return whether the meter's clock is so far off that its hours are not Home Assistant's.

    A stream that is regular is sent every second: if its reading is dated long ago, that is not
    because it rests.
    """
    stats = channel.stats
    read_at = stats.arrived if is_regular(channel.stream) else stats.read_at
    return (
        stats.reading is not None
        and read_at is not None
        and abs(read_at - stats.reading.time) > LAG
    )

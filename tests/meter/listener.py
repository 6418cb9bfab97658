"""A channel of a meter with somebody who listens to it, without Home Assistant."""

import asyncio
from collections.abc import Sequence
from contextlib import ExitStack
from typing import cast

from homeassistant.core import CALLBACK_TYPE

from custom_components.flukso.meter.channel import Channel
from custom_components.flukso.meter.channel_context import ChannelContext
from custom_components.flukso.meter.channel_types import channel_type_of
from custom_components.flukso.meter.counter_channel import CounterChannel
from custom_components.flukso.metering.clock_offset import ClockOffset
from custom_components.flukso.protocol.quantities import Quantity
from custom_components.flukso.protocol.sensors import Sensor, Source, Stream, streams_of
from custom_components.flukso.protocol.topics import Kind
from custom_components.flukso.transport.interface import BufferedSubscription, Message, Transport

NOON = 1_760_000_000
TOPIC = "/sensor/0/gauge"
SENSORS = (
    Sensor("1" * 32, Quantity.PPLUS, Source.CLAMP, Kind.COUNTER, (1,)),
    Sensor("2" * 32, Quantity.ELECTRICITY, Source.COSEM, Kind.COUNTER),
    Sensor("3" * 32, Quantity.WATER, Source.PULSE, Kind.COUNTER, (4,)),
    Sensor("4" * 32, Quantity.TEMPERATURE, Source.KUBE, Kind.GAUGE, kube=1),
    Sensor("5" * 32, Quantity.MOVEMENT, Source.KUBE, Kind.COUNTER, kube=1),
)
STREAMS = [stream for sensor in SENSORS for stream in streams_of(sensor)]


class Wire:
    """The transport of one channel."""

    connected = True
    is_eager = False
    subscription: BufferedSubscription

    async def async_subscribe_buffered(self, subscription: BufferedSubscription) -> CALLBACK_TYPE:
        """Keep where the messages go."""
        self.subscription = subscription
        return lambda: None


class Listener:
    """A channel with somebody who listens to it."""

    def __init__(self, stream: int | Stream, interval: int | None, *, follows: bool = True) -> None:
        self.wire = Wire()
        self._follows = follows
        self.shown: list[tuple[float, float | None, bool]] = []
        self.followed: list[tuple[int, float]] = []
        self.followed_at: list[float] = []
        self.now = 0.0
        self.clock = ClockOffset()
        transport, ignored = cast("Transport", self.wire), [lambda *_: None] * 3
        context = ChannelContext(transport, self.clock, *ignored)
        chosen = STREAMS[stream] if isinstance(stream, int) else stream
        self.channel: Channel = channel_type_of(chosen)(chosen, TOPIC, context, interval)
        if isinstance(self.channel, CounterChannel):
            self.channel.guard.fastest = 1000
        asyncio.run(self._listen())

    async def _listen(self) -> None:
        with ExitStack() as kept:
            kept.callback(await self.channel.async_listen(self._changed))
            if self._follows:
                kept.callback(await self.channel.async_follow(self._follow))
            kept.pop_all()

    def _changed(self) -> None:
        self.shown.append((self.now, self.channel.value, self.channel.available))

    def _follow(self, time: int, value: float, at: float) -> None:
        self.followed.append((time, value))
        self.followed_at.append(at)

    def tick(self, now: float) -> None:
        """Do what the meter does at each tick."""
        self.now = now
        self.channel.begin_silence(now)
        self.channel.set_alive(alive=not self.channel.is_silent(now))
        if self.channel.alive:
            self.channel.update_value(now)

    def hear(self, payload: bytes, now: float, *, retained: bool = False) -> None:
        """Hear a message that arrives by itself."""
        self.hear_together([Message(TOPIC, payload, retained, now)])

    def hear_together(self, messages: Sequence[Message]) -> None:
        """Hear messages that are delivered together."""
        self.now = messages[-1].arrived
        self.wire.subscription.receive(messages)

    @property
    def state(self) -> object:
        """What is shown, stored and told of it."""
        channel = self.channel
        stored = channel.guard.state if isinstance(channel, CounterChannel) else None
        stats = channel.stats
        read = (stats.reading, stats.read_at, stats.live_at, stats.taken)
        return self.shown, self.followed, channel.value, channel.available, stored, read

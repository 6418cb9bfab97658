"""A Fluksometer: follows its configuration, and owns the channels of its enabled sensors."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
import logging

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_track_time_interval

from ..metering.counter_guard import Break
from ..protocol.configuration import Configuration, parse_config, read_config
from ..protocol.reading import Reading
from ..protocol.self_test import SelfTest, parse_self_test
from ..protocol.sensors import Sensor, Stream
from ..protocol.topics import (
    CONFIG_REPORTS,
    ConfigReport,
    Kind,
    Report,
    clock_topic,
    reading_topic,
    report_topic,
)
from ..protocol.validation import ProtocolError
from ..redaction import shortened
from ..transport.home_assistant import Message, Transport
from .availability import judge
from .channel import Channel, Reports
from .channel_types import CounterChannel, FlowChannel, channel_type_of
from .clock import Clock
from .input_limits import fastest, pulse_constant
from .message_log import MessageLog
from .meter_storage import MeterStorage
from .name_wait import NameWait
from .write_intervals import Intervals, is_due

_LOGGER = logging.getLogger(__name__)


type ChannelKey = tuple[str, Kind]


class Meter:
    """What a config entry stands for; listeners are told when channels or names change."""

    def __init__(
        self,
        hass: HomeAssistant,
        transport: Transport,
        memory: MeterStorage,
        *,
        device_id: str,
        prefix: str,
        intervals: Intervals,
        counter_break: Callable[[Channel, Break], None],
    ) -> None:
        self.device_id = device_id
        self.prefix = prefix
        self.configuration = Configuration()
        self.self_test: SelfTest | None = None
        self.channels: dict[ChannelKey, Channel] = {}
        self.message_log = MessageLog()
        self.online = True
        self._silent_kubes: set[int] = set()
        self._hass = hass
        self._transport = transport
        self._storage = memory
        self.intervals = intervals
        self.clock = Clock(
            clock_topic(prefix, device_id), transport, self.message_log.note_broken, intervals.other
        )
        self._reports = Reports(self.message_log.note_broken, self._take_unit, counter_break)
        self._listeners: list[Callable[[], None]] = []
        self._tick_listeners: list[Callable[[int], None]] = []
        self._work = ExitStack()
        self._name_wait = NameWait(hass, self._follow_configuration)
        self._elapsed = 0

    @property
    def sensors(self) -> set[Sensor]:
        """The sensors that have channels."""
        return {channel.stream.sensor for channel in self.channels.values()}

    async def async_load(self) -> None:
        """Take up the last good configuration from disk."""
        await self._storage.async_load()
        for report, config in self._storage.reports.items():
            try:
                parsed = parse_config(config, report)
            except ProtocolError as error:
                self.message_log.note_broken("disk", error)
            else:
                self.configuration = self.configuration.updated(parsed)
        self._name_wait.begin(self.configuration)

    async def async_start(self) -> None:
        """Listen to what the meter says of itself, and to the connection, until it is stopped.

        Raises:
            HomeAssistantError: it can't subscribe, and does not listen to anything.
        """
        receivers: dict[Report, Callable[[Message], None]] = {
            report: partial(self._receive_config, report) for report in CONFIG_REPORTS
        }
        receivers[Report.SELF_TEST] = self._receive_tap
        with ExitStack() as work:
            for report, receive in receivers.items():
                topic = report_topic(self.prefix, self.device_id, report)
                work.callback(await self._transport.async_subscribe(topic, receive))
            work.callback(self._transport.listen_to_connection(self._link_changed))
            period = timedelta(seconds=self.intervals.period)
            work.callback(async_track_time_interval(self._hass, self._tick, period))
            self._work = work.pop_all()

    @callback
    def catch_up(self) -> None:
        """Take all readings that have come so far, and don't wait for more."""
        self._transport.flush()

    async def async_stop(self) -> None:
        """Stop listening, with nothing left to write."""
        self._work.close()
        self._name_wait.stop()
        self._transport.discard_buffer()
        await self._storage.async_flush()

    @callback
    def listen(
        self, changed: Callable[[], None], ticked: Callable[[int], None] | None = None
    ) -> CALLBACK_TYPE:
        """Call ``changed`` when channels or names change; returns an unsubscribe function.

        ``ticked`` is called with the seconds since the start, after the channels showed what was
        due, or when the connection changed.
        """
        self._listeners.append(changed)
        if ticked is not None:
            self._tick_listeners.append(ticked)

        @callback
        def stop() -> None:
            self._listeners.remove(changed)
            if ticked is not None:
                self._tick_listeners.remove(ticked)

        return stop

    @callback
    def _receive_config(self, report: ConfigReport, message: Message) -> None:
        try:
            config = read_config(message.payload, report)
            parsed = parse_config(config, report)
        except ProtocolError as error:
            self.message_log.note_unreadable(report, message, error)
            return
        self.catch_up()
        self.message_log.read(report, message)
        configuration = self.configuration.updated(parsed)
        if configuration == self.configuration:
            return
        self.configuration = configuration
        self._storage.keep_report(report, config)
        self._name_wait.changed(self.configuration)

    @callback
    def _receive_tap(self, message: Message) -> None:
        try:
            self_test = parse_self_test(message.payload)
        except ProtocolError as error:
            self.message_log.note_unreadable(Report.SELF_TEST, message, error)
            return
        self.message_log.read(Report.SELF_TEST, message)
        if self_test != self.self_test:
            self.self_test = self_test
            self._tell_listeners()

    @callback
    def _follow_configuration(self) -> None:
        """Keep the channels of streams that stayed what they were, and make the others anew."""
        channels: dict[ChannelKey, Channel] = {}
        for planned in self.configuration.streams:
            key = (planned.sensor.sensor_id, planned.kind)
            learnt = self._storage.unit_of(_name(planned))
            stream = replace(planned, unit=planned.unit if learnt is None else learnt)
            channel = self.channels.get(key)
            if channel is None or _lasting(channel.stream) != _lasting(stream):
                channel = self._open(stream)
            channel.stream = stream
            channels[key] = channel
        self.channels = channels
        for channel in channels.values():
            self._adjust(channel)
        self._tell_listeners()

    def _open(self, stream: Stream) -> Channel:
        topic = reading_topic(self.prefix, stream.sensor.sensor_id, stream.kind)
        interval = self.intervals.of(stream)
        return channel_type_of(stream)(stream, topic, self._transport, self._reports, interval)

    def _adjust(self, channel: Channel) -> None:
        """Tell a channel what the configuration says of its input."""
        sensor = channel.stream.sensor
        if isinstance(channel, CounterChannel):
            channel.guard.fastest = fastest(sensor, self.configuration)
            channel.guard.recycle(sensor.rid)
        elif isinstance(channel, FlowChannel):
            channel.constant = pulse_constant(sensor, self.configuration)
            counter = self.channels.get((sensor.sensor_id, Kind.COUNTER))
            channel.counter = counter if isinstance(counter, CounterChannel) else None

    @callback
    def _take_unit(self, channel: Channel, reading: Reading, message: Message) -> None:
        """Believe the first unit that differs from the expected one; a second is broken."""
        stream = channel.stream
        learnt = self._storage.unit_of(_name(stream))
        if learnt is None:
            _LOGGER.info(
                "The readings on %s come in %r instead of %r",
                shortened(channel.topic),
                reading.unit.value,
                stream.unit.value,
            )
            self._storage.keep_unit(_name(stream), reading.unit)
            self._follow_configuration()
        elif learnt is not reading.unit:
            error = ProtocolError(stream.kind, "its unit changes", reading.unit)
            channel.stats.note_broken(message.payload)
            self.message_log.note_broken(channel.topic, error)
            return
        self.channels[stream.sensor.sensor_id, stream.kind].take(reading, message)

    @callback
    def _link_changed(self) -> None:
        self.catch_up()
        for channel in self.channels.values():
            channel.connection_changed()
        self.clock.connection_changed()
        for ticked in self._tick_listeners:
            ticked(self._elapsed)
        self._note_online(online=self._transport.connected)

    @callback
    def _tick(self, now: datetime) -> None:
        """Take what came, judge who is live, and show what is due, all at the same moment."""
        self._elapsed += self.intervals.period
        if not self._transport.connected:
            return
        self.catch_up()
        verdict = judge(self.channels.values(), self.clock, now.timestamp())
        for channel in self.channels.values():
            if is_due(channel.interval, self._elapsed) and channel.listening and channel.alive:
                channel.show(now.timestamp())
        for ticked in self._tick_listeners:
            ticked(self._elapsed)
        self._note_online(online=verdict.meter)
        if self.online:
            self._note_kubes(verdict.kubes)

    @callback
    def _note_online(self, *, online: bool) -> None:
        """Say once that the meter is lost, and once that it is back."""
        if online != self.online:
            self.online = online
            _LOGGER.info("Fluksometer %s %s", self.device_id[:6], _word(heard=online))

    @callback
    def _note_kubes(self, kubes: Mapping[int, bool]) -> None:
        """Say the same of a kube; with the meter all of them are lost, which needs no line."""
        for kube, heard in kubes.items():
            was_heard = kube not in self._silent_kubes
            if heard != was_heard:
                meter = self.device_id[:6]
                _LOGGER.info("Kube %d of Fluksometer %s %s", kube, meter, _word(heard=heard))
        self._silent_kubes = {kube for kube, heard in kubes.items() if not heard}

    @callback
    def _tell_listeners(self) -> None:
        for changed in self._listeners:
            changed()


def _word(*, heard: bool) -> str:
    return "is heard again" if heard else "is not heard any more"


def _name(stream: Stream) -> str:
    """What a stream is called on disk; a sensor that measures another thing is another stream."""
    return f"{stream.sensor.sensor_id}/{stream.kind}/{stream.sensor.quantity}"


def _lasting(stream: Stream) -> Stream:
    """What of a stream can't change without its readings belonging to another entity or device."""
    sensor = replace(
        stream.sensor, rid=0, function=None, current=None, constant=None, remembered=True
    )
    return replace(stream, sensor=sensor)

"""A Fluksometer: its configuration, and the channels of its enabled sensors."""

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.util import dt as dt_util

from ..entity_lookup import registered_sensors
from ..metering.counter_guard import Break
from ..protocol.configuration import Configuration, Kubes, Ports, parse_config, read_config
from ..protocol.reading import Reading
from ..protocol.self_test import SelfTest, parse_self_test
from ..protocol.sensors import Sensor, Sensors, Stream
from ..protocol.topics import (
    CONFIG_REPORTS,
    ConfigReport,
    Kind,
    Report,
    clock_topic,
    reading_topic,
    report_topic,
)
from ..protocol.validation import Json, ProtocolError
from ..transport.interface import Message, Transport
from ..transport.subscriptions import Subscriptions
from .availability import update_availability
from .channel import Channel
from .channel_context import ChannelContext
from .channel_types import channel_type_of
from .clock import Clock
from .configuration_delay import ConfigurationDelay
from .connectivity import Connectivities
from .learned_units import LearnedUnits
from .message_log import MessageLog
from .meter_listeners import MeterListeners
from .meter_storage import MeterStorage
from .sensor_limit import SensorLimit
from .write_intervals import Intervals, Tick, Ticks

type ChannelKey = tuple[str, Kind]


class Meter:
    """The meter of a config entry; listeners are called when channels or names change."""

    def __init__(
        self,
        hass: HomeAssistant,
        transport: Transport,
        storage: MeterStorage,
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
        self.connectivities = Connectivities(device_id)
        self._since = dt_util.utcnow().timestamp()
        self._hass = hass
        self._transport = transport
        self._storage = storage
        self.intervals = intervals
        broken = self.message_log.note_broken
        self.clock = Clock(clock_topic(prefix, device_id), transport, broken, intervals.other)
        self._context = ChannelContext(
            transport, self.clock.offset, broken, self._learn_unit, counter_break
        )
        self._sensor_limit = SensorLimit(registered_sensors(hass, device_id))
        self._listeners = MeterListeners()
        self._work = Subscriptions()
        self._delay = ConfigurationDelay(hass, self._apply_configuration)
        self._units = LearnedUnits(storage, self.message_log, self._delay)
        self._ticks = Ticks(intervals.period)

    @property
    def online(self) -> bool:
        """Return whether the meter is available."""
        return self.connectivities.online

    @property
    def sensors(self) -> set[Sensor]:
        """Return the sensors that have channels."""
        return {channel.stream.sensor for channel in self.channels.values()}

    async def async_load(self) -> None:
        """Load the last valid configuration from disk."""
        await self._storage.async_load()
        for report, config in self._storage.reports.items():
            try:
                parsed = self._parse(config, report)
            except ProtocolError as error:
                self.message_log.note_broken("disk", error)
            else:
                self.configuration = self.configuration.updated(parsed)
        self._delay.begin(self.configuration)

    def _parse(self, config: Json, report: ConfigReport) -> Sensors | Ports | Kubes:
        parsed = parse_config(config, report)
        return self._sensor_limit.within(parsed) if isinstance(parsed, Sensors) else parsed

    async def async_start(self) -> None:
        """Subscribe to the meter's reports and to the connection, and start the timer.

        Raises:
            HomeAssistantError: it can't subscribe, and nothing stays subscribed to.
        """
        receivers: dict[Report, Callable[[Message], None]] = {
            report: partial(self._receive_config, report) for report in CONFIG_REPORTS
        }
        receivers[Report.SELF_TEST] = self._receive_self_test
        with Subscriptions() as work:
            for report, receive in receivers.items():
                topic = report_topic(self.prefix, self.device_id, report)
                work.add(await self._transport.async_subscribe(topic, receive))
            work.add(self._transport.listen_to_connection(self._connection_changed))
            period = timedelta(seconds=self.intervals.period)
            work.add(async_track_time_interval(self._hass, self._tick, period))
            self._transport.delivered = self._settle
            self._work = work

    @callback
    def catch_up(self) -> None:
        """Process all readings that have arrived."""
        self._transport.flush()
        self._settle()

    async def async_stop(self) -> None:
        """Unsubscribe from everything, and write what is not saved yet."""
        self._work.close()
        self._delay.stop()
        self._transport.discard_buffer()
        await self._storage.async_flush()

    @callback
    def listen(
        self,
        changed: Callable[[], None],
        ticked: Callable[[Tick], None] | None = None,
        settled: Callable[[], None] | None = None,
    ) -> CALLBACK_TYPE:
        """Call ``changed`` when channels or names change; returns an unsubscribe function.

        ``ticked`` is called at a tick, after the channels that are due have been updated, and when
        the connection has changed; ``settled`` after readings that arrived together, when the
        channels that they changed have been updated.
        """
        return self._listeners.add(changed, ticked, settled)

    @callback
    def _receive_config(self, report: ConfigReport, message: Message) -> None:
        try:
            config = read_config(message.payload, report)
            parsed = self._parse(config, report)
        except ProtocolError as error:
            self.message_log.note_unreadable(report, message, error)
            return
        self.catch_up()
        is_repeated = self._storage.reports.get(report) == config
        self.message_log.note_read(report, message, parsed.unread, repeated=is_repeated)
        if not is_repeated:
            self._storage.store_report(report, config)
        configuration = self.configuration.updated(parsed)
        if configuration != self.configuration:
            self.configuration = configuration
            self._delay.changed(self.configuration)

    @callback
    def _receive_self_test(self, message: Message) -> None:
        try:
            self_test = parse_self_test(message.payload)
        except ProtocolError as error:
            self.message_log.note_unreadable(Report.SELF_TEST, message, error)
            return
        self.message_log.note_read(Report.SELF_TEST, message)
        if self_test != self.self_test:
            self.self_test = self_test
            self._notify_listeners()

    @callback
    def _apply_configuration(self) -> None:
        """Keep the channels of unchanged streams, and create those of the others."""
        channels: dict[ChannelKey, Channel] = {}
        for expected in self.configuration.streams:
            key = (expected.sensor.sensor_id, expected.kind)
            stream = self._units.applied(expected)
            channel = self.channels.get(key)
            if channel is None or _identity(channel.stream) != _identity(stream):
                channel = self._create_channel(stream)
            channel.stream = stream
            channels[key] = channel
        self.channels = channels
        self.connectivities.configure(self.sensors)
        for (sensor_id, _), channel in channels.items():
            channel.configure(self.configuration, channels.get((sensor_id, Kind.COUNTER)))
        self._notify_listeners()

    def _create_channel(self, stream: Stream) -> Channel:
        topic = reading_topic(self.prefix, stream.sensor.sensor_id, stream.kind)
        interval = self.intervals.of(stream)
        return channel_type_of(stream)(stream, topic, self._context, interval)

    @callback
    def _learn_unit(self, channel: Channel, reading: Reading, message: Message) -> None:
        """Take a reading in another unit if that is now the unit of its stream."""
        key = (channel.stream.sensor.sensor_id, channel.stream.kind)
        if reading.unit is not self.channels[key].stream.unit:  # or learned from the same burst
            if not self._units.learn(channel, reading, message):
                return
            self._apply_configuration()
        self.channels[key].take(reading, message)

    @callback
    def _connection_changed(self) -> None:
        self.catch_up()
        for channel in self.channels.values():
            channel.connection_changed()
        self.clock.connection_changed()
        for ticked in self._listeners.ticked:
            ticked(self._ticks.last)
        self._since = dt_util.utcnow().timestamp()
        self.connectivities.note_meter(online=self._transport.connected, heard=False)

    @callback
    def _settle(self) -> None:
        """Process what is made of the readings that were delivered together."""
        for settled in self._listeners.settled:
            settled()

    @callback
    def _tick(self, moment: datetime) -> None:
        """Process buffered readings, update the availability, and then the values that are due."""
        now = moment.timestamp()
        self._since = min(self._since, now)  # the host's clock may be set back
        tick = self._ticks.next(now)
        if not self._transport.connected:
            return
        self.catch_up()
        availability = update_availability(self.channels.values(), self.clock, now)
        for channel in self.channels.values():
            if channel.listening and channel.alive and channel.is_due(tick, now):
                channel.update_value(now)
        for ticked in self._listeners.ticked:
            ticked(tick)
        heard = self._heard()
        self.connectivities.note_meter(online=availability.meter, heard=bool(heard))
        if self.online:
            self.connectivities.note_kubes(availability.kubes, heard)

    def _heard(self) -> Collection[int | None]:
        """Return the kubes that were heard since the connection, and None if the meter was."""
        heard: set[int | None] = {
            channel.stream.sensor.kube
            for channel in self.channels.values()
            if channel.stats.live_at is not None and channel.stats.live_at >= self._since
        }
        return heard if self.clock.last_offset is None else heard | {None}

    @callback
    def _notify_listeners(self) -> None:
        for changed in self._listeners.changed:
            changed()


def _identity(stream: Stream) -> Stream:
    """Return what decides to which entity and device the readings of a stream belong."""
    sensor = replace(
        stream.sensor, rid=0, function=None, current=None, constant=None, remembered=True
    )
    return replace(stream, sensor=sensor, voltage_angle=0)

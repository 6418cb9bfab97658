"""The health monitor: issues for problems between meter and Home Assistant that the user can fix.

What is missing is a problem once the broker has been connected for five minutes, a meter that is
silent behind a bridge after an hour (``diagnosis``); that a meter which is connected to directly is
not reachable, once it has been lost for five minutes. An issue is deleted when its problem is known
to be gone, and stays while that is unknown, so that an issue that the user ignores is still ignored
after a reload or a restart. A disabled meter has no issues: those that are not ignored are deleted
when it is disabled, the others are checked again when it is enabled. The same applies to the
problems of a bridge while the meter is connected to directly, and the other way round. All issues
of a meter are deleted with it.

Not monitored are a bridge that floods the broker with waveforms and a second bridge with an unknown
prefix, which would take a subscription to all waveforms or readings of the broker, and Home
Assistant's broker while it is not connected, which the MQTT integration reports.
"""

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial
import logging
from math import inf

from homeassistant.const import CONF_HOST
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.loader import async_get_loaded_integration
from homeassistant.util import dt as dt_util

from ..const import DOMAIN
from ..formats import plain_name, readable_time
from ..help_pages import help_url
from ..meter.channel import Channel
from ..meter.counter_channel import CounterChannel
from ..meter.input_limits import is_regular, max_silence
from ..meter.message_log import listed
from ..models import FluksoConfigEntry
from ..protocol.reading import parse_reading
from ..protocol.sensors import Stream
from ..protocol.topics import CONFIG_REPORTS, OWN_PREFIX, Report, bridge_mapping, reading_topic
from ..protocol.validation import ProtocolError
from ..redaction import name_and_entity_id
from ..transport.interface import Message, Transport
from ..transport.subscriptions import Subscriptions
from .clock_check import ClockCheck
from .diagnosis import SOON, Problem, Symptoms, diagnose, possible_problems

_LOGGER = logging.getLogger(__name__)

#: How often the symptoms are checked.
_PERIOD = timedelta(minutes=1)


class HealthMonitor:
    """Checks a meter for problems every minute, and creates and deletes their issues."""

    def __init__(self, hass: HomeAssistant, entry: FluksoConfigEntry, transport: Transport) -> None:
        self._hass = hass
        self._entry = entry
        self._meter = entry.runtime_data.meter
        self._transport = transport
        self._clock_check = ClockCheck(self._meter, _PERIOD.total_seconds())
        self._problems = possible_problems(direct=CONF_HOST in entry.data)
        self._since: float | None = None
        self._lost: float | None = None
        self._elsewhere: tuple[float, float] | None = None
        self._elsewhere_topic = ""
        self._subscription = Subscriptions()
        self._checking = asyncio.Lock()

    @callback
    def start(self) -> None:
        """Check from now on until the entry is unloaded."""
        self._delete_unless_ignored(frozenset(Problem) - self._problems)
        self._connection_changed()
        self._entry.async_on_unload(self._transport.listen_to_connection(self._connection_changed))
        stop_checking = async_track_time_interval(
            self._hass, self._check, _PERIOD, cancel_on_shutdown=True
        )
        self._entry.async_on_unload(stop_checking)
        self._entry.async_on_unload(self._stop)

    @callback
    def _stop(self) -> None:
        self._subscription.close()
        self._clock_check.stop()
        if self._entry.disabled_by is not None:
            self._delete_unless_ignored(Problem)

    @callback
    def _delete_unless_ignored(self, problems: Iterable[Problem]) -> None:
        for problem in problems:
            issue = self._issue(problem)
            if issue is not None and issue.dismissed_version is None:
                ir.async_delete_issue(self._hass, DOMAIN, issue.issue_id)

    @callback
    def _check(self, moment: datetime) -> None:
        self._entry.async_create_background_task(
            self._hass, self._async_check(moment.timestamp()), "flukso health"
        )

    async def _async_check(self, now: float) -> None:
        async with self._checking:
            self._note_connection(now)
            since = self._since
            if since is None:
                self._check_reachable(now)
                return
            try:
                await self._subscribe_elsewhere()
                await self._clock_check.async_check(now)
            except HomeAssistantError as error:
                _LOGGER.debug("Can't subscribe, trying again in a minute: %s", error)
            symptoms = self._symptoms(now, since)
            self._update_issues(
                diagnose(symptoms), symptoms.undecided, self._placeholders(symptoms)
            )

    @callback
    def _connection_changed(self) -> None:
        self._note_connection(dt_util.utcnow().timestamp())
        if self._since is not None and Problem.UNREACHABLE in self._problems:
            ir.async_delete_issue(self._hass, DOMAIN, self._issue_id(Problem.UNREACHABLE))

    def _note_connection(self, now: float) -> None:
        if not self._transport.connected:
            self._since = None
            self._lost = self._lost or now
        elif self._since is None:
            self._since, self._lost = now, None

    @callback
    def _check_reachable(self, now: float) -> None:
        """Create the issue of a meter that is connected to directly, once it is lost for long."""
        is_lost = self._lost is not None and now - self._lost >= SOON
        if Problem.UNREACHABLE in self._problems and is_lost:
            address = {"name": self._entry.title, "host": self._entry.data[CONF_HOST]}
            self._create_issue(Problem.UNREACHABLE, address)

    def _symptoms(self, now: float, since: float) -> Symptoms:
        channels, reports = self._meter.channels.values(), self._meter.message_log.reports
        clock = self._meter.clock
        clock_received = None if clock.last_offset is None else clock.last_offset[0]
        wrong = []
        for report in CONFIG_REPORTS:
            last = reports.get(report)
            if last is not None and last.wrong is not None:
                wrong.append(f"{report} ({last.wrong})")
        max_silences = [max_silence(channel.stream) for channel in _regular(channels)]
        unknown = inf if clock.listening else None
        counters = [channel for channel in channels if isinstance(channel, CounterChannel)]
        stuck = [counter for counter in counters if counter.listening and counter.guard.is_stuck]
        return Symptoms(
            now,
            since,
            max_silence=min(max_silences, default=clock.max_silence or unknown),
            listening=any(channel.listening for channel in channels),
            arrived=_latest((clock_received, *(channel.stats.live_at for channel in channels))),
            read=_latest((clock_received, *map(_read_at, channels))),
            reported=any(report in reports for report in CONFIG_REPORTS),
            sensors=reports.get(Report.SENSORS),
            unreadable=", ".join(wrong) or None,
            unknown=self._unknown_settings() or None,
            elsewhere=self._elsewhere,
            clock_off=self._clock_check.off,
            clock_stopped=self._clock_check.stopped,
            stuck="\n".join(f"- {name}" for name in map(self._name, stuck)) or None,
            withholding=any(counter.guard.is_withholding for counter in counters),
            known=frozenset(problem for problem in Problem if self._issue(problem) is not None),
        )

    def _name(self, counter: CounterChannel) -> str:
        sensor_id = counter.stream.sensor.sensor_id
        name, entity_id = name_and_entity_id(self._hass, self._entry, sensor_id)
        return f"{plain_name(name)} ({entity_id})"

    def _unknown_settings(self) -> str:
        """Return what can't be read of the configuration, without what nobody misses."""
        unread = self._meter.configuration.unread
        return listed([(report, part) for report, part in unread if not part.minor])

    async def _subscribe_elsewhere(self) -> None:
        """Subscribe to one reading without the prefix of a bridge: none should arrive."""
        streams = {
            reading_topic(
                OWN_PREFIX, channel.stream.sensor.sensor_id, channel.stream.kind
            ): channel.stream
            for channel in _regular(self._meter.channels.values())
        }
        if self._meter.prefix == OWN_PREFIX or not streams or self._elsewhere_topic in streams:
            return
        self._subscription.close()
        self._elsewhere_topic = ""
        topic, stream = next(iter(streams.items()))
        receive = partial(self._receive_elsewhere, stream)
        self._subscription.add(await self._transport.async_subscribe(topic, receive))
        self._elsewhere_topic = topic

    @callback
    def _receive_elsewhere(self, stream: Stream, message: Message) -> None:
        """Note a live reading; an old one may be left from an earlier bridge."""
        try:
            time = parse_reading(message.payload, stream).time
        except ProtocolError:
            return
        clock = self._meter.clock.offset
        if message.retained or clock.is_old(time, message.arrived, max_silence(stream)):
            return
        if self._elsewhere is None or message.arrived - self._elsewhere[1] >= SOON:
            self._elsewhere = message.arrived, message.arrived
        else:
            self._elsewhere = self._elsewhere[0], message.arrived

    def _placeholders(self, symptoms: Symptoms) -> dict[str, str]:
        since = symptoms.silent_since
        is_silent = symptoms.is_silent or symptoms.is_unheard
        slash, mapping = bridge_mapping(self._meter.prefix)
        return {
            "name": self._entry.title,
            "prefix": self._meter.prefix,
            "slash": slash,
            "mapping": mapping,
            "since": readable_time(self._hass, since) if is_silent else "",
            "report": symptoms.unreadable or "",
            "counters": symptoms.stuck or "",
            "settings": symptoms.unknown or "",
            "issue_tracker": async_get_loaded_integration(self._hass, DOMAIN).issue_tracker or "",
            "ahead": _hours_and_minutes(self._clock_check.ahead),
        }

    @callback
    def _update_issues(
        self,
        found: frozenset[Problem],
        undecided: frozenset[Problem],
        placeholders: dict[str, str],
    ) -> None:
        """Create the issues of problems that were found, and delete those known to be gone."""
        for problem in self._problems:
            if problem in found:
                self._create_issue(problem, placeholders)
            elif problem not in undecided:
                ir.async_delete_issue(self._hass, DOMAIN, self._issue_id(problem))

    def _create_issue(self, problem: Problem, placeholders: dict[str, str]) -> None:
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            self._issue_id(problem),
            data={"entry_id": self._entry.entry_id},
            is_fixable=problem is Problem.UNREACHABLE,
            learn_more_url=help_url(self._hass, problem),
            severity=ir.IssueSeverity.WARNING,
            translation_key=problem,
            translation_placeholders=placeholders,
        )

    def _issue_id(self, problem: Problem) -> str:
        return f"{problem}_{self._entry.entry_id}"

    def _issue(self, problem: Problem) -> ir.IssueEntry | None:
        """Return the issue of a problem, also one from before a restart; None if there is none."""
        return ir.async_get(self._hass).async_get_issue(DOMAIN, self._issue_id(problem))


def _regular(channels: Iterable[Channel]) -> Iterable[Channel]:
    """Return the channels in use that send even if their value does not change."""
    return (channel for channel in channels if channel.listening and is_regular(channel.stream))


def _read_at(channel: Channel) -> float | None:
    """Return when a channel last had a reading, also before a restart."""
    state = channel.guard.state if isinstance(channel, CounterChannel) else None
    return _latest((channel.stats.read_at, None if state is None else state.mark.at))


def _latest(times: Iterable[float | None]) -> float | None:
    return max((time for time in times if time is not None), default=None)


def _hours_and_minutes(seconds: float) -> str:
    """Format a time span with its sign, such as "+1:30"."""
    hours, minutes = divmod(round(abs(seconds) / 60), 60)
    return f"{'+' if seconds > 0 else '−'}{hours}:{minutes:02}"

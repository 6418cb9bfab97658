"""The bridge doctor: raises an issue for what the user can mend between meter and Home Assistant.

It begins once the broker has been connected for five minutes. An issue is deleted when its problem
is known to be gone, and stays while that is not known, so that an issue that the user ignores is
still ignored after a reload or a restart. A disabled meter raises no issues: those that are not
ignored are deleted when it is disabled, the others are looked at again when it is enabled. All
issues of a meter are deleted with it.

Left out is what can't be told, or mended here: that a bridge floods the broker with waveforms
would take a subscription to them, a second way behind a prefix that nobody named one to all
readings on the broker, and a broker that is away is the MQTT integration's to tell.
"""

import asyncio
from collections.abc import Iterable
from contextlib import ExitStack
from datetime import datetime, timedelta
import logging
from math import inf

from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.util import dt as dt_util

from ..const import DOMAIN
from ..meter.channel import Channel
from ..meter.channel_types import CounterChannel
from ..meter.input_limits import is_regular, max_silence
from ..models import FluksoConfigEntry
from ..protocol.topics import CONFIG_REPORTS, Report, reading_topic
from ..transport.home_assistant import Message, Transport
from .clock_check import ClockCheck
from .diagnosis import SOON, Problem, Symptoms, diagnose

_LOGGER = logging.getLogger(__name__)

#: How often to look.
_PERIOD = timedelta(minutes=1)


class HealthMonitor:
    """Looks after a meter."""

    def __init__(self, hass: HomeAssistant, entry: FluksoConfigEntry, transport: Transport) -> None:
        self._hass = hass
        self._entry = entry
        self._meter = entry.runtime_data.meter
        self._transport = transport
        self._clock_check = ClockCheck(self._meter, _PERIOD.total_seconds())
        self._since: float | None = None
        self._elsewhere: tuple[float, float] | None = None
        self._watched = ""
        self._watching = ExitStack()
        self._looking = asyncio.Lock()

    @callback
    def start(self) -> None:
        """Look from now on until the entry is unloaded."""
        self._note_connection(dt_util.utcnow().timestamp())
        stop_looking = async_track_time_interval(
            self._hass, self._look, _PERIOD, cancel_on_shutdown=True
        )
        self._entry.async_on_unload(stop_looking)
        self._entry.async_on_unload(self._stop)

    @callback
    def _stop(self) -> None:
        self._watching.close()
        self._clock_check.stop()
        if self._entry.disabled_by is not None:
            for problem in Problem:
                issue = self._issue(problem)
                if issue is not None and issue.dismissed_version is None:
                    ir.async_delete_issue(self._hass, DOMAIN, issue.issue_id)

    @callback
    def _look(self, moment: datetime) -> None:
        self._entry.async_create_background_task(
            self._hass, self._async_look(moment.timestamp()), "flukso health"
        )

    async def _async_look(self, now: float) -> None:
        async with self._looking:
            self._note_connection(now)
            if self._since is None:
                return
            try:
                await self._watch_elsewhere()
                await self._clock_check.async_look(now)
            except HomeAssistantError as error:
                _LOGGER.debug("Can't subscribe, trying again in a minute: %s", error)
            if now - self._since >= SOON:
                symptoms = self._symptoms(now, self._since)
                self._report(diagnose(symptoms), symptoms.undecided, self._placeholders(symptoms))

    def _note_connection(self, now: float) -> None:
        if not self._transport.connected:
            self._since = None
        elif self._since is None:
            self._since = now

    def _symptoms(self, now: float, since: float) -> Symptoms:
        channels, reports = self._meter.channels.values(), self._meter.message_log.reports
        clock = self._meter.clock
        ticked = None if clock.last_offset is None else clock.last_offset[0]
        wrong = []
        for report in CONFIG_REPORTS:
            heard = reports.get(report)
            if heard is not None and heard.wrong is not None:
                wrong.append(f"{report} ({heard.wrong})")
        max_silences = [max_silence(channel.stream) for channel in _regular(channels)]
        unknown = inf if clock.listening else None
        return Symptoms(
            now,
            since,
            max_silence=min(max_silences, default=clock.max_silence or unknown),
            arrived=_latest((ticked, *(channel.stats.arrived for channel in channels))),
            read=_latest((ticked, *map(_read_at, channels))),
            reported=any(report in reports for report in CONFIG_REPORTS),
            sensors=reports.get(Report.SENSORS),
            unreadable=", ".join(wrong) or None,
            elsewhere=self._elsewhere,
            clock_off=self._clock_check.off,
            known=frozenset(problem for problem in Problem if self._issue(problem) is not None),
        )

    async def _watch_elsewhere(self) -> None:
        """Follow one reading without the topic prefix, where there is one: none should come."""
        topics = [
            reading_topic("", channel.stream.sensor.sensor_id, channel.stream.kind)
            for channel in _regular(self._meter.channels.values())
        ]
        if not self._meter.prefix or not topics or self._watched in topics:
            return
        self._watching.close()
        self._watched = ""
        self._watching.callback(
            await self._transport.async_subscribe(topics[0], self._hear_elsewhere)
        )
        self._watched = topics[0]

    @callback
    def _hear_elsewhere(self, message: Message) -> None:
        """A live reading; a retained one may be left over from an earlier bridge."""
        if message.retained:
            return
        if self._elsewhere is None or message.arrived - self._elsewhere[1] >= SOON:
            self._elsewhere = message.arrived, message.arrived
        else:
            self._elsewhere = self._elsewhere[0], message.arrived

    def _placeholders(self, symptoms: Symptoms) -> dict[str, str]:
        since = dt_util.as_local(dt_util.utc_from_timestamp(symptoms.silent_since))
        return {
            "name": self._entry.title,
            "prefix": self._meter.prefix,
            "since": since.strftime("%Y-%m-%d %H:%M") if symptoms.is_silent else "",
            "report": symptoms.unreadable or "",
            "ahead": _hours_and_minutes(self._clock_check.ahead),
        }

    @callback
    def _report(
        self,
        found: frozenset[Problem],
        undecided: frozenset[Problem],
        placeholders: dict[str, str],
    ) -> None:
        """Raise an issue for what was found, and withdraw what certainly is not there."""
        for problem in Problem:
            issue_id = self._issue_id(problem)
            if problem in found:
                ir.async_create_issue(
                    self._hass,
                    DOMAIN,
                    issue_id,
                    is_fixable=False,
                    severity=ir.IssueSeverity.WARNING,
                    translation_key=problem,
                    translation_placeholders=placeholders,
                )
            elif problem not in undecided:
                ir.async_delete_issue(self._hass, DOMAIN, issue_id)

    def _issue_id(self, problem: Problem) -> str:
        return f"{problem}_{self._entry.entry_id}"

    def _issue(self, problem: Problem) -> ir.IssueEntry | None:
        """The issue of a problem that was found and not deleted since, also before a restart."""
        return ir.async_get(self._hass).async_get_issue(DOMAIN, self._issue_id(problem))


def _regular(channels: Iterable[Channel]) -> Iterable[Channel]:
    """The channels that speak even if nothing changes, where anybody listens."""
    return (channel for channel in channels if channel.listening and is_regular(channel.stream))


def _read_at(channel: Channel) -> float | None:
    """When a channel last had a reading, also before a restart."""
    state = channel.guard.state if isinstance(channel, CounterChannel) else None
    return _latest((channel.stats.read_at, None if state is None else state.mark.at))


def _latest(times: Iterable[float | None]) -> float | None:
    return max((time for time in times if time is not None), default=None)


def _hours_and_minutes(seconds: float) -> str:
    """A span with its sign: "+1:30"."""
    hours, minutes = divmod(round(abs(seconds) / 60), 60)
    return f"{'+' if seconds > 0 else '−'}{hours}:{minutes:02}"

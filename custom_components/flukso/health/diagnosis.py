"""Diagnosis: which problems between a meter and Home Assistant its symptoms indicate."""

from dataclasses import dataclass
from enum import StrEnum
from math import inf

from ..meter.message_log import LastReport
from ..metering.durations import DAY, HOUR, MINUTE

#: How long anything expected may be missing (s).
SOON = 5 * MINUTE
#: How long readings may arrive with and without the prefix while a bridge is reconfigured (s).
_OVERLAP = MINUTE
#: How long the clock must be far off to be reported (s).
_FAR_OFF_FOR = HOUR


class Problem(StrEnum):
    """Problems, by the translation keys of their issues."""

    NO_READINGS = "no_readings"
    NO_CONFIGURATION = "no_configuration"
    SILENT = "silent"
    OTHER_PREFIX = "other_prefix"
    TWO_PREFIXES = "two_prefixes"
    UNREACHABLE = "unreachable"
    NO_READINGS_DIRECT = "no_readings_direct"
    NO_CONFIGURATION_DIRECT = "no_configuration_direct"
    UNREADABLE = "unreadable_configuration"
    CLOCK = "clock_wrong"
    CLOCK_STOPPED = "clock_stopped"
    STUCK = "counter_stuck"
    UNKNOWN_SETTINGS = "unknown_settings"


#: Problems of readings that are missing or arrive without the prefix.
_OF_READINGS = frozenset(
    {
        Problem.NO_READINGS,
        Problem.NO_READINGS_DIRECT,
        Problem.SILENT,
        Problem.OTHER_PREFIX,
        Problem.TWO_PREFIXES,
    }
)
_OF_CONFIGURATION = frozenset({Problem.NO_CONFIGURATION, Problem.NO_CONFIGURATION_DIRECT})
#: Problems of a meter that is connected to directly, and of one behind a bridge.
_DIRECT = frozenset(
    {Problem.UNREACHABLE, Problem.NO_READINGS_DIRECT, Problem.NO_CONFIGURATION_DIRECT}
)
_BRIDGE = frozenset(
    {
        Problem.NO_READINGS,
        Problem.NO_CONFIGURATION,
        Problem.SILENT,
        Problem.OTHER_PREFIX,
        Problem.TWO_PREFIXES,
    }
)


def possible_problems(*, direct: bool) -> frozenset[Problem]:
    """Return the problems of a meter that is connected to directly, or is behind a bridge."""
    return frozenset(Problem) - (_BRIDGE if direct else _DIRECT)


@dataclass(frozen=True, slots=True)
class Symptoms:
    """The observed state of a meter; times are seconds since 1970, None for never.

    The broker has been connected since ``since``. ``max_silence`` is how long the streams that
    send regularly may all be silent (s), infinite if that is unknown, None without such streams.
    ``listening`` is whether any reading is subscribed to, ``arrived`` is the last message on a
    readings topic, ``read`` the last reading, also one from before a restart. ``reported`` is
    whether any config report arrived, ``sensors`` is the last config/sensor, ``unreadable`` names
    the invalid reports with their errors, ``unknown`` the parts of the configuration that can't be
    read. ``elsewhere`` is the first and the last reading that arrived without the topic prefix.
    The meter's clock has been far off for ``clock_off`` seconds, None if its time is unknown;
    ``clock_stopped`` is whether it stands still. ``stuck`` names the counters of which all readings
    of the last minutes were withheld, ``withholding`` is whether there is one of which the last
    was. ``known`` are the problems that were found and are not known to be gone, also from before a
    restart.
    """

    now: float
    since: float
    max_silence: float | None
    listening: bool = True
    arrived: float | None = None
    read: float | None = None
    reported: bool = False
    sensors: LastReport | None = None
    unreadable: str | None = None
    unknown: str | None = None
    elsewhere: tuple[float, float] | None = None
    clock_off: float | None = None
    clock_stopped: bool | None = None
    stuck: str | None = None
    withholding: bool = False
    known: frozenset[Problem] = frozenset()

    @property
    def undecided(self) -> frozenset[Problem]:
        """Problems that can't be found yet, and are not known to be gone either."""
        if self.is_early:
            return frozenset(Problem)
        undecided = set()
        if self.withholding:
            undecided.add(Problem.STUCK)
        if self.clock_off is None or 0 < self.clock_off < _FAR_OFF_FOR:
            undecided.add(Problem.CLOCK)
        if self.is_unheard:
            undecided.add(Problem.SILENT)
        if self.clock_stopped is None:
            undecided.add(Problem.CLOCK_STOPPED)
        if not self.reported:
            undecided |= {Problem.UNREADABLE, Problem.UNKNOWN_SETTINGS}
        if self.sensors is None:
            undecided |= _OF_CONFIGURATION
        if self.is_awaited:
            undecided |= _OF_READINGS
        elif self.is_silent and not self.is_elsewhere and not self.is_configured_only:
            undecided.add(Problem.SILENT)
        return frozenset(undecided)

    @property
    def is_early(self) -> bool:
        """Whether what was missing so far may still arrive."""
        return self.now - self.since < SOON

    @property
    def is_awaited(self) -> bool:
        """Whether nothing was read since the broker was connected, but readings are not overdue."""
        if self.max_silence is None or self.is_silent:
            return False
        return self.read is None or self.read < self.since

    @property
    def is_silent(self) -> bool:
        """Whether readings are overdue; streams that are idle by nature are never overdue."""
        if self.max_silence is None:
            return False
        last_message = max(self.since, self.arrived or 0)
        return self.now - last_message >= max(SOON, self.max_silence)

    @property
    def is_unheard(self) -> bool:
        """Whether nothing but the configuration was ever received of streams that may be idle."""
        may_be_idle = self.max_silence is None or self.max_silence == inf
        return may_be_idle and self.listening and self.read is None and self.arrived is None

    @property
    def is_configured_only(self) -> bool:
        """Whether the bridge forwards the configuration, but no readings.

        A retained message, or one that says the same as the last, may be older than the silence, so
        it counts only if no reading of the meter is known. Until the next reading, a silence keeps
        its diagnosis, also over a restart.
        """
        if Problem.NO_READINGS in self.known:
            return True
        if self.sensors is None:
            return False
        is_new = not self.sensors.retained and not self.sensors.repeated
        is_live = is_new and self.sensors.at > (self.arrived or 0)
        return is_live or (self.read is None and Problem.SILENT not in self.known)

    @property
    def silent_since(self) -> float:
        """The time of the last reading, or of the connection if there was none."""
        return self.since if self.read is None else self.read

    @property
    def is_elsewhere(self) -> bool:
        """Whether readings arrive without the topic prefix."""
        return self.elsewhere is not None and self.now - self.elsewhere[1] < SOON

    @property
    def comes_twice(self) -> bool:
        """Whether readings arrive both with and without the topic prefix."""
        if self.arrived is None or self.elsewhere is None or not self.is_elsewhere:
            return False
        return self.arrived - self.elsewhere[0] >= _OVERLAP


def diagnose(symptoms: Symptoms) -> frozenset[Problem]:
    """Return the problems that the symptoms indicate, of meters reached in either way."""
    found = frozenset() if symptoms.stuck is None else frozenset({Problem.STUCK})
    if symptoms.is_early:
        return found
    return found | _diagnose_messages(symptoms) | _diagnose_silence(symptoms)


def _diagnose_messages(symptoms: Symptoms) -> frozenset[Problem]:
    """Return the problems of what arrives."""
    found = set()
    if symptoms.unreadable is not None:
        found.add(Problem.UNREADABLE)
    if symptoms.unknown is not None:
        found.add(Problem.UNKNOWN_SETTINGS)
    if symptoms.clock_stopped:
        found.add(Problem.CLOCK_STOPPED)
    elif symptoms.clock_off is not None and symptoms.clock_off >= _FAR_OFF_FOR:
        found.add(Problem.CLOCK)
    if symptoms.arrived is not None and symptoms.sensors is None:
        found |= _OF_CONFIGURATION
    return frozenset(found)


def _diagnose_silence(symptoms: Symptoms) -> frozenset[Problem]:
    """Return the problems of readings that are missing, or arrive without the prefix."""
    found = set()
    if symptoms.is_silent:
        found.add(Problem.NO_READINGS_DIRECT)
        if symptoms.is_elsewhere:
            found.add(Problem.OTHER_PREFIX)
        elif symptoms.is_configured_only:
            found.add(Problem.NO_READINGS)
        elif symptoms.now - symptoms.silent_since >= HOUR:
            found.add(Problem.SILENT)
    elif symptoms.comes_twice:
        found.add(Problem.TWO_PREFIXES)
    elif symptoms.is_unheard and symptoms.now - symptoms.since >= DAY:
        found.add(Problem.SILENT)
    return frozenset(found)

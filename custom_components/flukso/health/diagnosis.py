"""What the signs of a meter mean: what is wrong on its way, if anything, and can be mended."""

from dataclasses import dataclass
from enum import StrEnum

from ..meter.message_log import LastReport
from ..metering.durations import DAY, HOUR, MINUTE

#: How long what should be there may be missing (s).
SOON = 5 * MINUTE
#: Two ways are one too many when the second has not ended the first within this time (s).
_OVERLAP = MINUTE
#: A clock that is far off for so long is wrong (s).
_FAR_OFF_FOR = HOUR


class Problem(StrEnum):
    """What can be wrong; the issues in Repairs are called so."""

    NO_READINGS = "no_readings"
    NO_CONFIGURATION = "no_configuration"
    SILENT = "silent"
    OTHER_PREFIX = "other_prefix"
    TWO_PREFIXES = "two_prefixes"
    UNREADABLE = "unreadable_configuration"
    CLOCK = "clock_wrong"


#: Problems of readings that don't arrive as they should.
_OF_READINGS = frozenset(
    {Problem.NO_READINGS, Problem.SILENT, Problem.OTHER_PREFIX, Problem.TWO_PREFIXES}
)


@dataclass(frozen=True, slots=True)
class Symptoms:
    """What is seen of a meter; times are seconds since 1970, None for never.

    The broker has been connected since ``since``. ``max_silence`` is how long the streams that
    speak regularly may all be silent (s), infinite if that is not known, None if there is none.
    ``arrived`` is the last message on a readings topic, ``read`` the last reading, also one of
    before a restart. ``reported`` tells whether any config report came, ``sensors`` is the last
    config/sensor, ``unreadable`` says which report can't be read and why. ``elsewhere`` are the
    first and the last reading that came without the topic prefix. The meter's clock was seen far
    off for ``clock_off`` seconds, None if it was not seen yet. ``known`` are the problems that
    were found and are not known to be gone, also from before a restart.
    """

    now: float
    since: float
    max_silence: float | None
    arrived: float | None = None
    read: float | None = None
    reported: bool = False
    sensors: LastReport | None = None
    unreadable: str | None = None
    elsewhere: tuple[float, float] | None = None
    clock_off: float | None = None
    known: frozenset[Problem] = frozenset()

    @property
    def undecided(self) -> frozenset[Problem]:
        """What can't be found yet, and is not known to be gone either."""
        undecided = set()
        if self.clock_off is None or 0 < self.clock_off < _FAR_OFF_FOR:
            undecided.add(Problem.CLOCK)
        if not self.reported:
            undecided.add(Problem.UNREADABLE)
        if self.sensors is None:
            undecided.add(Problem.NO_CONFIGURATION)
        if self.is_awaited:
            undecided |= _OF_READINGS
        elif self.is_silent and not self.is_elsewhere and not self.is_configured_only:
            undecided.add(Problem.SILENT)
        return frozenset(undecided)

    @property
    def is_awaited(self) -> bool:
        """Whether nothing was read since the broker is connected, but may still come in time."""
        if self.max_silence is None or self.is_silent:
            return False
        return self.read is None or self.read < self.since

    @property
    def is_silent(self) -> bool:
        """Whether readings are missed: a house without water use is no fault."""
        if self.max_silence is None:
            return False
        heard = max(self.since, self.arrived or 0)
        return self.now - heard >= max(SOON, self.max_silence)

    @property
    def is_configured_only(self) -> bool:
        """Whether the bridge brings the configuration, and no readings.

        A retained message may be older than the silence: it is a sign only if nothing was ever
        read of the meter, as far as is known. Until something is read, a silence keeps the
        diagnosis it had, also over a restart.
        """
        if Problem.NO_READINGS in self.known:
            return True
        if self.sensors is None:
            return False
        is_news = not self.sensors.retained and self.sensors.at > (self.arrived or 0)
        return is_news or (self.read is None and Problem.SILENT not in self.known)

    @property
    def silent_since(self) -> float:
        """When something was last read; where nothing ever was, since when it could have been."""
        return self.since if self.read is None else self.read

    @property
    def is_elsewhere(self) -> bool:
        """Whether readings come without the topic prefix."""
        return self.elsewhere is not None and self.now - self.elsewhere[1] < SOON

    @property
    def comes_twice(self) -> bool:
        """Whether readings have gone on to come as they should since they come without prefix."""
        if self.arrived is None or self.elsewhere is None or not self.is_elsewhere:
            return False
        return self.arrived - self.elsewhere[0] >= _OVERLAP


def diagnose(symptoms: Symptoms) -> frozenset[Problem]:
    """What is wrong."""
    found = set()
    if symptoms.unreadable is not None:
        found.add(Problem.UNREADABLE)
    if symptoms.clock_off is not None and symptoms.clock_off >= _FAR_OFF_FOR:
        found.add(Problem.CLOCK)
    if symptoms.arrived is not None and symptoms.sensors is None:
        found.add(Problem.NO_CONFIGURATION)
    if symptoms.is_silent:
        if symptoms.is_elsewhere:
            found.add(Problem.OTHER_PREFIX)
        elif symptoms.is_configured_only:
            found.add(Problem.NO_READINGS)
        elif symptoms.now - symptoms.silent_since >= DAY:
            found.add(Problem.SILENT)
    elif symptoms.comes_twice:
        found.add(Problem.TWO_PREFIXES)
    return frozenset(found)

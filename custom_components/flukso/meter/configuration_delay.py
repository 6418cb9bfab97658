"""When a configuration is applied: with the names of a new meter, and not all the time."""

from collections import deque
from collections.abc import Callable

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later
from homeassistant.util import dt as dt_util

from ..protocol.configuration import Configuration

#: How long sensors wait for the reports with their names, before they are added without (s).
NAMES_WITHIN = 3
#: How often a configuration is applied at most, and in which time (s): it may take a second.
MAX_CHANGES, _MINUTE = 10, 60


class ConfigurationDelay:
    """Calls ``apply`` for a configuration: at once, or when the names of a new meter are known.

    Of a configuration that changes all the time, only the last state within some seconds is
    applied.
    """

    def __init__(self, hass: HomeAssistant, apply: Callable[[], None]) -> None:
        self._hass = hass
        self._apply = apply
        self._cancel_timer: CALLBACK_TYPE | None = None
        self._done = False
        self._changed_at: deque[float] = deque(maxlen=MAX_CHANGES)

    @callback
    def begin(self, configuration: Configuration) -> None:
        """Apply the stored configuration; the names of a known meter are not waited for."""
        self._done = configuration.sensors is not None
        self._apply()

    @callback
    def changed(self, configuration: Configuration) -> None:
        """Apply a changed configuration, or wait for its names, or for the next moment."""
        if configuration.complete or self._done:
            self._done = True
            self.stop()
            if wait := self.wait:
                self._cancel_timer = async_call_later(self._hass, wait, self._timed_out)
            else:
                self._change()
        elif configuration.sensors is not None and self._cancel_timer is None:
            self._cancel_timer = async_call_later(self._hass, NAMES_WITHIN, self._timed_out)

    @property
    def wait(self) -> float:
        """Return how long it takes until the next change may be applied (s)."""
        now = dt_util.utcnow().timestamp()  # which may be set back
        recent = [at for at in self._changed_at if 0 <= now - at < _MINUTE]
        return min(recent) + _MINUTE - now if len(recent) == MAX_CHANGES else 0

    @callback
    def note_change(self) -> None:
        """Count a change that was applied."""
        self._changed_at.append(dt_util.utcnow().timestamp())

    @callback
    def stop(self) -> None:
        """Cancel the timer."""
        if self._cancel_timer is not None:
            self._cancel_timer()
            self._cancel_timer = None

    @callback
    def _timed_out(self, _now: object) -> None:
        self._cancel_timer = None
        self._done = True
        self._change()

    @callback
    def _change(self) -> None:
        self.note_change()
        self._apply()

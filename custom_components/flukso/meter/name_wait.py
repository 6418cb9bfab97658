"""Delays the sensors of a new meter until the reports with their names have arrived."""

from collections.abc import Callable

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later

from ..protocol.configuration import Configuration

#: How long sensors wait for the reports with their names, before they are added without (s).
NAMES_WITHIN = 3


class NameWait:
    """Calls ``apply`` for a configuration: at once, or when the names of a new meter are known."""

    def __init__(self, hass: HomeAssistant, apply: Callable[[], None]) -> None:
        self._hass = hass
        self._apply = apply
        self._cancel_timer: CALLBACK_TYPE | None = None
        self._done = False

    @callback
    def begin(self, configuration: Configuration) -> None:
        """Apply the stored configuration; the names of a known meter are not waited for."""
        self._done = configuration.sensors is not None
        self._apply()

    @callback
    def changed(self, configuration: Configuration) -> None:
        """Apply a changed configuration, or wait for its names."""
        if configuration.complete or self._done:
            self._done = True
            self.stop()
            self._apply()
        elif configuration.sensors is not None and self._cancel_timer is None:
            self._cancel_timer = async_call_later(self._hass, NAMES_WITHIN, self._timed_out)

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
        self._apply()

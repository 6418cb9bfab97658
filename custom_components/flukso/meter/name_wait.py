"""The names of a new meter come in other reports than its sensors, and are waited for."""

from collections.abc import Callable

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later

from ..protocol.configuration import Configuration

#: How long sensors wait for the reports that name them, before they appear without names (s).
NAMES_WITHIN = 3


class NameWait:
    """Calls ``follow`` for a configuration: at once, or when the names of a new meter are there."""

    def __init__(self, hass: HomeAssistant, follow: Callable[[], None]) -> None:
        self._hass = hass
        self._follow = follow
        self._waiting: CALLBACK_TYPE | None = None
        self._done = False

    @callback
    def begin(self, configuration: Configuration) -> None:
        """Go on from before a restart: the names of a meter that was known came long ago."""
        self._done = configuration.sensors is not None
        self._follow()

    @callback
    def changed(self, configuration: Configuration) -> None:
        """Learn of a configuration."""
        if configuration.complete or self._done:
            self._done = True
            self.stop()
            self._follow()
        elif configuration.sensors is not None and self._waiting is None:
            self._waiting = async_call_later(self._hass, NAMES_WITHIN, self._did_not_come)

    @callback
    def stop(self) -> None:
        """Wait no more."""
        if self._waiting is not None:
            self._waiting()
            self._waiting = None

    @callback
    def _did_not_come(self, _now: object) -> None:
        self._waiting = None
        self._done = True
        self._follow()

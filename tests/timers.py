"""Fire the timers of Home Assistant that are due, in tests that let a day pass."""

from asyncio import TimerHandle
from datetime import UTC, datetime, timedelta
import time
from unittest.mock import patch

from homeassistant.core import HomeAssistant
from homeassistant.helpers import event
from homeassistant.util.async_ import get_scheduled_timer_handles


def fire_due_timers(hass: HomeAssistant) -> None:
    """Do what `async_fire_time_changed` does, which patches the clock anew for each timer.

    As there, a timer is due half a second early, for those that Home Assistant spreads.
    """
    now = datetime.now(UTC) + timedelta(microseconds=event.RANDOM_MICROSECOND_MAX)
    timestamp = now.timestamp()
    ahead = timestamp - time.time()
    with (
        patch("homeassistant.helpers.event.time_tracker_utcnow", lambda: now),
        patch("homeassistant.helpers.event.time_tracker_timestamp", lambda: timestamp),
    ):
        for timer in list(get_scheduled_timer_handles(hass.loop)):
            if (
                isinstance(timer, TimerHandle)
                and not timer.cancelled()
                and timer.when() - hass.loop.time() <= ahead
            ):
                timer._run()
                timer.cancel()

"""Capturing the waveforms of a clamp at once, for an action or a check."""

import asyncio

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.event import async_call_later

from .oscilloscope import Capture, Oscilloscope
from .waveforms import Waveforms

#: How long clamps are listened to (s).
LISTEN_SECONDS = 10


async def async_capture(
    hass: HomeAssistant, waveforms: Waveforms, oscilloscope: Oscilloscope
) -> Capture | None:
    """Capture the waveforms of a clamp as soon as possible; None if none arrived in time."""
    own, done = waveforms.another(oscilloscope), asyncio.Event()
    stop_listening = await own.async_listen(done.set)
    try:
        await async_wait(hass, done)
    finally:
        stop_listening()
    return own.capture


async def async_wait(hass: HomeAssistant, done: asyncio.Event) -> None:
    """Wait for an event, at most ``LISTEN_SECONDS``."""
    stop_waiting = async_call_later(hass, LISTEN_SECONDS, callback(lambda _now: done.set()))
    try:
        await done.wait()
    finally:
        stop_waiting()

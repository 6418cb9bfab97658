"""Time as a test lets it pass, and a meter that speaks every second of it."""

from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import Event, EventStateChangedData, HomeAssistant
from pytest_homeassistant_custom_component.common import async_capture_events

from .broker import Broker
from .timers import fire_due_timers

type Messages = Iterable[tuple[str, str]]


async def pass_time(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, seconds: float, *, step: float = 1
) -> None:
    """Let time pass, in steps short enough for what is due to be done in time."""
    for _ in range(round(seconds / step)):
        freezer.tick(timedelta(seconds=step))
        fire_due_timers(hass)
        await hass.async_block_till_done()


@contextmanager
def set_back(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, seconds: float
) -> Generator[None]:
    """Set the clock of the host back; timers, which go by another clock, are not concerned."""
    before = hass.loop.time
    freezer.tick(timedelta(seconds=-seconds))
    with patch.object(hass.loop, "time", lambda: before() + seconds):
        yield


async def play(
    hass: HomeAssistant,
    broker: Broker,
    freezer: FrozenDateTimeFactory,
    seconds: int,
    speak: Callable[[int], Messages],
) -> None:
    """Let time pass while the meter speaks every second."""
    for second in range(seconds):
        for topic, payload in speak(second):
            broker.send(topic, payload)
        await broker.settle()
        await pass_time(hass, freezer, 1)


class Writes:
    """The states that were written from now on."""

    def __init__(self, hass: HomeAssistant) -> None:
        self._events: list[Event[EventStateChangedData]] = async_capture_events(
            hass, EVENT_STATE_CHANGED
        )

    def of(self, entity_id: str) -> list[str]:
        """The states of an entity, in their order."""
        return [
            state.state
            for event in self._events
            if (state := event.data["new_state"]) is not None and state.entity_id == entity_id
        ]

    def moments(self) -> set[float]:
        """When states were written."""
        return {event.time_fired_timestamp for event in self._events}

    def clear(self) -> None:
        """Begin anew."""
        self._events.clear()

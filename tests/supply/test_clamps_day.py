"""A simulated day of an FLM02 with three clamps: on a port each, or as one sensor.

Its clamps measure apparent power and publish their counters, in whole Wh, when they have changed.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import accumulate
from math import floor, hypot
from unittest.mock import patch
from zoneinfo import ZoneInfo

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_mock_restore_state_shutdown_restart,
)

from custom_components.flukso.const import DOMAIN
from simulator import Flm02
from simulator.flm02 import ANALOG_SLOTS
from simulator.household import MINUTE, Home, Minute, minute

from ..broker import Broker
from ..delivery import Delivery
from ..timers import fire_due_timers

DEVICE_ID = "f2" + "0" * 30
HOME = Home(seed=11, solar_phase=0)
MIDNIGHT = int(datetime(2026, 5, 12, tzinfo=ZoneInfo("Europe/Brussels")).timestamp())
HOUR, QUARTER = 3600, 900
DAY = range(MIDNIGHT, MIDNIGHT + 24 * HOUR + 1)
#: The meter is cut off from the network, and Home Assistant is stopped.
OUTAGE = range(MIDNIGHT + 12 * HOUR, MIDNIGHT + 14 * HOUR)
AWAY = range(MIDNIGHT + 16 * HOUR, MIDNIGHT + 16 * HOUR + 600)
STARTS = (5_000_000, 70, 4_199_192)


def apparent(whole: Minute, phase: int) -> Iterable[float]:
    """Return what a clamp counts in each second of a minute (Wh)."""
    both = zip(whole.active[phase], whole.reactive[phase], strict=True)
    return [hypot(*second) / HOUR for second in both]


def counted(phase: int, start: float) -> list[float]:
    """Return the counter of a clamp at each second of the day (Wh)."""
    minutes = range(MIDNIGHT // MINUTE, DAY[-1] // MINUTE + 1)
    flows = (flow for each in minutes for flow in apparent(minute(each, HOME), phase))
    return list(accumulate(flows, initial=start))


class ClampsDay:
    """The clamps of the meter, and what Home Assistant shows."""

    def __init__(
        self, hass: HomeAssistant, freezer: FrozenDateTimeFactory, counters: dict[int, list[float]]
    ) -> None:
        self._hass, self._freezer, self._counters = hass, freezer, counters
        phases = 1 if len(counters) > 1 else 3
        self.meter = Flm02(DEVICE_ID, start=MIDNIGHT - 10, phases=phases, clamps=3, pulses=())
        self._published: dict[int, int] = {}

    def speak(self, now: int, *, retained: bool = False) -> None:
        """Let the counters that have changed arrive, and now and then the powers."""
        for slot, counter in self._counters.items():
            topic = f"/sensor/{self.meter.sensors[slot].id}"
            value = floor(counter[now - MIDNIGHT])
            if value != self._published.get(slot) or retained:
                self._published[slot] = value
                payload = f'[{now},{value},"Wh"]'
                Delivery.deliver(f"{topic}/counter", payload, now, retained=retained)
            if now % 10 == 0:
                Delivery.deliver(f"{topic}/gauge", f'[{now},100,"W"]', now)

    async def live(self, seconds: range) -> None:
        """Let the meter send, and compare after each quarter-hour."""
        for now in seconds:
            self.speak(now)
            if now % QUARTER == 120:
                self._freezer.move_to(datetime.fromtimestamp(now, UTC))
                fire_due_timers(self._hass)
                await self._hass.async_block_till_done()
                assert self.shown("energy") == pytest.approx(self.on_the_meter(now), abs=0.002)
                truth = sum(counter[now - MIDNIGHT] for counter in self._counters.values())
                assert self.shown("energy") == pytest.approx(truth, abs=len(self._counters))

    def on_the_meter(self, now: int) -> float:
        """Return what the counters of the meter add up to (Wh)."""
        return sum(floor(counter[now - MIDNIGHT]) for counter in self._counters.values())

    def last_demand(self, now: int) -> float:
        """Return the demand of the quarter-hour before this one (W)."""
        end = now // QUARTER * QUARTER - MIDNIGHT
        spans = (counter[end] - counter[end - QUARTER] for counter in self._counters.values())
        return sum(spans) * HOUR / QUARTER

    def shown(self, what: str) -> float:
        """Return the state of a total (Wh or W)."""
        registry = er.async_get(self._hass)
        entity_id = registry.async_get_entity_id("sensor", DOMAIN, f"{DEVICE_ID}_{what}")
        assert entity_id is not None
        state = self._hass.states.get(entity_id)
        assert state is not None
        return float(state.state) * (1000 if what == "energy" else 1)


@pytest.mark.long
@pytest.mark.parametrize("sensors", [1, 3])
async def test_the_energy_of_a_day_is_that_of_the_clamps(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory, sensors: int
) -> None:
    hass.config.country = "BE"
    clamps = [counted(phase, start) for phase, start in enumerate(STARTS)]
    if sensors == 1:
        clamps = [[sum(each) for each in zip(*clamps, strict=True)]]
    day = ClampsDay(hass, freezer, dict(zip(ANALOG_SLOTS, clamps, strict=False)))
    freezer.move_to(datetime.fromtimestamp(MIDNIGHT - 5, UTC))
    chosen = {} if sensors == 1 else {"supply_ports": [1, 2, 3]}
    entry = MockConfigEntry(
        domain=DOMAIN,
        unique_id=DEVICE_ID,
        data={"device_id": DEVICE_ID, "topic_prefix": ""},
        options={"power_interval": 5, "other_interval": 5} | chosen,
        version=2,
    )
    entry.add_to_hass(hass)
    announced = {each.topic: each.payload.decode() for each in day.meter.announce()}
    await broker.publish_all(announced, retain=True)
    with patch("custom_components.flukso.transport.choice.HomeAssistantTransport", Delivery):
        assert await hass.config_entries.async_setup(entry.entry_id)
        await broker.settle()
        day.speak(MIDNIGHT, retained=True)
        await day.live(range(MIDNIGHT + 1, OUTAGE.start))
        step = sensors * HOUR / QUARTER  # what a Wh of each counter is as a power
        assert day.shown("last_demand") == pytest.approx(
            day.last_demand(OUTAGE.start - 1), abs=step
        )
        await day.live(range(OUTAGE.stop, AWAY.start))
        assert await hass.config_entries.async_unload(entry.entry_id)
        await async_mock_restore_state_shutdown_restart(hass)
        freezer.move_to(datetime.fromtimestamp(AWAY.stop, UTC))
        assert await hass.config_entries.async_setup(entry.entry_id)
        await hass.async_block_till_done()
        day.speak(AWAY.stop, retained=True)
        await day.live(range(AWAY.stop + 1, DAY.stop))

    assert day.shown("peak_demand") > 500

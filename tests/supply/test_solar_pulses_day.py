"""A simulated day of an FLM03 with the solar inverter on a pulse input.

Its firmware adds up the phases. Every other second is heard, but for a few that are lost.
"""

from datetime import UTC, datetime
from random import Random
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
from simulator.household import MINUTE, Home, minute
from simulator.pulse import KINDS, PulseInput

from ..broker import Broker
from ..delivery import Delivery
from ..supplies import slot, three_phases
from ..timers import fire_due_timers

HOME = Home(seed=11, solar_phase=2)
METER = three_phases(math="p1+p2+p3").changed(39, enable=1).with_port(6, name="solar", constant=1)
SOLAR = 39
MIDNIGHT = int(datetime(2026, 5, 12, tzinfo=ZoneInfo("Europe/Brussels")).timestamp())
HOUR = 3600
DAY = range(MIDNIGHT, MIDNIGHT + 24 * HOUR)
#: Home Assistant is stopped.
AWAY = range(MIDNIGHT + 15 * HOUR, MIDNIGHT + 15 * HOUR + 60)
MISSING = 0.02


class SolarDay:
    """The household, its meter, and the truth of what the house uses (Wh)."""

    def __init__(self, hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
        self._hass, self._freezer, self._random = hass, freezer, Random(7)
        self._imported, self._exported = 5000.0, 1500.0
        self._pulses = PulseInput(KINDS["electricity"], HOME, 77_000_000)
        self.house = self.used = self.solar = 0.0

    async def live(self, seconds: range, *, heard: bool = True) -> None:
        """Let the household live, and the meter send."""
        for now in seconds:
            whole = minute(now // MINUTE, HOME)
            net = sum(phase[now % MINUTE] for phase in whole.active)
            solar = whole.solar[now % MINUTE]
            self.solar += solar / HOUR
            self.house += (net + solar) / HOUR
            self.used += max(solar - max(-net, 0), 0) / HOUR
            self._imported += max(net, 0) / HOUR
            self._exported += max(-net, 0) / HOUR
            pulses = list(self._pulses.integrate(now, now + 1))
            if heard:
                if now % 2 and self._random.random() > MISSING:
                    self._speak(now)
                for pulse in pulses:
                    counter = f'[{now}, {pulse.counter / 1000:.3f}, "Wh"]'
                    gauge = f'[{now}, {pulse.rate * HOUR:.3f}, "W"]'
                    Delivery.deliver(METER.topic(SOLAR, "counter"), counter, now + 1)
                    Delivery.deliver(METER.topic(SOLAR, "gauge"), gauge, now + 1)
            if heard and now % 300 == 299:
                await self.let_publish(now + 1)

    def _speak(self, now: int) -> None:
        for subtype, counted in (("pplus", self._imported), ("pminus", self._exported)):
            topic = METER.topic(slot(1, subtype), "counter")
            Delivery.deliver(topic, f'[{now}, {counted:.3f}, "Wh"]', now + 1)

    async def let_publish(self, now: int) -> None:
        """Let Home Assistant publish what is due."""
        self._freezer.move_to(datetime.fromtimestamp(now, UTC))
        fire_due_timers(self._hass)
        await self._hass.async_block_till_done()

    def shown(self, what: str) -> float:
        """Return the state of an energy of the supply (Wh)."""
        registry = er.async_get(self._hass)
        unique_id = f"{METER.device_id}_{what}"
        entity_id = registry.async_get_entity_id("sensor", DOMAIN, unique_id)
        assert entity_id is not None
        state = self._hass.states.get(entity_id)
        assert state is not None
        return float(state.state) * 1000


@pytest.mark.long
async def test_house_and_self_consumption_of_a_day_are_those_of_the_household(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    day = SolarDay(hass, freezer)
    freezer.move_to(datetime.fromtimestamp(MIDNIGHT, UTC))
    entry = MockConfigEntry(
        domain=DOMAIN,
        unique_id=METER.device_id,
        data={"device_id": METER.device_id, "topic_prefix": ""},
        options={"power_interval": 5, "other_interval": 5, "production_ports": [6]},
        version=2,
    )
    entry.add_to_hass(hass)
    await broker.publish_all(METER.reports, retain=True)
    with patch("custom_components.flukso.transport.choice.HomeAssistantTransport", Delivery):
        assert await hass.config_entries.async_setup(entry.entry_id)
        await broker.settle()
        await day.live(DAY[: AWAY.start - MIDNIGHT])
        assert await hass.config_entries.async_unload(entry.entry_id)
        await async_mock_restore_state_shutdown_restart(hass)
        await day.live(AWAY, heard=False)
        freezer.move_to(datetime.fromtimestamp(AWAY.stop, UTC))
        assert await hass.config_entries.async_setup(entry.entry_id)
        await hass.async_block_till_done()
        await day.live(DAY[AWAY.stop - MIDNIGHT :])

    assert day.used > 1000
    assert day.shown("self_consumption") == pytest.approx(day.used, rel=0.01)
    assert day.shown("house_energy") == pytest.approx(day.house, rel=0.01)
    grid = day.shown("netted_energy_import") - day.shown("netted_energy_export")
    assert day.shown("house_energy") == pytest.approx(grid + day.solar, rel=0.01)

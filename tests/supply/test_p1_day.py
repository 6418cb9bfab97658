"""A simulated day of an FLM02 whose P1 port counts the import less the export of a sunny house.

The truth is that of the simulated household, to the second. The meter has a telegram every ten
seconds and publishes its counter, in whole Wh, when that has changed.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import accumulate, pairwise
from math import floor
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
from simulator import Flm02
from simulator.flm02 import P1_ELECTRICITY
from simulator.flows import net
from simulator.household import MINUTE, Home, minute

from ..broker import Broker
from ..delivery import Delivery
from ..timers import fire_due_timers

DEVICE_ID = "f1" + "0" * 30
HOME = Home(seed=11, solar_phase=2)
MIDNIGHT = int(datetime(2026, 5, 12, tzinfo=ZoneInfo("Europe/Brussels")).timestamp())
HOUR, QUARTER = 3600, 900
DAY = range(MIDNIGHT, MIDNIGHT + 24 * HOUR + 1, 10)
#: The meter is cut off from the network, and Home Assistant is stopped.
OUTAGE = range(MIDNIGHT + 12 * HOUR, MIDNIGHT + 14 * HOUR)
AWAY = range(MIDNIGHT + 16 * HOUR, MIDNIGHT + 16 * HOUR + 1200)
#: In these the demand of the last quarter-hour is not known.
AFTER_A_GAP = {
    *range(MIDNIGHT, MIDNIGHT + 2 * QUARTER),
    *(each for gap in (OUTAGE, AWAY) for each in range(gap.stop, gap.stop + 2 * QUARTER)),
}
#: A telegram without its registers.
BROKEN = MIDNIGHT + 10 * HOUR
#: The share of the telegrams that are lost.
MISSING = 0.03
#: What the counter has at midnight (Wh).
START = 14_199_192
ENERGIES = ("energy_import", "energy_export")
#: How often what Home Assistant shows is compared (s).
PERIOD = 600


def counted() -> dict[int, float]:
    """Return the counter at each second of the day (Wh)."""
    flows = (
        flow
        for number in range(MIDNIGHT // MINUTE, DAY[-1] // MINUTE + 1)
        for flow in net(minute(number, HOME))
    )
    return dict(enumerate(accumulate(flows, initial=START), MIDNIGHT))


class P1Day:
    """The meter, what arrives of its telegrams, and what Home Assistant shows."""

    def __init__(self, hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
        self.meter = Flm02(DEVICE_ID, start=MIDNIGHT - 10, pulses=(), clamps=0, p1=True)
        self.sensor_id = self.meter.sensors[P1_ELECTRICITY].id
        self.truth = counted()
        self.arrived = [START]
        self._hass, self._freezer = hass, freezer
        self._random = Random(7)

    async def live(self, seconds: range) -> None:
        """Let telegrams arrive, and compare now and then."""
        for now in seconds:
            is_lost = self._random.random() < MISSING and now % PERIOD
            if not is_lost:
                if now == BROKEN:
                    self._say("counter", now - 5, '0,"Wh"')
                self.speak(now)
            if now % PERIOD == 0:
                await self.let_publish(now)
                self.compare(now)
                if now % QUARTER and now not in AFTER_A_GAP:
                    self.compare_demand(now)

    def speak(self, now: int, *, retained: bool = False) -> None:
        """Let the power arrive, and the counter if it has changed."""
        watts = floor((self.truth[now] - self.truth[max(now - 10, MIDNIGHT)]) * 360)
        self._say("gauge", now, f'{watts},"W"')
        value = floor(self.truth[now])
        if value != self.arrived[-1] or retained:
            self.arrived.append(value)
            self._say("counter", now, f'{value},"Wh"', retained=retained)

    def _say(self, kind: str, now: int, value: str, *, retained: bool = False) -> None:
        topic = f"/sensor/{self.sensor_id}/{kind}"
        Delivery.deliver(topic, f"[{now},{value}]", now, retained=retained)

    async def let_publish(self, now: int) -> None:
        """Let Home Assistant publish what is due."""
        self._freezer.move_to(datetime.fromtimestamp(now, UTC))
        fire_due_timers(self._hass)
        await self._hass.async_block_till_done()

    def compare(self, now: int) -> None:
        """Compare what is shown with the telegrams that arrived, and with the truth."""
        steps = [after - before for before, after in pairwise(self.arrived)]
        rises, falls = sum(max(step, 0) for step in steps), sum(max(-step, 0) for step in steps)
        imported, exported = self.shown("energy_import"), self.shown("energy_export")
        assert imported == pytest.approx(rises, abs=1)
        assert exported == pytest.approx(falls, abs=1)
        assert imported - exported == pytest.approx(self.truth[now] - START, abs=1)
        assert self.shown("counter") == pytest.approx(self.truth[now], abs=1)
        assert self.total("netted_energy_import") * 1000 == pytest.approx(imported, abs=1)
        assert self.total("netted_energy_export") * 1000 == pytest.approx(exported, abs=1)

    def compare_demand(self, now: int) -> None:
        """Compare the demand of the last quarter-hour with the truth (W).

        A telegram may be missing at its end, and what ran then is only known as a whole.
        """
        end = now // QUARTER * QUARTER
        rises = (max(self.truth[at + 1] - self.truth[at], 0) for at in range(end - QUARTER, end))
        assert self.total("last_demand") == pytest.approx(sum(rises) * HOUR / QUARTER, abs=60)

    def shown(self, what: str) -> float:
        """Return the state of an entity of the counter (Wh)."""
        return self._state(f"{self.sensor_id}_{what}") * 1000

    def total(self, what: str) -> float:
        """Return the state of a total of the supply (kWh or W)."""
        return self._state(what)

    def _state(self, what: str) -> float:
        registry = er.async_get(self._hass)
        unique_id = f"{DEVICE_ID}_{what}"
        entity_id = registry.async_get_entity_id("sensor", DOMAIN, unique_id)
        assert entity_id is not None
        state = self._hass.states.get(entity_id)
        assert state is not None
        return float(state.state)


@pytest.fixture
def delivery() -> Iterator[None]:
    """Let the messages reach their subscribers directly."""
    with patch("custom_components.flukso.transport.choice.HomeAssistantTransport", Delivery):
        yield


@pytest.mark.long
@pytest.mark.usefixtures("delivery")
async def test_import_and_export_of_a_day_are_the_rises_and_falls_between_the_telegrams(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    hass.config.country = "BE"
    day = P1Day(hass, freezer)
    freezer.move_to(datetime.fromtimestamp(MIDNIGHT - 5, UTC))
    entry = MockConfigEntry(
        domain=DOMAIN,
        unique_id=DEVICE_ID,
        data={"device_id": DEVICE_ID, "topic_prefix": "/"},
        options={"power_interval": 5, "other_interval": 5},
        version=4,
    )
    entry.add_to_hass(hass)
    announced = {each.topic: each.payload.decode() for each in day.meter.announce()}
    await broker.publish_all(announced, retain=True)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await broker.settle()
    day.speak(MIDNIGHT, retained=True)

    await day.live(range(MIDNIGHT + 10, OUTAGE.start, 10))
    before = {what: day.shown(what) for what in ENERGIES}
    for now in range(OUTAGE.start, OUTAGE.stop, PERIOD):
        await day.let_publish(now)
    await day.live(range(OUTAGE.stop, OUTAGE.stop + 1, 10))
    gone = {what: day.shown(what) - before[what] for what in ENERGIES}
    assert min(gone.values()) <= 1
    assert max(gone.values()) > 100

    await day.live(range(OUTAGE.stop + 10, AWAY.start, 10))
    assert await hass.config_entries.async_unload(entry.entry_id)
    await async_mock_restore_state_shutdown_restart(hass)
    freezer.move_to(datetime.fromtimestamp(AWAY.stop - 10, UTC))
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    day.speak(AWAY.stop - 10, retained=True)
    await day.live(range(AWAY.stop, DAY.stop, 10))

    assert day.shown("energy_import") > 4000
    assert day.shown("energy_export") > 4000

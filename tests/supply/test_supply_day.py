"""A simulated day of a household with solar on one phase, and every kind of fault.

The expected energies are those of the simulated household, and the meter sends every second. So
that a day takes less than a minute, its messages bypass the MQTT client.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from random import Random
from typing import ClassVar, override
from unittest.mock import patch
from zoneinfo import ZoneInfo

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import CALLBACK_TYPE, HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_mock_restore_state_shutdown_restart,
)

from custom_components.flukso.const import DOMAIN
from custom_components.flukso.transport.home_assistant import HomeAssistantTransport
from custom_components.flukso.transport.interface import BufferedSubscription, Message, Transport
from simulator.flm03 import Flm03
from simulator.household import Home, power
from simulator.installation import CLAMP_PORTS, clamp_slots

from ..broker import Broker
from ..home import AT_INTERVALS
from ..timers import fire_due_timers

DEVICE_ID = "da1" + "0" * 29
HOME = Home(seed=11, solar_phase=2)
MIDNIGHT = int(datetime(2026, 5, 12, tzinfo=ZoneInfo("Europe/Brussels")).timestamp())
HOUR = 3600
DAY = range(MIDNIGHT, MIDNIGHT + 24 * HOUR)
#: The phase with solar is silent, Home Assistant is stopped, and a new board counts from 0.
SILENT = range(MIDNIGHT + 13 * HOUR, MIDNIGHT + 13 * HOUR + 120)
AWAY = range(MIDNIGHT + 16 * HOUR, MIDNIGHT + 16 * HOUR + 60)
EVENING, RESET = MIDNIGHT + 18 * HOUR, MIDNIGHT + 19 * HOUR
#: The shares of the messages that are lost, and that arrive a second late.
MISSING, LATE = 0.03, 0.05

#: States are rounded (Wh).
ROUNDED = 0.002
#: The sensors of a clamp that are enabled besides import and export, and not needed here.
OTHERS = slice(2, 11)


class Shortcut(HomeAssistantTransport):
    """Passes readings to their subscribers directly, without the MQTT client."""

    receivers: ClassVar[dict[str, BufferedSubscription]] = {}
    current: ClassVar[Transport]

    @override
    async def async_subscribe_buffered(self, subscription: BufferedSubscription) -> CALLBACK_TYPE:
        self.receivers[subscription.topic] = subscription
        Shortcut.current = self

        def unsubscribe() -> None:
            del self.receivers[subscription.topic]

        return unsubscribe


class House:
    """The meter of the household, and its states in Home Assistant."""

    def __init__(self, hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
        self.meter = Flm03(
            DEVICE_ID,
            start=MIDNIGHT - 10,
            seed=HOME.seed,
            solar_phase=HOME.solar_phase,
            pulses=(),
            kubes=0,
            waveforms=False,
            blocks=False,
            times=False,
        )
        for port in CLAMP_PORTS:
            for slot in clamp_slots(port)[OTHERS]:
                self.meter.enable(slot, on=False)
        self._hass, self._freezer = hass, freezer
        self._random, self._late = Random(7), list[Message]()
        self._on_solar_phase = self._topics(HOME.solar_phase)

    async def live(self, seconds: range, *, faultless: bool = False) -> None:
        """Let the meter send, and Home Assistant publish what is due."""
        for now in seconds:
            self._freezer.move_to(datetime.fromtimestamp(now, UTC))
            counters = [
                Message(each.topic, each.payload, False, now)
                for each in self.meter.second(now)
                if each.topic.endswith("counter")
            ]
            for message in counters if faultless else self._received(now, counters):
                if subscription := Shortcut.receivers.get(message.topic):
                    subscription.receive([message])
            if Shortcut.receivers and Shortcut.current.delivered is not None:
                Shortcut.current.delivered()
            if now % 5 == 0:
                fire_due_timers(self._hass)
                await self._hass.async_block_till_done()

    async def wait(self, now: int) -> None:
        """Let half a minute pass without messages, so that the last states are published."""
        for moment in range(now + 5, now + 36, 5):
            self._freezer.move_to(datetime.fromtimestamp(moment, UTC))
            fire_due_timers(self._hass)
            await self._hass.async_block_till_done()

    def _received(self, now: int, counters: list[Message]) -> list[Message]:
        """Return the messages of a second: shuffled, some lost, some from the second before."""
        received: list[Message] = []
        late, self._late = self._late, []
        self._random.shuffle(counters)
        for message in counters:
            chance = self._random.random()
            is_silent = now in SILENT and message.topic in self._on_solar_phase
            if is_silent or chance < MISSING:
                continue
            (self._late if chance < MISSING + LATE else received).append(message)
        return received + late

    def _topics(self, port: int) -> set[str]:
        ids = (self.meter.sensors[slot].id for slot in clamp_slots(port))
        return {f"/sensor/{sensor_id}/counter" for sensor_id in ids}

    def state_of(self, what: str) -> float:
        """Return the state of an entity (Wh)."""
        registry = er.async_get(self._hass)
        entity_id = registry.async_get_entity_id("sensor", DOMAIN, f"{DEVICE_ID}_{what}")
        assert entity_id is not None
        state = self._hass.states.get(entity_id)
        assert state is not None
        return float(state.state) * 1000

    def sums(self) -> tuple[float, float]:
        """Return the states of the sums of import and export (Wh)."""
        return self.state_of("active_energy_import"), self.state_of("active_energy_export")

    def of_counters(self) -> tuple[float, float]:
        """Return the sums of the states of the counters (Wh)."""
        return self._added_up(lambda sensor_id: self.state_of(f"{sensor_id}_counter"))

    def on_the_meter(self) -> tuple[float, float]:
        """Return the sums of the counters of the meter (Wh)."""
        truth = self.meter.truth
        return self._added_up(lambda sensor_id: truth[sensor_id, "counter"])

    def _added_up(self, value: Callable[[str], float]) -> tuple[float, float]:
        imports, exports = (
            [self.meter.sensors[clamp_slots(port)[direction]].id for port in CLAMP_PORTS]
            for direction in (0, 1)
        )
        return sum(map(value, imports)), sum(map(value, exports))


def truth(seconds: range) -> dict[str, float]:
    """Return the netted energies and the sums over the phases (Wh)."""
    phases = [[power(second, HOME, phase)[0] for phase in (1, 2, 3)] for second in seconds]
    nets = [sum(phase) for phase in phases]
    watts = [watt for phase in phases for watt in phase]
    return {
        "netted_energy_import": sum(net for net in nets if net > 0) / 3600,
        "netted_energy_export": -sum(net for net in nets if net < 0) / 3600,
        "active_energy_import": sum(watt for watt in watts if watt > 0) / 3600,
        "active_energy_export": -sum(watt for watt in watts if watt < 0) / 3600,
    }


async def restart(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Save the states as a stop does, and set the meter up again."""
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert Shortcut.receivers == {}
    await async_mock_restore_state_shutdown_restart(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()


@pytest.mark.long
@pytest.mark.usefixtures("all_entities_enabled")
async def test_energies_after_a_day_of_faults_are_those_of_the_household(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    house = House(hass, freezer)
    freezer.move_to(datetime.fromtimestamp(MIDNIGHT - 5, UTC))
    data = {"device_id": DEVICE_ID, "topic_prefix": "/"}
    entry = MockConfigEntry(
        domain=DOMAIN, unique_id=DEVICE_ID, data=data, options=AT_INTERVALS, version=4
    )
    entry.add_to_hass(hass)
    announced = {each.topic: each.payload.decode() for each in house.meter.announce()}
    await broker.publish_all(announced, retain=True)
    with patch("custom_components.flukso.transport.choice.HomeAssistantTransport", Shortcut):
        assert await hass.config_entries.async_setup(entry.entry_id)
        await broker.settle()
        await house.live(range(MIDNIGHT - 5, MIDNIGHT + 1), faultless=True)
        await house.wait(MIDNIGHT)
        before = {what: house.state_of(what) for what in truth(range(0))}
        assert house.sums() == pytest.approx(house.on_the_meter(), abs=ROUNDED)

        await house.live(range(MIDNIGHT + 36, AWAY.start))
        await restart(hass, entry)
        await house.live(range(AWAY.stop, EVENING - 5))
        await house.live(range(EVENING - 5, EVENING), faultless=True)
        await house.wait(EVENING)
        assert house.sums() == pytest.approx(house.on_the_meter(), abs=ROUNDED)
        await house.live(range(EVENING + 36, RESET))
        house.meter.reset_counters()
        await house.live(range(RESET, DAY.stop - 5))
        await house.live(range(DAY.stop - 5, DAY.stop + 1), faultless=True)
        await house.wait(DAY.stop)

    assert house.sums() == pytest.approx(house.of_counters(), abs=ROUNDED)
    for what, energy in truth(DAY).items():
        assert house.state_of(what) - before[what] == pytest.approx(energy, rel=0.001), what

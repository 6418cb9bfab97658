"""States that are written when they change: a step at once, the rest once a minute."""

import asyncio
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from stack import eventually

from ..broker import Broker
from ..clock import Writes, pass_time, play
from ..direct import MetersBroker, connected, set_up_directly
from ..home import config_entry, entity_of, set_up_knowing, set_up_on_change, state_of, value_of
from ..meters import flm03, reading
from ..supplies import METER as SUPPLY, total, total_of, total_value

IMPORT, EXPORT, VOLTAGE, CURRENT, FACTOR = 1, 2, 7, 8, 9
WATER = 37
METER = SUPPLY.changed(VOLTAGE, enable=1)
#: A whole minute.
BEGIN = datetime(2026, 1, 13, 12, tzinfo=dt_util.UTC)


def house(
    *watts: float, volts: float = 230.0, counted: float = 1000.0
) -> Iterator[tuple[str, str]]:
    """A second of three phases, with these powers; the first has a counter and a voltage."""
    for port, power in enumerate(watts):
        yield METER.topic(12 * port + IMPORT, "gauge"), reading(max(power, 0), "W")
        yield METER.topic(12 * port + EXPORT, "gauge"), reading(max(-power, 0), "W")
    yield METER.topic(VOLTAGE, "gauge"), reading(volts, "V")
    yield METER.topic(IMPORT, "counter"), reading(f"{counted:.3f}", "Wh")


@pytest.fixture
async def live(hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory) -> Writes:
    """Set the meter up at the begin of a minute, with a steady house; what is written since."""
    freezer.move_to(BEGIN)
    await set_up_on_change(hass, broker, METER)
    await play(hass, broker, freezer, 10, lambda _: house(100, 50, 60))
    return Writes(hass)


def written(hass: HomeAssistant, writes: Writes, slot: int, kind: str = "gauge") -> list[float]:
    """What was written of a topic."""
    return [float(state) for state in writes.of(entity_of(hass, METER, slot, kind).entity_id)]


async def test_a_step_is_written_as_soon_as_its_burst_is_over_and_with_it_the_total(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory, live: Writes
) -> None:
    with patch("custom_components.flukso.transport.home_assistant.BURST", 0.1):
        for topic, payload in house(2100, 50, 60):
            broker.send(topic, payload)
        await broker.settle()
        await pass_time(hass, freezer, 0.1, step=0.1)

    assert value_of(hass, METER, IMPORT, "gauge") == 2100
    assert total_value(hass, METER, "net_active_power") == 2210
    assert total_value(hass, METER, "active_power_import") == 2210
    assert len(live.moments()) <= 2


async def _has_sensors(entry: MockConfigEntry) -> bool:
    return bool(entry.runtime_data.meter.channels)


async def test_a_step_on_the_way_straight_from_the_meter_is_written_within_2_seconds(
    hass: HomeAssistant, own_broker: MetersBroker
) -> None:
    await own_broker.send(METER.reports, retain=True)
    entry = await set_up_directly(hass, METER, own_broker.address)
    await connected(entry)
    await own_broker.send(METER.reports, retain=True)
    await eventually(partial(_has_sensors, entry), "the sensors", within=6, every=0.05)
    await hass.async_block_till_done(wait_background_tasks=False)

    async def show(watts: float, within: int, *, again: bool = False) -> None:
        async def is_shown() -> bool:
            if again:
                await own_broker.send(dict(house(watts, 50, 60)))
            await hass.async_block_till_done()
            net = total(hass, METER, "net_active_power").state
            of_phase = state_of(hass, METER, IMPORT, "gauge").state
            shown = [float(each) for each in (of_phase, net) if each != STATE_UNKNOWN]
            return shown == [watts, watts + 110]

        await own_broker.send(dict(house(watts, 50, 60)))
        await eventually(is_shown, f"{watts} W", within=within, every=0.05)

    await show(100.0, within=20, again=True)  # once it has subscribed
    await asyncio.sleep(1)  # the next readings are those of another second
    await show(2100.0, within=2)


async def test_a_steady_house_writes_nothing(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory, live: Writes
) -> None:
    await play(hass, broker, freezer, 120, lambda _: house(100, 50, 60))

    assert written(hass, live, IMPORT) == written(hass, live, IMPORT, "counter") == []
    assert written(hass, live, VOLTAGE) == []


async def test_a_power_that_jumps_every_second_is_written_at_most_30_times_a_minute(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory, live: Writes
) -> None:
    with patch("custom_components.flukso.transport.home_assistant.BURST", 0.1):
        await play(hass, broker, freezer, 60, lambda second: house(second % 2 * 2000, 50, 60))

    assert 10 < len(written(hass, live, IMPORT)) <= 30


async def test_a_small_change_is_written_in_the_last_5_seconds_of_the_minute(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory, live: Writes
) -> None:
    await play(hass, broker, freezer, 44, lambda _: house(108, 50, 60))
    assert written(hass, live, IMPORT) == []

    await play(hass, broker, freezer, 10, lambda _: house(108, 50, 60))

    assert written(hass, live, IMPORT) == [pytest.approx(110, abs=5)]
    state = hass.states.get(entity_of(hass, METER, IMPORT, "gauge").entity_id)
    assert state is not None
    assert state.last_updated.second >= 55


async def test_counters_that_moved_are_written_in_the_last_5_seconds_of_each_minute(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory, live: Writes
) -> None:
    await play(hass, broker, freezer, 60, lambda _: house(100, 50, 60))
    live.clear()

    await play(
        hass, broker, freezer, 180, lambda second: house(100, 50, 60, counted=1000 + second / 36)
    )

    assert len(written(hass, live, IMPORT, "counter")) == 3
    assert {moment % 60 // 5 for moment in live.moments()} == {11}


async def test_a_voltage_is_written_once_a_minute_and_only_a_visible_change(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory, live: Writes
) -> None:
    await play(hass, broker, freezer, 110, lambda _: house(100, 50, 60, volts=230.4))
    assert written(hass, live, VOLTAGE) == []

    await play(
        hass, broker, freezer, 130, lambda second: house(100, 50, 60, volts=233 + second % 2)
    )

    assert written(hass, live, VOLTAGE) == [pytest.approx(233.5, abs=0.3)]


async def test_a_total_that_leaves_its_range_while_no_phase_does_is_seen_at_once(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    freezer.move_to(BEGIN)
    await set_up_on_change(hass, broker, METER)
    await play(hass, broker, freezer, 6, lambda _: house(3000, 0, -2900))
    writes = Writes(hass)

    await play(hass, broker, freezer, 1, lambda _: house(3040, 0, -2900))

    assert total_value(hass, METER, "net_active_power") == 140
    assert written(hass, writes, IMPORT) == []


async def test_a_message_that_is_none_is_not_urgent_and_does_no_harm(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory, live: Writes
) -> None:
    topic = METER.topic(IMPORT, "gauge")
    for payload in ("", "[]", "[1]", '[1, "x", "W"]', "[1, nan]", "[1, " + "9" * 100_000):
        broker.send(topic, payload)
    await broker.settle()
    await pass_time(hass, freezer, 5)

    assert value_of(hass, METER, IMPORT, "gauge") == 100


async def test_the_flow_of_pulses_is_seen_within_5_seconds_and_fades(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    freezer.move_to(BEGIN)
    meter = flm03()
    await set_up_on_change(hass, broker, meter)

    async def pulse(flow: float) -> None:
        await broker.publish(meter.topic(WATER, "gauge"), reading(flow, "L/s"))
        await pass_time(hass, freezer, 1)

    await pulse(0.1)
    assert value_of(hass, meter, WATER, "gauge") == 6
    for _ in range(10):
        await pulse(0.2)
    assert value_of(hass, meter, WATER, "gauge") == pytest.approx(12, abs=0.2)
    writes = Writes(hass)
    for _ in range(24):
        await pass_time(hass, freezer, 30, step=5)
        await broker.publish(meter.topic(IMPORT, "gauge"), reading(100, "W"))

    flows = [float(flow) for flow in writes.of(entity_of(hass, meter, WATER, "gauge").entity_id)]
    assert flows[-1] == 0
    assert flows == sorted(flows, reverse=True)
    assert len(flows) < 30


async def test_the_power_of_a_pulse_meter_and_its_total_are_written_together(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    freezer.move_to(BEGIN)
    meter = flm03()
    entry = config_entry(meter, options={"supply_ports": [6]})
    await set_up_knowing(hass, broker, meter, meter.reports, entry=entry)
    topic = meter.topic(39, "gauge")
    await play(hass, broker, freezer, 10, lambda _: [(topic, reading(400, "W"))])
    writes = Writes(hass)

    await play(hass, broker, freezer, 10, lambda _: [(topic, reading(1000, "W"))])

    power = entity_of(hass, meter, 39, "gauge").entity_id
    entity = total_of(hass, meter, "net_active_power")
    assert entity is not None
    assert value_of(hass, meter, 39, "gauge") == pytest.approx(1000, abs=15)
    assert writes.of(power) == writes.of(entity.entity_id)


async def test_a_flow_without_any_pulse_is_0_in_the_end(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    freezer.move_to(BEGIN)
    meter = flm03()
    await set_up_on_change(hass, broker, meter)
    for _ in range(22):
        await broker.publish(meter.topic(IMPORT, "gauge"), reading(100, "W"))
        await pass_time(hass, freezer, 30, step=5)

    assert value_of(hass, meter, WATER, "gauge") == 0


async def test_power_is_on_change_while_everything_else_is_written_every_second(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    freezer.move_to(BEGIN)
    meter = flm03()
    entry = config_entry(meter, options={"other_interval": 1})
    await set_up_knowing(hass, broker, meter, meter.reports, entry=entry)
    writes = Writes(hass)

    def messages(second: int) -> Iterator[tuple[str, str]]:
        yield meter.topic(39, "gauge"), reading(400 + 100 * second, "W")
        yield meter.topic(39, "counter"), reading(1000 + second, "Wh")

    await play(hass, broker, freezer, 20, messages)

    power = entity_of(hass, meter, 39, "gauge").entity_id
    energy = entity_of(hass, meter, 39, "counter").entity_id
    assert len(set(writes.of(energy))) >= 18
    assert len(set(writes.of(power))) <= 6

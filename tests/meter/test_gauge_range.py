"""A gauge shows nothing that its input can't measure, and no negative zero.

2,147,483,647 W is what an FLM02 prints when a counter falls while its clock rises
(docs/protocol.md section 9).
"""

from math import floor

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import STATE_UNKNOWN
from homeassistant.core import HomeAssistant
import pytest

from ..broker import Broker
from ..clock import Writes, play
from ..home import entity_of, let_pass, set_up, state_of, value_of
from ..mains import clock, enable, flx_topic, state
from ..meters import Meter, flm02, flm03, kubes_alone, reading, three_clamps
from ..supplies import wired

pytestmark = pytest.mark.usefixtures("freezer")

METER, OLD = flm03(), flm02()
IMPORT, REACTIVE, VOLTAGE, CURRENT, FACTOR, ANGLE = 1, 3, 7, 8, 9, 12
WATER, GAS, HEAT_PUMP = 37, 38, 39
#: An FLM02's clamp of 50 A, three clamps without a rating, water, gas and P1 port.
MAIN, HOUSE, OLD_WATER, OLD_GAS, GRID = 1, 2, 4, 5, 6
#: The highest power of a clamp of 50 A: 50 A × 250 V × 1.5.
CLAMP = 18_750

#: The lowest and highest value that is shown: meter, slot, values, unit.
RANGES = {
    "clamp of 50 A": (METER, IMPORT, (0, CLAMP), "W"),
    "clamp of 500 A": (METER.with_port(1, current=500), IMPORT, (0, 10 * CLAMP), "W"),
    "clamp without a rating": (METER.with_port(1, current=None), IMPORT, (0, 10 * CLAMP), "W"),
    "sum of three clamps": (wired(METER, math="p1+p2+p3"), IMPORT, (0, 3 * CLAMP), "W"),
    "reactive power": (METER, REACTIVE, (0, CLAMP), "VAR"),
    "voltage": (METER, VOLTAGE, (0, 500), "V"),
    "current": (METER, CURRENT, (0, 75), "A"),
    "angle": (METER.changed(ANGLE, enable=1), ANGLE, (-360, 360), "°"),
    "clamp of an FLM02": (OLD, MAIN, (0, CLAMP), "W"),
    "three clamps without a rating": (OLD, HOUSE, (0, 30 * CLAMP), "W"),
    "P1 port": (OLD, GRID, (-60_000, 60_000), "W"),
    "gas of a P1 port": (OLD.changed(GRID, type="gas"), GRID, (0, 960_000), "L/day"),
    "water": (METER, WATER, (0, 5), "L/s"),
    "gas": (METER, GAS, (0, 10), "L/s"),
    "water of an FLM02": (OLD, OLD_WATER, (0, 432_000), "L/day"),
    "gas of an FLM02": (OLD, OLD_GAS, (0, 864_000), "L/day"),
    "electricity by pulses": (METER, HEAT_PUMP, (0, 100_000), "W"),
    "1 kWh a pulse": (METER.with_port(6, constant=1000), HEAT_PUMP, (0, 3_600_000), "W"),
    "fuel": (METER.changed(WATER, type="fuel"), WATER, (0, 1), "L/s"),
    "pellets": (METER.changed(WATER, type="pellet"), WATER, (0, 100), "g/s"),
}
UNLIMITED = {
    "pulses of anything": (METER.changed(WATER, type="something new"), WATER, "1/s"),
    "another unit": (METER, GAS, "W"),
    "distortion of current": (METER, FACTOR, ""),
    "kube": (kubes_alone(), 43, "lx"),
}


@pytest.mark.parametrize(("meter", "slot", "values", "unit"), RANGES.values(), ids=RANGES)
async def test_a_gauge_shows_no_more_than_its_input_can_measure(
    hass: HomeAssistant,
    broker: Broker,
    *,
    meter: Meter,
    slot: int,
    values: tuple[float, float],
    unit: str,
) -> None:
    entry = await set_up(hass, broker, meter)
    if slot == ANGLE:
        await enable(hass, broker, entry, f"{meter.sensor_id(ANGLE)}_gauge")
    topic = meter.topic(slot, "gauge")
    [channel] = [each for each in entry.runtime_data.meter.channels.values() if each.topic == topic]
    lowest, highest = values

    for value in (highest * 1.001, 2_147_483_647, floor(lowest - 0.002 * highest), -2_147_483_648):
        await broker.publish(topic, reading(round(value, 3), unit))
    assert state_of(hass, meter, slot, "gauge").state == STATE_UNKNOWN
    assert channel.stats.taken == 0

    for value in values:
        await broker.publish(topic, reading(value, unit))
    assert state_of(hass, meter, slot, "gauge").state != STATE_UNKNOWN
    entry.runtime_data.meter.catch_up()
    assert channel.stats.taken == 2


@pytest.mark.parametrize(("meter", "slot", "unit"), UNLIMITED.values(), ids=UNLIMITED)
async def test_a_gauge_of_an_input_of_unknown_speed_has_no_limit(
    hass: HomeAssistant,
    broker: Broker,
    *,
    meter: Meter,
    slot: int,
    unit: str,
) -> None:
    await set_up(hass, broker, meter)

    await broker.publish(meter.topic(slot, "gauge"), reading(1_000_000, unit))

    assert value_of(hass, meter, slot, "gauge") >= 1_000_000


async def test_2_147_483_647_watts_are_not_shown_and_are_counted(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    entry = await set_up(hass, broker, OLD)
    topic = OLD.topic(MAIN, "gauge")
    [channel] = [each for each in entry.runtime_data.meter.channels.values() if each.topic == topic]
    writes = Writes(hass)

    await play(
        hass,
        broker,
        freezer,
        60,
        lambda second: [(topic, reading(2_147_483_647 if second % 20 == 9 else 420, "W"))],
    )

    assert set(writes.of(entity_of(hass, OLD, MAIN, "gauge").entity_id)) == {"420"}
    assert channel.stats.dropped == 3


async def test_a_flow_that_its_counter_has_proven_is_shown(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    """An FLM02 that does not tell the size of a pulse, on a wind turbine: 1 kWh every 2 s."""
    meter = OLD.changed(OLD_WATER, type="electricity", constant=0)
    await set_up(hass, broker, meter)

    def speak(second: int) -> list[tuple[str, str]]:
        if second % 2:
            return []
        return [
            (meter.topic(OLD_WATER, "counter"), reading(5_000_000 + 500 * second, "Wh")),
            (meter.topic(OLD_WATER, "gauge"), reading(1_800_000, "W")),
        ]

    await play(hass, broker, freezer, 30, speak)
    assert state_of(hass, meter, OLD_WATER, "gauge").state == STATE_UNKNOWN
    await play(hass, broker, freezer, 240, lambda second: speak(30 + second))

    assert value_of(hass, meter, OLD_WATER, "gauge") == 1_800_000


@pytest.mark.parametrize("payload", ["-0", "-0.0", "-0.000"])
async def test_minus_zero_is_shown_as_zero(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory, payload: str
) -> None:
    await set_up(hass, broker, OLD)
    topic = OLD.topic(GRID, "gauge")

    await broker.publish(topic, reading(payload, "W"))
    assert float(state_of(hass, OLD, GRID, "gauge").state) == 0
    assert not state_of(hass, OLD, GRID, "gauge").state.startswith("-")

    await let_pass(hass, broker, freezer, 5)
    assert not state_of(hass, OLD, GRID, "gauge").state.startswith("-")


async def test_a_sum_of_phases_is_not_minus_zero(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    meter = wired(three_clamps(), phase="3p+n")
    await set_up(hass, broker, meter)
    topics = [
        (meter.topic(12 * port + slot, "gauge"), value)
        for port in range(3)
        for slot, value in ((1, 0), (2, 0.0001))
    ]

    await play(
        hass,
        broker,
        freezer,
        10,
        lambda _: [(topic, reading(value, "W")) for topic, value in topics],
    )

    assert float(state(hass, meter, "net_active_power").state) == 0
    assert not state(hass, meter, "net_active_power").state.startswith("-")


async def test_a_clock_offset_is_not_minus_zero(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    entry = await set_up(hass, broker, METER)
    await enable(hass, broker, entry, "clock_offset")

    await broker.publish(flx_topic(METER, "time"), clock(ahead=-0.02))

    assert state(hass, METER, "clock_offset").state == "0.0"

"""No reading makes a spike: counters withhold impossible readings."""

from collections.abc import Iterator

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
import pytest

from custom_components.flukso.const import DOMAIN

from ..broker import Broker
from ..clock import Writes, play
from ..home import entity_of, let_pass, set_up, value_of
from ..meters import Meter, flm02, flm03, reading, three_clamps
from ..supplies import wired

METER = flm03()
IMPORT, REACTIVE, WATER, GAS, HEAT_PUMP = 1, 3, 37, 38, 39
#: The slot of an FLM02's P1 port.
GRID = 6
#: The highest rate of a 50 A clamp, at 250 V and 150 % of its current (Wh per second).
CLAMP = 50 * 250 * 1.5 / 3600


#: The highest rate of an input, in units per second: meter, slot, limit, unit.
LIMITS = {
    "clamp of 50 A": (METER, IMPORT, CLAMP, "Wh"),
    "clamp of 500 A": (METER.with_port(1, current=500), IMPORT, 10 * CLAMP, "Wh"),
    "sum of three clamps": (wired(METER, math="p1+p2+p3"), IMPORT, 3 * CLAMP, "Wh"),
    "reactive energy": (METER, REACTIVE, CLAMP, "VARh"),
    "clamp of an FLM02": (flm02(), 1, CLAMP, "Wh"),
    "three clamps of an FLM02": (flm02().changed(2, current=100), 2, 6 * CLAMP, "Wh"),
    "water": (METER, WATER, 5, "L"),
    "gas": (METER, GAS, 10, "L"),
    "electricity by pulses": (METER, HEAT_PUMP, 100_000 / 3600, "Wh"),
    "heat": (METER.changed(HEAT_PUMP, type="heat"), HEAT_PUMP, 100_000 / 3600, "Wh"),
    "fuel": (METER.changed(WATER, type="fuel"), WATER, 1, "L"),
    "pellets": (METER.changed(WATER, type="pellet"), WATER, 100, "g"),
    "operating time": (METER.changed(WATER, type="time"), WATER, 10, "s"),
    "pulses of 1 kWh": (METER.with_port(6, constant=1000), HEAT_PUMP, 1000, "Wh"),
    "pulses of 100 L": (METER.with_port(4, constant=100), WATER, 100, "L"),
    "pulses of 100 L of an FLM02": (flm02().changed(5, constant=100), 5, 100, "L"),
}
UNLIMITED = {
    "pulses of anything": (METER.changed(WATER, type="something new"), WATER, ""),
    "clamp without a rating": (METER.with_port(1, current=None), IMPORT, "Wh"),
    "FLM02 that does not tell its clamps": (flm02(), 2, "Wh"),
}


def issues(hass: HomeAssistant) -> list[ir.IssueEntry]:
    """The issues in the issue registry."""
    return [issue for issue in ir.async_get(hass).issues.values() if issue.domain == DOMAIN]


@pytest.mark.parametrize(("meter", "slot", "fastest", "unit"), LIMITS.values(), ids=LIMITS)
async def test_a_counter_counts_no_more_than_its_input_can(
    hass: HomeAssistant,
    broker: Broker,
    freezer: FrozenDateTimeFactory,
    *,
    meter: Meter,
    slot: int,
    fastest: float,
    unit: str,
) -> None:
    await set_up(hass, broker, meter)
    topic = meter.topic(slot, "counter")
    await broker.publish(topic, reading(1_000_000, unit))
    before = value_of(hass, meter, slot, "counter")

    freezer.tick(3600)
    await broker.publish(topic, reading(round(1_000_000 + 3603 * fastest, 3), unit))
    await let_pass(hass, broker, freezer, 30)
    assert value_of(hass, meter, slot, "counter") == before

    await broker.publish(topic, reading(round(1_000_000 + 3600 * fastest, 3), unit))
    await let_pass(hass, broker, freezer, 30)
    assert value_of(hass, meter, slot, "counter") > before
    assert not issues(hass)


@pytest.mark.parametrize(("meter", "slot", "unit"), UNLIMITED.values(), ids=UNLIMITED)
async def test_an_input_of_unknown_speed_has_no_limit_upwards(
    hass: HomeAssistant,
    broker: Broker,
    freezer: FrozenDateTimeFactory,
    *,
    meter: Meter,
    slot: int,
    unit: str,
) -> None:
    await set_up(hass, broker, meter)
    await broker.publish(meter.topic(slot, "counter"), reading(1000, unit))
    before = value_of(hass, meter, slot, "counter")

    freezer.tick(1)
    await broker.publish(meter.topic(slot, "counter"), reading(1_000_000_000, unit))
    await let_pass(hass, broker, freezer, 30)

    assert value_of(hass, meter, slot, "counter") == before * 1_000_000


async def test_the_counter_of_a_p1_port_counts_up_and_down(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    meter, shown = flm02(), []
    await set_up(hass, broker, meter)

    for value in (300, 200, -100, 350):
        await broker.publish(meter.topic(GRID, "counter"), reading(value, "Wh"))
        await let_pass(hass, broker, freezer, 30)
        shown.append(value_of(hass, meter, GRID, "counter"))

    assert shown == [0.3, 0.2, -0.1, 0.35]
    assert not issues(hass)


@pytest.mark.parametrize("wrong", [0, *(2_600_000 + 10**power for power in range(3, 10))])
async def test_no_single_reading_makes_a_spike(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory, wrong: int
) -> None:
    meter = three_clamps().changed(*range(2, 37), enable=0)
    await set_up(hass, broker, meter)
    writes = Writes(hass)

    def speak(second: int) -> Iterator[tuple[str, str]]:
        value = wrong if second % 7 == 6 else 2_600_000 + second
        yield meter.topic(IMPORT, "counter"), reading(value, "Wh")

    await play(hass, broker, freezer, 200, speak)

    seen = list(map(float, writes.of(entity_of(hass, meter, IMPORT, "counter").entity_id)))
    assert len(seen) == 7
    assert seen == sorted(seen)
    assert 2600 <= seen[0] <= seen[-1] <= 2600.2
    assert not issues(hass)


@pytest.mark.parametrize(
    ("slot", "port", "unit", "pulse", "seconds"),
    [(HEAT_PUMP, 6, "Wh", 1000, 2), (WATER, 4, "L", 100, 12)],
    ids=["a wind turbine", "a water meter of a factory"],
)
async def test_large_pulses_are_counted_as_they_come(
    hass: HomeAssistant,
    broker: Broker,
    freezer: FrozenDateTimeFactory,
    *,
    slot: int,
    port: int,
    unit: str,
    pulse: int,
    seconds: int,
) -> None:
    meter = METER.with_port(port, constant=pulse)
    await set_up(hass, broker, meter)
    topic = meter.topic(slot, "counter")
    await broker.publish(topic, reading(5_000_000, unit))
    before = value_of(hass, meter, slot, "counter")

    for count in range(1, 11):
        freezer.tick(seconds)
        await broker.publish(topic, reading(5_000_000 + count * pulse, unit))
    await let_pass(hass, broker, freezer, 30)

    assert value_of(hass, meter, slot, "counter") == pytest.approx(before * (1 + pulse * 2e-6))
    assert not issues(hass)


async def test_a_recycled_sensor_id_books_nothing(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    """Its recycle id changes, while its counter is one that it could have counted to."""
    meter = METER
    await set_up(hass, broker, meter)
    await broker.publish(meter.topic(WATER, "counter"), reading(1000, "L"))
    meter = meter.changed(WATER, rid=1)
    await broker.publish(*meter.sensor_report)

    for value in (1001, 1002, 1003, 1004):
        freezer.tick(30)
        await broker.publish(meter.topic(WATER, "counter"), reading(value, "L"))
    await let_pass(hass, broker, freezer, 30)

    assert value_of(hass, meter, WATER, "counter") == 1003
    [issue] = issues(hass)
    assert issue.translation_placeholders is not None
    assert issue.translation_placeholders["difference"] == "1"
    assert issue.translation_placeholders["unit"] == "L"

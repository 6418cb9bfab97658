"""A contact that bounces: pulses some milliseconds apart, so that the meter tells of a flow that
its counter did not count (docs/protocol.md section 9).
"""

from collections.abc import Iterator

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest

from ..broker import Broker
from ..clock import Writes, play
from ..flows import open_settings
from ..home import entity_of, set_up, value_of
from ..meters import Meter, flm02, flm03, reading

WATER, HEAT_PUMP, OLD_WATER = 37, 39, 4
METER = flm03().changed(*range(1, 37), *range(40, 58), enable=0)
OLD = flm02().changed(1, 2, 5, 6, *range(7, 16), enable=0)

BOUNCES = (28, 84, 119, 147)

#: Meter, slot, size of a pulse, flow of one every 7 s and while it bounces, and the most that is
#: shown: what was counted in 23 s after the first pulses, or in 5 s for the power, and one pulse.
CONTACTS = {
    "water": (METER, WATER, (1, "L"), (0.143, 4.9, "L/s"), 60 * 6 / 23),
    "water of an FLM02": (OLD, OLD_WATER, (1, "L"), (12_343, 430_000, "L/day"), 60 * 6 / 23),
    "electricity": (METER, HEAT_PUMP, (0.5, "Wh"), (257, 90_000, "W"), 3 * 1800 / 5),
    "size not told": (
        METER.with_port(4, constant=None),
        *(WATER, (1, "L"), (0.143, 4.9, "L/s"), 60 * 6 / 23),
    ),
}


@pytest.mark.parametrize("gauge_first", [False, True])
@pytest.mark.parametrize(
    ("meter", "slot", "pulse", "flows", "most"), CONTACTS.values(), ids=CONTACTS
)
async def test_a_contact_that_bounces_makes_no_flow_that_was_not_counted(
    hass: HomeAssistant,
    broker: Broker,
    freezer: FrozenDateTimeFactory,
    *,
    meter: Meter,
    slot: int,
    pulse: tuple[float, str],
    flows: tuple[float, float, str],
    most: float,
    gauge_first: bool,
) -> None:
    await set_up(hass, broker, meter)
    writes = Writes(hass)
    size, unit = pulse
    usual, bouncing, gauge_unit = flows
    pulses = 0

    def messages(flow: float) -> list[tuple[str, str]]:
        nonlocal pulses
        pulses += 1
        told = [
            (meter.topic(slot, "counter"), reading(1000 + pulses * size, unit)),
            (meter.topic(slot, "gauge"), reading(flow, gauge_unit)),
        ]
        return told[::-1] if gauge_first else told

    def speak(second: int) -> Iterator[tuple[str, str]]:
        if second % 7 == 0:
            yield from messages(usual)
            if second in BOUNCES:
                yield from messages(bouncing)

    await play(hass, broker, freezer, 180, speak)

    shown = list(map(float, writes.of(entity_of(hass, meter, slot, "gauge").entity_id)[1:]))
    assert max(shown) <= most + 0.01


async def test_a_bounce_is_no_flow_where_every_reading_is_shown(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    entry = await set_up(hass, broker, METER)
    form = await open_settings(hass, entry)
    await hass.config_entries.options.async_configure(
        form["flow_id"], {"power_interval": 0, "other_interval": 0}
    )
    await broker.settle()
    litres = 1000

    def speak(second: int) -> Iterator[tuple[str, str]]:
        nonlocal litres
        for flow in ([0.2, 4.9] if second == 30 else [0.2]) if second % 5 == 0 else []:
            litres += 1
            yield METER.topic(WATER, "counter"), reading(litres, "L")
            yield METER.topic(WATER, "gauge"), reading(flow, "L/s")

    writes = Writes(hass)
    await play(hass, broker, freezer, 60, speak)

    shown = list(map(float, writes.of(entity_of(hass, METER, WATER, "gauge").entity_id)))
    assert max(shown) <= 60 * 0.6
    assert shown[0] == shown[-1] == 12


async def test_a_flow_is_shown_where_the_counter_is_not_heard(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    """The bridge may forward gauges only; the counter's last value is from before."""
    await set_up(hass, broker, METER)
    await broker.publish(METER.topic(WATER, "counter"), reading(1000, "L"))

    def speak(_second: int) -> Iterator[tuple[str, str]]:
        yield METER.topic(WATER, "gauge"), reading(0.5, "L/s")

    await play(hass, broker, freezer, 90, speak)

    assert value_of(hass, METER, WATER, "gauge") == pytest.approx(30)


@pytest.mark.parametrize("rate", [0.5, 2, 7])
async def test_a_flow_that_begins_and_ends_is_shown_as_it_is(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory, rate: float
) -> None:
    """All of its pulses are counted, so that none of it is taken away."""
    await set_up(hass, broker, METER)
    power = rate * 0.5 * 3600
    writes = Writes(hass)
    pulses = 0

    def speak(second: int) -> Iterator[tuple[str, str]]:
        nonlocal pulses
        if not 10 <= second < 70:
            return
        while pulses < (second - 10) * rate:
            pulses += 1
            yield METER.topic(HEAT_PUMP, "counter"), reading(1000 + pulses / 2, "Wh")
            yield METER.topic(HEAT_PUMP, "gauge"), reading(power, "W")

    await play(hass, broker, freezer, 80, speak)

    shown = list(map(float, writes.of(entity_of(hass, METER, HEAT_PUMP, "gauge").entity_id)))
    assert shown[0] == power
    assert shown == sorted(set(shown), reverse=True)

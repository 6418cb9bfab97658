"""The flow of a pulse input, which ends without a message from the meter."""

from collections.abc import Iterator

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import STATE_UNKNOWN
from homeassistant.core import HomeAssistant
import pytest

from ..broker import Broker
from ..clock import Writes, pass_time, play, set_back
from ..home import entity_of, set_up, state_of, value_of
from ..meters import Meter, flm02, flm03, reading

WATER, HEAT_PUMP = 37, 39
#: The pulse inputs alone, so that no silent clamp makes them unavailable.
METER = flm03().changed(*range(1, 37), *range(40, 58), enable=0)


async def pulses_end(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory, meter: Meter
) -> None:
    """Set up a meter, and send a pulse of water every 4 s for a minute."""
    await set_up(hass, broker, meter)

    def speak(second: int) -> Iterator[tuple[str, str]]:
        if second % 4 == 0:
            yield meter.topic(WATER, "counter"), reading(1000 + second // 4, "L")
            yield meter.topic(WATER, "gauge"), reading(0.25, "L/s")

    await play(hass, broker, freezer, 60, speak)


async def test_while_pulses_come_the_flow_is_their_mean(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    await set_up(hass, broker, METER)

    def speak(second: int) -> Iterator[tuple[str, str]]:
        yield METER.topic(WATER, "gauge"), reading(0.2 if second % 2 else 0.4, "L/s")

    await play(hass, broker, freezer, 90, speak)

    assert value_of(hass, METER, WATER, "gauge") == pytest.approx(0.3 * 60)


async def test_the_flow_decays_though_the_hosts_clock_is_set_back(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    await pulses_end(hass, broker, freezer, METER)

    with set_back(hass, freezer, 7200):
        await pass_time(hass, freezer, 660)

    assert value_of(hass, METER, WATER, "gauge") == 0


@pytest.mark.parametrize(
    "meter", [METER, METER.with_port(4, constant=None)], ids=["constant", "steps of the counter"]
)
async def test_after_the_last_pulse_the_flow_decays_to_zero(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory, meter: Meter
) -> None:
    """It can't be more than the litre of one pulse in the time that has passed without one."""
    await pulses_end(hass, broker, freezer, meter)
    assert value_of(hass, meter, WATER, "gauge") == 15
    flows = []

    for waited in range(60, 661, 30):
        await pass_time(hass, freezer, 30)
        flows.append(value_of(hass, meter, WATER, "gauge"))
        assert flows[-1] <= 60 / (waited - 30) + 0.03

    assert flows == sorted(flows, reverse=True)
    assert len(set(flows)) > 8
    assert flows[-1] == 0


async def test_a_flow_below_the_resolution_is_zero(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    """A hundredth of a litre in more than 20 s is less than the meter can send."""
    meter = METER.with_port(4, constant=0.01)
    await pulses_end(hass, broker, freezer, meter)

    await pass_time(hass, freezer, 60)

    assert value_of(hass, meter, WATER, "gauge") == 0


async def test_a_flow_whose_pulses_have_no_known_size_ends_after_ten_minutes(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    meter = METER.with_port(4, constant=None)
    await set_up(hass, broker, meter)
    await broker.publish(meter.topic(WATER, "gauge"), reading(0.25, "L/s"))

    await pass_time(hass, freezer, 570, step=5)
    assert value_of(hass, meter, WATER, "gauge") == 15
    await pass_time(hass, freezer, 60, step=5)
    assert value_of(hass, meter, WATER, "gauge") == 0


async def test_the_power_of_pulses_decays_every_5_seconds(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    """A pulse is half a watt-hour: no more than 1800 W after a second, 180 W after ten."""
    await set_up(hass, broker, METER)
    await broker.publish(METER.topic(HEAT_PUMP, "gauge"), reading(1800, "W"))
    writes = Writes(hass)

    await pass_time(hass, freezer, 60)

    power = list(map(float, writes.of(entity_of(hass, METER, HEAT_PUMP, "gauge").entity_id)))
    assert power == sorted(power, reverse=True)
    assert len(power) == 12
    assert 1800 / 60 <= power[-1] <= 1800 / 55


async def test_a_flow_per_day_decays_as_well(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    """An FLM02 sends litres per day; one litre in four minutes is 360 of them."""
    meter = flm02().changed(1, 2, 5, 6, *range(7, 16), enable=0)
    await set_up(hass, broker, meter)
    await broker.publish(meter.topic(4, "gauge"), reading(2880, "L/day"))
    assert value_of(hass, meter, 4, "gauge") == 2

    await pass_time(hass, freezer, 240, step=5)

    assert value_of(hass, meter, 4, "gauge") == pytest.approx(1 / 4, abs=0.03)


@pytest.mark.parametrize(("age", "flow"), [(0, 2), (20, 2), (300, 1 / 5)])
async def test_a_retained_flow_has_decayed_in_its_first_state(
    hass: HomeAssistant,
    broker: Broker,
    freezer: FrozenDateTimeFactory,
    age: int,
    flow: float,
) -> None:
    meter = flm02().changed(1, 2, 5, 6, *range(7, 16), enable=0)
    await broker.publish(meter.topic(4, "gauge"), reading(2880, "L/day", age=age), retain=True)

    await set_up(hass, broker, meter)

    assert value_of(hass, meter, 4, "gauge") == pytest.approx(flow, abs=0.01)


async def test_a_repeated_old_message_does_not_restore_the_flow(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    await pulses_end(hass, broker, freezer, METER)
    old = reading(0.25, "L/s", age=60)
    await pass_time(hass, freezer, 700, step=5)

    await broker.publish(METER.topic(WATER, "gauge"), old)
    await pass_time(hass, freezer, 60, step=5)

    assert value_of(hass, METER, WATER, "gauge") == 0


async def test_where_no_pulse_comes_nothing_flows(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    """Home Assistant has just started, and can't know of the time before."""
    await set_up(hass, broker, METER)

    await pass_time(hass, freezer, 590, step=5)
    assert state_of(hass, METER, WATER, "gauge").state == STATE_UNKNOWN
    await pass_time(hass, freezer, 60, step=5)
    assert value_of(hass, METER, WATER, "gauge") == 0
    assert value_of(hass, METER, HEAT_PUMP, "gauge") == 0


async def test_after_an_outage_of_the_broker_a_flow_is_unknown_until_it_must_have_ended(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    await pulses_end(hass, broker, freezer, METER)
    await broker.lose_connection()
    await broker.restore_connection()
    assert state_of(hass, METER, WATER, "gauge").state == STATE_UNKNOWN

    await pass_time(hass, freezer, 590, step=5)
    assert state_of(hass, METER, WATER, "gauge").state == STATE_UNKNOWN
    await pass_time(hass, freezer, 60, step=5)
    assert value_of(hass, METER, WATER, "gauge") == 0

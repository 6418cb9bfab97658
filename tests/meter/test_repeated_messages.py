"""A broker that says again what it said: after a bridge reconnects, retained messages come
again, without the retain flag (docs/protocol.md section 9). Nothing of it is news.
"""

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
import pytest

from ..broker import Broker
from ..clock import Writes, pass_time, play
from ..home import entity_of, let_pass, set_up, state_of, value_of
from ..mains import clock, enable, flx_topic, state
from ..meters import flm02, flm03, kubes_alone, reading, three_clamps
from ..minutes import Home

DAY = 86_400
TEMPERATURE, HUMIDITY, MOVEMENT = 40, 41, 46
#: An FLM02's analog sensor, water, gas and P1 port.
MAIN, WATER, GAS, GRID = 1, 4, 5, 6
METER = flm02()
PULSES = METER.changed(MAIN, 2, GRID, *range(7, 16), enable=0)


async def test_a_kube_that_died_does_not_come_back_with_its_old_temperature(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    meter = kubes_alone()
    await set_up(hass, broker, meter)
    last = reading(21.5, "°C")
    await broker.publish(meter.topic(TEMPERATURE, "gauge"), last)
    await let_pass(hass, broker, freezer, 3 * DAY)
    assert state_of(hass, meter, TEMPERATURE, "gauge").state == STATE_UNAVAILABLE
    writes = Writes(hass)

    await broker.publish(meter.topic(TEMPERATURE, "gauge"), last)
    await let_pass(hass, broker, freezer, 30)

    assert state_of(hass, meter, TEMPERATURE, "gauge").state == STATE_UNAVAILABLE
    assert writes.of(entity_of(hass, meter, TEMPERATURE, "gauge").entity_id) == []


@pytest.mark.parametrize("age", [601, 3600, 3 * DAY])
@pytest.mark.parametrize("retain", [False, True], ids=["said again", "retained"])
async def test_after_a_restart_an_old_temperature_is_not_shown(
    hass: HomeAssistant,
    broker: Broker,
    freezer: FrozenDateTimeFactory,
    *,
    age: int,
    retain: bool,
) -> None:
    meter = kubes_alone()
    await set_up(hass, broker, meter)

    await broker.publish(
        meter.topic(TEMPERATURE, "gauge"), reading(21.5, "°C", age=age), retain=retain
    )
    assert state_of(hass, meter, TEMPERATURE, "gauge").state == STATE_UNKNOWN
    await let_pass(hass, broker, freezer, 5)
    await let_pass(hass, broker, freezer, 700)

    assert state_of(hass, meter, TEMPERATURE, "gauge").state == STATE_UNAVAILABLE


async def test_an_old_reading_that_was_never_heard_does_not_make_a_dead_kube_available(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    """The bridge was cut before the kube died, so that its last readings come only now."""
    meter = kubes_alone()
    entry = await set_up(hass, broker, meter)
    await broker.publish(meter.topic(TEMPERATURE, "gauge"), reading(21.5, "°C"))
    await let_pass(hass, broker, freezer, 5)
    await let_pass(hass, broker, freezer, DAY)

    await broker.publish(meter.topic(TEMPERATURE, "gauge"), reading(22.5, "°C", age=3600))
    await broker.publish(meter.topic(MOVEMENT, "counter"), reading(18, "", age=3500))
    await let_pass(hass, broker, freezer, 30)

    assert state_of(hass, meter, TEMPERATURE, "gauge").state == STATE_UNAVAILABLE
    assert state_of(hass, meter, MOVEMENT, "counter").state == STATE_UNAVAILABLE
    assert not entry.runtime_data.meter.online


async def test_a_late_reading_is_a_sign_of_life_of_its_own_time(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    meter = kubes_alone()
    await set_up(hass, broker, meter)
    await broker.publish(meter.topic(TEMPERATURE, "gauge"), reading(21.5, "°C", age=500))
    assert value_of(hass, meter, TEMPERATURE, "gauge") == 21.5

    await let_pass(hass, broker, freezer, 60)
    assert value_of(hass, meter, TEMPERATURE, "gauge") == 21.5
    await let_pass(hass, broker, freezer, 60)
    assert state_of(hass, meter, TEMPERATURE, "gauge").state == STATE_UNAVAILABLE


@pytest.mark.parametrize("gap", [20, 45])
async def test_repeated_readings_do_not_keep_a_silent_clamp_available(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory, gap: int
) -> None:
    await set_up(hass, broker, METER)
    last = reading(420, "W")
    await broker.publish(METER.topic(MAIN, "gauge"), last)

    for _ in range(90 // gap):
        await let_pass(hass, broker, freezer, gap)
        await broker.publish(METER.topic(MAIN, "gauge"), last)

    assert state_of(hass, METER, MAIN, "gauge").state == STATE_UNAVAILABLE


async def test_a_water_flow_of_three_hours_ago_does_not_flow_again(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    await set_up(hass, broker, PULSES)
    pulse = {
        PULSES.topic(WATER, "counter"): reading(1000, "L"),
        PULSES.topic(WATER, "gauge"): reading(86_400, "L/day"),
    }
    await broker.publish_all(pulse)
    await let_pass(hass, broker, freezer, 3 * 3600)
    await let_pass(hass, broker, freezer, 30)
    assert value_of(hass, PULSES, WATER, "gauge") == 0
    writes = Writes(hass)

    await broker.publish_all(pulse)
    await let_pass(hass, broker, freezer, 30)

    assert writes.of(entity_of(hass, PULSES, WATER, "gauge").entity_id) == []
    assert value_of(hass, PULSES, WATER, "counter") == 1000


async def test_after_a_restart_an_old_water_flow_is_not_shown(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    await set_up(hass, broker, PULSES)

    await broker.publish(PULSES.topic(WATER, "gauge"), reading(86_400, "L/day", age=3 * 3600))
    await let_pass(hass, broker, freezer, 30)

    assert state_of(hass, PULSES, WATER, "gauge").state == STATE_UNKNOWN


async def test_what_was_used_while_the_bridge_was_cut_is_counted(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    """An old counter that is newer than the last one heard tells what was used meanwhile."""
    await set_up(hass, broker, PULSES)
    await broker.publish(PULSES.topic(WATER, "counter"), reading(1000, "L"))
    await let_pass(hass, broker, freezer, 3 * 3600)

    await broker.publish(PULSES.topic(WATER, "counter"), reading(1040, "L", age=3600))
    await let_pass(hass, broker, freezer, 30)
    assert value_of(hass, PULSES, WATER, "counter") == 1040

    await broker.publish(PULSES.topic(WATER, "counter"), reading(1020, "L", age=2 * 3600))
    await let_pass(hass, broker, freezer, 30)
    assert value_of(hass, PULSES, WATER, "counter") == 1040


async def test_a_counter_at_rest_that_is_said_again_does_not_make_the_clock_look_wrong(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    entry = await set_up(hass, broker, PULSES)
    [channel] = [
        channel
        for channel in entry.runtime_data.meter.channels.values()
        if channel.topic == PULSES.topic(WATER, "counter")
    ]
    last = reading(1000, "L")
    await broker.publish(channel.topic, last)
    await let_pass(hass, broker, freezer, 7 * 3600)

    for payload in (last, reading(1001, "L", age=3600)):
        await broker.publish(channel.topic, payload)
        await let_pass(hass, broker, freezer, 30)
        assert channel.stats.reading is not None
        assert channel.stats.read_at == pytest.approx(channel.stats.reading.time, abs=1)


@pytest.mark.parametrize("restarted", [False, True])
async def test_old_movements_that_are_said_again_are_no_movement(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory, *, restarted: bool
) -> None:
    meter = kubes_alone()
    entry = await set_up(hass, broker, meter)
    old = []
    for count in (16, 17):
        old.append(reading(count, ""))
        await broker.publish(meter.topic(MOVEMENT, "counter"), old[-1])
        await broker.publish(meter.topic(TEMPERATURE, "gauge"), reading(21.5, "°C"))
        await let_pass(hass, broker, freezer, 60)
    if restarted:
        await hass.config_entries.async_reload(entry.entry_id)
        await broker.settle()
        await let_pass(hass, broker, freezer, 700)
    writes = Writes(hass)

    for _ in range(2):
        for payload in old:
            await broker.publish(meter.topic(MOVEMENT, "counter"), payload)
        await let_pass(hass, broker, freezer, 60)

    assert "on" not in writes.of(entity_of(hass, meter, MOVEMENT, "counter").entity_id)


async def test_a_time_that_is_said_again_changes_no_clock_offset(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    meter = flm03()
    entry = await set_up(hass, broker, meter)
    await enable(hass, broker, entry, "clock_offset")
    last = clock(ahead=1)
    await broker.publish(flx_topic(meter, "time"), last)
    await let_pass(hass, broker, freezer, 50)
    await broker.publish(flx_topic(meter, "time"), last)
    assert float(state(hass, meter, "clock_offset").state) == 1

    await let_pass(hass, broker, freezer, 3600)
    assert state(hass, meter, "clock_offset").state == STATE_UNAVAILABLE
    await broker.publish(flx_topic(meter, "time"), last)
    await broker.publish(flx_topic(meter, "time"), clock(ahead=-1800))
    assert state(hass, meter, "clock_offset").state == STATE_UNAVAILABLE


async def test_a_meter_that_has_been_silent_for_a_day_stays_reported_as_silent(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    home = Home(hass, broker, freezer)
    await set_up(hass, broker, METER)
    last = {topic: payload for topic, payload in METER.readings().items() if "/gauge" in topic}
    await broker.publish_all(last)
    await home.wait(1)
    await home.sleep(24 * 60)
    await home.wait(2)
    assert home.issues == ["silent"]

    await broker.publish_all(last)
    await home.wait(2)

    assert home.issues == ["silent"]


async def test_a_counter_at_rest_that_sends_every_second_is_live(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    """The same value with a time of its own is a reading like any other."""
    meter = three_clamps()
    await set_up(hass, broker, meter)

    for _ in range(30):
        await broker.publish(meter.topic(1, "counter"), reading(2_593_805.4, "Wh"))
        await let_pass(hass, broker, freezer, 5)

    assert value_of(hass, meter, 1, "counter") == 2593.8054


@pytest.mark.parametrize("ahead", [-7200, -90, 90, 7200])
async def test_a_meter_whose_clock_is_wrong_is_believed_after_seconds(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory, ahead: int
) -> None:
    meter = flm03()
    await set_up(hass, broker, meter)

    def speak(second: int) -> list[tuple[str, str]]:
        return [
            (meter.topic(1, "counter"), reading(2_593_805 + second, "Wh", age=-ahead)),
            (meter.topic(1, "gauge"), reading(3600, "W", age=-ahead)),
        ]

    await play(hass, broker, freezer, 10, speak)
    assert value_of(hass, meter, 1, "gauge") == 3600

    await play(hass, broker, freezer, 90, lambda second: speak(10 + second))
    assert value_of(hass, meter, 1, "gauge") == 3600
    assert value_of(hass, meter, 1, "counter") == pytest.approx(2593.890, abs=0.035)
    await broker.publish(meter.topic(TEMPERATURE, "gauge"), reading(21.5, "°C", age=-ahead))
    assert value_of(hass, meter, TEMPERATURE, "gauge") == 21.5


async def test_the_old_readings_of_a_meter_whose_clock_is_wrong_are_old_too(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    """Its clock is two hours ahead, so that what it measured an hour ago is dated in the future."""
    meter = flm03()
    await set_up(hass, broker, meter)
    await play(
        hass,
        broker,
        freezer,
        10,
        lambda _: [(meter.topic(1, "gauge"), reading(3600, "W", age=-7200))],
    )

    await broker.publish(meter.topic(TEMPERATURE, "gauge"), reading(21.5, "°C", age=-3600))

    assert state_of(hass, meter, TEMPERATURE, "gauge").state == STATE_UNKNOWN


@pytest.mark.parametrize("before", [7200, -7200])
async def test_a_clock_that_is_set_right_costs_seconds_at_most(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory, before: int
) -> None:
    meter = three_clamps()
    await set_up(hass, broker, meter)
    topic = meter.topic(1, "gauge")
    await play(hass, broker, freezer, 60, lambda _: [(topic, reading(1000, "W", age=-before))])
    writes = Writes(hass)

    await play(hass, broker, freezer, 45, lambda _: [(topic, reading(2000, "W"))])

    assert value_of(hass, meter, 1, "gauge") == 2000
    assert STATE_UNAVAILABLE not in writes.of(entity_of(hass, meter, 1, "gauge").entity_id)


async def test_a_meter_that_starts_in_1970_is_live_before_and_after_its_clock_is_set(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    meter = three_clamps()
    await set_up(hass, broker, meter)
    topic = meter.topic(1, "gauge")
    await play(hass, broker, freezer, 10, lambda second: [(topic, f'[{20 + second}, 1000, "W"]')])
    assert value_of(hass, meter, 1, "gauge") == 1000

    await play(hass, broker, freezer, 10, lambda _: [(topic, reading(2000, "W"))])

    assert value_of(hass, meter, 1, "gauge") == 2000


async def test_two_readings_of_one_second_are_both_counted(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    await set_up(hass, broker, METER)

    for value in (5000, 5001):
        await broker.publish(METER.topic(GRID, "counter"), reading(value, "Wh"))
    await let_pass(hass, broker, freezer, 30)

    assert value_of(hass, METER, GRID, "counter") == 5.001


async def test_readings_that_are_late_by_some_seconds_are_shown(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    """A weak wireless link: some seconds of silence, and then all of them at once."""
    meter = three_clamps()
    await set_up(hass, broker, meter)
    topic = meter.topic(1, "gauge")
    await broker.publish(topic, reading(1000, "W"))

    for _ in range(10):
        await pass_time(hass, freezer, 12)
        for age in range(12, 0, -1):
            broker.send(topic, reading(2000, "W", age=age))
        await broker.settle()

    await let_pass(hass, broker, freezer, 5)
    assert value_of(hass, meter, 1, "gauge") == 2000

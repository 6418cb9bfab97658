"""The clock of a meter: how far it is off, and that a meter without clamps is alive."""

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest

from ..broker import Broker
from ..home import let_pass, set_up, set_up_and_read, state_of
from ..mains import clock, enable, entity_id, flx_topic, state
from ..meters import Meter, flm02, flm03, three_clamps

OFFSET = "clock_offset"


async def set_up_with_clock(hass: HomeAssistant, broker: Broker, meter: Meter) -> None:
    """Set a meter up whose clock the user wants to see."""
    entry = await set_up(hass, broker, meter)
    await enable(hass, broker, entry, OFFSET)


async def test_the_offset_is_what_the_meters_clock_is_ahead(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    meter = flm03()
    await set_up_with_clock(hass, broker, meter)
    assert state(hass, meter, OFFSET).state == "unknown"

    await broker.publish(flx_topic(meter, "time"), clock(ahead=2.54))
    assert float(state(hass, meter, OFFSET).state) == 2.5
    assert state(hass, meter, OFFSET).attributes["unit_of_measurement"] == "s"

    freezer.tick(10)
    await broker.publish(flx_topic(meter, "time"), clock(ahead=-30))
    assert float(state(hass, meter, OFFSET).state) == 2.5
    freezer.tick(20)
    await broker.publish(flx_topic(meter, "time"), clock(ahead=-30))
    assert float(state(hass, meter, OFFSET).state) == -30


async def test_the_time_on_its_way_is_in_the_offset_and_less_than_a_tenth_of_a_second_is_not(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    meter = flm03()
    await set_up_with_clock(hass, broker, meter)

    for seconds, told in ((0.04, 0), (0.7, -0.7)):
        said = clock()
        freezer.tick(seconds)
        await broker.publish(flx_topic(meter, "time"), said)
        assert float(state(hass, meter, OFFSET).state) == told
        freezer.tick(30)


async def test_home_assistants_own_clock_may_be_set_back(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    meter = flm03()
    await set_up_with_clock(hass, broker, meter)
    await broker.publish(flx_topic(meter, "time"), clock(ahead=1))

    freezer.tick(-3600)
    await broker.publish(flx_topic(meter, "time"), clock(ahead=3600))

    assert float(state(hass, meter, OFFSET).state) == 3600


async def test_nothing_is_subscribed_to_until_the_user_wants_to_see_it(
    hass: HomeAssistant, broker: Broker
) -> None:
    meter = flm03()
    entry = await set_up(hass, broker, meter)
    assert entity_id(hass, meter, OFFSET)
    assert hass.states.get(entity_id(hass, meter, OFFSET)) is None
    assert flx_topic(meter, "time") not in broker.topics

    await enable(hass, broker, entry, OFFSET)
    assert flx_topic(meter, "time") in broker.topics
    await hass.config_entries.async_unload(entry.entry_id)
    await broker.settle()
    assert flx_topic(meter, "time") not in broker.topics


async def test_an_flm02_does_not_tell_the_time(hass: HomeAssistant, broker: Broker) -> None:
    meter = flm02()
    await set_up(hass, broker, meter)

    with pytest.raises(AssertionError):
        entity_id(hass, meter, OFFSET)


@pytest.mark.usefixtures("freezer")
async def test_what_is_no_time_or_an_old_one_changes_nothing(
    hass: HomeAssistant, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    meter = flm03()
    await set_up_with_clock(hass, broker, meter)
    await broker.publish(flx_topic(meter, "time"), clock(ahead=1))

    for payload in ("", "{flm:{time:[1,2]}}", b"\xff\x00", "[1, 2, 3]"):
        await broker.publish(flx_topic(meter, "time"), payload)

    assert float(state(hass, meter, OFFSET).state) == 1
    assert flx_topic(meter, "time") in caplog.text


async def test_a_retained_time_tells_nothing(hass: HomeAssistant, broker: Broker) -> None:
    meter = flm03()
    broker.retained[flx_topic(meter, "time")] = clock(ahead=-500)

    await set_up_with_clock(hass, broker, meter)

    assert state(hass, meter, OFFSET).state == "unknown"


async def test_a_clock_that_is_heard_no_more_becomes_unavailable_until_it_is(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    meter = flm03()
    await set_up_with_clock(hass, broker, meter)
    await broker.publish(flx_topic(meter, "time"), clock())

    await let_pass(hass, broker, freezer, 595)
    assert state(hass, meter, OFFSET).state != "unavailable"
    await let_pass(hass, broker, freezer, 10)
    assert state(hass, meter, OFFSET).state == "unavailable"

    await broker.publish(flx_topic(meter, "time"), clock(ahead=3))
    assert float(state(hass, meter, OFFSET).state) == 3

    await broker.lose_connection()
    assert state(hass, meter, OFFSET).state == "unavailable"
    await broker.restore_connection()
    assert float(state(hass, meter, OFFSET).state) == 3


def pulses_alone() -> Meter:
    """A meter with pulse inputs and nothing else."""
    return three_clamps().changed(*range(1, 37), enable=0).changed(37, 38, 39, enable=1)


async def tick(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory, meter: Meter, minutes: int
) -> None:
    """Let minutes pass in which the meter tells the time."""
    for _ in range(minutes):
        await broker.publish(flx_topic(meter, "time"), clock())
        await let_pass(hass, broker, freezer, 60)


async def test_the_clock_is_the_sign_of_life_of_a_meter_without_clamps(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    meter = pulses_alone()
    entry = await set_up_and_read(hass, broker, meter)
    assert flx_topic(meter, "time") not in broker.topics
    await let_pass(hass, broker, freezer, 65)
    assert flx_topic(meter, "time") in broker.topics

    await tick(hass, broker, freezer, meter, 15)
    assert state_of(hass, meter, 37, "counter").state != "unavailable"
    assert entry.runtime_data.meter.online
    await let_pass(hass, broker, freezer, 605)
    assert state_of(hass, meter, 37, "counter").state == "unavailable"
    assert not entry.runtime_data.meter.online

    await tick(hass, broker, freezer, meter, 1)
    assert state_of(hass, meter, 37, "counter").state != "unavailable"
    assert entry.runtime_data.meter.online


async def test_a_clock_that_is_seldom_heard_may_be_silent_for_longer(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    meter = pulses_alone()
    await set_up_and_read(hass, broker, meter)
    await let_pass(hass, broker, freezer, 65)
    for _ in range(2):
        await broker.publish(flx_topic(meter, "time"), clock())
        await let_pass(hass, broker, freezer, 3600)

    assert state_of(hass, meter, 37, "counter").state != "unavailable"
    await let_pass(hass, broker, freezer, 2 * 3600 + 10)
    assert state_of(hass, meter, 37, "counter").state == "unavailable"


async def test_a_meter_whose_clamps_speak_needs_no_other_sign_of_life(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    meter = pulses_alone()
    await set_up_and_read(hass, broker, meter)
    await let_pass(hass, broker, freezer, 65)

    await broker.publish(*meter.changed(1, enable=1).sensor_report)
    await let_pass(hass, broker, freezer, 65)

    assert flx_topic(meter, "time") not in broker.topics


async def test_the_clock_does_not_speak_for_clamps_that_are_silent(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    meter = flm03()
    entry = await set_up_and_read(hass, broker, meter)
    await enable(hass, broker, entry, OFFSET)
    await broker.publish_all(meter.readings())

    await tick(hass, broker, freezer, meter, 3)

    assert state_of(hass, meter, 37, "counter").state == "unavailable"
    assert float(state(hass, meter, OFFSET).state) == 0

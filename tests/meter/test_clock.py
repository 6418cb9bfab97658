"""The clock of a meter: its offset, and the availability of a meter without clamps."""

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest

from ..broker import Broker
from ..home import let_pass, set_up, set_up_and_read, state_of
from ..mains import clock, enable, entity_id, flx_topic, state
from ..meters import Meter, flm02, flm03, three_clamps

OFFSET = "clock_offset"


async def set_up_with_clock(hass: HomeAssistant, broker: Broker, meter: Meter) -> None:
    """Set up a meter with its clock offset enabled."""
    entry = await set_up(hass, broker, meter)
    await enable(hass, broker, entry, OFFSET)


async def test_the_offset_is_how_far_the_meters_clock_is_ahead(
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


async def test_the_offset_includes_the_transfer_time_and_has_one_decimal(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    meter = flm03()
    await set_up_with_clock(hass, broker, meter)

    for seconds, offset in ((0.04, 0), (0.7, -0.7)):
        payload = clock()
        freezer.tick(seconds)
        await broker.publish(flx_topic(meter, "time"), payload)
        assert float(state(hass, meter, OFFSET).state) == offset
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


async def test_nothing_is_subscribed_to_until_the_entity_is_enabled(
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


async def test_an_flm02_has_no_clock_offset(hass: HomeAssistant, broker: Broker) -> None:
    meter = flm02()
    await set_up(hass, broker, meter)

    with pytest.raises(AssertionError):
        entity_id(hass, meter, OFFSET)


@pytest.mark.usefixtures("freezer")
async def test_a_broken_time_changes_nothing(
    hass: HomeAssistant, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    meter = flm03()
    await set_up_with_clock(hass, broker, meter)
    await broker.publish(flx_topic(meter, "time"), clock(ahead=1))

    for payload in ("", "{flm:{time:[1,2]}}", b"\xff\x00", "[1, 2, 3]"):
        await broker.publish(flx_topic(meter, "time"), payload)

    assert float(state(hass, meter, OFFSET).state) == 1
    warning = "Ignoring a message on /device/f10300…/flx/time: flx/time: not a time message"
    assert caplog.text.count(warning) == 1


async def test_a_retained_time_is_ignored(hass: HomeAssistant, broker: Broker) -> None:
    meter = flm03()
    broker.retained[flx_topic(meter, "time")] = clock(ahead=-500)

    await set_up_with_clock(hass, broker, meter)

    assert state(hass, meter, OFFSET).state == "unknown"


async def test_a_silent_clock_is_unavailable_until_its_next_message(
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
    """Let minutes pass in which the meter sends the time."""
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


async def test_a_clock_that_sends_seldom_may_be_silent_for_longer(
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


async def test_the_clock_is_not_subscribed_to_where_there_are_clamps(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    meter = pulses_alone()
    await set_up_and_read(hass, broker, meter)
    await let_pass(hass, broker, freezer, 65)

    await broker.publish(*meter.changed(1, enable=1).sensor_report)
    await let_pass(hass, broker, freezer, 65)

    assert flx_topic(meter, "time") not in broker.topics


async def test_the_clock_does_not_keep_silent_clamps_available(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    meter = flm03()
    entry = await set_up_and_read(hass, broker, meter)
    await enable(hass, broker, entry, OFFSET)
    await broker.publish_all(meter.readings())

    await tick(hass, broker, freezer, meter, 3)

    assert state_of(hass, meter, 37, "counter").state == "unavailable"
    assert float(state(hass, meter, OFFSET).state) == 0

"""The doctor on the meter's clock: told of when it is far off for an hour, until it is right."""

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest

from ..broker import Broker
from ..home import set_up
from ..mains import clock, flx_topic
from ..meters import Meter, reading, three_clamps
from ..minutes import Home


@pytest.fixture
def meter() -> Meter:
    """A meter that speaks every second."""
    return three_clamps()


@pytest.fixture
def home(hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory) -> Home:
    """Home Assistant over the minutes."""
    return Home(hass, broker, freezer)


async def wait(home: Home, meter: Meter, minutes: int, ahead: int) -> None:
    """Let minutes pass in which the meter tells its power, with its own time."""
    for _ in range(minutes):
        await home.broker.publish(meter.topic(1, "gauge"), reading(100, "W", age=-ahead))
        await home.wait(1)


@pytest.mark.parametrize(("ahead", "told"), [(400, "+0:07"), (-7200, "−2:00"), (301, "+0:05")])
async def test_a_clock_that_is_off_for_an_hour_is_told_of_until_it_is_right(
    hass: HomeAssistant, broker: Broker, home: Home, meter: Meter, *, ahead: int, told: str
) -> None:
    await set_up(hass, broker, meter, "Upstairs")

    await wait(home, meter, 59, ahead)
    assert home.issues == []
    await wait(home, meter, 2, ahead)
    assert home.issues == ["clock_wrong"]
    assert home.told["name"] == "Upstairs"
    assert home.told["ahead"] == told

    await wait(home, meter, 2, 0)
    assert home.issues == []


async def test_a_clock_that_is_a_little_off_is_no_fault(
    hass: HomeAssistant, broker: Broker, home: Home, meter: Meter
) -> None:
    await set_up(hass, broker, meter)

    await wait(home, meter, 70, 295)
    await wait(home, meter, 70, -295)

    assert home.issues == []


async def test_an_hour_is_counted_anew_when_the_clock_was_right_between(
    hass: HomeAssistant, broker: Broker, home: Home, meter: Meter
) -> None:
    await set_up(hass, broker, meter)

    await wait(home, meter, 50, 3600)
    await wait(home, meter, 2, 0)
    await wait(home, meter, 50, 3600)

    assert home.issues == []


async def test_silence_neither_proves_nor_cures_it(
    hass: HomeAssistant, broker: Broker, home: Home, meter: Meter
) -> None:
    await set_up(hass, broker, meter)
    await wait(home, meter, 30, 3600)
    await home.wait(60)
    assert home.issues == []

    await wait(home, meter, 31, 3600)
    assert home.issues == ["clock_wrong"]
    await home.wait(60)
    assert home.issues == ["clock_wrong"]


async def test_the_time_that_the_meter_tells_counts_where_no_clamp_speaks(
    hass: HomeAssistant, broker: Broker, home: Home, meter: Meter
) -> None:
    meter = meter.changed(*range(1, 37), enable=0).changed(37, enable=1)
    await set_up(hass, broker, meter)

    for _ in range(62):
        await broker.publish(flx_topic(meter, "time"), clock(ahead=-600))
        await home.wait(1)

    assert home.issues == ["clock_wrong"]
    assert home.told["ahead"] == "−0:10"


async def test_a_meter_without_clamps_that_is_switched_off_is_told_of_after_a_day(
    hass: HomeAssistant, broker: Broker, home: Home, meter: Meter
) -> None:
    meter = meter.changed(*range(1, 37), enable=0).changed(37, enable=1)
    await set_up(hass, broker, meter)
    for _ in range(5):
        await home.wait(1)
        await broker.publish(flx_topic(meter, "time"), clock())

    await home.sleep(24 * 60 - 5)
    assert home.issues == []
    await home.sleep(10)

    assert home.issues == ["silent"]

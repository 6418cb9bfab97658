"""The issue about a meter's clock that is far off for an hour."""

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
    """Return a meter that sends every second."""
    return three_clamps()


@pytest.fixture
def home(hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory) -> Home:
    """Return Home Assistant with simulated minutes."""
    return Home(hass, broker, freezer)


async def wait(home: Home, meter: Meter, minutes: int, ahead: int) -> None:
    """Let minutes pass in which the meter sends its power, with its own time."""
    for _ in range(minutes):
        await home.broker.publish(meter.topic(1, "gauge"), reading(100, "W", age=-ahead))
        await home.wait(1)


@pytest.mark.parametrize(("ahead", "displayed"), [(400, "+0:07"), (-7200, "−2:00"), (301, "+0:05")])
async def test_a_clock_that_is_off_for_an_hour_has_an_issue_until_it_is_right(
    hass: HomeAssistant, broker: Broker, home: Home, meter: Meter, *, ahead: int, displayed: str
) -> None:
    await set_up(hass, broker, meter, "Upstairs")

    await wait(home, meter, 59, ahead)
    assert home.issues == []
    await wait(home, meter, 2, ahead)
    assert home.issues == ["clock_wrong"]
    assert home.told["name"] == "Upstairs"
    assert home.told["ahead"] == displayed

    await wait(home, meter, 2, 0)
    assert home.issues == []


async def test_a_clock_that_is_slightly_off_has_no_issue(
    hass: HomeAssistant, broker: Broker, home: Home, meter: Meter
) -> None:
    await set_up(hass, broker, meter)

    await wait(home, meter, 70, 295)
    await wait(home, meter, 70, -295)

    assert home.issues == []


async def test_the_hour_is_reset_when_the_clock_was_right_in_between(
    hass: HomeAssistant, broker: Broker, home: Home, meter: Meter
) -> None:
    await set_up(hass, broker, meter)

    await wait(home, meter, 50, 3600)
    await wait(home, meter, 2, 0)
    await wait(home, meter, 50, 3600)

    assert home.issues == []


async def test_silence_neither_creates_nor_deletes_the_issue(
    hass: HomeAssistant, broker: Broker, home: Home, meter: Meter
) -> None:
    await set_up(hass, broker, meter)
    await wait(home, meter, 30, 3600)
    await home.wait(50)
    assert home.issues == []

    await wait(home, meter, 31, 3600)
    assert home.issues == ["clock_wrong"]
    await home.wait(50)
    assert home.issues == ["clock_wrong"]


async def test_the_time_topic_is_used_for_a_meter_without_clamps(
    hass: HomeAssistant, broker: Broker, home: Home, meter: Meter
) -> None:
    meter = meter.changed(*range(1, 37), enable=0).changed(37, enable=1)
    await set_up(hass, broker, meter)

    for _ in range(62):
        await broker.publish(flx_topic(meter, "time"), clock(ahead=-600))
        await home.wait(1)

    assert home.issues == ["clock_wrong"]
    assert home.told["ahead"] == "−0:10"


async def test_a_meter_without_clamps_that_is_switched_off_has_an_issue_after_an_hour(
    hass: HomeAssistant, broker: Broker, home: Home, meter: Meter
) -> None:
    meter = meter.changed(*range(1, 37), enable=0).changed(37, enable=1)
    await set_up(hass, broker, meter)
    for _ in range(5):
        await home.wait(1)
        await broker.publish(flx_topic(meter, "time"), clock())

    await home.sleep(60 - 5)
    assert home.issues == []
    await home.sleep(10)

    assert home.issues == ["silent"]

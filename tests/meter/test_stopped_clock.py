"""A meter whose clock stands still or is slow: what it counts is shown, and the user is told."""

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest

from ..broker import Broker
from ..clock import play
from ..home import let_pass, set_up, state_of, value_of
from ..meters import Meter, flm03, reading, three_clamps
from ..minutes import Home

POWER, WATER = 1, 37


class Slow:
    """The messages of a clamp and a water meter whose clock has a pace of its own."""

    def __init__(self, meter: Meter, pace: float) -> None:
        self._meter = meter
        self.pace = pace
        self.seconds = 0

    def speak(self, _: int) -> list[tuple[str, str]]:
        """What is sent in the next second: 3600 W, and a litre now and then."""
        self.seconds += 1
        age = int(self.seconds * (1 - self.pace))
        sent = [
            (self._meter.topic(POWER, "counter"), reading(2_593_805 + self.seconds, "Wh", age=age)),
            (self._meter.topic(POWER, "gauge"), reading(3600, "W", age=age)),
        ]
        if self.seconds % 20 == 0:
            litres = reading(1000 + self.seconds // 20, "L", age=age)
            sent.append((self._meter.topic(WATER, "counter"), litres))
        return sent


@pytest.mark.parametrize("pace", [0, 0.4])
async def test_what_is_counted_while_the_clock_is_wrong_is_shown_and_an_issue_tells_of_it(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory, pace: float
) -> None:
    meter, home = flm03(), Home(hass, broker, freezer)
    await set_up(hass, broker, meter, "Upstairs")
    slow = Slow(meter, pace)

    await play(hass, broker, freezer, 330, slow.speak)

    assert value_of(hass, meter, POWER, "counter") == pytest.approx(2593.805 + 0.33, abs=0.035)
    assert value_of(hass, meter, POWER, "gauge") == 3600
    assert value_of(hass, meter, WATER, "counter") == pytest.approx(1016, abs=2)
    assert home.issues == ["clock_stopped"]
    assert home.told["name"] == "Upstairs"

    slow.pace = 1
    await play(hass, broker, freezer, 90, slow.speak)
    assert home.issues == []


async def test_a_counter_at_rest_stays_available_while_the_clock_stands_still(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    meter = three_clamps()
    await set_up(hass, broker, meter)
    slow, second = Slow(meter, 0), 13

    def speak(now: int) -> list[tuple[str, str]]:
        return [*slow.speak(now), (meter.topic(second, "counter"), reading(77, "Wh", age=now + 1))]

    await play(hass, broker, freezer, 260, speak)

    assert value_of(hass, meter, second, "counter") == 0.077


async def test_the_issue_stays_while_the_meter_is_silent(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    meter, home = three_clamps(), Home(hass, broker, freezer)
    await set_up(hass, broker, meter)
    await play(hass, broker, freezer, 330, Slow(meter, 0).speak)
    assert home.issues == ["clock_stopped"]

    await let_pass(hass, broker, freezer, 3600)
    await home.wait(2)

    assert state_of(hass, meter, POWER, "gauge").state == "unavailable"
    assert home.issues == ["clock_stopped", "silent"]

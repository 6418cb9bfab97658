"""Counters that stand still because nothing that arrives is possible."""

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.flukso.const import DOMAIN

from ..broker import Broker
from ..home import set_up, value_of
from ..meters import Meter, flm03, reading
from ..minutes import Home

IMPORT = 1


@pytest.fixture
def meter() -> Meter:
    """Return a meter with clamps of 50 A."""
    return flm03()


@pytest.fixture
def home(hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory) -> Home:
    """Return Home Assistant with simulated minutes."""
    return Home(hass, broker, freezer)


async def count(home: Home, meter: Meter, start: float, step: float, *, minutes: int) -> None:
    """Let a counter count in steps of ten seconds."""
    topic = meter.topic(IMPORT, "counter")
    for place in range(minutes * 6):
        home.freezer.tick(10)
        await home.broker.publish(topic, reading(round(start + place * step, 3), "Wh"))
        async_fire_time_changed(home.hass)
        await home.broker.settle()


@pytest.mark.parametrize("step", [-1, 1e6], ids=["falls all the time", "rises impossibly fast"])
async def test_a_counter_that_stands_still_because_it_sends_nonsense_has_an_issue(
    hass: HomeAssistant, broker: Broker, home: Home, meter: Meter, step: float
) -> None:
    await set_up(hass, broker, meter)
    await count(home, meter, 2_600_000, 1, minutes=1)

    await count(home, meter, 2_500_000, step, minutes=3)
    assert home.issues == []
    await count(home, meter, 2_500_000 + 18 * step, step, minutes=1)

    assert home.issues == ["counter_stuck"]
    assert value_of(hass, meter, IMPORT, "counter") == pytest.approx(2600.005)
    name = "main (port 1) Active energy import"
    entity_id = "sensor.fluksometer_main_port_1_active_energy_import"
    assert home.told["counters"] == f"- {name} ({entity_id})"

    await count(home, meter, 2_600_010, 1, minutes=2)
    assert home.issues == []
    assert value_of(hass, meter, IMPORT, "counter") > 2600.01


async def test_an_ignored_issue_of_a_counter_is_ignored_after_a_reload(
    hass: HomeAssistant, broker: Broker, home: Home, meter: Meter
) -> None:
    entry = await set_up(hass, broker, meter)
    await count(home, meter, 2_600_000, 1, minutes=1)
    await count(home, meter, 2_500_000, -1, minutes=4)
    issue_id = f"counter_stuck_{entry.entry_id}"
    ir.async_ignore_issue(hass, DOMAIN, issue_id, ignore=True)

    await home.restart(entry)
    await count(home, meter, 2_400_000, -1, minutes=8)

    issue = ir.async_get(hass).async_get_issue(DOMAIN, issue_id)
    assert issue is not None
    assert issue.dismissed_version is not None

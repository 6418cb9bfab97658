"""Checking an installation where something gives power: what flows back then is no fault."""

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest

from ..broker import Broker
from ..checks import METER, check, keys, says
from ..home import let_pass, set_up
from ..meters import Meter, reading

pytestmark = pytest.mark.usefixtures("freezer")


@pytest.mark.parametrize(
    ("solar", "found"),
    [
        ({"pplus": 0, "pminus": 1500}, []),
        ({"pplus": 1500}, []),
        ({"pplus": 1, "irms": 0.1}, ["reversed"]),
        (None, []),
    ],
)
async def test_the_grid_may_be_fed_while_the_sun_shines(
    hass: HomeAssistant,
    broker: Broker,
    freezer: FrozenDateTimeFactory,
    solar: dict[str, float] | None,
    found: list[str],
) -> None:
    entry = await set_up(hass, broker, METER)
    said = says(METER, 1, pplus=0, pminus=800)
    said |= {} if solar is None else says(METER, 3, **solar)

    assert keys((await check(hass, broker, freezer, entry, said))["grid"]) == found


def with_solar_pulses() -> Meter:
    """A meter with a pulse input that counts solar energy, 1 Wh a pulse."""
    meter = METER.with_port(3, name="oven").with_port(6, name="PV roof", constant=1)
    return meter.changed(39, enable=1)


async def test_the_grid_may_be_fed_where_a_pulse_input_counts_solar_energy(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    meter = with_solar_pulses()
    entry = await set_up(hass, broker, meter)
    await broker.publish(meter.topic(39, "gauge"), reading(2400, "W"))

    found = await check(hass, broker, freezer, entry, says(meter, 1, pplus=0, pminus=800))

    assert found["grid"] == []


async def test_at_night_no_solar_energy_is_counted_that_could_feed_the_grid(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    meter = with_solar_pulses()
    entry = await set_up(hass, broker, meter)
    said = says(meter, 1, pplus=0, pminus=800)
    assert (await check(hass, broker, freezer, entry, said))["grid"] == []

    for _ in range(10):
        await broker.publish_all(said)
        await let_pass(hass, broker, freezer, 60)

    assert keys((await check(hass, broker, freezer, entry, said))["grid"]) == ["reversed"]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        *((name, []) for name in ("Zonnepanelen", "pv1", "PV_dak", "panneaux sud", "Fotovoltaik")),
        *((name, []) for name in ("home battery", "thuisbatterij", "Wechselrichter", "WKK")),
        *((name, ["reversed"]) for name in ("kitchen", "zone 2", "main panel", "window", "123")),
        ("accumulatie", ["reversed"]),
    ],
)
async def test_what_gives_power_is_known_by_its_name(
    hass: HomeAssistant,
    broker: Broker,
    freezer: FrozenDateTimeFactory,
    name: str,
    found: list[str],
) -> None:
    meter = METER.with_port(2, name=name).with_port(3, name="oven")
    entry = await set_up(hass, broker, meter)

    told = await check(hass, broker, freezer, entry, says(meter, 2, pplus=0, pminus=800))

    assert keys(told[name]) == found


async def test_the_grid_may_be_fed_by_a_battery_of_which_no_sensor_is_enabled(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    meter = METER.with_port(3, name="battery").changed(*range(25, 37), enable=0)
    entry = await set_up(hass, broker, meter)

    found = await check(hass, broker, freezer, entry, says(meter, 1, pplus=0, pminus=800))

    assert found["grid"] == []


@pytest.mark.parametrize("grid", [{"pminus": 400}, {"pplus": 200}, {"pminus": 3000}])
async def test_at_noon_the_phase_of_an_inverter_is_on_its_phase_whatever_remains_of_it(
    hass: HomeAssistant,
    broker: Broker,
    freezer: FrozenDateTimeFactory,
    grid: dict[str, float],
) -> None:
    """What the house takes is nearly what the sun gives, and reactive power remains."""
    entry = await set_up(hass, broker, METER)
    said = says(METER, 1, **({"pplus": 0, "q1": 700} | grid), irms=5)
    said |= says(METER, 3, pplus=0, pminus=3000, q2=50, irms=13)

    found = await check(hass, broker, freezer, entry, said)

    assert found["grid"] == found["solar"] == []

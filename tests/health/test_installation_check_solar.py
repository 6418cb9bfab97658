"""The check of an installation with a source of power, of which some flows back to the grid."""

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from ..broker import Broker
from ..checks import METER, check, keys, says
from ..home import let_pass
from ..meters import Meter, reading
from ..supplies import set_up_with

pytestmark = pytest.mark.usefixtures("freezer")


async def set_up_with_source(
    hass: HomeAssistant, broker: Broker, meter: Meter, *ports: int
) -> MockConfigEntry:
    """Set a meter up whose ports of the production the user has chosen."""
    return await set_up_with(hass, broker, meter, production_ports=list(ports))


@pytest.mark.parametrize(
    ("solar", "found"),
    [
        ({"pplus": 0, "pminus": 1500}, []),
        ({"pplus": 1500}, []),
        ({"pplus": 1, "irms": 0.1}, ["reversed"]),
        (None, []),
    ],
)
async def test_power_may_flow_back_while_the_sun_shines(
    hass: HomeAssistant,
    broker: Broker,
    freezer: FrozenDateTimeFactory,
    solar: dict[str, float] | None,
    found: list[str],
) -> None:
    entry = await set_up_with_source(hass, broker, METER, 3)
    messages = says(METER, 1, pplus=0, pminus=800)
    messages |= {} if solar is None else says(METER, 3, **solar)

    assert keys((await check(hass, broker, freezer, entry, messages))["grid"]) == found


def with_solar_pulses() -> Meter:
    """A meter with a pulse input that counts solar energy, 1 Wh a pulse."""
    meter = METER.with_port(3, name="oven").with_port(6, name="PV roof", constant=1)
    return meter.changed(39, enable=1)


async def test_power_may_flow_back_while_a_pulse_input_counts_solar_energy(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    meter = with_solar_pulses()
    entry = await set_up_with_source(hass, broker, meter, 6)
    await broker.publish(meter.topic(39, "gauge"), reading(2400, "W"))

    found = await check(hass, broker, freezer, entry, says(meter, 1, pplus=0, pminus=800))

    assert found["grid"] == []


async def test_power_may_not_flow_back_while_a_pulse_input_counts_no_solar_energy(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    meter = with_solar_pulses()
    entry = await set_up_with_source(hass, broker, meter, 6)
    messages = says(meter, 1, pplus=0, pminus=800)
    assert (await check(hass, broker, freezer, entry, messages))["grid"] == []

    for _ in range(10):
        await broker.publish_all(says(meter, 1, pplus=0, pminus=800))
        await let_pass(hass, broker, freezer, 60)

    messages = says(meter, 1, pplus=0, pminus=800)
    assert keys((await check(hass, broker, freezer, entry, messages))["grid"]) == ["reversed"]


@pytest.mark.parametrize("name", ["Zonnepanelen", "kitchen"])
@pytest.mark.parametrize(("ports", "found"), [((2,), []), ((), ["reversed"]), ((3,), ["reversed"])])
async def test_a_source_is_what_the_user_says_whatever_its_name(
    hass: HomeAssistant,
    broker: Broker,
    freezer: FrozenDateTimeFactory,
    *,
    name: str,
    ports: tuple[int, ...],
    found: list[str],
) -> None:
    meter = METER.with_port(2, name=name).with_port(3, name="PV roof")
    entry = await set_up_with_source(hass, broker, meter, *ports)
    messages = says(meter, 2, pplus=0, pminus=800) | says(meter, 3, pplus=0, irms=0)

    findings = await check(hass, broker, freezer, entry, messages)

    assert keys(findings[name]) == found


async def test_power_may_flow_back_from_a_battery_without_enabled_sensors(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    meter = METER.with_port(3, name="battery").changed(*range(25, 37), enable=0)
    entry = await set_up_with_source(hass, broker, meter, 3)

    found = await check(hass, broker, freezer, entry, says(meter, 1, pplus=0, pminus=800))

    assert found["grid"] == []


@pytest.mark.parametrize("grid", [{"pminus": 400}, {"pplus": 200}, {"pminus": 3000}])
async def test_the_phase_of_an_inverter_is_not_a_wrong_phase_whatever_power_remains(
    hass: HomeAssistant,
    broker: Broker,
    freezer: FrozenDateTimeFactory,
    grid: dict[str, float],
) -> None:
    """The house consumes nearly all solar power, so mostly reactive power remains."""
    entry = await set_up_with_source(hass, broker, METER, 3)
    messages = says(METER, 1, **({"pplus": 0, "q1": 700} | grid), irms=5)
    messages |= says(METER, 3, pplus=0, pminus=3000, q2=50, irms=13)

    found = await check(hass, broker, freezer, entry, messages)

    assert found["grid"] == found["solar"] == []

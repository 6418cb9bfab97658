"""Ten seconds at a meter's clamps: what is found, in words and figures, and what is not."""

import asyncio
from datetime import timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.flukso.const import DOMAIN

from .broker import Broker
from .home import let_pass, set_up
from .mains import cycle, flx_topic, waveform
from .meters import Meter, flm02, reading, three_clamps
from .supplies import slot, wired

pytestmark = pytest.mark.usefixtures("freezer")
METER = three_clamps().with_port(1, name="grid").with_port(2, name="kitchen")
UNITS = {
    "pplus": "W",
    "pminus": "W",
    "q1": "VAR",
    "q2": "VAR",
    "q3": "VAR",
    "q4": "VAR",
    "vrms": "V",
    "irms": "A",
    "pf": "",
    "vthd": "",
    "ithd": "",
}
GAUGES = tuple(UNITS)
WELL = {"pplus": 1000, "vrms": 230, "irms": 4.4, "pf": 0.98, "vthd": 0.02, "ithd": 0.1}


def says(meter: Meter, port: int, **figures: float) -> dict[str, str]:
    """A second of a clamp that is well but for some figures."""
    values = dict.fromkeys(GAUGES, 0.0) | WELL | figures
    return {
        meter.topic(12 * (port - 1) + 1 + GAUGES.index(what), "gauge"): reading(value, unit)
        for (what, unit), value in zip(UNITS.items(), values.values(), strict=True)
    }


async def check(
    hass: HomeAssistant,
    broker: Broker,
    freezer: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    said: dict[str, str],
) -> dict[str, list[dict[str, Any]]]:
    """What is found, by the name of the port, while the meter says this every second."""
    call = hass.services.async_call(
        DOMAIN,
        "check_installation",
        {"config_entry_id": entry.entry_id},
        blocking=True,
        return_response=True,
    )
    answered = hass.async_create_background_task(call, "check")
    await broker.settle()
    for _ in range(11):
        await broker.publish_all(said)
        freezer.tick(timedelta(seconds=1))
        async_fire_time_changed(hass)
        await asyncio.sleep(0)
    answer: Any = await answered
    await broker.settle()
    return {clamp["name"]: clamp["findings"] for clamp in answer["clamps"]}


def keys(findings: list[dict[str, Any]]) -> list[str]:
    """What was found."""
    return [each["finding"] for each in findings]


async def test_an_installation_that_is_well_has_no_findings(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    entry = await set_up(hass, broker, METER)
    said = says(METER, 1) | says(METER, 2) | says(METER, 3, pplus=0, pminus=2000)

    found = await check(hass, broker, freezer, entry, said)

    assert found == {"grid": [], "kitchen": [], "solar": []}


async def test_what_is_wrong_is_told_in_words_with_the_figures(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    entry = await set_up(hass, broker, METER)
    said = (
        says(METER, 1, pplus=0, pminus=800, q2=30, vrms=260)
        | says(METER, 2, pplus=500, q1=866, irms=60)
        | says(METER, 3, pplus=0, irms=0.01)
    )

    found = await check(hass, broker, freezer, entry, said)

    assert keys(found["grid"]) == ["voltage_out_of_range", "reversed"]
    assert keys(found["kitchen"]) == ["above_rating", "wrong_phase"]
    assert keys(found["solar"]) == ["nothing_connected"]
    voltage, back = found["grid"]
    assert voltage["figures"] == {"voltage": 260, "lowest": 207, "highest": 253}
    assert "260.0 V" in voltage["text"]
    assert back["figures"] == {"angle": 177.9, "active_power": -800, "reactive_power": 30}
    assert back["text"].startswith("Power flows back through grid")
    above, phase = found["kitchen"]
    assert above["figures"] == {"current": 60, "rating": 50}
    assert phase["figures"]["angle"] == 60


async def test_it_is_told_in_the_language_of_the_house(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    hass.config.language = "nl"
    entry = await set_up(hass, broker, METER)

    found = await check(hass, broker, freezer, entry, says(METER, 1, irms=0))

    assert "meet 0.0 A" in found["grid"][0]["text"]
    assert "kitchen" in found["kitchen"][0]["text"]
    assert keys(found["kitchen"]) == ["not_heard"]


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


async def test_a_house_at_standby_is_on_its_phase(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    entry = await set_up(hass, broker, METER)
    said = says(METER, 1, pplus=110, q4=190, irms=0.95) | says(METER, 3, pplus=2, q4=90, irms=0.4)

    found = await check(hass, broker, freezer, entry, said)

    assert found["grid"] == found["solar"] == []


async def test_a_retained_reading_tells_nothing_of_these_seconds(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    await broker.publish(METER.topic(11, "gauge"), reading(0.9, ""), retain=True)
    await broker.publish(METER.topic(7, "gauge"), reading(300, "V"), retain=True)
    entry = await set_up(hass, broker, METER)

    found = await check(hass, broker, freezer, entry, {})

    assert keys(found["grid"]) == ["not_heard"]


async def test_a_sum_that_the_meter_forms_tells_nothing_of_its_clamp(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    meter = wired(METER.with_port(3, name="oven"), "3p+n", "p1+p2+p3")
    entry = await set_up(hass, broker, meter)

    found = await check(hass, broker, freezer, entry, says(meter, 1, pplus=0, pminus=800))

    assert found["grid"] == []


async def test_without_a_neutral_voltage_and_angle_are_others(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    meter = wired(METER, "3p-n")
    entry = await set_up(hass, broker, meter)
    said = says(meter, 1, pplus=900, q1=1400, vrms=133) | says(meter, 2, vrms=230)

    found = await check(hass, broker, freezer, entry, said)

    assert found["grid"] == []
    assert keys(found["kitchen"]) == ["voltage_out_of_range"]


async def test_where_the_meter_measures_no_power_the_waveform_tells_the_phase(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    meter = METER.changed(*(slot(1, what) for what in ("pplus", "q1")), 11, enable=0)
    meter = meter.with_port(3, name="oven")
    entry = await set_up(hass, broker, meter)
    said = says(meter, 1) | {
        flx_topic(meter, "voltage/1"): waveform(cycle(230), "mV"),
        flx_topic(meter, "current/1"): waveform(cycle(5, degrees=120, harmonics={3: 0.1}), "mA"),
    }

    found = await check(hass, broker, freezer, entry, said)

    [finding] = found["grid"]
    assert finding["finding"] == "wrong_phase"
    assert finding["figures"] == {"angle": 120, "distortion": pytest.approx(10, abs=0.1)}


async def test_it_listens_to_what_is_disabled_and_lets_go_of_it(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    entry = await set_up(hass, broker, METER)
    before = set(broker.topics)
    distortion = METER.topic(11, "gauge")
    assert distortion not in before

    said = says(METER, 1, pplus=500, q1=866)
    found = await check(hass, broker, freezer, entry, said | {distortion: reading(0.8, "")})

    assert found["grid"] == []
    assert broker.topics == before


async def test_what_cannot_be_read_is_counted_and_nothing_more(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    entry = await set_up(hass, broker, METER)
    distortion = METER.topic(11, "gauge")

    found = await check(hass, broker, freezer, entry, says(METER, 1) | {distortion: "no reading"})

    assert found["grid"] == []
    assert entry.runtime_data.meter.hearing.broken


async def test_a_meter_without_clamps_has_nothing_to_check(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    entry = await set_up(hass, broker, flm02())

    assert await check(hass, broker, freezer, entry, {}) == {}

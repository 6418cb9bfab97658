"""Ten seconds at a meter's clamps: what is found, in words and figures, and what is not."""

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest

from ..broker import Broker
from ..checks import METER, check, keys, says
from ..home import let_pass, set_up, set_up_knowing
from ..mains import cycle, flx_topic, waveform
from ..meters import flm02, reading
from ..supplies import slot, wired

pytestmark = pytest.mark.usefixtures("freezer")


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
    assert found["kitchen"][0]["figures"] == {"seconds": 10}


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


async def test_as_long_as_the_ports_are_not_known_neither_voltage_nor_direction_is_judged(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    entry = await set_up_knowing(hass, broker, METER, dict([METER.sensor_report]))
    await let_pass(hass, broker, freezer, 5)

    said = says(METER, 1, pplus=0, pminus=800, vrms=133)
    found = await check(hass, broker, freezer, entry, said)

    assert found["1"] == []


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
    assert entry.runtime_data.meter.message_log.broken


async def test_a_meter_without_clamps_has_nothing_to_check(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    entry = await set_up(hass, broker, flm02())

    assert await check(hass, broker, freezer, entry, {}) == {}

"""The action that checks the clamps of a meter: its findings, with their texts and figures."""

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
import pytest

from ..broker import Broker
from ..checks import METER, answer_to_check, check, keys, says
from ..home import let_pass, set_up, set_up_knowing
from ..mains import cycle, flx_topic, waveform
from ..meters import Meter, flm02, kubes_alone, reading
from ..supplies import set_up_with, slot, wired

pytestmark = pytest.mark.usefixtures("freezer")


async def test_a_correct_installation_has_no_findings(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    entry = await set_up_with(hass, broker, METER, production_ports=[3])
    messages = says(METER, 1) | says(METER, 2) | says(METER, 3, pplus=0, pminus=2000)

    findings = await check(hass, broker, freezer, entry, messages)

    assert findings == {"grid": [], "kitchen": [], "solar": []}


async def test_findings_have_a_text_and_figures(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    entry = await set_up(hass, broker, METER)
    messages = (
        says(METER, 1, pplus=0, pminus=800, q2=30, vrms=260)
        | says(METER, 2, pplus=500, q1=866, irms=60)
        | says(METER, 3, pplus=0, irms=0.01)
    )

    findings = await check(hass, broker, freezer, entry, messages)

    assert keys(findings["grid"]) == ["voltage_out_of_range", "reversed"]
    assert keys(findings["kitchen"]) == ["above_rating", "wrong_phase"]
    assert keys(findings["solar"]) == ["nothing_connected"]
    voltage, back = findings["grid"]
    assert voltage["figures"] == {"voltage": 260, "lowest": 207, "highest": 253}
    assert "260.0 V" in voltage["text"]
    assert back["figures"] == {"angle": 177.9, "active_power": -800, "reactive_power": 30}
    assert back["text"].startswith("Power flows back through grid")
    above, phase = findings["kitchen"]
    assert above["figures"] == {"current": 60, "rating": 50}
    assert phase["figures"]["angle"] == 60


@pytest.mark.parametrize("port", [[], None])
async def test_a_clamp_sensor_without_a_port_is_not_checked(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory, port: object
) -> None:
    meter = METER.changed(*range(1, 13), port=port)
    entry = await set_up_with(hass, broker, meter, production_ports=[3])
    messages = says(METER, 1) | says(METER, 2) | says(METER, 3, pplus=0, pminus=2000)

    findings = await check(hass, broker, freezer, entry, messages)

    assert findings == {"kitchen": [], "solar": []}


async def test_texts_are_in_the_language_of_home_assistant(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    hass.config.language = "nl"
    entry = await set_up(hass, broker, METER)

    findings = await check(hass, broker, freezer, entry, says(METER, 1, irms=0))

    assert "meet 0.0 A" in findings["grid"][0]["text"]
    assert "kitchen" in findings["kitchen"][0]["text"]
    assert keys(findings["kitchen"]) == ["not_heard"]
    assert findings["kitchen"][0]["figures"] == {"seconds": 10}


async def test_a_house_at_standby_is_not_on_a_wrong_phase(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    entry = await set_up(hass, broker, METER)
    messages = says(METER, 1, pplus=110, q4=190, irms=0.95) | says(
        METER, 3, pplus=2, q4=90, irms=0.4
    )

    findings = await check(hass, broker, freezer, entry, messages)

    assert findings["grid"] == findings["solar"] == []


async def test_a_retained_reading_is_ignored(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    await broker.publish(METER.topic(11, "gauge"), reading(0.9, ""), retain=True)
    await broker.publish(METER.topic(7, "gauge"), reading(300, "V"), retain=True)
    entry = await set_up(hass, broker, METER)

    findings = await check(hass, broker, freezer, entry, {})

    assert keys(findings["grid"]) == ["not_heard"]


async def test_a_sum_computed_by_the_meter_is_not_used_for_its_clamp(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    meter = wired(METER.with_port(3, name="oven"), "3p+n", "p1+p2+p3")
    entry = await set_up(hass, broker, meter)

    findings = await check(hass, broker, freezer, entry, says(meter, 1, pplus=0, pminus=800))

    assert findings["grid"] == []


async def test_without_a_neutral_the_expected_voltage_and_angle_differ(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    meter = wired(METER, "3p-n")
    entry = await set_up(hass, broker, meter)
    messages = says(meter, 1, pplus=900, q1=1400, vrms=133) | says(meter, 2, vrms=230)

    findings = await check(hass, broker, freezer, entry, messages)

    assert findings["grid"] == []
    assert keys(findings["kitchen"]) == ["voltage_out_of_range"]


async def test_without_a_ports_configuration_neither_voltage_nor_direction_is_checked(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    entry = await set_up_knowing(hass, broker, METER, dict([METER.sensor_report]))
    await let_pass(hass, broker, freezer, 5)

    messages = says(METER, 1, pplus=0, pminus=800, vrms=133)
    findings = await check(hass, broker, freezer, entry, messages)

    assert findings["1"] == []


async def test_without_power_sensors_the_waveform_has_the_angle(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    meter = METER.changed(*(slot(1, what) for what in ("pplus", "q1")), 11, enable=0)
    meter = meter.with_port(3, name="oven")
    entry = await set_up(hass, broker, meter)
    messages = says(meter, 1) | {
        flx_topic(meter, "voltage/1"): waveform(cycle(230), "mV"),
        flx_topic(meter, "current/1"): waveform(cycle(5, degrees=120, harmonics={3: 0.1}), "mA"),
    }

    findings = await check(hass, broker, freezer, entry, messages)

    [finding] = findings["grid"]
    assert finding["finding"] == "wrong_phase"
    assert finding["figures"] == {"angle": 120, "distortion": pytest.approx(10, abs=0.1)}


async def test_disabled_sensors_are_subscribed_to_during_the_check_only(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    entry = await set_up(hass, broker, METER)
    before = set(broker.topics)
    distortion = METER.topic(11, "gauge")
    assert distortion not in before

    messages = says(METER, 1, pplus=500, q1=866)
    findings = await check(hass, broker, freezer, entry, messages | {distortion: reading(0.8, "")})

    assert findings["grid"] == []
    assert broker.topics == before


async def test_an_invalid_reading_is_counted_and_ignored(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    entry = await set_up(hass, broker, METER)
    distortion = METER.topic(11, "gauge")

    findings = await check(
        hass, broker, freezer, entry, says(METER, 1) | {distortion: "no reading"}
    )

    assert findings["grid"] == []
    assert entry.runtime_data.meter.message_log.broken


@pytest.mark.parametrize(
    ("meter", "told"),
    [
        (flm02(), "Fluksometer is an FLM02. Its clamps do not measure the direction of power"),
        (kubes_alone(), "No clamp of Fluksometer is enabled"),
    ],
    ids=["FLM02", "kubes"],
)
async def test_a_meter_whose_clamps_can_not_be_checked_is_told_of_at_once(
    hass: HomeAssistant,
    broker: Broker,
    freezer: FrozenDateTimeFactory,
    meter: Meter,
    told: str,
) -> None:
    entry = await set_up(hass, broker, meter)

    with pytest.raises(ServiceValidationError, match=told):
        await check(hass, broker, freezer, entry, {})


async def test_each_port_is_ok_a_problem_or_inconclusive_with_the_reason(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    entry = await set_up(hass, broker, METER)
    messages = says(METER, 1) | says(METER, 2, pplus=0, pminus=800)
    messages |= says(METER, 3, pplus=30, irms=0.2)

    answer = await answer_to_check(hass, broker, freezer, entry, messages)

    results = {clamp["name"]: clamp["result"] for clamp in answer["clamps"]}
    assert results == {"grid": "ok", "kitchen": "problem", "solar": "inconclusive"}
    ok, problem, inconclusive = answer["clamps"]
    assert "because" not in ok | problem
    assert keys(problem["findings"]) == ["reversed"]
    assert inconclusive["because"]["reason"] == "little_power"
    assert inconclusive["because"]["text"].startswith("Only 30.0 VA flow, too little to tell")
    assert inconclusive["because"]["figures"] == {"angle": 0, "power": 30}

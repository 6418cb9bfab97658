"""The figures of waveforms, whose topics are subscribed to only where needed."""

from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest

from custom_components.flukso.protocol.waveform import parse_waveform
from custom_components.flukso.redaction import shortened
from custom_components.flukso.waveform import oscilloscope

from ..broker import Broker
from ..clock import Writes
from ..home import let_pass, set_up
from ..mains import cycle, enable, entity_id, flx_topic, show_cycle, state, wave_topics, waveform
from ..meters import Meter, flm02, flm03
from ..supplies import set_up_with

FIGURES = ("crest_factor", "harmonic_3", "harmonic_5", "harmonic_7", "phase_shift")
METER = flm03()


def value(hass: HomeAssistant, what: str, port: int) -> float:
    """Return the state of a figure of a port."""
    return float(state(hass, METER, what, port).state)


async def test_with_the_entities_disabled_nothing_is_subscribed_to(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    await set_up(hass, broker, METER)
    await broker.publish_all(METER.readings())
    await let_pass(hass, broker, freezer, 60)

    for port in (1, 2, 3):
        for what in ("waveform", *FIGURES):
            assert hass.states.get(entity_id(hass, METER, what, port)) is None
    assert wave_topics(broker) == set()


async def test_only_topics_of_enabled_entities_are_subscribed_to_and_all_are_unsubscribed_from(
    hass: HomeAssistant, broker: Broker
) -> None:
    entry = await set_up(hass, broker, METER)

    await enable(hass, broker, entry, "port_2_crest_factor")
    assert wave_topics(broker) == {"voltage/1", "current/2"}
    await enable(hass, broker, entry, "port_3_waveform")
    assert wave_topics(broker) == {"voltage/1", "current/2", "current/3"}

    await hass.config_entries.async_unload(entry.entry_id)
    await broker.settle()
    assert wave_topics(broker) == set()


async def test_a_disabled_clamp_ends_its_subscription_but_not_that_of_the_shared_voltage(
    hass: HomeAssistant, broker: Broker
) -> None:
    entry = await set_up(hass, broker, METER)
    await enable(hass, broker, entry, "port_1_phase_shift", "port_2_phase_shift")

    without = METER.changed(*range(13, 25), enable=0)
    await broker.publish(*without.sensor_report)

    assert wave_topics(broker) == {"voltage/1", "current/1"}
    assert state(hass, METER, "phase_shift", 2).state == "unavailable"
    await broker.publish(*METER.sensor_report)
    assert wave_topics(broker) == {"voltage/1", "current/1", "current/2"}


@pytest.mark.usefixtures("freezer")
async def test_the_figures_match_the_waveform(hass: HomeAssistant, broker: Broker) -> None:
    entry = await set_up(hass, broker, METER)
    await enable(hass, broker, entry, *FIGURES)
    current = cycle(10, degrees=-30, harmonics={3: 0.2, 5: 0.1, 7: 0.05})

    await broker.publish(flx_topic(METER, "voltage/1"), waveform(cycle(230), "mV"))
    await broker.publish(flx_topic(METER, "current/3"), waveform(current, "mA"))

    assert value(hass, "harmonic_3", 3) == pytest.approx(20, rel=0.01)
    assert value(hass, "harmonic_5", 3) == pytest.approx(10, rel=0.01)
    assert value(hass, "harmonic_7", 3) == pytest.approx(5, rel=0.01)
    assert abs(value(hass, "phase_shift", 3)) == pytest.approx(30, rel=0.01)
    rms = (sum(each**2 for each in current) / len(current)) ** 0.5
    crest = max(map(abs, current)) / rms
    assert value(hass, "crest_factor", 3) == pytest.approx(crest, rel=0.01)
    assert state(hass, METER, "crest_factor", 1).state == "unknown"


async def test_a_clamp_without_current_has_no_figures(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    entry = await set_up(hass, broker, METER)
    await enable(hass, broker, entry, *FIGURES)
    await show_cycle(broker, METER, 1, amperes=8)
    assert value(hass, "crest_factor", 1) == pytest.approx(1.41, abs=0.01)

    freezer.tick(10)
    await show_cycle(broker, METER, 1, amperes=0)

    for what in FIGURES:
        assert state(hass, METER, what, 1).state == "unknown"


async def test_between_two_captures_no_message_is_parsed(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    entry = await set_up(hass, broker, METER)
    await enable(hass, broker, entry, "waveform", *FIGURES)

    with patch.object(oscilloscope, "parse_waveform", wraps=parse_waveform) as parse:
        for _ in range(20):
            await show_cycle(broker, METER, 1, 2, 3)
            freezer.tick(0.9)

    assert parse.call_count == 2 * 3 * 2


@pytest.mark.parametrize(("chosen", "captures"), [({}, 6), ({"waveform_interval": 30}, 2)])
async def test_a_waveform_is_captured_once_per_interval(
    hass: HomeAssistant,
    broker: Broker,
    freezer: FrozenDateTimeFactory,
    chosen: dict[str, int],
    captures: int,
) -> None:
    entry = await set_up_with(hass, broker, METER, **chosen)
    await enable(hass, broker, entry, "port_1_waveform")
    writes = Writes(hass)

    for _ in range(60):
        await show_cycle(broker, METER, 1)
        freezer.tick(1)

    assert len(writes.of(entity_id(hass, METER, "waveform", 1))) == captures


async def test_captures_continue_when_the_clock_of_the_host_is_set_back(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    entry = await set_up(hass, broker, METER)
    await enable(hass, broker, entry, "port_1_waveform")
    await show_cycle(broker, METER, 1)
    before = state(hass, METER, "waveform", 1).state

    freezer.tick(-3600)
    await show_cycle(broker, METER, 1)

    assert state(hass, METER, "waveform", 1).state < before


@pytest.mark.usefixtures("freezer")
async def test_an_invalid_waveform_is_logged_and_the_last_one_is_kept(
    hass: HomeAssistant,
    broker: Broker,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    entry = await set_up(hass, broker, METER)
    await enable(hass, broker, entry, "port_1_crest_factor")
    await show_cycle(broker, METER, 1)
    freezer.tick(10)

    samples = cycle(10)
    for broken in (
        "",
        "[]",
        waveform(samples[:-1], "mA"),
        waveform([*samples, 1], "mA"),
        waveform([*samples[:-1], "1.5"], "mA"),
        waveform(samples, "mV"),
        "[" * 5000,
    ):
        await broker.publish(flx_topic(METER, "current/1"), broken)

    assert value(hass, "crest_factor", 1) == pytest.approx(1.41, abs=0.01)
    topic = shortened(flx_topic(METER, "current/1"))
    assert f"Ignoring a message on {topic}: " in caplog.text
    await show_cycle(broker, METER, 1)
    assert value(hass, "crest_factor", 1) == pytest.approx(1.41, abs=0.01)


async def test_a_retained_waveform_is_ignored(hass: HomeAssistant, broker: Broker) -> None:
    broker.retained[flx_topic(METER, "voltage/1")] = waveform(cycle(230), "mV")
    broker.retained[flx_topic(METER, "current/1")] = waveform(cycle(10), "mA")
    entry = await set_up(hass, broker, METER)

    await enable(hass, broker, entry, "port_1_crest_factor")

    assert state(hass, METER, "crest_factor", 1).state == "unknown"


async def test_waveforms_that_are_said_again_do_not_make_a_clamp_available(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    """Neither the last pair, nor an older one."""
    entry = await set_up(hass, broker, METER)
    await enable(hass, broker, entry, "port_1_crest_factor")
    last = {
        flx_topic(METER, "voltage/1"): waveform(cycle(230), "mV"),
        flx_topic(METER, "current/1"): waveform(cycle(10), "mA"),
    }
    older = {
        flx_topic(METER, "voltage/1"): waveform(cycle(230), "mV", age=1),
        flx_topic(METER, "current/1"): waveform(cycle(10), "mA", age=1),
    }
    await broker.publish_all(last)
    await let_pass(hass, broker, freezer, 3600)
    assert state(hass, METER, "crest_factor", 1).state == "unavailable"

    await broker.publish_all(last)
    await broker.publish_all(older)
    await let_pass(hass, broker, freezer, 5)

    assert state(hass, METER, "crest_factor", 1).state == "unavailable"


async def test_silence_makes_them_unavailable_until_the_next_capture(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    entry = await set_up(hass, broker, METER)
    await enable(hass, broker, entry, "port_1_crest_factor", "port_1_waveform")
    await show_cycle(broker, METER, 1)

    await let_pass(hass, broker, freezer, 55)
    assert value(hass, "crest_factor", 1)
    await let_pass(hass, broker, freezer, 10)
    assert state(hass, METER, "crest_factor", 1).state == "unavailable"
    assert state(hass, METER, "waveform", 1).state == "unavailable"

    await show_cycle(broker, METER, 1)
    assert value(hass, "crest_factor", 1)
    await broker.lose_connection()
    assert state(hass, METER, "crest_factor", 1).state == "unavailable"
    await let_pass(hass, broker, freezer, 300)
    await broker.restore_connection()
    await let_pass(hass, broker, freezer, 5)
    assert value(hass, "crest_factor", 1)


@pytest.mark.parametrize(
    ("topic", "payload"),
    [("voltage/1", None), ("current/1", None), ("current/1", "[]"), ("voltage/1", "[]")],
)
async def test_current_without_voltage_or_voltage_without_current_is_soon_unavailable(
    hass: HomeAssistant,
    broker: Broker,
    freezer: FrozenDateTimeFactory,
    topic: str,
    payload: str | None,
) -> None:
    """One of the two is silent, or its messages are invalid."""
    entry = await set_up(hass, broker, METER)
    await enable(hass, broker, entry, "port_1_crest_factor")
    await show_cycle(broker, METER, 1)
    sent = {
        "voltage/1": waveform(cycle(230), "mV", age=-5),
        "current/1": waveform(cycle(10), "mA"),
    } | {topic: payload}

    for _ in range(15):
        await let_pass(hass, broker, freezer, 5)
        for each, what in sent.items():
            if what is not None:
                await broker.publish(flx_topic(METER, each), what)

    assert state(hass, METER, "crest_factor", 1).state == "unavailable"
    await show_cycle(broker, METER, 1)
    assert value(hass, "crest_factor", 1) == pytest.approx(1.41, abs=0.01)


@pytest.mark.usefixtures("freezer")
async def test_a_current_in_phase_has_a_shift_of_zero_and_not_of_minus_zero(
    hass: HomeAssistant, broker: Broker
) -> None:
    entry = await set_up(hass, broker, METER)
    await enable(hass, broker, entry, "port_1_phase_shift")

    await broker.publish(flx_topic(METER, "voltage/1"), waveform(cycle(230), "mV"))
    payload = waveform(cycle(10, degrees=-0.003), "mA")
    await broker.publish(flx_topic(METER, "current/1"), payload)

    assert state(hass, METER, "phase_shift", 1).state == "0.0"


async def test_an_flm02_has_no_waveforms(hass: HomeAssistant, broker: Broker) -> None:
    meter: Meter = flm02()
    entry = await set_up(hass, broker, meter)

    assert entry.runtime_data.waveforms.oscilloscopes() == []

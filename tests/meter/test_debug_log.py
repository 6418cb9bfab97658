"""The debug log: a reading can be followed through it, and it contains no secrets."""

import logging

from homeassistant.core import HomeAssistant
import pytest

from ..broker import Broker
from ..home import set_up, set_up_and_read
from ..meters import HARDWARE_IDS, NULL_KEY, RADIO_KEY, SELF_TEST, SERIAL, flm02, flm03, reading


@pytest.fixture(autouse=True)
def at_debug_level(caplog: pytest.LogCaptureFixture) -> None:
    """Log at debug level."""
    caplog.set_level(logging.DEBUG, "custom_components.flukso")


def logged(caplog: pytest.LogCaptureFixture, topic: str) -> list[str]:
    """What the integration logged about a topic."""
    return [
        record.getMessage().removeprefix(topic)
        for record in caplog.records
        if record.name.startswith("custom_components.flukso")
        and record.getMessage().startswith(topic)
    ]


async def test_the_arrival_of_a_reading_and_its_value_are_logged(
    hass: HomeAssistant, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    meter = flm03()
    topic = meter.topic(1, "gauge")
    await set_up(hass, broker, meter)

    payload = reading("1278.500", "W")
    await broker.publish(topic, payload)

    assert logged(caplog, topic) == [f": {payload.encode()!r} arrived", ": value 1278.5"]


async def test_a_withheld_counter_is_logged(
    hass: HomeAssistant, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    meter = flm03()
    topic = meter.topic(1, "counter")
    entry = await set_up_and_read(hass, broker, meter)
    caplog.clear()

    await broker.publish(topic, reading("9000000", "Wh"))
    await broker.publish(topic, reading("2593805.500", "Wh"))
    entry.runtime_data.meter.catch_up()

    lines = [line for line in logged(caplog, topic) if "arrived" not in line]
    assert lines == [": withheld, impossible for this counter"]


async def test_dropped_readings_are_logged(
    hass: HomeAssistant, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    meter = flm02()
    retained, late = meter.topic(1, "gauge"), meter.topic(2, "gauge")
    await broker.publish(retained, reading(420, "W", age=3600), retain=True)
    entry = await set_up(hass, broker, meter)

    await broker.publish(late, reading(420, "W"))
    await broker.publish(late, reading(410, "W", age=5))
    entry.runtime_data.meter.catch_up()

    assert logged(caplog, retained)[-1] == ": dropped, too old"
    assert logged(caplog, late)[-1] == ": dropped, older than the last"


async def test_nothing_secret_is_logged(
    hass: HomeAssistant, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    meter = flm03()
    await set_up(hass, broker, meter)
    for report in meter.reports:
        await broker.publish(report, "{" + meter.kube_report[1])
    await broker.publish_all(meter.reports)
    await broker.publish(meter.tap_topic, SELF_TEST)
    await broker.publish(
        meter.tap_topic, SELF_TEST.replace("serial", "number").replace("firmware", "")
    )

    lines = [
        record.getMessage()
        for record in caplog.records
        if record.name.startswith("custom_components.flukso")
    ]
    assert len(lines) > 6
    for secret in (RADIO_KEY, NULL_KEY, SERIAL, *HARDWARE_IDS):
        assert not [line for line in lines if secret in line]

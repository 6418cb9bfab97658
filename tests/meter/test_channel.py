"""Channels: a topic is subscribed to only with listeners; another unit is learned."""

import logging
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest

from custom_components.flukso.protocol.topics import Kind

from ..broker import Broker
from ..home import entity_of, let_pass, set_up, set_up_and_read, state_of, states, value_of
from ..meters import flm02, flm03, reading, three_clamps

pytestmark = pytest.mark.usefixtures("freezer")


def sensor_topics(broker: Broker) -> set[str]:
    """The readings topics that are subscribed to."""
    return {topic for topic in broker.topics if topic.endswith(("/gauge", "/counter"))}


async def test_exactly_the_topics_of_enabled_entities_are_subscribed_to(
    hass: HomeAssistant, broker: Broker
) -> None:
    meter = three_clamps()
    await set_up(hass, broker, meter)

    distortion = {meter.topic(slot, "gauge") for slot in (10, 11, 22, 23, 34, 35)}
    assert sensor_topics(broker) == set(meter.readings()) - distortion


async def test_a_disabled_entity_has_no_subscription(hass: HomeAssistant, broker: Broker) -> None:
    meter = flm03()
    entry = await set_up_and_read(hass, broker, meter)
    topics = sensor_topics(broker)
    entity = entity_of(hass, meter, 7, "gauge")

    er.async_get(hass).async_update_entity(
        entity.entity_id, disabled_by=er.RegistryEntryDisabler.USER
    )
    await broker.settle()

    assert sensor_topics(broker) == topics - {meter.topic(7, "gauge")}
    assert hass.states.get(entity.entity_id) is None
    await broker.publish(*meter.changed(7, enable=0).sensor_report)
    await broker.publish(*meter.sensor_report, retain=True)
    assert sensor_topics(broker) == topics - {meter.topic(7, "gauge")}

    er.async_get(hass).async_update_entity(entity.entity_id, disabled_by=None)
    await hass.config_entries.async_reload(entry.entry_id)
    await broker.settle()
    await broker.publish_all(meter.readings())

    assert sensor_topics(broker) == topics
    assert value_of(hass, meter, 7, "gauge") == 231.25


async def test_without_a_connection_nothing_is_available(
    hass: HomeAssistant, broker: Broker
) -> None:
    meter = flm03()
    entry = await set_up_and_read(hass, broker, meter)
    shown = states(hass, entry)

    await broker.lose_connection()

    assert states(hass, entry) == dict.fromkeys(shown, "unavailable")

    await broker.restore_connection()
    await broker.publish_all(meter.readings())

    assert states(hass, entry) == shown


async def test_a_meter_can_be_set_up_while_the_connection_is_lost(
    hass: HomeAssistant, broker: Broker
) -> None:
    meter = flm03()
    entry = await set_up_and_read(hass, broker, meter)
    await broker.lose_connection()

    await hass.config_entries.async_reload(entry.entry_id)
    await broker.settle()

    assert set(states(hass, entry).values()) == {"unavailable"}
    await broker.restore_connection()
    await broker.publish_all(meter.readings())
    assert value_of(hass, meter, 1, "counter") == 2593.8054


@pytest.mark.parametrize(
    ("payload", "value"),
    [
        ("[{now}, 1278, W]", 1278),
        ("[{now},1278,W]", 1278),
        ("[{now}, 1278.079, W]", pytest.approx(1278.079, rel=1e-5)),
        ("[{now},1278]", 1278),
        (" [ {now} , 1.2e3 , W ] ", 1200),
        ("[{now}, 0, W]", 0),
    ],
)
async def test_a_reading_may_have_every_form_of_the_firmware(
    hass: HomeAssistant, broker: Broker, payload: str, value: float
) -> None:
    meter = three_clamps()
    await set_up(hass, broker, meter)
    [now] = [reading(0, "W").split(",")[0].strip("[")]

    await broker.publish(meter.topic(1, "gauge"), payload.replace("{now}", now).replace("W", '"W"'))

    assert value_of(hass, meter, 1, "gauge") == value


async def test_a_recent_retained_reading_is_used(hass: HomeAssistant, broker: Broker) -> None:
    meter = flm02()
    await broker.publish_all(meter.readings(), retain=True)

    await set_up(hass, broker, meter)

    assert value_of(hass, meter, 1, "gauge") == 420
    assert value_of(hass, meter, 1, "counter") == 77.012
    assert value_of(hass, meter, 7, "gauge") == 21.31


async def test_a_reading_from_before_the_last_is_ignored(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    meter = three_clamps()
    await set_up(hass, broker, meter)

    await broker.publish(meter.topic(1, "gauge"), reading(100, "W"))
    await broker.publish(meter.topic(1, "gauge"), reading(900, "W", age=30))
    await let_pass(hass, broker, freezer, 5)

    assert value_of(hass, meter, 1, "gauge") == 100


async def test_another_unit_than_expected_is_learned_once(
    hass: HomeAssistant, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    meter = flm03()
    entry = await set_up(hass, broker, meter)
    caplog.set_level(logging.INFO, "custom_components")
    caplog.clear()

    await broker.publish(meter.topic(42, "gauge"), reading(1013.25, "hPa"))
    state = state_of(hass, meter, 42, "gauge")
    assert float(state.state) == 1013.25
    assert state.attributes["unit_of_measurement"] == "hPa"
    assert state.attributes["device_class"] == "atmospheric_pressure"

    for unit in ("Pa", "Pa", "V"):
        await broker.publish(meter.topic(42, "gauge"), reading(50, unit))
    assert value_of(hass, meter, 42, "gauge") == 1013.25

    await hass.config_entries.async_reload(entry.entry_id)
    await broker.settle()
    await broker.publish(meter.topic(42, "gauge"), reading(1009.5, "hPa"))
    assert value_of(hass, meter, 42, "gauge") == 1009.5

    topic = f"/sensor/{meter.sensor_id(42)[:6]}…/gauge"
    logged = [record for record in caplog.records if record.name.startswith("custom_components")]
    assert [record.getMessage() for record in logged] == [
        f"The readings on {topic} are in 'hPa' instead of 'Pa'",
        f"Ignoring a message on {topic}: gauge: its unit changes (<Unit.PASCAL: 'Pa'>)",
    ]


async def test_a_unit_that_ten_readings_in_a_row_have_is_believed(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    meter = flm03()
    await set_up(hass, broker, meter)
    topic = meter.topic(42, "gauge")

    async def say(value: float, *units: str) -> None:
        for unit in units:
            freezer.tick(10)
            await broker.publish(topic, reading(value, unit))

    await say(101_000, "Pa")
    await say(1009, *["hPa"] * 9, "Pa", *["hPa"] * 5, "V", *["hPa"] * 5)
    assert value_of(hass, meter, 42, "gauge") == 10.09

    await say(1009, *["hPa"] * 5)
    assert value_of(hass, meter, 42, "gauge") == 1009

    await say(102_000, *["Pa"] * 10)
    assert value_of(hass, meter, 42, "gauge") == 1020


@pytest.mark.parametrize(
    ("slot", "kind", "sent", "shown"),
    [
        (37, "gauge", (2880, "L/day"), (2, "L/min")),
        (38, "counter", (1500, "Wh"), (1.5, "kWh")),
        (39, "counter", (1500, "L"), (1500, "L")),
        (40, "gauge", (21, ""), (21, None)),
        (9, "gauge", (97, "%"), (97, "%")),
    ],
    ids=["flow by the day", "gas as energy", "electricity as volume", "no unit", "factor in %"],
)
async def test_a_reading_in_another_unit_keeps_its_unit(
    hass: HomeAssistant,
    broker: Broker,
    slot: int,
    kind: str,
    *,
    sent: tuple[float, str],
    shown: tuple[float, str | None],
) -> None:
    meter = flm03()
    await set_up(hass, broker, meter)

    for _ in range(2):
        await broker.publish(meter.topic(slot, kind), reading(*sent))

    state = state_of(hass, meter, slot, kind)
    assert (float(state.state), state.attributes.get("unit_of_measurement")) == shown


async def test_readings_in_another_unit_in_one_burst_are_all_taken(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    """A pulse input may send several counters before the buffer is handled."""
    meter = flm03()
    await set_up(hass, broker, meter)
    topic = meter.topic(39, "counter")
    with patch("custom_components.flukso.transport.home_assistant.BURST", 0.1):
        for litres in (1500, 1501, 1502):
            await broker.publish(topic, reading(litres, "L"))
        await let_pass(hass, broker, freezer, 30)

    assert value_of(hass, meter, 39, "counter") == 1502
    assert state_of(hass, meter, 39, "counter").attributes["unit_of_measurement"] == "L"


async def test_a_topic_is_subscribed_to_once_however_many_listen(
    hass: HomeAssistant, broker: Broker
) -> None:
    meter = flm03()
    entry = await set_up(hass, broker, meter)
    disabled = meter.topic(10, "gauge")
    channel = entry.runtime_data.meter.channels[meter.sensor_id(10), Kind.GAUGE]
    calls: list[str] = []
    assert disabled not in broker.topics

    stop_first = await channel.async_listen(lambda: calls.append("first"))
    stop_second = await channel.async_listen(lambda: calls.append("second"))
    await broker.settle()
    await broker.publish(disabled, reading(0.02, ""))
    stop_first()
    await broker.settle()

    assert calls == ["first", "second"]
    assert disabled in broker.topics
    stop_second()
    await broker.settle()
    assert disabled not in broker.topics

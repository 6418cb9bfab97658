"""A meter that the user adds by hand, from what is heard; every error can be put right."""

import asyncio
from dataclasses import replace
from unittest.mock import patch

from homeassistant.config_entries import (
    SOURCE_IGNORE,
    ConfigEntryDisabler,
    ConfigFlowResult,
)
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest

from custom_components.flukso.const import DOMAIN

from .broker import Broker
from .flows import cards, confirm_silent, discover, listen, start_by_hand
from .home import set_up, value_of
from .meters import Meter, flm02, flm03, kubes_alone


@pytest.mark.parametrize("user_input", [{}, {"topic_prefix": "  "}], ids=["empty", "blanks"])
async def test_the_one_meter_that_is_heard_is_offered_at_once(
    hass: HomeAssistant, broker: Broker, user_input: dict[str, str]
) -> None:
    meter = flm03()
    form = await start_by_hand(hass)
    await broker.publish_all(meter.reports, retain=True)

    form = await listen(hass, form, **user_input)

    assert form["description_placeholders"] is not None
    assert form["description_placeholders"]["model"] == "Fluksometer FLM03"
    result = await confirm_silent(hass, broker, form)
    assert result["data"] == {"device_id": meter.device_id, "topic_prefix": "/"}
    await hass.async_block_till_done(wait_background_tasks=True)
    assert cards(hass) == []


async def test_several_meters_that_are_heard_are_offered_to_choose_from(
    hass: HomeAssistant, broker: Broker
) -> None:
    await set_up(hass, broker, kubes_alone())
    for meter in (flm03(), flm02()):
        await broker.publish_all(meter.reports, retain=True)

    form = await listen(hass, await start_by_hand(hass))

    assert form["step_id"] == "meter"
    assert form["data_schema"] is not None
    [selector] = form["data_schema"].schema.values()
    assert selector.config["options"] == [
        {"value": flm02().device_id, "label": "Fluksometer FLM02 f10200"},
        {"value": flm03().device_id, "label": "Fluksometer FLM03 f10300"},
    ]
    form = await hass.config_entries.flow.async_configure(
        form["flow_id"], {"device_id": flm02().device_id}
    )
    result = await confirm_silent(hass, broker, form)
    assert result["title"] == "Fluksometer f10200"
    assert result["data"]["device_id"] == flm02().device_id


async def test_a_meter_is_heard_behind_the_prefix_of_a_bridge(
    hass: HomeAssistant, broker: Broker
) -> None:
    meter = replace(flm03(), prefix="home/flukso/")
    await broker.publish_all(meter.reports, retain=True)

    form = await listen(hass, await start_by_hand(hass), topic_prefix=" home/flukso ")

    result = await confirm_silent(hass, broker, form)
    assert result["data"] == {"device_id": meter.device_id, "topic_prefix": "home/flukso/"}
    await broker.publish_all(meter.readings())
    assert value_of(hass, meter, 1, "gauge") == 1278.5


#: What stands before ``device/`` behind each kind of bridge.
BRIDGES = {
    "as the meter publishes it": "/",
    "without the leading slash": "",
    "with a prefix": "flukso/",
    "with a prefix that ends with a slash": "flukso//",
    "with a prefix in place of the slash": "flukso",
    "with a prefix that begins with a slash": "/flukso/",
}


@pytest.mark.parametrize("prefix", BRIDGES.values(), ids=BRIDGES)
@pytest.mark.parametrize("change", ["", "more", "less"], ids=["as it is", "slash more", "less"])
async def test_a_prefix_may_be_typed_with_a_slash_more_or_less_and_what_was_heard_is_kept(
    hass: HomeAssistant, broker: Broker, prefix: str, change: str
) -> None:
    meter = replace(flm03(), prefix=prefix)
    await broker.publish_all(meter.reports, retain=True)
    typed = f"{prefix}/" if change == "more" else prefix
    typed = prefix.removesuffix("/") if change == "less" else typed

    form = await listen(hass, await start_by_hand(hass), topic_prefix=typed)
    result = await confirm_silent(hass, broker, form)

    assert result["data"] == {"device_id": meter.device_id, "topic_prefix": prefix}
    await broker.publish_all(meter.readings())
    assert value_of(hass, meter, 1, "gauge") == 1278.5


async def test_two_meters_behind_different_prefixes_keep_theirs(
    hass: HomeAssistant, broker: Broker
) -> None:
    first, second = replace(flm02(), prefix="flukso//"), replace(flm03(), prefix="flukso/")
    for meter in (first, second):
        await broker.publish_all(meter.reports, retain=True)

    for meter in (first, second):
        form = await listen(hass, await start_by_hand(hass), topic_prefix="flukso")
        if form["step_id"] == "meter":
            form = await listen(hass, form, device_id=meter.device_id)
        result = await confirm_silent(hass, broker, form)

        assert result["data"] == {"device_id": meter.device_id, "topic_prefix": meter.prefix}


@pytest.mark.parametrize("typed", ["flukso/", "flukso"])
async def test_a_meter_behind_several_prefixes_is_kept_behind_the_one_that_was_typed(
    hass: HomeAssistant, broker: Broker, typed: str
) -> None:
    for prefix in ("flukso//", "flukso/", "flukso"):
        await broker.publish_all(replace(flm03(), prefix=prefix).reports, retain=True)

    form = await listen(hass, await start_by_hand(hass), topic_prefix=typed)

    assert (await confirm_silent(hass, broker, form))["data"]["topic_prefix"] == typed


async def assert_it_can_be_sent_again(
    hass: HomeAssistant, broker: Broker, form: ConfigFlowResult, prefix: str = "/"
) -> None:
    """Whatever was wrong, the same form then finds the meter."""
    meter = replace(flm03(), prefix=prefix)
    await broker.publish_all(meter.reports, retain=True)

    form = await listen(hass, form, topic_prefix=prefix)

    result = await confirm_silent(hass, broker, form)
    assert result["data"] == {"device_id": meter.device_id, "topic_prefix": prefix}


@pytest.mark.parametrize(
    "prefix",
    ["home/+", "#", "ho\0me", "ho\nme", 200 * "x"],
    ids=["plus", "hash", "zero", "line break", "long"],
)
async def test_an_invalid_prefix_can_be_put_right(
    hass: HomeAssistant, broker: Broker, prefix: str
) -> None:
    form = await listen(hass, await start_by_hand(hass), topic_prefix=prefix)

    assert form["errors"] == {"topic_prefix": "invalid_prefix"}
    assert form["data_schema"] is not None
    [field] = form["data_schema"].schema
    assert field.description == {"suggested_value": prefix}
    await assert_it_can_be_sent_again(hass, broker, form, "home/")


@pytest.mark.parametrize("typed", ["attic", "attic/"])
async def test_a_wrong_prefix_can_be_put_right(
    hass: HomeAssistant, broker: Broker, typed: str
) -> None:
    await broker.publish_all(flm02().reports, retain=True)

    form = await listen(hass, await start_by_hand(hass), topic_prefix=typed)

    assert form["errors"] == {"base": "nothing_heard_behind_prefix"}
    assert form["description_placeholders"] is not None
    tried = form["description_placeholders"]["topics"].split(", ")
    assert tried[0] == f"{typed}device/…"
    assert sorted(tried) == ["attic//device/…", "attic/device/…", "atticdevice/…"]
    await assert_it_can_be_sent_again(hass, broker, form, "cellar/")


async def test_where_nothing_is_heard_one_can_listen_again(
    hass: HomeAssistant, broker: Broker
) -> None:
    form = await listen(hass, await start_by_hand(hass))

    assert form["errors"] == {"base": "nothing_heard"}
    assert form["description_placeholders"] is not None
    tried = form["description_placeholders"]["topics"].split(", ")
    assert tried[:3] == ["device/…", "/device/…", "//device/…"]
    assert tried[3:] == ["+/device/…", "+/+/device/…", "+/+/+/device/…"]
    await assert_it_can_be_sent_again(hass, broker, form)


def told(form: ConfigFlowResult) -> tuple[object, object]:
    """The error, and what it says was received."""
    return form["errors"], form["description_placeholders"]


@pytest.mark.parametrize("is_retained", [True, False], ids=["retained", "live"])
@pytest.mark.parametrize("prefix", ["/", "", "flukso/"])
async def test_a_meter_whose_firmware_publishes_no_configuration_is_told_of(
    hass: HomeAssistant, broker: Broker, prefix: str, *, is_retained: bool
) -> None:
    meter = replace(flm02(), prefix=prefix)
    if is_retained:
        await broker.publish_all(meter.readings(), retain=True)

    form, _ = await asyncio.gather(
        listen(hass, await start_by_hand(hass), topic_prefix=prefix.removesuffix("/")),
        keep_sending(broker, {} if is_retained else meter.readings()),
    )

    received = {"sensors": str(len(sensor_ids(meter))), "prefix": prefix}
    assert told(form) == ({"base": "only_readings_heard"}, received)
    assert not [topic for topic in broker.topics if topic.endswith(("sensor/+/gauge", "+/counter"))]
    await assert_it_can_be_sent_again(hass, broker, form, prefix)


async def keep_sending(broker: Broker, messages: dict[str, str]) -> None:
    """Publish messages for some seconds, as they are over here."""
    for _ in range(20):
        await asyncio.sleep(0.02)
        await broker.publish_all(messages)


def sensor_ids(meter: Meter) -> set[str]:
    """The sensors of a meter that publish readings."""
    return {topic.split("sensor/")[1].split("/")[0] for topic in meter.readings()}


async def test_readings_of_very_many_sensors_end_the_search_and_are_counted_to_a_hundred(
    hass: HomeAssistant, broker: Broker
) -> None:
    for number in range(300):
        await broker.publish(f"/sensor/{number:032x}/gauge", "[1, 2]", retain=True)

    with patch("custom_components.flukso.transport.discovery.LISTEN_FOR", 0.3):
        form = await listen(hass, await start_by_hand(hass))

    assert told(form) == ({"base": "only_readings_heard"}, {"sensors": "100", "prefix": "/"})


async def test_what_is_no_reading_is_not_told_of(hass: HomeAssistant, broker: Broker) -> None:
    for topic in ("kitchen/gauge", f"{'0' * 31}/gauge", f"{'G' * 32}/counter"):
        await broker.publish(f"/sensor/{topic}", "[1, 2]", retain=True)
    await broker.publish(f"/sensor/{'0' * 32}/gauge", "", retain=True)

    form = await listen(hass, await start_by_hand(hass))

    assert form["errors"] == {"base": "nothing_heard"}


async def test_what_is_no_meter_is_not_offered(hass: HomeAssistant, broker: Broker) -> None:
    await broker.publish(f"/device/{'0' * 32}/config/sensor", "nothing", retain=True)
    await broker.publish("/device/kitchen/config/sensor", "{}", retain=True)
    await broker.publish(*kubes_alone().port_report, retain=True)

    form = await listen(hass, await start_by_hand(hass))

    assert form["errors"] == {"base": "nothing_heard"}
    await assert_it_can_be_sent_again(hass, broker, form)


async def test_where_every_meter_is_set_up_one_can_wait_for_another(
    hass: HomeAssistant, broker: Broker
) -> None:
    await set_up(hass, broker, flm02())

    form = await listen(hass, await start_by_hand(hass))

    assert form["errors"] == {"base": "all_set_up"}
    await assert_it_can_be_sent_again(hass, broker, form)


async def test_where_mqtt_is_disabled_meanwhile_it_can_be_enabled_again(
    hass: HomeAssistant, broker: Broker
) -> None:
    form = await start_by_hand(hass)
    [mqtt] = hass.config_entries.async_entries("mqtt")
    await hass.config_entries.async_set_disabled_by(mqtt.entry_id, ConfigEntryDisabler.USER)

    form = await listen(hass, form)

    assert form["errors"] == {"base": "mqtt_missing"}
    await hass.config_entries.async_set_disabled_by(mqtt.entry_id, None)
    await broker.settle()
    await assert_it_can_be_sent_again(hass, broker, form)


async def test_where_mqtt_is_not_connected_one_can_wait_for_it(
    hass: HomeAssistant, broker: Broker
) -> None:
    await broker.lose_connection()

    form = await listen(hass, await start_by_hand(hass))

    assert form["errors"] == {"base": "mqtt_not_connected"}
    await broker.restore_connection()
    await assert_it_can_be_sent_again(hass, broker, form)


async def test_a_meter_whose_card_was_ignored_can_be_added(
    hass: HomeAssistant, broker: Broker
) -> None:
    meter = flm03()
    await discover(hass, broker, meter)
    ignored = {"unique_id": meter.device_id, "title": "Fluksometer"}
    await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_IGNORE}, data=ignored
    )
    assert cards(hass) == []

    form = await listen(hass, await start_by_hand(hass))
    result = await confirm_silent(hass, broker, form)

    assert result["title"] == "Fluksometer"
    assert hass.config_entries.async_entries(DOMAIN) == [result["result"]]


@pytest.mark.parametrize("prefix", ["/", ""])
async def test_a_meter_that_is_removed_again_is_discovered_where_it_was_found(
    hass: HomeAssistant, broker: Broker, prefix: str
) -> None:
    await broker.publish_all(replace(flm03(), prefix=prefix).reports, retain=True)
    form = await listen(hass, await start_by_hand(hass), topic_prefix=prefix)
    result = await confirm_silent(hass, broker, form)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert cards(hass) == []

    await hass.config_entries.async_remove(result["result"].entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)

    [card] = cards(hass)
    form = await hass.config_entries.flow.async_configure(card["flow_id"], {})
    assert form["data"]["topic_prefix"] == prefix


async def test_a_meter_that_was_added_meanwhile_is_not_added_twice(
    hass: HomeAssistant, broker: Broker
) -> None:
    for meter in (flm03(), flm02()):
        await broker.publish_all(meter.reports, retain=True)
    choice = {"device_id": flm02().device_id}
    first, second = [await listen(hass, await start_by_hand(hass)) for _ in range(2)]
    await confirm_silent(
        hass, broker, await hass.config_entries.flow.async_configure(first["flow_id"], choice)
    )

    result = await hass.config_entries.flow.async_configure(second["flow_id"], choice)

    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "already_configured"
    assert len(hass.config_entries.async_entries(DOMAIN)) == 1

"""A meter of which only what the broker retained is found: its card says so, and can be used."""

import asyncio
from dataclasses import replace

from homeassistant.config_entries import ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest

from .broker import Broker
from .flows import cards, confirm, discover, listen, start_by_hand
from .meters import Meter, flm02, flm03, kubes_alone, three_clamps


async def keep_sending(broker: Broker, messages: dict[str, str]) -> None:
    """Publish messages, not retained, while the card is opened."""
    for _ in range(20):
        await asyncio.sleep(0.02)
        await broker.publish_all(messages)


async def send_until_discovered(
    hass: HomeAssistant, broker: Broker, messages: dict[str, str]
) -> None:
    """Publish messages, not retained, while the card is made."""
    while not cards(hass):
        await asyncio.sleep(0.02)
        await broker.publish_all(messages)


async def card_after_restart(
    hass: HomeAssistant, broker: Broker, meter: Meter, live: dict[str, str] | None = None
) -> ConfigFlowResult:
    """Return the form of the card of a meter whose configuration was there before the start."""
    broker.retained |= meter.reports
    await broker.lose_connection()
    await asyncio.gather(
        broker.restore_connection(), send_until_discovered(hass, broker, live or {})
    )
    await hass.async_block_till_done(wait_background_tasks=True)
    [card] = cards(hass)
    return await open_card(hass, card["flow_id"])


async def open_card(hass: HomeAssistant, flow_id: str) -> ConfigFlowResult:
    """Return the form that the user sees."""
    return await hass.config_entries.flow.async_configure(flow_id)


@pytest.mark.parametrize("prefix", ["/", ""])
@pytest.mark.parametrize("meter", [flm03(), flm02(), kubes_alone()], ids=["FLM03", "FLM02", "kube"])
async def test_the_card_of_a_dead_meter_says_that_nothing_is_received(
    hass: HomeAssistant, broker: Broker, meter: Meter, prefix: str
) -> None:
    meter = replace(meter, prefix=prefix)
    form = await card_after_restart(hass, broker, meter)

    assert form["step_id"] == "confirm_silent"
    assert form["description_placeholders"] is not None
    assert form["description_placeholders"]["id"] == meter.device_id[:6]
    assert form["description_placeholders"]["ports"] != "–"


@pytest.mark.parametrize(
    ("meter", "topic"),
    [
        (flm03(), flm03().topic(1, "gauge")),
        (flm03(), flm03().topic(37, "counter")),
        (flm03(), f"/device/{flm03().device_id}/flx/time"),
        (flm03(), flm03().tap_topic),
        (flm02(), flm02().topic(4, "gauge")),
        (kubes_alone(), kubes_alone().kube_report[0]),
        (replace(flm03(), prefix=""), replace(flm03(), prefix="").topic(1, "gauge")),
    ],
    ids=["clamp", "pulse", "clock", "self-test", "FLM02", "a saved report", "without a slash"],
)
async def test_the_card_of_a_meter_that_publishes_anything_is_as_ever(
    hass: HomeAssistant, broker: Broker, meter: Meter, topic: str
) -> None:
    form = await card_after_restart(hass, broker, meter, live={topic: "[1, 2]"})

    result = await confirm(hass, broker, form)

    assert result["data"] == {"device_id": meter.device_id, "topic_prefix": meter.prefix}


async def test_retained_readings_are_no_sign_of_life(hass: HomeAssistant, broker: Broker) -> None:
    broker.retained |= flm02().readings()

    form = await card_after_restart(hass, broker, flm02())

    assert form["step_id"] == "confirm_silent"


async def test_a_configuration_that_is_said_again_is_no_sign_of_life(
    hass: HomeAssistant, broker: Broker
) -> None:
    """A broker between the meter's and Home Assistant's says it again, without the retain flag."""
    form = await card_after_restart(hass, broker, flm03(), live=flm03().reports)

    assert form["step_id"] == "confirm_silent"


async def test_a_meter_that_is_added_by_hand_and_not_heard_is_shown_as_such(
    hass: HomeAssistant, broker: Broker
) -> None:
    await broker.publish_all(flm03().reports, retain=True)

    form = await listen(hass, await start_by_hand(hass))

    assert form["step_id"] == "confirm_silent"


async def test_a_meter_that_is_added_by_hand_and_heard_is_shown_as_ever(
    hass: HomeAssistant, broker: Broker
) -> None:
    await broker.publish_all(flm03().reports, retain=True)

    form, _ = await asyncio.gather(
        listen(hass, await start_by_hand(hass)), keep_sending(broker, flm03().readings())
    )

    assert form["step_id"] == "confirm"


async def test_what_another_meter_publishes_is_no_sign_of_life(
    hass: HomeAssistant, broker: Broker
) -> None:
    form = await card_after_restart(hass, broker, flm03(), live=three_clamps().readings())

    assert form["step_id"] == "confirm_silent"


async def test_a_meter_that_is_only_silent_can_be_added(
    hass: HomeAssistant, broker: Broker
) -> None:
    form = await card_after_restart(hass, broker, kubes_alone())

    result = await hass.config_entries.flow.async_configure(form["flow_id"], {})
    await broker.settle()

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"] == {"device_id": kubes_alone().device_id, "topic_prefix": "/"}


async def test_a_card_that_is_opened_again_once_the_meter_publishes_says_nothing_of_it(
    hass: HomeAssistant, broker: Broker
) -> None:
    meter = kubes_alone()
    silent = await card_after_restart(hass, broker, meter)

    form, _ = await asyncio.gather(
        open_card(hass, silent["flow_id"]), keep_sending(broker, meter.readings())
    )

    assert (silent["step_id"], form["step_id"]) == ("confirm_silent", "confirm")
    assert (await open_card(hass, form["flow_id"]))["step_id"] == "confirm"


async def test_a_card_that_is_opened_while_mqtt_is_not_connected_is_shown(
    hass: HomeAssistant, broker: Broker
) -> None:
    silent = await card_after_restart(hass, broker, flm03())
    await broker.lose_connection()

    assert (await open_card(hass, silent["flow_id"]))["step_id"] == "confirm_silent"


async def test_a_configuration_that_is_published_now_is_a_sign_of_life(
    hass: HomeAssistant, broker: Broker
) -> None:
    form = await discover(hass, broker, kubes_alone())

    assert form["step_id"] == "confirm"


async def test_the_topics_of_a_meter_are_left_again_whatever_came_of_it(
    hass: HomeAssistant, broker: Broker
) -> None:
    before = set(broker.topics)

    await card_after_restart(hass, broker, flm03(), live=dict([*flm03().readings().items()][:1]))
    await broker.settle()

    assert broker.topics == before
    assert flm03().topic(1, "gauge") not in broker.topics

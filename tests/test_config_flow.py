"""A meter that Home Assistant discovers, from its card to its entry."""

from dataclasses import replace

from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest

from custom_components.flukso.const import DOMAIN

from .broker import Broker
from .flows import cards, confirm, discover
from .home import device_names, entities, set_up, value_of
from .meters import Meter, flm02, flm03, kubes_alone, three_clamps


@pytest.mark.parametrize(
    ("meter", "portrait"),
    [
        (
            flm03(),
            {
                "model": "Fluksometer FLM03",
                "id": "f10300",
                "sensors": "54",
                "ports": "main, solar, tap water, gas, heat pump, living room, attic",
            },
        ),
        (
            flm02(),
            {
                "model": "Fluksometer FLM02",
                "id": "f10200",
                "sensors": "14",
                "ports": "main, house, rain water, boiler, grid, bath",
            },
        ),
        (
            kubes_alone(),
            {
                "model": "Fluksometer FLM03",
                "id": "cbe500",
                "sensors": "9",
                "ports": "cellar",
            },
        ),
    ],
    ids=["FLM03", "FLM02", "kubes alone"],
)
async def test_a_discovered_meter_is_shown_and_added(
    hass: HomeAssistant, broker: Broker, meter: Meter, portrait: dict[str, str]
) -> None:
    form = await discover(hass, broker, meter)

    assert form["description_placeholders"] == portrait
    [card] = cards(hass)
    assert card["context"]["title_placeholders"] == {"name": f"Fluksometer {portrait['id']}"}

    result = await confirm(hass, broker, form)

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["title"] == "Fluksometer"
    assert result["data"] == {"device_id": meter.device_id, "topic_prefix": "/"}
    assert result["result"].unique_id == meter.device_id
    assert cards(hass) == []
    assert entities(hass, result["result"])


async def test_a_meter_behind_a_bridge_that_drops_the_leading_slash_is_discovered(
    hass: HomeAssistant, broker: Broker
) -> None:
    meter = replace(flm03(), prefix="")

    result = await confirm(hass, broker, await discover(hass, broker, meter))

    assert result["data"] == {"device_id": meter.device_id, "topic_prefix": ""}
    await broker.publish_all(meter.readings())
    assert value_of(hass, meter, 1, "gauge") == 1278.5


async def test_a_card_shows_names_that_come_after_the_sensors(
    hass: HomeAssistant, broker: Broker
) -> None:
    meter = flm03()

    await broker.publish(*meter.sensor_report, retain=True)
    await broker.publish(*meter.port_report)
    await broker.publish(*meter.kube_report)
    await hass.async_block_till_done(wait_background_tasks=True)

    [card] = cards(hass)
    form = await hass.config_entries.flow.async_configure(card["flow_id"])
    assert form["description_placeholders"] is not None
    assert form["description_placeholders"]["ports"].startswith("main, solar, tap water")


async def test_a_card_is_shown_where_names_never_come(hass: HomeAssistant, broker: Broker) -> None:
    meter = three_clamps()

    await broker.publish(*meter.sensor_report)  # not retained: not heard again
    await hass.async_block_till_done(wait_background_tasks=True)

    [card] = cards(hass)
    form = await hass.config_entries.flow.async_configure(card["flow_id"])
    assert form["description_placeholders"] == {
        "model": "Fluksometer FLM03",
        "id": "c1a300",
        "sensors": "33",
        "ports": "–",
    }


@pytest.mark.parametrize(
    ("device_id", "payload"),
    [
        ("c1a3" + 28 * "0", ""),
        ("c1a3" + 28 * "0", "offline"),
        ("c1a3" + 28 * "0", b"\xff\xfe\x00"),
        ("c1a3" + 28 * "0", "null"),
        ("c1a3" + 28 * "0", "[1, 2, 3]"),
        ("c1a3" + 28 * "0", '"text"'),
        ("c1a3" + 28 * "0", '{"1": 1}'),
        ("c1a3" + 28 * "0", '{"1": {"id": "x", "enable": 1, "type": "water"}}'),
        ("c1a3" + 28 * "0", '{"1": {"id": true, "enable": 1, "type": "water"}}'),
        ("c1a3" + 28 * "0", '{"1": NaN}'),
        ("c1a3" + 28 * "0", "[" * 50_000),
        ("c1a3" + 28 * "0", '{"1": {"id": "' + 100_000 * "0" + '"}}'),
        ("kitchen", flm03().sensor_report[1]),
        ("C1A3" + 28 * "0", flm03().sensor_report[1]),
        ("c1a3", flm03().sensor_report[1]),
    ],
    ids=[
        "empty",
        "text",
        "binary",
        "null",
        "list",
        "string",
        "sections that are none",
        "no sensor id",
        "a boolean",
        "not a number",
        "deeply nested",
        "huge",
        "another device",
        "an id in capitals",
        "a short id",
    ],
)
async def test_what_is_no_meter_shows_no_card(
    hass: HomeAssistant, broker: Broker, device_id: str, payload: str | bytes
) -> None:
    await broker.publish(f"/device/{device_id}/config/sensor", payload)
    await hass.async_block_till_done(wait_background_tasks=True)

    assert cards(hass) == []


async def test_a_meter_that_is_set_up_is_not_discovered_again_but_followed(
    hass: HomeAssistant, broker: Broker
) -> None:
    meter = three_clamps()
    entry = await set_up(hass, broker, meter)

    await broker.publish(*meter.changed(37, enable=1).sensor_report, retain=True)
    await hass.async_block_till_done(wait_background_tasks=True)

    assert cards(hass) == []
    assert hass.config_entries.async_entries(DOMAIN) == [entry]
    assert "tap water" in device_names(hass, entry)


async def test_a_meter_that_changes_while_its_card_waits_keeps_one_card(
    hass: HomeAssistant, broker: Broker
) -> None:
    meter = three_clamps()
    await discover(hass, broker, meter)

    form = await discover(hass, broker, meter.changed(37, enable=1))
    await confirm(hass, broker, form)

    [entry] = hass.config_entries.async_entries(DOMAIN)
    assert "tap water" in device_names(hass, entry)


async def test_two_meters_are_discovered_side_by_side(hass: HomeAssistant, broker: Broker) -> None:
    first = await discover(hass, broker, flm03())
    second = await discover(hass, broker, flm02())

    assert len(cards(hass)) == 2
    assert (await confirm(hass, broker, first))["title"] == "Fluksometer"
    assert (await confirm(hass, broker, second))["title"] == "Fluksometer f10200"


async def test_a_removed_meter_is_discovered_again(hass: HomeAssistant, broker: Broker) -> None:
    result = await confirm(hass, broker, await discover(hass, broker, flm03()))

    await hass.config_entries.async_remove(result["result"].entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)

    assert len(cards(hass)) == 1
